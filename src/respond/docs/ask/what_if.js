// What if: the answers over the range of a feature, and the changes that give another answer.

import { bars, curve, ticks } from "./charts.js";
import { byId, make, list, number, percent, valueWords, withUnit } from "./words.js";

const SHOWN = 5;

export class WhatIf {
  /** `answers` asks the server about rows, and returns their answers or nothing. */
  constructor(model, answers) {
    this.model = model;
    this.answers = answers;
    this.choice = byId("varied");
    model.features.forEach(({ name, label }) => this.choice.append(make("option", { value: name }, label)));
    this.choice.addEventListener("change", () => {
      this.isChosen = true;
      this.showCurve();
    });
    // The curve has the width of its place.
    new ResizeObserver(() => this.draw?.()).observe(byId("curve"));
  }

  /** Shows what belongs to a row and its answer, for the feature that has the largest part in it. */
  async show(row, answer) {
    Object.assign(this, { row, current: answer });
    const [explanation] = [answer.explanation ?? []].flat();
    const size = ({ contribution }) => Math.abs(contribution);
    const parts = [...(explanation?.contributions ?? [])].sort((one, other) => size(other) - size(one));
    if (parts.length > 0 && !this.isChosen) this.choice.value = parts[0].feature;
    await Promise.all([this.showCurve(), this.showChanges()]);
  }

  async showCurve() {
    const { row } = this;
    const feature = this.feature(this.choice.value);
    const points = await this.vary([feature]);
    // A newer question has its own answer.
    if (row !== this.row || feature.name !== this.choice.value) return;
    byId("what-if").hidden = !points?.length;
    if (!points?.length) return;
    const isLine = points.length > 1 && points.every(({ value }) => typeof value === "number");
    const text = this.inWords(feature, points, isLine);
    const picture = make("div");
    this.draw = () => picture.replaceChildren(this.line(feature, points, picture.clientWidth, text));
    if (!isLine) this.draw = () => picture.replaceChildren(this.bars(feature, points));
    byId("curve").replaceChildren(make("p", text), picture, isLine ? this.table(feature, points) : "");
    this.draw();
  }

  async showChanges() {
    const { row, current: answer } = this;
    const isClass = typeof answer.prediction === "string";
    const points = isClass ? await this.vary(this.model.features) : undefined;
    if (row !== this.row) return;
    const nearest = this.model.features.map((feature) => this.nearest(feature, points ?? []));
    const changes = nearest.filter(Boolean).sort((one, other) => one.distance - other.distance);
    const change = ({ feature, value, prediction }) => {
      const then = make("strong", `${feature.label} ${valueWords(feature, value)}`);
      return [then, ` instead of ${valueWords(feature, row[feature.name])}: `, make("strong", prediction), "."];
    };
    const [first, ...others] = changes;
    const content = [];
    if (first) content.push(make("p", "The smallest change of one value with another answer: ", ...change(first)));
    else if (points) content.push(make("p", `No change of one value gives another answer than “${answer.prediction}”.`));
    if (others.length > 0) {
      const items = others.slice(0, SHOWN).map((other) => make("li", ...change(other)));
      content.push(make("p", "Or one of these:"), make("ul", ...items));
    }
    byId("changes").replaceChildren(...content);
  }

  /** Asks for the answers to all values of features, each with the other values of the row. */
  async vary(features) {
    const points = features.flatMap((feature) =>
      values(feature, this.row[feature.name]).map((value) => ({ feature, value })));
    const rows = points.map(({ feature, value }) => ({ ...this.row, [feature.name]: value }));
    const found = await this.answers(rows);
    return found && points.map((point, index) => ({ ...point, ...this.answer(found[index]) }));
  }

  /** The answer of a point, with the probability of the positive class or the quantity. */
  answer({ prediction, confidence }) {
    const { classes, positive } = this.model.outputs[0];
    if (typeof prediction === "number") return { prediction, number: prediction };
    const number = prediction === positive ? confidence : 1 - confidence;
    return { prediction, number: classes?.length === 2 ? number : undefined };
  }

  /** The smallest change of a feature that gives another class, relative to the feature's range. */
  nearest(feature, points) {
    const now = this.row[feature.name];
    const all = points.filter((point) => point.feature === feature);
    const range = all.length > 0 && all.at(-1).value - all[0].value;
    const distance = (value) => (typeof value === "number" && now !== undefined ? Math.abs(value - now) / range : 1);
    return all.filter(({ prediction }) => prediction !== this.current.prediction)
      .map((point) => ({ ...point, distance: distance(point.value) }))
      .sort((one, other) => one.distance - other.distance)[0];
  }

