/* Energy of one query on one model and GPU: from the points of `answers/points.py`, each as probable as the others, or
   with parameters of the reader's own from the draws of `own.js`. `Formulas` is generated from the formulas of the package. */
"use strict";

const Ask = (() => {
  const STUDY = ""; // the GPUs of the study
  const PARTS = ["energy_wh", "gpu_seconds", "wh_per_gpu_second"]; // the first is the product of the others
  const isOwn = ({ model, gpu }) => typeof model === "object" || typeof gpu === "object";

  /* What may answer: a model on a GPU, or the classes that a closed model may be of; null where nothing does. */
  function servedBy({ models, closed }, model, gpu) {
    const names = closed[model]?.classes ?? [model];
    const found = names.map((name) => models[name]?.[gpu]).filter(Boolean);
    return found.length === names.length ? found : null;
  }

  /* Every point with what lies beyond its node and how much it counts. */
  function servedPoints(ask, question) {
    if (isOwn(question)) {
      const { pue, overhead_share, uncached_share } = ask.own.shared;
      return Own.answers(ask.own, question.model, question.gpu).points.map(({ draw: i, ...point }) => ({
        ...point, pue: pue[i], overhead_share: overhead_share[i], uncached_share: uncached_share[i],
      }));
    }
    const { pue, overhead_share, uncached_share } = ask.beyond;
    return (servedBy(ask, question.model, question.gpu) ?? []).flatMap((of) => Array.from(of.decode_s, (decode_s, i) => ({
      weight: 1, prefill_s: of.prefill_s[i], decode_s, attention_s: of.attention_s[i], boards_wh: of.boards_wh[i],
      node_wh: of.node_wh[i], pue: pue[i], overhead_share: overhead_share[i], uncached_share: uncached_share[i],
    })));
  }

  /* Every point: GPU-seconds of the query, power-time that goes with one, and energy. */
  function pointsOf(ask, question) {
    const context_tokens2 = Formulas.context_tokens2({ input_tokens: question.input, output_tokens: question.output });
    return servedPoints(ask, question).map((point) => {
      const pue = question.pue ?? point.pue;
      const uncached = question.cached === null ? point.uncached_share : 1 - question.cached;
      const tokens = { uncached_tokens: uncached * question.input, output_tokens: question.output, context_tokens2 };
      const { prefill_s, decode_s, attention_s } = point;
      const gpu_seconds = Formulas.gpu_seconds_per_query({ prefill_s, decode_s, attention_s, ...tokens });
      const wh_per_gpu_second = within(question.boundary, { ...point, pue });
      return { ...point, pue, uncached, gpu_seconds, wh_per_gpu_second, energy_wh: Formulas.query_wh({ gpu_seconds, wh_per_gpu_second }) };
    });
  }

  function within(boundary, { boards_wh, node_wh, pue, overhead_share }) {
    if (boundary === "gpu_boards") return boards_wh;
    if (boundary === "node") return node_wh;
    const datacenter_w = Formulas.datacenter_power_w({ node_w: node_wh, pue });
    return boundary === "datacenter" ? datacenter_w : Formulas.fleet_power_w({ datacenter_w, overhead_share });
  }

  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const weightsOf = (points) => points.map(({ weight }) => weight);

  /* The point in the middle by energy. */
  function middleOf(points) {
    const ordered = [...points].sort((a, b) => a.energy_wh - b.energy_wh);
    let left = sum(weightsOf(points)) / 2;
    return ordered.find(({ weight }) => (left -= weight) <= 1e-9 * weight) ?? ordered.at(-1);
  }

  const geometricMean = (points, name) =>
    Math.exp(sum(points.map((point) => point.weight * Math.log(point[name]))) / sum(weightsOf(points)));

  /* P5, P50, P95 and mean of the energy, the point in the middle, and what it rests on; or why nothing answers. */
  function answer(ask, question) {
    const own = isOwn(question) ? Own.answers(ask.own, question.model, question.gpu) : null;
    if (own?.fault) return { fault: own.fault };
    const points = pointsOf(ask, question);
    if (!points.length) return null;
    const known = () => (ask.closed[question.model] ? "not disclosed" : servedBy(ask, question.model, question.gpu)[0].evidence);
    return {
      energy_wh: Energy.summary(points.map((point) => point.energy_wh), weightsOf(points)),
      middles: Object.fromEntries(PARTS.map((name) => [name, geometricMean(points, name)])),
      middle: middleOf(points),
      count: own ? ask.own.draws : points.length,
      evidence: own ? own.evidence : known(),
      note: ask.closed[question.model]?.note ?? "",
    };
  }

  /* Why one answer differs from another: factors that multiply to the ratio of their geometric means. */
  function difference(first, second) {
    const ratio = (name) => second.middles[name] / first.middles[name];
    return { energy: ratio("energy_wh"), time: ratio("gpu_seconds"), power: ratio("wh_per_gpu_second") };
  }

  return { answer, difference, servedBy, STUDY };
})();
