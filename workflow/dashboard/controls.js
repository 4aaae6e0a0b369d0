/* The question: the controls and their state. */
"use strict";

const Controls = (() => {
  const STATE = ["study", "subject", "workload", "input", "cached", "output", "gpu", "boundary", "queries", "long", "zone",
    "pue", "headroom", "interventions"];
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
      headroom: "", interventions: "",
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
    fields.headroom.disabled = published; // they say nothing of the day
    byId("applied").replaceChildren(...study.interventions.map((label) => element("li", { textContent: label })));
    byId("scenarios").replaceChildren(...study.preset.scenarios.map(scenarioButton));
    byId("pue-hint").textContent = `Empty: the distribution of the study, ${Readable.span(Energy.summary(study.states.plain.pue, study.states.plain.pue.map(() => 1)), 3)}.`;
    byId("description").textContent = study.description;
    offered = name;
  }

  /* ---- state ---- */

  const valueOf = (field) => (field.type === "checkbox" ? (field.checked ? field.value : "") : field.value);

  const state = () => Object.fromEntries(STATE.map((name) => [name, valueOf(fields[name])]));

  /* Put a state into the controls; what the study does not offer falls back to its own choice, with a line about it. */
  function show(next) {
    if (offered !== next.study) offerStudy(next.study);
    const [preset, faults] = [presetOf(next.study), []];
    for (const name of STATE) {
      const field = fields[name];
      const options = allowedOf(field);
      const known = options === null || options.includes(next[name]);
      if (!known && next[name] !== "") faults.push(Address.unknown(name, next[name], options.filter(Boolean)));
      const value = known ? next[name] : preset[name];
      if (field.type === "checkbox") field.checked = value === field.value;
      else field.value = value;
    }
    form.dispatchEvent(new Event("change"));
    return faults;
  }

  /* Values that a field may have; null where it takes any text. */
  function allowedOf(field) {
    if (field.type === "checkbox") return ["", field.value];
    return field instanceof HTMLSelectElement ? [...field.options].filter(({ disabled }) => !disabled).map(({ value }) => value) : null;
  }

  /* Interventions are known for some kinds of query. */
  function limit() {
    const { states } = data.studies[fields.study.value];
    const known = Object.hasOwn(states.applied?.kinds ?? {}, fields.workload.value);
    fields.interventions.disabled = !known;
    fields.interventions.checked &&= known;
    byId("unknown-interventions").hidden = known;
  }

  /* What of the state differs from the study, for the address. */
  function told() {
    const [now, preset] = [state(), presetOf(fields.study.value)];
    return STATE.filter((name) => name === "study" || now[name] !== preset[name]).map((name) => [name, now[name]]);
  }

  function showTold(given) {
    const asked = given.get("study");
    const study = asked !== undefined && Object.hasOwn(data.studies, asked) ? asked : data.first;
    const known = STATE.filter((name) => given.has(name)).map((name) => [name, given.get(name)]);
    const faults = show({ ...presetOf(study), ...Object.fromEntries(known), study });
    if (asked !== undefined && asked !== study) faults.unshift(Address.unknown("study", asked, Object.keys(data.studies)));
    return faults;
  }

  const isOwn = ({ input, output }) => input !== "" || output !== "";

  /* The numbers of the controls, and the first error among them in words, or null. */
  function numbers() {
    const own = isOwn(state());
    const needed = ["queries", "long", ...(own ? ["input", "output"] : [])];
    const read = Object.fromEntries(["queries", "long", "input", "output", "cached", "pue", "headroom"].map((name) =>
      [name, Entered.read(fields[name], needed.includes(name))]));
    const { input, cached } = read;
    let fault = Object.values(read).map((each) => each.fault).find(Boolean) ?? null;
    if (!fault && own && cached.value > input.value)
      fault = `Cached prompt tokens: found ${fields.cached.value}; allowed: up to ${fields.input.value}, the prompt tokens.`;
    return { fault, ...Object.fromEntries(Object.entries(read).map(([name, { value }]) => [name, value])) };
  }

  const fault = () => numbers().fault;

  /* The state as Energy.answer takes it. */
  function question() {
    const [now, of] = [state(), numbers()];
    return {
      subject: now.subject, workload: now.workload, gpu: now.gpu || null, boundary: now.boundary,
      own_tokens: isOwn(now) ? { input: of.input, cached: of.cached ?? 0, output: of.output } : null,
      pue: of.pue, headroom: of.headroom, long_share: of.long / 100, queries_per_day: of.queries, interventions: now.interventions === "on",
    };
  }

  /* Whether everything that changes a query's energy is as in the study. */
  function asInTheStudy() {
    const [now, preset] = [state(), presetOf(fields.study.value)];
    return ["gpu", "pue", "interventions", "input", "output"].every((name) => now[name] === preset[name]);
  }

  /* The scenario of the study whose fleet this is; undefined where it is another one. */
  function scenario() {
    const [now, { preset }] = [state(), data.studies[fields.study.value]];
    const start = presetOf(now.study);
    const same = STATE.every((name) => ["long", "interventions", "boundary"].includes(name) || now[name] === start[name]);
    return same ? preset.scenarios.find(({ long_share, interventions }) =>
      String(100 * long_share) === now.long && interventions === (now.interventions === "on")) : undefined;
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
    Address.add({ names: STATE, told, show: showTold });
  }

  return { element, start, state, question, fault, asInTheStudy, scenario, chosen };
})();
