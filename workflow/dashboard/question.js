/* The section that asks about one query: two questions side by side, and why their answers differ. */
"use strict";

const Question = (() => {
  const SIDES = ["a", "b"];
  const form = document.getElementById("ask-form");
  const byId = (id) => document.getElementById(id);
  const field = (name) => form.elements[name];

  /* The number in a field; null if it is empty. A fault where it is not one that is allowed. */
  function entered(name) {
    const { value, validity, min, max } = field(name);
    const label = field(name).closest("label").firstChild.textContent.trim();
    if (!validity.valid) return { fault: `${label}: found ${value || "no number"}; allowed: ${min} to ${max}.` };
    return value === "" ? null : Number(value);
  }

  const named = (table, text) => Object.keys(table).find((name) => name.toLowerCase() === text.trim().toLowerCase());

  /* What a side asks, or what is wrong with it. */
  function questionOf({ ask }, side) {
    const numbers = Object.fromEntries(["input", "output", "cached", "pue"].map((name) => [name, entered(`ask-${name}`)]));
    const fault = Object.values(numbers).find((value) => value?.fault);
    if (fault) return fault;
    if (numbers.input === null || numbers.output === null) return { fault: "Tokens: found none; allowed: a prompt and an answer." };
    const [given, on] = [field(`${side}-model`).value, field(`${side}-gpu`).value];
    const model = named({ ...ask.models, ...ask.closed }, given);
    if (!model) return { fault: `Model: found ${given || "none"}; allowed: one of the list, as of ${near(ask, given)}.` };
    const gpus = Object.keys(ask.models[model] ?? {});
    const gpu = on.trim() === "" ? Ask.STUDY : gpus.find((name) => name.toLowerCase() === on.trim().toLowerCase());
    if (gpu === undefined || !Ask.servedBy(ask, model, gpu)) {
      const allowed = gpus.filter(Boolean).join(", ");
      return { fault: `GPU: found ${on || "those of the study"}, which do not serve ${model}; allowed: ${allowed || "none named"}.` };
    }
    return { model, gpu, boundary: field("ask-boundary").value, ...numbers, cached: numbers.cached === null ? null : numbers.cached / 100 };
  }

  function near({ models, closed }, given) {
    const names = [...Object.keys(models), ...Object.keys(closed)];
    const found = names.filter((name) => name.toLowerCase().includes(given.trim().toLowerCase().slice(0, 4)));
    return (found.length ? found : names).slice(0, 3).join(", ");
  }

  /* ---- what is shown ---- */

  const two = (value) => Number(value.toPrecision(2)).toLocaleString("en", { maximumSignificantDigits: 2 });

  function stepsOf({ model, gpu, input, output, boundary }, { middle }, ask) {
    const on = gpu || "the GPUs of the study";
    const seven = (value) => value.toPrecision(4);
    const beyond = { datacenter: ` × PUE ${seven(middle.pue)}`, fleet: ` × PUE ${seven(middle.pue)} × (1 + ${seven(middle.overhead_share)})` }[boundary] ?? "";
    return [
      `${model} on ${on}, at the point in the middle of ${Object.keys(ask.beyond.pue).length}:`,
      `GPU time = ${seven(middle.prefill_s)} s × ${seven(middle.uncached)} × ${input} prompt tokens + ${seven(middle.decode_s)} s × ${output} answer tokens`
        + ` + ${seven(middle.attention_s)} s × ${output} × (${input} + ${output} / 2) = ${seven(middle.gpu_seconds)} GPU-seconds`,
      boundary === "gpu_boards"
        ? `Energy of the boards = ${seven(middle.wh_per_gpu_second)} Wh per GPU-second`
        : `Energy = ${seven(middle.node_wh)} Wh per GPU-second at the node${beyond} = ${seven(middle.wh_per_gpu_second)} Wh per GPU-second`,
      `${seven(middle.gpu_seconds)} × ${seven(middle.wh_per_gpu_second)} = ${seven(middle.energy_wh)} Wh`,
    ];
  }

  function show(data, side, question, answer) {
    const { energy_wh, evidence, note } = answer;
    const zone = data.zones[field("ask-zone").value];
    byId(`ask-${side}-name`).textContent = `${question.model} on ${question.gpu || "the GPUs of the study"}`;
    byId(`ask-${side}-median`).textContent = `${two(energy_wh.p50)}\u00a0Wh`;
    byId(`ask-${side}-interval`).textContent = `P5–P95 of what is not known: ${two(energy_wh.p05)} to ${two(energy_wh.p95)}\u00a0Wh; expected ${two(energy_wh.mean)}\u00a0Wh`;
    byId(`ask-${side}-carbon`).textContent = zone
      ? `${two(energy_wh.p50 * zone.carbon_gco2e_per_kwh)}\u00a0mg CO2e, ${zone.label}, location-based` : "";
    byId(`ask-${side}-evidence`).textContent = `Evidence: ${evidence}${note ? `; ${note}` : ""}`;
    byId(`ask-${side}-steps`).replaceChildren(...stepsOf(question, answer, data.ask).map((textContent) => Controls.element("li", { textContent })));
  }

  function compared(first, second) {
    const { energy, time, power } = Ask.difference(first, second);
    byId("ask-difference").textContent = `B needs ${two(energy)} times the energy of A: ${two(time)} times the GPU time,`
      + ` ${two(power)} times the energy per GPU-second (geometric means).`;
  }

  let shown = {};

  function update(data) {
    const asked = Object.fromEntries(SIDES.map((side) => [side, questionOf(data, side)]));
    const fault = Object.values(asked).find((of) => of.fault)?.fault ?? null;
    byId("ask-note").hidden = fault === null;
    byId("ask-note").textContent = fault ?? "";
    byId("ask-answers").classList.toggle("stale", fault !== null);
    if (fault) return;
    shown = Object.fromEntries(SIDES.map((side) => [side, Ask.answer(data.ask, asked[side])]));
    for (const side of SIDES) show(data, side, asked[side], shown[side]);
    compared(shown.a, shown.b);
  }

  function start(data) {
    const { ask } = data;
    const options = (names) => names.map(([value, label]) => new Option(label, value));
    const models = Object.keys(ask.models).map((name) => [name, ask.classes[name] ?? ""]);
    byId("ask-models").replaceChildren(...options([...models, ...Object.keys(ask.closed).map((name) => [name, "not disclosed"])]));
    const gpus = new Set(Object.values(ask.models).flatMap((of) => Object.keys(of)).filter(Boolean));
    byId("ask-gpus").replaceChildren(...options([...gpus].sort().map((name) => [name, ""])));
    field("ask-zone").replaceChildren(new Option("none", ""), ...Object.entries(data.zones).map(([code, { label }]) => new Option(label, code)));
    form.addEventListener("input", () => update(data));
    form.addEventListener("submit", (event) => event.preventDefault());
    update(data);
  }

  return { start, shown: () => shown };
})();
