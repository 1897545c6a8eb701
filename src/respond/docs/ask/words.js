// Elements, numbers, units and names, as people read them.

/**
 * Makes an element, as in `make("p.hint", { id: "a" }, "text")`, where class and attributes may be left
 * out. Text is never read as HTML.
 */
export function make(kind, ...parts) {
  const [tag, name] = kind.split(".");
  const made = document.createElement(tag);
  if (name) made.className = name;
  const isText = typeof parts[0] !== "object" || parts[0] instanceof Node;
  const attributes = isText ? {} : parts.shift();
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...parts);
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Makes the pairs of a list of terms. */
export const terms = (pairs) =>
  pairs
    .filter(([, text]) => text)
    .map(([term, text]) => make("div", make("dt", term), make("dd", text)));

// Abbreviations as clinicians write them.
const ABBREVIATIONS = Object.fromEntries(
  "ALT ASCVD AST BMI BP BUN CKD CRP CVD ECG eGFR GFR HbA1c HDL ICU INR LDL MELD SBP SDI ST uACR WBC"
    .split(" ").map((word) => [word.toLowerCase(), word]));

/** Makes a name readable: `max_heart_rate` becomes "Max heart rate", and `hdl` "HDL". */
export function label(name) {
  const words = name.replace(/[_-]+/g, " ").trim() || name;
  const text = words.split(" ").map((word) => ABBREVIATIONS[word] ?? word).join(" ");
  return ABBREVIATIONS[words.split(" ")[0]] ? text : text[0].toUpperCase() + text.slice(1);
}

const UNITS = {
  a: "years", mo: "months", wk: "weeks", d: "days", h: "hours", min: "minutes", s: "seconds",
  "mm[Hg]": "mmHg", "/min": "per minute", Cel: "°C", "[degF]": "°F", 1: "", "{score}": "",
};

/** Returns a unit's name for a UCUM code. */
export const unitName = (code = "") => UNITS[code] ?? code.replace(/[{}[\]]/g, "").replace("_", " ").replace(/^u(?=mol|g\b)/, "µ").replace(/m2\b/, "m²").replace(/m3\b/, "m³");

/** Formats a number, with all digits before the point. */
export function number(value, places = 3) {
  const digits = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: places };
  return value.toLocaleString("en", { ...digits, useGrouping: "min2" }).replace("-", "−");
}

/** Formats a number as it was given, with all its digits. */
const whole = (value) =>
  value.toLocaleString("en", { maximumSignificantDigits: 12, useGrouping: false }).replace("-", "−");

export const signed = (value) => (value > 0 ? "+" : "") + number(value);

export function percent(part) {
  if (part > 0.999 && part < 1) return "over 99.9%";
  if (part < 0.001 && part > 0) return "under 0.1%";
  return `${Number((part * 100).toFixed(part > 0.99 || part < 0.1 ? 1 : 0))}%`;
}

export const withUnit = (value, unit) => [number(value), unit].filter(Boolean).join(" ");

/** Says a feature's value. */
export function valueWords(feature, value) {
  if (value === null || value === undefined) return "unknown";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value.unit) return [whole(value.value), unitName(value.unit)].join(" ");
  if (typeof value !== "number") return String(value);
  return [whole(value), feature?.unit].filter(Boolean).join(" ");
}

/** Joins words as a list. */
export const list = (words) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
