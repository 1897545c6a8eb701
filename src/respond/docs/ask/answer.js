// The answer and its reasons.

import { bars } from "./charts.js";
import { byId, make, label, list, number, percent, signed, valueWords, withUnit } from "./words.js";

/** Shows the answer itself. */
export function showAnswer(model, answer) {
  const { prediction, confidence, warnings = [] } = answer;
  const shown = model.outputs.map((output) => {
    const value = output.isOnly ? prediction : prediction?.[output.name];
    const text = typeof value === "number" ? withUnit(value, output.unit) : String(value);
    const title = output.isOnly ? [] : [make("h3", label(output.name))];
    return make("div", ...title, make("p.value", text),
      make("p.hint", output.description));
  });
  if (confidence !== undefined) {
    const track = make("div", { class: "confidence", "aria-hidden": "true" }, make("div"));
    track.firstChild.style.width = `${confidence * 100}%`;
    shown[0].firstChild.after(make("p", `Confidence of the model: ${percent(confidence)}`), track);
  }
  if (warnings.length > 0) {
    shown.push(make("p.warning", "Unusual values: see the warnings beside the fields."));
  }
  byId("verdict").replaceChildren(...shown);
}

/** Shows the reasons: a chart for each output, or a sentence without them. */
export function showReasons(model, row, answer, reason) {
  const explanations = [answer.explanation ?? []].flat();
  const content = explanations.flatMap((explanation) => {
    const output = model.outputs.find(({ name }) => name === explanation.output) ?? model.outputs[0];
    const title = explanations.length > 1 ? [make("h3", label(output.name))] : [];
    return [...title, ...reasons(model, row, output, explanation)];
  });
  if (content.length === 0) {
    content.push(make("p.hint", reason ?? "This model gives no reasons for its answers."));
  }
  byId("reasons").replaceChildren(...content);
  byId("why").hidden = false;
}

const exp = Math.exp;

/** What differs between the scales: a sum in words, one contribution, and the scale in a sentence. */
function scaleOf(explanation, output) {
  const { scale, link } = explanation;
  const name = output.isOnly ? "the answer" : label(output.name);
  const target = explanation.class === undefined ? name : `“${explanation.class}”`;
  switch (scale) {
    case "probability":
      return {
        of: `the probability of ${target}`, column: "Points", factor: 100, sum: percent,
        one: (part) => `${signed(part * 100)} points`,
        sentence: "A point is one percent of probability. The start and all points add up to the result.",
      };
    case "log-odds":
      return {
        of: `the odds of ${target}`, column: "Log-odds", factor: 1,
        sum: (sum) => (link === "logistic" ? percent(1 / (1 + exp(-sum))) : number(sum)),
        one: (part) => `odds\u00a0×\u00a0${number(exp(part), 2)}`,
        sentence: "The numbers are log-odds, since these add up and probabilities do not: each +0.7 " +
          `about doubles the odds of ${target}, each −0.7 about halves them.`,
      };
    case "log":
      return {
        of: target, column: "Logarithm", factor: 1, sum: (sum) => withUnit(exp(sum), output.unit),
        one: (part) => `×\u00a0${number(exp(part))}`,
        sentence: "The numbers are logarithms, since these add up: +0.1 makes the result about a tenth " +
          "larger, −0.1 about a tenth smaller.",
      };
    default:
      return {
        of: target, column: output.unit || "Amount", factor: 1, sum: (sum) => withUnit(sum, output.unit),
        one: (part) => [signed(part), output.unit].join(" ").trim(),
        sentence: "The start and all amounts add up to the result.",
      };
  }
}

function reasons(model, row, output, explanation) {
  const scale = scaleOf(explanation, output);
  const parts = explanation.contributions.map((part) => {
    const feature = model.features.find(({ name }) => name === part.feature);
    return { ...part, label: feature?.label ?? label(part.feature), words: valueWords(feature, row[part.feature] ?? part.value) };
  });
  parts.sort((one, other) => Math.abs(other.contribution) - Math.abs(one.contribution));
  return [
    make("p", ...sentences(parts, scale)),
    bars({
      caption: `Raises or lowers ${scale.of}`,
      column: scale.column,
      rows: rows(parts, scale.factor),
      first: ["Start", scale.sum(explanation.base)],
      last: ["Result", scale.sum(explanation.total)],
    }),
    make("p.hint", start(model, explanation), scale.sentence,
      " This shows how the model computes, not what causes what."),
  ];
}

const SHOWN = 12;

/** The bars: the largest contributions, and the sum of the others. */
function rows(parts, factor) {
  const row = ({ label, words, contribution, deviation }) => {
    const text = signed(contribution * factor) + (deviation ? ` ± ${number(deviation * factor)}` : "");
    return { label, words, size: contribution, text };
  };
  if (parts.length <= SHOWN + 1) return parts.map(row);
  const others = parts.slice(SHOWN);
  const contribution = others.reduce((sum, part) => sum + part.contribution, 0);
  return [...parts.slice(0, SHOWN).map(row), row({ label: `${others.length} others`, words: "together", contribution })];
}

/** The largest contributions in words. */
function sentences(parts, scale) {
  const name = ({ label, words }) => `${label} (${words})`;
  const of = (part) => `${name(part)}, ${scale.one(part.contribution)}`;
  const side = (isThis, verb) => {
    const [most, second] = parts.filter(isThis);
    if (!most) return "";
    const more = second ? ` Next is ${of(second)}.` : "";
    return `${name(most)} ${verb} ${scale.of} most: ${scale.one(most.contribution)}.${more} `;
  };
  const none = parts.filter(({ contribution }) => contribution === 0);
  const idle = none.length > 3 ? `${none.length} values change nothing.`
    : none.length > 0 ? `${list(none.map(name))} ${none.length > 1 ? "change" : "changes"} nothing.` : "";
  return [
    make("span.raises", side(({ contribution }) => contribution > 0, "raises")),
    make("span.lowers", side(({ contribution }) => contribution < 0, "lowers")),
    idle,
  ];
}

function start(model, { method }) {
  const sampled = method === "permutations" ? " The numbers are estimates: ± is their standard error." : "";
  return `Start: ${model.explanationBase ?? "the answer without any of these values."}${sampled} `;
}
