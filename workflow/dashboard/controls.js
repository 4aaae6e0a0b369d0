/* The question: the controls, their state, and the same state in the address of the page. */
"use strict";

const Controls = (() => {
  const STATE = ["study", "subject", "workload", "input", "cached", "output", "gpu", "boundary", "queries", "long", "zone",
    "pue", "interventions"];
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
      study: name, subject: preset.subject, workload: "traditional", input: "", cached: "", output: "", gpu: "",
      boundary: preset.boundary, queries: String(preset.queries_per_day), long: "0", zone: preset.zone ?? "", pue: "",
      interventions: "",
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

  function scenarioButton({ label, long_share, interventions }) {
    const made = element("button", { type: "button", textContent: label });
    Object.assign(made.dataset, { long: String(100 * long_share), interventions: interventions ? "on" : "" });
    made.addEventListener("click", () => show({ ...state(), ...made.dataset }));
    return made;
  }

  function offerStudy(name) {
    const study = data.studies[name];
    const published = study.method === "published";
    const models = [...new Set(Object.values(study.classes).flatMap(({ models }) => Object.keys(models)))];
    const labelled = (table) => Object.entries(table).map(([value, { label }]) => [value, label]);
    offer(fields.subject, ["Classes", labelled(study.classes)], ["Models", models.map((model) => [model, model])]);
    offer(fields.workload, ["", labelled(study.workloads)]);
    offer(fields.gpu, ["", [["", published ? "nodes as in the study" : "the mix of the study"]]],
      ["", Object.keys(study.gpus_per_node).map((gpu) => [gpu, gpu])]);
    offer(fields.zone, ["", [["", "none: no emissions"]]], ["", labelled(data.zones)]);
    // Published studies rate whole nodes and know no cache.
    fields.boundary.querySelector('[value="gpu_boards"]').disabled = published;
    fields.cached.disabled = published;
    byId("applied").replaceChildren(...study.interventions.map((label) => element("li", { textContent: label })));
    byId("scenarios").replaceChildren(...study.preset.scenarios.map(scenarioButton));
    byId("pue-hint").textContent = `Empty: the distribution of the study, ${Readable.span(Energy.summary(study.states.plain.pue, study.states.plain.pue.map(() => 1)))}.`;
    byId("description").textContent = study.description;
    offered = name;
  }

  /* ---- state ---- */

  const valueOf = (field) => (field.type === "checkbox" ? (field.checked ? field.value : "") : field.value);

  const state = () => Object.fromEntries(STATE.map((name) => [name, valueOf(fields[name])]));

  /* Put a state into the controls; what the study does not offer falls back to its own choice. */
  function show(next) {
    if (offered !== next.study) offerStudy(next.study);
    const preset = presetOf(next.study);
    for (const name of STATE) {
      const field = fields[name];
      const options = field instanceof HTMLSelectElement ? [...field.options].filter(({ disabled }) => !disabled) : null;
      const value = options === null || options.some((option) => option.value === next[name]) ? next[name] : preset[name];
      if (field.type === "checkbox") field.checked = value === field.value;
      else field.value = value;
    }
    form.dispatchEvent(new Event("change"));
  }

  /* Interventions are known for some kinds of query. */
  function limit() {
    const { states } = data.studies[fields.study.value];
    const known = Object.hasOwn(states.applied?.kinds ?? {}, fields.workload.value);
    fields.interventions.disabled = !known;
    fields.interventions.checked &&= known;
    byId("unknown-interventions").hidden = known;
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
    const study = Object.hasOwn(data.studies, told.study) ? told.study : data.first;
    const [known, others] = [true, false].map((wanted) => Object.entries(told).filter(([name]) => STATE.includes(name) === wanted));
    const names = others.map(([name]) => name).join(", ");
    byId("said").textContent = names && `The address sets ${names}, which this page does not have; it is left out.`;
    return { ...presetOf(study), ...Object.fromEntries(known), study };
  }

  const labelOf = (name) => fields[name].labels[0].textContent.trim();

  const isOwn = ({ input, output }) => input !== "" || output !== "";

  /* The first error of the input in words, or null. */
  function fault() {
    const now = state();
    const needed = ["queries", "long", ...(isOwn(now) ? ["input", "output"] : [])];
    for (const name of [...needed, "cached", "pue"]) {
      const field = fields[name];
      const range = `allowed: ${field.min} to ${Readable.digits(Number(field.max))}`;
      if (!field.checkValidity()) return `${labelOf(name)}: found ${field.value || "no number"}; ${range}.`;
      if (field.value === "" && needed.includes(name)) return `${labelOf(name)}: found nothing; ${range}.`;
    }
    if (isOwn(now) && Number(now.cached) > Number(now.input))
      return `Cached prompt tokens: found ${now.cached}; allowed: up to ${now.input}, the prompt tokens.`;
    return null;
  }

  /* The state as Energy.answer takes it. */
  function question() {
    const now = state();
    return {
      subject: now.subject, workload: now.workload, gpu: now.gpu || null, boundary: now.boundary,
      own_tokens: isOwn(now) ? { input: Number(now.input), cached: Number(now.cached), output: Number(now.output) } : null,
      pue: now.pue === "" ? null : Number(now.pue), long_share: Number(now.long) / 100,
      queries_per_day: Number(now.queries), interventions: now.interventions === "on",
    };
  }

  /* Whether everything that changes a query's energy is as in the study. */
  function asInTheStudy() {
    const [now, preset] = [state(), presetOf(fields.study.value)];
    return ["gpu", "pue", "interventions", "input", "output"].every((name) => now[name] === preset[name]);
  }

  const chosen = (name) => fields[name].selectedOptions[0].textContent;

  /* Call `changed` whenever the state changes. */
  function start(given, changed) {
    data = given;
    const update = () => {
      limit();
      changed();
    };
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => event.target === form && update());
    form.addEventListener("input", ({ target }) => (target.name === "study" ? show(presetOf(target.value)) : update()));
    byId("reset").addEventListener("click", () => show(presetOf(fields.study.value)));
    addEventListener("hashchange", () => location.hash.startsWith("#?") && show(stateInAddress()));
    show(stateInAddress());
  }

  return { element, start, state, question, fault, address, asInTheStudy, chosen };
})();
