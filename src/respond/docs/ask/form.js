// The form: a field for each feature of the model.

import { byId, make, label, unitName, valueWords } from "./words.js";

/** Reads the features from the schema of a row. */
export function readFeatures(row) {
  return Object.entries(row.properties ?? {}).map(([name, schema], index) => {
    const types = [schema.type].flat();
    const usual = schema["x-usual"] ?? schema;
    return {
      name,
      id: `feature-${index}`,
      label: label(name),
      type: types[0],
      isOptional: types.includes("null"),
      unit: unitName(schema["x-unit"]),
      otherUnits: (schema["x-other-units"] ?? []).map(([code, factor, offset]) => ({ code, factor, offset })),
      description: schema["x-description"] ?? schema.description ?? "",
      missing: schema["x-missing"],
      minimum: usual.minimum,
      maximum: usual.maximum,
      categories: usual.enum?.filter((category) => category !== null),
    };
  });
}

function hint(feature) {
  const { description, type, minimum, maximum } = feature;
  const has = (bound) => bound !== undefined;
  const words = (value) => valueWords(feature, value);
  let range = "";
  if (has(minimum) && has(maximum)) range = `${valueWords(null, minimum)} to ${words(maximum)}.`;
  else if (has(minimum)) range = `At least ${words(minimum)}.`;
  else if (has(maximum)) range = `At most ${words(maximum)}.`;
  return [description, type === "integer" && "A whole number.", range].filter(Boolean).join(" ");
}

/** A field of the form: its element, and how to read and to write it. */
class Field {
  constructor(feature) {
    this.feature = feature;
    const { id } = feature;
    this.problem = make("p", { id: `${id}-problem`, class: "problem", role: "alert" });
    this.hint = make("p", { id: `${id}-hint`, class: "hint" }, hint(feature));
    if (feature.isOptional && feature.missing) {
      this.hint.append(make("span.missing", `If unknown: ${feature.missing}`));
    }
    this.described = { name: feature.name, "aria-describedby": `${id}-hint ${id}-problem` };
    if (feature.type === "boolean") this.addRadios();
    else if (feature.categories) this.addSelect();
    else this.addInput();
  }

  addInput() {
    const { id, type, isOptional, minimum } = this.feature;
    const isText = type === "string" || !(minimum >= 0);
    this.input = make("input", {
      id, autocomplete: "off", required: !isOptional, ...this.described,
      inputmode: isText ? "text" : type === "integer" ? "numeric" : "decimal",
    });
    const control = make("div.control", this.input);
    if (this.feature.otherUnits.length > 0) this.addUnits(control);
    if (isOptional) {
      this.unknown = make("input", { type: "checkbox", "aria-label": `unknown: ${this.feature.label}` });
      this.unknown.addEventListener("change", () => this.showUnknown());
      control.append(make("label.unknown", this.unknown, " unknown"));
    }
    this.element = make("div.field", this.labelFor(id), control, this.hint, this.problem);
  }

  /** Adds a choice among the feature's own unit and the others. */
  addUnits(control) {
    const { unit, otherUnits, label: name } = this.feature;
    this.unit = make("select.units", { "aria-label": `unit of ${name}` }, make("option", { value: "" }, unit));
    otherUnits.forEach(({ code }) => this.unit.append(make("option", { value: code }, unitName(code))));
    control.append(this.unit);
  }

  addSelect() {
    const { id, categories, isOptional } = this.feature;
    this.input = make("select", { id, required: !isOptional, ...this.described });
    this.input.append(make("option", { value: "" }, isOptional ? "unknown" : "choose …"));
    categories.forEach((category) => this.input.append(make("option", { value: category }, category)));
    this.element = make("div.field", this.labelFor(id), this.input, this.hint, this.problem);
  }

  addRadios() {
    const { isOptional } = this.feature;
    const choices = [["true", "yes"], ["false", "no"], ...(isOptional ? [["", "unknown"]] : [])];
    const radio = ([value, text]) =>
      make("label", make("input", { type: "radio", value, ...this.described }), ` ${text}`);
    const choice = make("div.radios", ...choices.map(radio));
    const legend = make("legend", this.feature.label);
    this.element = make("fieldset.field", legend, choice, this.hint, this.problem);
  }

