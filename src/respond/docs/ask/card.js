// The model's card: what is stated about it, and what is not.

import { byId, list, make, terms } from "./words.js";

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

function sections({ attributes }) {
  const stated = attributes.filter((attribute) => attribute.stated);
  const missing = attributes.filter((attribute) => attribute.number && !attribute.stated);
  const about = make("dl", ...terms(stated.map(({ title, statement }) => [title, statement])));
  if (missing.length === 0) return [about];
  const named = list(missing.map(({ title }) => title[0].toLowerCase() + title.slice(1)));
  return [about, make("p.hint", `Not stated by those who made the model: ${named}.`)];
}
