/* Models and GPUs of the reader's own, from the numbers of `dashboard/own.py`: for every draw, where a replica runs, the
   time of its tokens and the power of its node over the day. `Serving` and `Formulas` are generated from the package. */
"use strict";

const Own = (() => {
  const KEPT = 16; // models on GPUs, so that lengths change without computing all again
  const kept = new Map();
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const grouped = (value) => Math.round(value).toLocaleString("en");

  const keyOf = (gpu, precision) => `${gpu}, ${precision}`;

  /* Lines of a table of draws as records of one draw each; logarithms where the table has their exponentials. */
  const drawsOf = (own, table, f) => Array.from({ length: own.draws }, (_, i) =>
    Object.fromEntries(Object.entries(table).map(([name, values]) => [name, f(values[i])])));

  const effectsOf = (own, pair) => drawsOf(own, pair, Math.log).map(({ power, ...time_effects }) => ({ time_effects, power_effect: power }));

  let prepared = null;
  /* What is the same for every model and GPU: parameters and hours of the day by draw. */
  function common(own) {
    prepared ??= { time: drawsOf(own, own.time, Math.log), power: drawsOf(own, own.power, Math.log), hours: hoursOf(own) };
    return prepared;
  }

  function hoursOf({ rates, shared, least_kept, draws }) {
    const peak_rate = Math.max(...rates);
    const hours = rates.map((rate) => {
      const needed = Formulas.needed_share({ rate, peak_rate, headroom: shared.headroom });
      const on = Formulas.kept_share({ needed, released_share: shared.released_share }).map((share) => Math.max(share, least_kept));
      return { needed, on, work: Formulas.work_share({ needed, kept: on }) };
    });
    const overHours = (name) => Float64Array.from({ length: draws }, (_, i) => mean(hours.map((hour) => hour[name][i])));
    const on = overHours("on");
    return { hours, on, load: overHours("needed").map((needed, i) => needed / on[i]) };
  }

  /* ---- a model, a GPU, and both ---- */

  function networkOf(own, { total_b, active_b }) {
    const [parameters, active_parameters] = [total_b * own.per_billion, (active_b ?? total_b) * own.per_billion];
    if (parameters > active_parameters) {
      const { experts_per_token } = own.network.experts;
      const expert_parameters = Formulas.typical_expert({ active_parameters, experts_per_token });
      const experts = Formulas.typical_experts({ parameters, active_parameters, expert_parameters });
      const shared = Formulas.shared_parameters({ active_parameters, experts_per_token, expert_parameters });
      return { network: { ...own.network.experts, active_parameters, experts }, shared, expert: expert_parameters };
    }
    const layers = Math.round(Formulas.dense_layers({ parameters }));
    const width = Formulas.dense_width({ parameters, layers });
    const scaled = (table, factor) => Object.fromEntries(Object.entries(table).map(([name, value]) => [name, value * factor]));
    const grown = { ...scaled(own.network.per_layer, layers), ...scaled(own.network.per_layer_and_width, layers * width) };
    return { network: { ...own.network.dense, ...grown, active_parameters }, shared: active_parameters, expert: 0 };
  }

  /* The network of a model and the bytes of its weights in a number format. */
  function modelOf(own, model, precision) {
    if (typeof model === "string") return { ...own.models[model].network, ...own.models[model].widths[precision] };
    const { network, shared, expert } = networkOf(own, model);
    const widths = own.widths[precision][`${model.precision ?? ""} ${expert > 0 ? "experts" : "dense"}`];
    return { ...network, shared_bytes: shared * widths.shared_bytes, expert_bytes: expert * widths.expert_bytes, kv_bytes: widths.kv_bytes };
  }

  /* A GPU of the reader's as `own.py` has those of the registry. */
  function gpuOf(own, given) {
    const [precision, peak] = own.narrowest.find(([, name]) => given[name]);
    const found = Object.fromEntries(Object.entries(own.of_gpu).map(([field, [name, size]]) => [field, given[name] * size]));
    const of = own.gpus[own.named["own GPU"]];
    return { ...of, ...found, peak_flop_per_s: given[peak] * own.flop_per_tflop, precision };
  }

  /* ---- where it runs ---- */

  /* The replica of least energy at a draw, as `operating_point.at_speed`; null where none reaches the speed. */
  function pointAt({ shared, prior, same_energy }, replicas, uncertain, i) {
    // The same for every size.
    const [pace, boards] = [Serving.drawn_pace(replicas[0], uncertain), Serving.drawn_boards(replicas[0], uncertain)];
    let least = null;
    const isLess = (point) => point.weight > 0 && (least === null || point.energy.j_per_token < least.energy.j_per_token * (1 - same_energy));
    for (const replica of replicas) {
      const taken = Serving.step_at(replica, pace);
      const point = Serving.point_at_speed(taken, boards, shared.speed[i], prior);
      if (isLess(point)) least = { taken, boards, ...point };
    }
    return least;
  }

  /* Power of a board over its rating at the work of its replica: as `operating_point.part_load` and `day.interpolation`. */
  function partLoad(own, { taken, boards, batch }, idle) {
    const parts = own.parts_of_batch.map((part) => Serving.load_of(taken, Math.max(batch * part, 1), boards));
    const [full] = parts.at(-1), places = [0], shares = [idle];
    for (const [seconds, board_share] of parts) {
      places.push(Math.max(places.at(-1), full / seconds));
      shares.push(board_share);
    }
    return (work) => {
      const next = places.findIndex((place) => work < place);
      if (next < 0) return shares.at(-1);
      const [low, high] = [next - 1, next];
      return shares[low] + ((shares[high] - shares[low]) * (work - places[low])) / (places[high] - places[low]);
    };
  }

  /* Every draw of a model on a GPU that counts, with what a point of `answers/points.py` has; the others are null. */
  function member(own, model, gpu, pair) {
    const { time, power, hours } = common(own);
    const effects = effectsOf(own, pair);
    const { input_tokens, output_tokens, context_tokens, context_tokens2, cached_share, uncached_tokens } = own.queries;
    const speculative = typeof model === "string" ? own.models[model].speculative : own.speculative;
    const replica = { ...modelOf(own, model, gpu.precision), ...gpu, input_tokens, output_tokens, context_tokens };
    const replicas = own.sizes.map((gpus) => ({ ...replica, gpus, cached_share: 0, speculative: 0 }));
    const points = effects.map((of, i) => {
      const uncertain = { ...of, time: time[i], power: power[i] };
      for (const each of replicas) Object.assign(each, { cached_share: cached_share[i], speculative: speculative[i] });
      const point = pointAt(own, replicas, uncertain, i);
      const queries = { output_tokens, context_tokens2, uncached_tokens: uncached_tokens[i] };
      return point && pointOf(own, point, gpu.node, hours, i, queries);
    });
    const reached = points.filter(Boolean).length >= own.fewest_reached * own.draws;
    return { replicas, points: reached ? points : null };
  }

  function pointOf(own, point, node, { hours, on, load }, i, queries) {
    const [prefill_s, decode_s, attention_s] = Serving.per_token_s(point.gpus, point.energy, queries);
    const shareAt = partLoad(own, point, node.idle);
    const of = { ...node, host_saturated_w: node.host_saturated_w[i] };
    const shares = hours.map((hour) => shareAt(hour.work[i]));
    // Mean over the day of GPUs that are on.
    const dayMean = (values) => mean(values.map((value, hour) => hours[hour].on[i] * value)) / on[i];
    const within = dayMean(shares.map((share) => Serving.share_within(of, share)));
    const powers = Serving.node_at(of, point.taken.of.tdp_w, dayMean(shares), within, own.shared.board_factor[i]);
    const [boards_wh, node_wh] = powers.map((power_w) => Formulas.energy_per_gpu_second_wh({ power_w, load: load[i] }));
    const seconds = Formulas.gpu_seconds_per_query({ prefill_s, decode_s, attention_s, ...queries });
    return { weight: point.weight, seconds, prefill_s, decode_s, attention_s, boards_wh, node_wh };
  }

  /* GPUs that serve a question, each with how many there are of it at every draw. */
  function placesOf(own, model, gpu) {
    if (typeof gpu === "object") {
      const of = gpuOf(own, gpu);
      return [{ of, pair: typeof model === "string" ? own.models[model].pair : of.pair, share: null }];
    }
    const named = (on, share) => ({ of: own.gpus[on], pair: own.gpus[on].pair, share });
    if (gpu !== "") return [named(own.named[gpu], null)];
    const size = own.classes.findLast(([, least]) => model.total_b > least)[0];
    return own.mixes[size].map(({ on, share }) => named(on, share));
  }

  /* Points of a model on a GPU, one or both of the reader's own, each with how much it counts; or why there are none. */
  function answers(own, model, gpu) {
    const key = JSON.stringify([model, gpu]);
    if (!kept.has(key)) {
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
      kept.set(key, computed(own, model, gpu));
    }
    return kept.get(key);
  }

  function computed(own, model, gpu) {
    const places = placesOf(own, model, gpu).map((place) => ({ ...place, ...member(own, model, place.of, place.pair) }));
    const serving = places.filter(({ points }) => points !== null);
    if (!serving.length) return { points: [], fault: whyNot(own, model, places), evidence: "" };
    // As `Service.serving`: of a draw, GPUs share the queries by how many there are and how many queries they serve.
    for (const place of serving) place.middle = mean(place.points.map((point) => point?.weight ?? 0));
    const found = [];
    for (let i = 0; i < own.draws; i++) {
      const counted = serving.map(({ points, share, middle }) => ((share?.[i] ?? 1) * (points[i]?.weight ?? 0)) / middle);
      const rates = counted.map((count, j) => (count > 0 ? count / serving[j].points[i].seconds : 0));
      const [there, total] = [counted, rates].map((values) => values.reduce((sum, value) => sum + value, 0));
      rates.forEach((rate, j) => rate > 0 && found.push({ ...serving[j].points[i], weight: (there * rate) / total, draw: i, place: j }));
    }
    const most = serving.map((_, j) => found.reduce((sum, { place, weight }) => sum + (place === j ? weight : 0), 0));
    return { points: found, fault: null, evidence: typeof gpu === "object" ? own.evidence : serving[most.indexOf(Math.max(...most))].of.evidence };
  }

  /* Why nothing serves a model, in the words of the package. */
  function whyNot(own, model, places) {
    const filled = (text, given) => Object.entries(given).reduce((words, [name, value]) => words.replaceAll(`{${name}}`, value), text);
    const gpus = Math.max(...own.sizes);
    const name = typeof model === "string" ? model : "own model";
    const largest = places.map(({ replicas }) => replicas.find((replica) => replica.gpus === gpus)).sort((a, b) => b.memory_b - a.memory_b);
    if (largest.some((replica) => Serving.largest_batch(replica) >= 1)) return filled(own.too_fast, { model: name });
    const [replica] = largest;
    return filled(own.too_large, {
      gpu: replica.gpu, gpus, model: name, precision: replica.precision,
      held: grouped((own.usable_memory * gpus * replica.memory_b) / 1e9), needed: grouped(Serving.weight_bytes(replica) / 1e9),
    });
  }

  /* What is wrong with a model or a GPU that was entered, or null: ranges and words are those of `Model` and `Gpu`. */
  function fault({ limits, formats }, kind, given) {
    for (const [name, { least, most, allowed, unit, optional }] of Object.entries(limits[kind])) {
      const [value, top] = [given[name], name === "active_b" ? given.total_b : most];
      const words = name === "active_b" ? `${least} to ${top} ${unit}` : allowed;
      if (value === null && optional) continue;
      if (!(value >= least && value <= top)) return `${kind}: ${name}: found ${given.text?.[name] || (value ?? "none")}; allowed: ${words}`;
    }
    if (kind === "Model" && given.precision && !formats.includes(given.precision))
      return `Model: precision: found '${given.precision}'; allowed: ${formats.join(", ")}`;
    return null;
  }

  return { answers, fault };
})();