  feature(wanted) {
    return this.model.features.find(({ name }) => name === wanted);
  }

  /** Says a point's number: a probability, or a quantity with its unit. */
  amount(value) {
    const [output] = this.model.outputs;
    return output.classes ? percent(value) : withUnit(value, output.unit);
  }

  get amountTitle() {
    const [output] = this.model.outputs;
    return output.classes ? `Probability of “${output.positive}”` : output.unit || "Amount";
  }

  /** The text beside the curve: the answers, each with its values. */
  inWords(feature, points, isLine) {
    const words = (value) => valueWords(feature, value);
    if (points.every(({ prediction }) => typeof prediction === "number")) {
      const sorted = [...points].sort((one, other) => one.prediction - other.prediction);
      const at = ({ prediction, value }) => `${this.amount(prediction)} at ${words(value)}`;
      return `Lowest: ${at(sorted[0])}. Highest: ${at(sorted.at(-1))}.`;
    }
    const groups = new Map();
    for (const { name, first, last } of isLine ? runs(points) : points.map(alone)) {
      const said = first === last ? words(first) : `${valueWords(null, first)} to ${words(last)}`;
      groups.set(name, [...(groups.get(name) ?? []), said]);
    }
    if (groups.size === 1) return `“${points[0].prediction}” throughout: this value alone does not change the answer.`;
    const change = isLine && this.nearest(feature, points);
    const answers = [...groups].map(([name, values]) => `“${name}”: ${list(values)}.`);
    return answers.join(" ") + (change ? ` The nearest change is at ${words(change.value)}.` : "");
  }

  bars(feature, points) {
    if (!points.every(({ number }) => Number.isFinite(number))) return this.table(feature, points, true);
    const rows = points.map(({ value, prediction, number }) => ({
      label: valueWords(feature, value),
      words: typeof prediction === "string" ? prediction : "",
      size: number,
      text: this.amount(number),
      isChosen: value === this.row[feature.name],
    }));
    return bars({ caption: `${this.amountTitle} by ${feature.label}`, rows, limit: this.model.outputs[0].classes ? 1 : 0 });
  }

  line(feature, points, width, text) {
    const { classes, positive } = this.model.outputs[0];
    const now = this.row[feature.name];
    const bands = classes ? runs(points) : [];
    return curve({
      points: points.map(({ value, number = NaN }) => ({ x: value, y: number })),
      bands: bands.map((band) => ({ ...band, isPositive: band.name === positive })),
      now: typeof now === "number" ? now : undefined,
      width: Math.max(260, width),
      alternative: `${this.amountTitle} by ${feature.label}. ${text}`,
      xTitle: [feature.label, feature.unit && `(${feature.unit})`].filter(Boolean).join(" "),
      yRange: classes && [0, 1],
      yText: classes ? percent : number,
    });
  }

  table(feature, points, isOpen = false) {
    const columns = [[feature.label, ({ value }) => valueWords(feature, value)]];
    if (typeof points[0].prediction === "string") columns.push(["Answer", ({ prediction }) => prediction]);
    if (Number.isFinite(points[0].number)) columns.push([this.amountTitle, ({ number }) => this.amount(number)]);
    const head = columns.map(([title]) => make("th", { scope: "col" }, title));
    const row = (point) => make("tr", ...columns.map(([, text]) => make("td", text(point))));
    const table = make("table", make("thead", make("tr", ...head)), make("tbody", ...points.map(row)));
    return make("details", { open: isOpen }, make("summary", "The same as a table"), table);
  }
}

/** The values to try: round numbers over the usual range, all categories, or both flags. */
function values({ type, categories, minimum, maximum }, now = 1) {
  if (type === "boolean") return [false, true];
  if (type === "string") return categories ?? [];
  const low = minimum ?? Math.min(0, now * 2);
  const high = maximum ?? Math.max(low + 1, now * 2);
  return ticks(low, high, 150).filter((value) => type !== "integer" || Number.isInteger(value));
}

const alone = ({ value, prediction }) => ({ name: String(prediction), first: value, last: value });

/** Joins neighbours with the same class. A band ends in the middle between two points. */
function runs(points) {
  const found = [];
  points.forEach(({ value, prediction }, index) => {
    const name = String(prediction);
    const before = found.at(-1);
    if (before?.name === name) Object.assign(before, { last: value, to: value });
    else {
      const from = before ? (points[index - 1].value + value) / 2 : value;
      if (before) before.to = from;
      found.push({ name, first: value, last: value, from, to: value });
    }
  });
  return found;
}
