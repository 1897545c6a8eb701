// The page: reads the model's description, and asks the model when the form is sent.
//
// form.js makes the form, answer.js the answer and its reasons, what_if.js the section below them, card.js
// the model's card.

import { showAnswer, showReasons } from "./answer.js";
import { addCard } from "./card.js";
import { Form, readFeatures } from "./form.js";
import { WhatIf } from "./what_if.js";
import { byId, make, label, terms, unitName } from "./words.js";

/** Reads the model from the OpenAPI document. */
function readModel({ info, paths, components: { schemas } }) {
  const { prediction } = schemas.Prediction.properties;
  const outputs = prediction.properties ? Object.entries(prediction.properties) : [["answer", prediction]];
  const { examples = {} } = paths["/predict"].post.requestBody.content["application/json"];
  return {
    name: info.title,
    version: info.version,
    license: info.license?.name,
    ...info["x-model"],
    explanationBase: info["x-model"].explanation_base,
    features: readFeatures(schemas.Row),
    outputs: outputs.map(([name, schema]) => ({
      name,
      isOnly: !prediction.properties,
      description: schema.description ?? "",
      classes: schema.enum,
      positive: schema["x-positive"] ?? schema.enum?.[1],
      unit: unitName(schema["x-unit"]),
    })),
    examples: Object.values(examples).filter(({ value }) => value.patient_data),
    hasWhatIf: "/what-if" in paths && outputs.length === 1,
  };
}

function introduce(model) {
  document.title = `${label(model.name)}: ask the model`;
  byId("name").textContent = label(model.name);
  byId("version").textContent = model.version;
  byId("summary").textContent = model.summary;
  byId("limits").append(...terms([["Limits", model.limits], ["Made for", model.population]]));
  byId("limits").hidden = false;
  const name = `${model.name} ${model.version}`;
  byId("about").append(...terms([["Source", model.source], ["License", model.license], ["Name", name]]));
}

async function post(path, body) {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, request);
  return { status: response.status, body: await response.json().catch(() => ({})) };
}

/**
 * Asks for the answer with its reasons. If the reasons are the problem, asks again without them, and
 * returns the problem as `reason`.
 */
async function predict(model, form, row) {
  const explains = model.explanationBase != null;
  const reply = await post("predict", { patient_data: row, ...(explains && { explain: true }) });
  const violations = reply.status === 422 && Array.isArray(reply.body.detail) ? reply.body.detail : [];
  if (!explains || violations.length === 0 || violations.some((one) => form.fieldOf(one))) return reply;
  const reason = `The model gives no reasons for this answer: ${violations[0].msg}`;
  return { ...(await post("predict", { patient_data: row })), reason };
}

/** Says why there is no answer. */
function problems({ status, body }) {
  if (Array.isArray(body.detail)) return body.detail;
  return [{ msg: `There is no answer: ${body.detail ?? body.error ?? "the server failed"} (status ${status}).` }];
}

function run(model) {
  const form = new Form(model.features, model.examples);
  const results = byId("results");
  const answers = async (rows) => {
    const reply = await post("what-if", { instances: rows }).catch(() => ({}));
    return reply.status === 200 ? reply.body.predictions : undefined;
  };
  const whatIf = model.hasWhatIf ? new WhatIf(model, answers) : undefined;
  const setStale = (isStale) => {
    const has = results.classList.contains("answered");
    results.classList.toggle("stale", isStale && has);
    byId("stale").textContent = isStale && has ? "The values have changed since this answer." : "";
  };
  let latest;
  const ask = async () => {
    const row = (latest = form.read());
    form.clear();
    results.setAttribute("aria-busy", "true");
    const reply = await predict(model, form, row).catch(() => ({ status: 0, body: { detail: "the server cannot be reached" } }));
    // A newer question has its own answer.
    if (row !== latest) return;
    results.removeAttribute("aria-busy");
    if (reply.status !== 200) {
      setStale(true);
      form.show(problems(reply), false);
      return;
    }
    results.classList.add("answered");
    setStale(false);
    form.show(reply.body.warnings ?? [], true);
    showAnswer(model, reply.body);
    showReasons(model, row, reply.body, reply.reason);
    // Beside the form it is in sight; below it, it is brought there.
    const { top } = byId("answer").getBoundingClientRect();
    if (top > innerHeight * 0.6) byId("answer").scrollIntoView();
    await whatIf?.show(form.inOwnUnits(row), reply.body);
  };
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  byId("form").addEventListener("input", () => setStale(true));
}

async function load() {
  const response = await fetch("openapi.json");
  if (!response.ok) throw new Error(`status ${response.status}`);
  return readModel(await response.json());
}

try {
  const model = await load();
  introduce(model);
  addCard();
  run(model);
} catch (error) {
  byId("form-problem").append(make("li", `The model's description cannot be read: ${error.message}.`));
}
