// The charts: bars in a table, and a curve in SVG.

import { make, number } from "./words.js";

/** Makes a table with a bar in each row, to the right of zero or to its left; without a `column` all are alike. The bars reach to `limit`, or to the largest. */
export function bars({ caption, column, rows, first, last, limit = 0 }) {
  const sizes = rows.map(({ size }) => size);
  const [low, high] = [Math.min(0, ...sizes), Math.max(limit, ...sizes)];
  const place = (size) => ((size - low) / (high - low || 1)) * 100;
  const sum = (pair) => pair && make("tr.sum",
    make("th", { scope: "row" }, pair[0]), make("td"), make("td", pair[1]));
  const row = ({ label, words, size, text, isChosen }) => {
    const bar = make("div", { class: `bar ${!column ? "plain" : size < 0 ? "lower" : "raise"}` });
    bar.style.left = `${place(Math.min(0, size))}%`;
    bar.style.width = `${Math.abs(size / (high - low || 1)) * 100}%`;
    const zero = make("div.zero");
    zero.style.left = `${place(0)}%`;
    const value = words ? [" ", make("span", words)] : [];
    return make("tr", { class: isChosen ? "chosen" : undefined },
      make("th", { scope: "row" }, label, ...value),
      make("td.track", make("div", { "aria-hidden": "true" }, bar, zero)),
      make("td", text));
  };
  const head = !column ? "" : make("thead", make("tr", {},
    make("th", { scope: "col" }, "Value"), make("td"), make("th", { scope: "col" }, column)));
  const body = [sum(first), ...rows.map(row), sum(last)].filter(Boolean);
  return make("table.bars", make("caption", caption),
    head, make("tbody", ...body));
}

/** Makes elements of SVG. The namespace is that of a piece of SVG in HTML. */
const SPACE = new DOMParser().parseFromString("<svg></svg>", "text/html").querySelector("svg").namespaceURI;

function drawn(tag, attributes, text) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Returns round numbers between two others, up to `count`. */
export function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((round) => round * power).find((size) => size >= rough * 0.999);
  const marks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) marks.push(Number((at * step).toPrecision(12)) || 0);
  return marks;
}

const HEIGHT = 230;
const EDGE = { top: 30, right: 14, bottom: 40, left: 48 };

/** Draws a curve over a range, with a band for each class. `now` is the x of the present value. */
export function curve({ points, bands, now, width, alternative, xTitle, yRange, yText }) {
  const xs = points.map(({ x }) => x);
  const [left, right] = [Math.min(...xs, now ?? xs[0]), Math.max(...xs, now ?? xs[0])];
  const ys = points.map(({ y }) => y);
  let [low, high] = yRange ?? [Math.min(...ys), Math.max(...ys)];
  if (!yRange) {
    const room = (high - low || Math.abs(high) || 1) * 0.08;
    [low, high] = [low - room, high + room];
  }
  const across = (x) => EDGE.left + ((x - left) / (right - left || 1)) * (width - EDGE.left - EDGE.right);
  const up = (y) => HEIGHT - EDGE.bottom - ((y - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const picture = drawn("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": alternative });
  const [floor, ceiling] = [HEIGHT - EDGE.bottom, EDGE.top];

  // The classes.
  for (const band of bands) {
    const [from, to] = [across(band.from), across(band.to)];
    picture.append(drawn("rect", { class: `band${band.isPositive ? " positive" : ""}`, x: from, y: ceiling, width: to - from, height: floor - ceiling }));
    if (to - from > band.name.length * 7.5) {
      picture.append(drawn("text", { x: (from + to) / 2, y: ceiling - 8, "text-anchor": "middle" }, band.name));
    }
  }
  // The axes.
  const hasNumbers = ys.every(Number.isFinite);
  for (const y of hasNumbers ? ticks(low, high, 4) : []) {
    picture.append(drawn("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: up(y), y2: up(y) }));
    picture.append(drawn("text", { x: EDGE.left - 6, y: up(y) + 4, "text-anchor": "end" }, yText(y)));
  }
  for (const x of ticks(left, right, Math.max(2, Math.floor(width / 90)))) {
    picture.append(drawn("line", { class: "grid", x1: across(x), x2: across(x), y1: floor, y2: floor + 4 }));
    picture.append(drawn("text", { x: across(x), y: floor + 17, "text-anchor": "middle" }, number(x)));
  }
  picture.append(drawn("text", { x: width - EDGE.right, y: HEIGHT - 5, "text-anchor": "end", class: "title" }, xTitle));
  // The curve, and the present value.
  if (hasNumbers) {
    const path = points.map(({ x, y }) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`);
    picture.append(drawn("polyline", { class: "curve", points: path.join(" ") }));
  }
  if (now !== undefined) {
    picture.append(drawn("line", { class: "now", x1: across(now), x2: across(now), y1: ceiling, y2: floor }));
    const y = between(points, now);
    if (Number.isFinite(y)) picture.append(drawn("circle", { class: "now", cx: across(now), cy: up(y), r: 5 }));
  }
  return picture;
}

/** The height of the curve at `x`, on a straight line between the points around it. */
function between(points, x) {
  const after = points.findIndex((point) => point.x >= x);
  if (after < 0) return points.at(-1).y;
  if (after === 0) return points[0].y;
  const [one, other] = [points[after - 1], points[after]];
  return one.y + ((other.y - one.y) * (x - one.x)) / (other.x - one.x);
}
