/* The question: the controls, their state, and the same state in the address of the page. */
"use strict";

const Controls = (() => {
  const STATE = ["study", "subject", "workload", "input", "cached", "output", "gpu", "latency", "boundary", "queries",
    "long", "zone", "pue", "load", "attainment", "levers"];
  const OWN_TOKENS = { input: "1000", cached: "0", output: "500" };
  const UNKNOWNS = ["pue", "load", "attainment"];
  const form = document.getElementById("controls");
  const fields = form.elements;
  const byId = (id) => document.getElementById(id);
  let [data, offered] = [null, null];

  /* A new element with its properties and what is in it. */
  function element(tag, properties, ...content) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...content);
    return made;
  }

  /* The state in which a study starts. */
  function presetOf(name) {
    const { preset } = data.studies[name];
    return {
      study: name, subject: preset.subject, workload: "traditional", ...OWN_TOKENS, gpu: "", latency: "",
      boundary: preset.boundary, queries: String(preset.queries_per_day), long: "0", zone: preset.zone ?? "",
      pue: "", load: "", attainment: "", levers: "",
    };
  }

  /* ---- what a study offers ---- */

  /* Options of a select, in titled groups or, without a title, as they are. */
  function offer(field, ...groups) {
    field.replaceChildren(
      ...groups.flatMap(([title, options]) => {
        const made = options.map(([value, label]) => new Option(label, value));
        return title ? [element("optgroup", { label: title }, ...made)] : made;
      }),
    );
  }

  function leverBox([value, lever], multipliers) {
    const effect = lever.in_benchmarks
      ? "already in today's benchmarks"
      : `${Readable.span(Energy.ofDraws(multipliers[value]))} × on ${lever.acts_on.replaceAll("_", " ")}`;
    const box = element("input", { type: "checkbox", name: "levers", value, disabled: lever.in_benchmarks });
    const hint = element("span", { className: "hint", textContent: effect });
    return element("label", {}, box, element("span", {}, lever.label, " ", hint));
  }

  function scenarioButton({ label, long_share, levers }) {
    const made = element("button", { type: "button", textContent: label });
    Object.assign(made.dataset, { long: String(100 * long_share), levers: levers.join(",") });
    made.addEventListener("click", () => show({ ...state(), ...made.dataset }));
    return made;
  }

  function offerStudy(name) {
    const study = data.studies[name];
    const models = [...new Set(Object.values(study.classes).flatMap(({ models }) => Object.keys(models)))];
    const gpus = Object.keys(study.gpus_per_node);
    const targets = Object.keys(study.latency[gpus[0]]).filter((target) => gpus.every((gpu) => target in study.latency[gpu]));
    const labelled = (table) => Object.entries(table).map(([value, { label }]) => [value, label]);
    offer(fields.subject, ["Classes", labelled(study.classes)], ["Models", models.map((model) => [model, model])]);
    offer(fields.workload, ["", labelled(study.workloads)], ["", [["own", "Your own lengths"]]]);
    offer(fields.gpu, ["", [["", gpus.length > 1 ? "the mix of the study" : `${gpus[0]}, as in the study`]]],
      ["", gpus.length > 1 ? gpus.map((gpu) => [gpu, gpu]) : []]);
    offer(fields.latency, ["", [["", targets.length ? "no limit" : "not known in this study"]]],
      ["", targets.sort((a, b) => b - a).map((ms) => [ms, `${ms} ms`])]);
    offer(fields.zone, ["", [["", "none: no emissions"]]], ["", labelled(data.zones)]);
    byId("levers").replaceChildren(...Object.entries(study.levers).map((lever) => leverBox(lever, study.multipliers.traditional)));
    byId("scenarios").replaceChildren(...study.preset.scenarios.map(scenarioButton));
    for (const unknown of UNKNOWNS)
      byId(`${unknown}-hint`).textContent = `In the study: ${Readable.span(Energy.ofDraws(study.shared[unknown]))}.`;
    byId("description").textContent = study.description;
    offered = name;
  }

  /* ---- state ---- */

  const leverBoxes = () => [...form.querySelectorAll('[name="levers"]')];

  function state() {
    const levers = leverBoxes().filter((box) => box.checked).map((box) => box.value).join(",");
    return Object.fromEntries(STATE.map((name) => [name, name === "levers" ? levers : fields[name].value]));
  }

  /* Put a state into the controls; what the study does not offer falls back to its own choice. */
  function show(next) {
    if (offered !== next.study) offerStudy(next.study);
    const preset = presetOf(next.study);
    const applied = new Set(next.levers.split(","));
    for (const box of leverBoxes()) box.checked = applied.has(box.value) && !box.disabled;
    for (const name of STATE.filter((name) => name !== "levers")) {
      const field = fields[name];
      const offers = field instanceof HTMLSelectElement ? [...field.options].map((option) => option.value) : null;
      field.value = offers === null || offers.includes(next[name]) ? next[name] : preset[name];
    }
    form.dispatchEvent(new Event("change"));
  }

  /* The address contains only differences from the study. */
  function address() {
    const [now, preset] = [state(), presetOf(fields.study.value)];
    const told = STATE.filter((name) => name === "study" || now[name] !== preset[name]);
    return `#?${new URLSearchParams(told.map((name) => [name, now[name]]))}`;
  }

  function stateInAddress() {
    if (!location.hash.startsWith("#?")) return presetOf(data.first);
    const told = Object.fromEntries(new URLSearchParams(location.hash.slice(2)));
    const study = told.study in data.studies ? told.study : data.first;
    const known = Object.entries(told).filter(([name]) => STATE.includes(name));
    return { ...presetOf(study), ...Object.fromEntries(known), study };
  }

  const labelOf = (name) => fields[name].labels[0].textContent.trim();

  /* The first error of the input in words, or null. */
  function fault() {
    const { workload, input, cached } = state();
    const needed = ["queries", "long", ...(workload === "own" ? ["input", "cached", "output"] : [])];
    for (const name of [...needed, ...UNKNOWNS]) {
      const field = fields[name];
      const range = `allowed: ${field.min} to ${Readable.digits(Number(field.max))}`;
      if (!field.checkValidity()) return `${labelOf(name)}: found ${field.value || "no number"}; ${range}.`;
      if (field.value === "" && needed.includes(name)) return `${labelOf(name)}: found nothing; ${range}.`;
    }
    if (workload === "own" && Number(cached) > Number(input))
      return `Cached prompt tokens: found ${cached}; allowed: up to ${input}, the prompt tokens.`;
    return null;
  }

  /* The state as Energy.answer takes it. */
  function question() {
    const now = state();
    const known = (name) => (now[name] === "" ? null : Number(now[name]));
    return {
      subject: now.subject, workload: now.workload, gpu: now.gpu || null, boundary: now.boundary,
      own_tokens: { input: Number(now.input), cached: Number(now.cached), output: Number(now.output) },
      pue: known("pue"), load: known("load"), attainment: known("attainment"),
      latency_target_ms: now.latency || null, long_share: Number(now.long) / 100,
      queries_per_day: Number(now.queries), levers: now.levers.split(",").filter(Boolean),
    };
  }

  /* Whether the assumptions that change a query's energy are those of the study. */
  function asInTheStudy() {
    const [now, preset] = [state(), presetOf(fields.study.value)];
    return ["gpu", "latency", ...UNKNOWNS, "levers"].every((name) => now[name] === preset[name]);
  }

  const set = () => UNKNOWNS.filter((name) => fields[name].value !== "");
  const chosen = (name) => fields[name].selectedOptions[0].textContent;

  /* Call `changed` whenever the state changes. */
  function start(given, changed) {
    data = given;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => event.target === form && changed());
    form.addEventListener("input", ({ target }) => (target.name === "study" ? show(presetOf(target.value)) : changed()));
    byId("reset").addEventListener("click", () => show(presetOf(fields.study.value)));
    addEventListener("hashchange", () => location.hash.startsWith("#?") && show(stateInAddress()));
    show(stateInAddress());
  }

  return { element, start, state, question, fault, address, asInTheStudy, set, chosen, labelOf };
})();
