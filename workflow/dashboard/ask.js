/* Energy of one query on one model and GPU, from the points of `answers/points.py`: each is as probable as the others.
   `Formulas` is generated from the formulas of the package. */
"use strict";

const Ask = (() => {
  const STUDY = ""; // the GPUs of the study
  const PARTS = ["energy_wh", "gpu_seconds", "wh_per_gpu_second"]; // the first is the product of the others

  /* What may answer: a model on a GPU, or the classes that a closed model may be of; null where nothing does. */
  function servedBy({ models, closed }, model, gpu) {
    const names = closed[model]?.classes ?? [model];
    const found = names.map((name) => models[name]?.[gpu]).filter(Boolean);
    return found.length === names.length ? found : null;
  }

  /* Every point: GPU-seconds of the query, power-time that goes with one, and energy. */
  function pointsOf(ask, question) {
    const found = [];
    for (const of of servedBy(ask, question.model, question.gpu) ?? []) {
      of.decode_s.forEach((_, i) => {
        const beyond = { pue: question.pue ?? ask.beyond.pue[i], overhead_share: ask.beyond.overhead_share[i] };
        const uncached = question.cached === null ? ask.beyond.uncached_share[i] : 1 - question.cached;
        const parts = { prefill_s: of.prefill_s[i], decode_s: of.decode_s[i], attention_s: of.attention_s[i] };
        const gpu_seconds = Formulas.gpu_seconds_per_query({
          ...parts,
          uncached_tokens: uncached * question.input,
          output_tokens: question.output,
          context_tokens2: Formulas.context_tokens2({ input_tokens: question.input, output_tokens: question.output }),
        });
        const wh_per_gpu_second = within(question.boundary, of.boards_wh[i], of.node_wh[i], beyond);
        const energy_wh = Formulas.query_wh({ gpu_seconds, wh_per_gpu_second });
        found.push({ ...parts, ...beyond, uncached, node_wh: of.node_wh[i], gpu_seconds, wh_per_gpu_second, energy_wh });
      });
    }
    return found;
  }

  function within(boundary, boards, node, beyond) {
    if (boundary === "gpu_boards") return boards;
    if (boundary === "node") return node;
    const datacenter_w = Formulas.datacenter_power_w({ node_w: node, ...beyond });
    return boundary === "datacenter" ? datacenter_w : Formulas.fleet_power_w({ datacenter_w, ...beyond });
  }

  const summaryOf = (points, name) => Energy.summary(points.map((point) => point[name]), points.map(() => 1));

  /* The point in the middle by energy. */
  const middleOf = (points) => [...points].sort((a, b) => a.energy_wh - b.energy_wh)[Math.floor((points.length - 1) / 2)];

  /* P5, P50, P95 and mean of the energy, the point in the middle, and what it rests on; null where nothing answers. */
  function answer(ask, question) {
    const points = pointsOf(ask, question);
    if (!points.length) return null;
    const evidence = ask.closed[question.model] ? "not disclosed" : servedBy(ask, question.model, question.gpu)[0].evidence;
    return {
      energy_wh: summaryOf(points, "energy_wh"),
      middles: Object.fromEntries(PARTS.map((name) => [name, geometricMean(points.map((point) => point[name]))])),
      middle: middleOf(points),
      evidence,
      note: ask.closed[question.model]?.note ?? "",
    };
  }

  const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

  /* Why one answer differs from another: factors that multiply to the ratio of their geometric means. */
  function difference(first, second) {
    const ratio = (name) => second.middles[name] / first.middles[name];
    return { energy: ratio("energy_wh"), time: ratio("gpu_seconds"), power: ratio("wh_per_gpu_second") };
  }

  return { answer, difference, servedBy, STUDY };
})();
