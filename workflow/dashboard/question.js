/* The section that asks about one query: two questions side by side, and why their answers differ. */
"use strict";

const Question = (() => {
  const SIDES = ["a", "b"];
  const form = document.getElementById("ask-form");
  const byId = (id) => document.getElementById(id);
  const field = (name) => form.elements[name];
  const names = () => [...form.elements].map(({ name }) => name).filter(Boolean);
  const STUDYS = "the GPUs of the study";

  const named = (table, text) => Object.keys(table).find((name) => name.toLowerCase() === text.trim().toLowerCase());

  /* What a side asks, or what is wrong with it. */
  function questionOf({ ask }, side) {
    const numbers = { input: true, output: true, cached: false, pue: false };
    const read = Object.entries(numbers).map(([name, needed]) => [name, Entered.read(field(`ask-${name}`), needed)]);
    const fault = read.map(([, of]) => of.fault).find(Boolean);
    if (fault) return { fault };
    const { input, output, cached, pue } = Object.fromEntries(read.map(([name, { value }]) => [name, value]));
    if (input + output < 1) return { fault: "Tokens: found a query of 0 tokens; allowed: a prompt or an answer of 1 or more." };
    const model = modelOf(ask, side);
    if (model.fault) return model;
    const gpu = gpuOf(ask, side, model.model);
    if (gpu.fault) return gpu;
    return { ...model, ...gpu, boundary: field("ask-boundary").value, input, output, pue, cached: cached === null ? null : cached / 100 };
  }

  /* Numbers and texts of a model or GPU of the reader's own, as `Own.fault` and `Own.answers` take them. */
  function entered({ limits }, side, kind) {
    const text = Object.fromEntries(Object.keys(limits[kind]).map((name) => [name, field(`${side}-${name}`).value.trim()]));
    const numbers = Object.fromEntries(Object.entries(text).map(([name, of]) => [name, of === "" ? null : Entered.number(of)]));
    return { text, numbers };
  }

  function own(ask, side, kind, others = {}) {
    const { text, numbers } = entered(ask.own, side, kind);
    const fault = Own.fault(ask.own, kind, { ...numbers, ...others, text });
    return fault ? { fault: `${side.toUpperCase()}: ${fault}.` } : { ...numbers, ...others };
  }

  function modelOf(ask, side) {
    if (field(`${side}-own-model`).checked) {
      const of = own(ask, side, "Model", { precision: field(`${side}-precision`).value || null });
      return of.fault ? of : { model: of };
    }
    const given = field(`${side}-model`).value;
    const model = named({ ...ask.models, ...ask.closed }, given);
    return model ? { model } : { fault: `Model: found ${given || "none"}; allowed: one of the list, as of ${near(ask, given)}.` };
  }

  function gpuOf(ask, side, model) {
    if (field(`${side}-own-gpu`).checked) {
      if (typeof model === "string" && !ask.own.models[model]) return { fault: notOnOwnGpu(ask, model) };
      const of = own(ask, side, "Gpu");
      return of.fault ? of : { gpu: of };
    }
    const on = field(`${side}-gpu`).value;
    const isOwn = typeof model === "object";
    const gpus = isOwn ? Object.keys(ask.own.named).filter((name) => name !== "own GPU") : Object.keys(ask.models[model] ?? {});
    const gpu = on.trim() === "" ? Ask.STUDY : gpus.find((name) => name.toLowerCase() === on.trim().toLowerCase());
    if (gpu !== undefined && (isOwn || Ask.servedBy(ask, model, gpu))) return { gpu };
    const allowed = gpus.filter(Boolean).join(", ");
    const whose = isOwn ? "is not in the registry" : `does not serve ${model}`;
    const found = on || (isOwn ? "none" : "those of the study");
    return { fault: `GPU: found ${found}, which ${found === on ? whose : whose.replace("does", "do")}; allowed: ${allowed || "none named"}.` };
  }

  /* The draws of a GPU of the reader's own are of one model; the package has them of every model of a class. */
  function notOnOwnGpu({ closed }, model) {
    const why = closed[model] ? "whose size is not public" : "a class of several models";
    return `Model: found ${model}, ${why}; allowed here with a GPU of your own: an open model, or "A model of my own" with`
      + " the size that you assume; estimate() in Python takes all models.";
  }

  function near({ models, closed }, given) {
    const known = [...Object.keys(models), ...Object.keys(closed)];
    const found = known.filter((name) => name.toLowerCase().includes(given.trim().toLowerCase().slice(0, 4)));
    return (found.length ? found : known).slice(0, 3).join(", ");
  }

  /* ---- what is shown ---- */

  function nameOf({ model, gpu }) {
    const { plain } = Readable;
    const active = (of) => (of.active_b === null || of.active_b === of.total_b ? "" : `, ${plain(of.active_b)} B per token`);
    const what = typeof model === "string" ? model : `a model of ${plain(model.total_b)} B${active(model)}`;
    const on = typeof gpu === "string" ? gpu || STUDYS : `a GPU of ${plain(gpu.tdp_w)} W, ${plain(gpu.memory_gb)} GB, ${plain(gpu.bandwidth_gb_per_s)} GB/s`;
    return `${what} on ${on}`;
  }

  function stepsOf(question, { middle, count }) {
    const { input, output, boundary } = question;
    const four = (value) => String(Number(value.toPrecision(4)));
    const beyond = { datacenter: ` × PUE ${four(middle.pue)}`, fleet: ` × PUE ${four(middle.pue)} × (1 + ${four(middle.overhead_share)})` }[boundary] ?? "";
    return [
      `${nameOf(question)}, at the one in the middle of ${count} draws of what is not known:`,
      `GPU time = ${four(middle.prefill_s)} s × ${four(middle.uncached)} × ${input} prompt tokens + ${four(middle.decode_s)} s × ${output} answer tokens`
        + ` + ${four(middle.attention_s)} s × ${output} × (${input} + ${output} / 2) = ${four(middle.gpu_seconds)} GPU-seconds`,
      boundary === "gpu_boards"
        ? `Energy of the boards = ${four(middle.wh_per_gpu_second)} Wh per GPU-second`
        : `Energy = ${four(middle.node_wh)} Wh per GPU-second at the node${beyond} = ${four(middle.wh_per_gpu_second)} Wh per GPU-second`,
      `${four(middle.gpu_seconds)} × ${four(middle.wh_per_gpu_second)} = ${four(middle.energy_wh)} Wh`,
    ];
  }

  function show(data, side, question, answer) {
    const { energy_wh, evidence, note } = answer;
    const zone = data.zones[field("ask-zone").value];
    const text = Readable.summary("query_wh", energy_wh);
    byId(`ask-${side}-name`).textContent = nameOf(question);
    byId(`ask-${side}-median`).textContent = text.p50;
    byId(`ask-${side}-interval`).textContent = `P5–P95, uncertainty: ${text.p05} to ${text.p95}; expected ${text.mean}`;
    const kg = zone && (energy_wh.p50 / 1000) * (zone.carbon_gco2e_per_kwh / 1000);
    byId(`ask-${side}-carbon`).textContent = zone ? `${Readable.withUnit("emissions_t_per_day", kg / 1000)} CO2e, ${zone.label}, location-based` : "";
    byId(`ask-${side}-evidence`).textContent = `Evidence: ${evidence}${note ? `; ${note}` : ""}`;
    byId(`ask-${side}-steps`).replaceChildren(...stepsOf(question, answer).map((textContent) => Controls.element("li", { textContent })));
  }

  function compared(first, second) {
    const { energy, time, power } = Ask.difference(first, second);
    const { digits } = Readable;
    byId("ask-difference").textContent = `B needs ${digits(energy)} times the energy of A: ${digits(time)} times the GPU time,`
      + ` ${digits(power)} times the energy per GPU-second (geometric means).`;
  }

  let [shown, asked] = [{}, {}];

  /* Fields of what is not asked for are out of the way. */
  function showFields() {
    for (const side of SIDES)
      for (const kind of ["model", "gpu"]) {
        const own = field(`${side}-own-${kind}`).checked;
        byId(`${side}-own-${kind}-fields`).hidden = !own;
        field(`${side}-${kind}`).disabled = own;
      }
  }

  function update(data) {
    showFields();
    const questions = Object.fromEntries(SIDES.map((side) => [side, questionOf(data, side)]));
    let fault = Object.values(questions).find((of) => of.fault)?.fault ?? null;
    const answers = fault ? {} : Object.fromEntries(SIDES.map((side) => [side, Ask.answer(data.ask, questions[side])]));
    for (const side of SIDES) if (answers[side]?.fault) fault ??= `${side.toUpperCase()}: ${answers[side].fault}.`;
    byId("ask-note").hidden = fault === null;
    byId("ask-note").textContent = fault ?? "";
    byId("ask-answers").classList.toggle("stale", fault !== null);
    Address.write();
    if (fault) return;
    [shown, asked] = [answers, questions];
    for (const side of SIDES) show(data, side, asked[side], shown[side]);
    compared(shown.a, shown.b);
    byId("ask-bar").textContent = SIDES.map((side) => `${side.toUpperCase()} ${Readable.withUnit("query_wh", shown[side].energy_wh.p50)}`).join(" \u00b7 ");
  }

  /* ---- the address ---- */

  const startOf = (of) => {
    if (of.type === "checkbox") return of.defaultChecked ? of.value : "";
    return of instanceof HTMLSelectElement ? ([...of.options].find(({ defaultSelected }) => defaultSelected) ?? of.options[0]).value : of.defaultValue;
  };
  const valueOf = (of) => (of.type === "checkbox" ? (of.checked ? of.value : "") : of.value);

  const told = () => names().filter((name) => valueOf(field(name)) !== startOf(field(name))).map((name) => [name, valueOf(field(name))]);

  function showTold(data, given) {
    const faults = [];
    for (const name of names()) {
      const of = field(name);
      const value = given.get(name) ?? startOf(of);
      const options = of instanceof HTMLSelectElement ? [...of.options].map((option) => option.value) : of.type === "checkbox" ? ["", of.value] : null;
      const known = options === null || options.includes(value);
      if (!known) faults.push(Address.unknown(name, value, options.filter(Boolean)));
      const next = known ? value : startOf(of);
      if (of.type === "checkbox") of.checked = next === of.value;
      else of.value = next;
    }
    update(data);
    return faults;
  }

  /* A model of the reader's own, computed while the reader looks: the first takes three times as long as others, because
     the browser compiles what computes it. */
  function prepare({ ask }) {
    const model = ask.own && own(ask, SIDES[0], "Model", { precision: null });
    if (model && !model.fault) Own.answers(ask.own, model, Ask.STUDY);
  }

  function start(data) {
    const { ask } = data;
    const options = (list) => list.map(([value, label]) => new Option(label, value));
    const models = Object.keys(ask.models).map((name) => [name, ask.classes[name] ?? ""]);
    byId("ask-models").replaceChildren(...options([...models, ...Object.keys(ask.closed).map((name) => [name, "not disclosed"])]));
    const gpus = new Set(Object.values(ask.models).flatMap((of) => Object.keys(of)).filter(Boolean));
    byId("ask-gpus").replaceChildren(...options([...gpus].sort().map((name) => [name, ""])));
    field("ask-zone").replaceChildren(new Option("none", ""), ...Object.entries(data.zones).map(([code, { label }]) => new Option(label, code)));
    for (const side of SIDES)
      if (ask.own) field(`${side}-precision`).append(...ask.own.formats.map((format) => new Option(format, format)));
    for (const choice of form.querySelectorAll(".of-my-own")) choice.hidden = ask.own === null;
    form.addEventListener("input", () => update(data));
    // On a phone the bar at the bottom shows the answers of the section that is being read.
    new IntersectionObserver(([{ isIntersecting }]) => {
      byId("bar").hidden = isIntersecting;
      byId("ask-bar").hidden = !isIntersecting;
    }, { rootMargin: "-50% 0px" }).observe(byId("ask"));
    form.addEventListener("submit", (event) => event.preventDefault());
    Address.add({ names: names(), told, show: (given) => showTold(data, given) });
    setTimeout(() => window.requestIdleCallback?.(() => prepare(data)), 500);
  }

  return { start, shown: () => shown, asked: () => asked };
})();
