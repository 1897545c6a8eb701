// The model's card: what is stated about it, and what is not.

import { byId, label, list, make, number, terms } from "./words.js";

/** Reads the card when its section is opened. */
export function addCard() {
  byId("card").addEventListener("toggle", () => {
    if (byId("card").open && !byId("card-text").querySelector("dl")) show();
  });
}

async function show() {
  const text = byId("card-text");
  try {
    const response = await fetch("model-card", { headers: { accept: "application/json" } });
    if (!response.ok) throw new Error(`status ${response.status}`);
    text.replaceChildren(...sections(await response.json()));
  } catch (error) {
    text.replaceChildren(make("p", `The card cannot be read: ${error.message}.`));
  }
}

function sections({ attributes, outcome }) {
  const stated = attributes.filter((attribute) => attribute.stated);
  const missing = attributes.filter((attribute) => attribute.number && !attribute.stated);
  const about = make("dl", ...terms(stated.map(({ title, statement }) => [title, statement])));
  const shown = [about, ...performance(outcome)];
  if (missing.length === 0) return shown;
  const named = list(missing.map(({ title }) => title[0].toLowerCase() + title.slice(1)));
  return [...shown, make("p.hint", `Not stated by those who made the model: ${named}.`)];
}

/** Shows how often the model was right, for everyone and for each subgroup. */
function performance(outcome) {
  if (!outcome?.performance.length) return [];
  const rows = outcome.performance.map((one) => {
    const measure = one.measure === "auc" ? "Area under the ROC curve" : label(one.measure);
    const of = [one.class && `for ${one.class}`, one.feature && `${label(one.feature)}: ${one.group}`];
    const words = [measure, ...of.filter(Boolean)].join(", ");
    return make("tr", make("th", { scope: "row" }, words), cell(number(one.value)), cell(one.people));
  });
  const heads = ["Measure", "Value", "People"].map((head) => make("th", { scope: "col" }, head));
  return [
    make("h3", "How often it was right"),
    make("p.hint", [outcome.data, outcome.truth && `The truth: ${outcome.truth}`].filter(Boolean).join(" ")),
    make("table", make("thead", make("tr", ...heads)), make("tbody", ...rows)),
  ];
}

const cell = (text) => make("td", String(text));