  labelFor(id) {
    const { unit } = this.feature;
    return make("label", { for: id }, this.feature.label, unit && !this.unit ? make("span.unit", ` ${unit}`) : "");
  }

  get controls() {
    return [...this.element.querySelectorAll("select:not(.units), input:not([type=checkbox])")];
  }

  showUnknown() {
    this.input.disabled = this.unknown.checked;
    if (this.unit) this.unit.disabled = this.unknown.checked;
  }

  /**
   * Returns the value; undefined if there is none. A number in another unit goes with its code. Text that
   * is no number is for the server to refuse.
   */
  read() {
    const { type } = this.feature;
    if (type === "boolean") {
      const chosen = this.controls.find((radio) => radio.checked)?.value;
      return chosen ? chosen === "true" : undefined;
    }
    const text = this.unknown?.checked ? "" : this.input.value.trim();
    if (text === "" || this.feature.categories || type === "string") return text || undefined;
    const number = Number(text.replace("−", "-"));
    const value = Number.isFinite(number) ? number : text;
    return this.unit?.value ? { value, unit: this.unit.value } : value;
  }

  /** Returns the value that was read, as a number in the feature's own unit if it was in another. */
  inOwnUnit(value) {
    const other = this.feature.otherUnits.find(({ code }) => code === value?.unit);
    return other ? value.value * other.factor + other.offset : value;
  }

  write(value) {
    if (this.feature.type === "boolean") {
      this.controls.forEach((radio) => (radio.checked = radio.value === String(value ?? "")));
      return;
    }
    this.input.value = value ?? "";
    if (this.unit) this.unit.value = "";
    if (this.unknown) {
      this.unknown.checked = value === undefined || value === null;
      this.showUnknown();
    }
  }

  show(message, isWarning) {
    this.problem.textContent = message;
    this.problem.classList.toggle("warning", isWarning);
    for (const control of this.controls) {
      if (message && !isWarning) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }
}

export class Form {
  constructor(features, examples) {
    this.fields = features.map((feature) => new Field(feature));
    byId("fields").append(...this.fields.map((field) => field.element));
    const choice = byId("example");
    examples.forEach((example, index) => choice.append(make("option", { value: index }, example.summary)));
    choice.addEventListener("change", () => this.fill(examples[choice.value].value.patient_data));
    byId("start").hidden = examples.length < 2;
    this.fill(examples[0]?.value.patient_data ?? {});
  }

  fill(row) {
    this.fields.forEach((field) => field.write(row[field.feature.name]));
    this.clear();
  }

  /** Returns the row, without the unknown values. */
  read() {
    const cells = this.fields.map((field) => [field.feature.name, field.read()]);
    return Object.fromEntries(cells.filter(([, value]) => value !== undefined));
  }

  /** Returns a row with all numbers in the features' own units. */
  inOwnUnits(row) {
    const cells = this.fields.map((field) => [field.feature.name, field.inOwnUnit(row[field.feature.name])]);
    return Object.fromEntries(cells.filter(([, value]) => value !== undefined));
  }

  clear() {
    this.fields.forEach((field) => field.show("", false));
    byId("form-problem").replaceChildren();
  }

  /** Returns the field of a violation, if it is about one. */
  fieldOf({ loc = [] }) {
    return this.fields.find(({ feature }) => loc[1] === "patient_data" && loc[2] === feature.name);
  }

  /** Puts violations beside their fields, and the others below the form. */
  show(violations, isWarning) {
    const messages = new Map();
    for (const violation of violations) {
      const field = this.fieldOf(violation);
      if (field) messages.set(field, [...(messages.get(field) ?? []), `${violation.msg}.`]);
      else byId("form-problem").append(make("li", violation.msg));
    }
    for (const [field, texts] of messages) {
      if (field.input?.value.includes(",") && !isWarning) texts.push("Write decimals with a point, as in 1.5.");
      field.show(texts.join(" "), isWarning);
    }
    if (!isWarning) this.fields.find((field) => messages.has(field))?.controls[0].focus();
  }
}
