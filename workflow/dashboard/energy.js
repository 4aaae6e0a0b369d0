/* Energy of a query and of a fleet from the draws of a study: loops over members and draws, and quantiles; `Formulas` is
   generated from the formulas of the package. A quantity is an array with one value per draw, or one number where it is
   known. */
"use strict";

const Energy = (() => {
  const INTERVAL = { p05: 0.05, p50: 0.5, p95: 0.95 };
  const SCORES = [-1.6448536269514729, 0, 1.6448536269514722]; // of P5, P50 and P95

  /* Element by element; a number where every quantity is one. */
  function each(f, a, b = 0, c = 0) {
    const drawn = [a, b, c].find((quantity) => typeof quantity !== "number");
    if (drawn === undefined) return f(a, b, c);
    const of = (quantity) => (typeof quantity === "number" ? new Float64Array(drawn.length).fill(quantity) : quantity);
    const [x, y, z] = [of(a), of(b), of(c)];
    const found = new Float64Array(drawn.length);
    for (let i = 0; i < found.length; i++) found[i] = f(x[i], y[i], z[i]);
    return found;
  }

  /* A table of names with a function of each value. */
  const mapped = (table, f) => Object.fromEntries(Object.entries(table).map(([name, value]) => [name, f(value)]));

  const add = (a, b) => each((x, y) => x + y, a, b);
  const times = (a, b) => (b === 1 ? a : each((x, y) => x * y, a, b));
  const over = (a, b) => each((x, y) => x / y, a, b);

  /* ---- inputs from the study and the question ---- */

  function hardwareOf({ classes }, { gpu, subject }) {
    if (gpu) return [{ gpu, share: 1 }];
    return (classes[subject] ?? Object.values(classes).find(({ models }) => subject in models)).hardware;
  }

  /* Members that serve the subject: weight as drawn, and as the study has it. */
  function served({ study, question, common }) {
    return once(common, "served", () => membersOf(study, question));
  }

  function membersOf(study, question) {
    const of = study.classes[question.subject];
    const models = of ? of.models : { [question.subject]: 1 };
    const found = [];
    for (const [model, known] of Object.entries(models)) {
      const drawn = of ? study.mix[question.subject][model] : 1;
      for (const { gpu, share } of hardwareOf(study, question)) {
        const index = study.members.findIndex((member) => member.model === model && member.gpu === gpu);
        found.push({ index, member: study.members[index], drawn: times(drawn, share), known: known * share });
      }
    }
    return found;
  }

  /* Lengths of the workload that is asked, or of the reader's own tokens. */
  function lengthsOf(study, workload, question) {
    if (workload !== "own") return study.workloads[workload];
    const { input, output, cached } = question.own_tokens;
    const uncached_tokens = Formulas.uncached_tokens({ input_tokens: input, cached_share: cached / input });
    return { input_tokens: input, uncached_tokens, output_tokens: output, cached_share: 0 };
  }

  const asOf = (table, workload) => (workload in table ? table[workload] : table.traditional);

  /* ---- GPU time ---- */

  /* Parts of the GPU time, of the query of every draw. */
  function partsOf(member, of) {
    if (member.form === "log_linear") {
      const tok_per_s = Formulas.node_tok_per_s({ ...member, ...of });
      return { prefill: 0, decode: Formulas.gpu_seconds_of_node({ ...of, tok_per_s }), context: 0, growth: 0 };
    }
    return {
      prefill: of.uncached_tokens,
      decode: of.output_tokens,
      context: Formulas.context_tokens2(of),
      growth: Formulas.growth_tokens2(of),
    };
  }

  /* Parts of the GPU time, mean over queries; lengths that a reader gives are those of every query. */
  function meanParts({ member, index }, of) {
    if (!of.mean_seconds) return partsOf(member, of);
    if (member.form === "log_linear") return { prefill: 0, decode: of.mean_seconds[index], context: 0, growth: 0 };
    return of.means;
  }

  /* GPU-seconds at every draw; `by` is what interventions divide its ingredients by. */
  const seconds = (member, parts, cached_share, by) =>
    Formulas.gpu_seconds_per_query({ ...member.coefficients, ...parts, cached_share, ...by });

  /* ---- power ---- */

  /* Power per GPU at a load within a boundary up to the node, W. */
  function powerOf(study, shared, member, load, boundary) {
    if (study.power.rated_w)
      return Formulas.used_power_w({ rated_w: study.power.rated_w[member.model], utilisation: shared.utilisation });
    const of = { ...study.power.measured[member.gpu], load };
    const boards_w = Formulas.board_power_w(of);
    return boundary === "gpu_boards" ? boards_w : Formulas.node_power_w({ boards_w, host_w: Formulas.host_power_w(of) });
  }

  const fitFactor = (study, { model, fit_error_log_sd }) =>
    model in study.fit_scores
      ? Formulas.missed_by_fit({ log_sd: fit_error_log_sd, score: study.fit_scores[model] })
      : 1;

  /* Logarithm linear in the score between the three known values, and beyond them; never below 1. */
  function latencyCost(values, score) {
    const logs = values.map(Math.log);
    const [low, high] = score < 0 ? [0, 1] : [1, 2];
    const slope = (logs[high] - logs[low]) / (SCORES[high] - SCORES[low]);
    return Math.max(Math.exp(logs[low] + slope * (score - SCORES[low])), 1);
  }

  const latencyFactor = (study, question, gpu) =>
    question.latency_target_ms
      ? each(
          (score) => latencyCost(study.latency[gpu][question.latency_target_ms], score),
          study.latency_scores[gpu],
        )
      : 1;

  /* ---- a fleet with interventions ---- */

  const ACTS_ON_POWER = ["load", "attainment", "pue", "power", "energy"];
  const ACTS_ON_TIME = ["prefill", "cached_share", "input_tokens", "decode", "output_tokens", "attention", "gpu_seconds"];

  /* `common` keeps what no intervention changes, for all fleets of one question. */
  function fleetOf({ study, question, common }, by) {
    const shared = { ...study.shared };
    for (const name of ["pue", "load", "attainment"])
      if (question[name] !== null && question[name] !== undefined) shared[name] = question[name];
    for (const name of ["load", "attainment"])
      if (name in by) shared[name] = Formulas.raised_share({ share: shared[name], multiplier: by[name] });
    if ("pue" in by) shared.pue = Formulas.lowered_pue({ pue: shared.pue, multiplier: by.pue });
    const divisors = Object.fromEntries(Object.entries(by).map(([name, value]) => [`by_${name}`, value]));
    // Values that no intervention changes were computed for another fleet of the same question.
    const own = (names) => (names.some((name) => name in by) ? new Map() : common);
    const [ofPower, ofTime] = [own(ACTS_ON_POWER), own(ACTS_ON_TIME)];
    return { study, question, shared, divisors, common, ofPower, ofTime, known: new Map() };
  }

  /* Computed once. */
  function once(known, name, compute) {
    if (!known.has(name)) known.set(name, compute());
    return known.get(name);
  }

  /* Fit error of a member's curve times its cost of a latency target. */
  const factorOf = (fleet, member) =>
    once(fleet.common, `factor ${member.model} ${member.gpu}`, () =>
      times(fitFactor(fleet.study, member), latencyFactor(fleet.study, fleet.question, member.gpu)),
    );

  /* What of a member decides its power: its GPU, or its model where a node is rated. */
  const powerName = (study, member) => (study.power.rated_w ? member.model : member.gpu);

  /* Wh per GPU-second of a member within a boundary, its factor included; overheads beyond the datacenter are not. */
  function whPerGpuSecond(fleet, member, boundary) {
    const { study, shared } = fleet;
    const metered = boundary === "fleet" ? "datacenter" : boundary;
    const ofGpu = once(fleet.ofPower, `Wh ${metered} ${powerName(study, member)}`, () => {
      let power_w = powerOf(study, shared, member, shared.load, metered);
      if (metered === "datacenter") power_w = Formulas.datacenter_power_w({ ...shared, node_w: power_w });
      const value = Formulas.energy_per_gpu_second_wh({ ...shared, power_w });
      return Formulas.with_interventions({ value, ...fleet.divisors });
    });
    return once(fleet.ofPower, `Wh ${metered} ${member.model} ${member.gpu}`, () => times(ofGpu, factorOf(fleet, member)));
  }

  const outer = (fleet, workload, boundary) => (boundary === "fleet" ? asOf(fleet.study.overhead, workload) : 1);

  const meanSeconds = (fleet, entry, workload) =>
    once(fleet.ofTime, `seconds ${workload} ${entry.index}`, () => {
      const of = lengthsOf(fleet.study, workload, fleet.question);
      return seconds(entry.member, meanParts(entry, of), of.cached_share, fleet.divisors);
    });

  function meanWh(fleet, workload, boundary) {
    const whole = once(fleet.known, `mean ${workload} ${boundary === "fleet" ? "datacenter" : boundary}`, () => {
      const of = (entry) => Formulas.query_wh({
        gpu_seconds: times(entry.drawn, meanSeconds(fleet, entry, workload)),
        wh_per_gpu_second: whPerGpuSecond(fleet, entry.member, boundary),
      });
      return served(fleet).map(of).reduce(add);
    });
    return times(whole, outer(fleet, workload, boundary));
  }

  /* ---- interventions ---- */

  /* Which of several savings is the largest, at every draw; the first of equals. */
  function bestOf(savings) {
    return savings.slice(1).reduce(
      ({ best, most }, saved, k) => ({
        best: each((b, s, m) => (s > m ? k + 1 : b), best, saved, most),
        most: each((m, s) => Math.max(m, s), most, saved),
      }),
      { best: 0, most: savings[0] },
    ).best;
  }

  function divisorsOf(study, question, workload, alone) {
    const multipliers = asOf(study.multipliers, workload);
    const groups = {};
    for (const name of question.levers) {
      const group = study.levers[name].overlap_group;
      if (group) (groups[group] ??= []).push(name);
    }
    const found = {};
    for (const name of question.levers) {
      const { overlap_group: group, acts_on } = study.levers[name];
      let value = multipliers[name];
      if (group && groups[group].length > 1) {
        const rivals = groups[group];
        const order = rivals.indexOf(name);
        value = each(
          (multiplier, overlapping, best) => (best === order ? multiplier : overlapping),
          value, Formulas.overlapping_multiplier({ multiplier: value, overlap: study.overlap }),
          bestOf(rivals.map((rival) => alone[rival])),
        );
      }
      found[acts_on] = acts_on in found ? times(found[acts_on], value) : value;
    }
    return found;
  }

  /* What each intervention alone divides the mean energy by, where several of one group are applied. */
  function savings(asked, before) {
    const { study, question } = asked;
    const grouped = question.levers.map((name) => study.levers[name].overlap_group);
    const rivals = question.levers.filter((_, i) => grouped[i] && grouped.filter((g) => g === grouped[i]).length > 1);
    if (!rivals.length) return {};
    const multipliers = asOf(study.multipliers, question.workload);
    return Object.fromEntries(rivals.map((name) => [name, savedBy(asked, before, study.levers[name].acts_on, multipliers[name])]));
  }

  /* Ingredients that scale the energy of all members alike: what they save needs no mean over queries. */
  const ALIKE = {
    power: (_, multiplier) => multiplier,
    energy: (_, multiplier) => multiplier,
    gpu_seconds: (_, multiplier) => multiplier,
    attainment: ({ attainment }, multiplier) => over(Formulas.raised_share({ share: attainment, multiplier }), attainment),
    pue: ({ pue }, multiplier) => over(pue, Formulas.lowered_pue({ pue, multiplier })),
  };

  function savedBy(asked, before, ingredient, multiplier) {
    if (ingredient in ALIKE) return ALIKE[ingredient](before.shared, multiplier);
    const { workload } = asked.question;
    const after = meanWh(fleetOf(asked, { [ingredient]: multiplier }), workload, "datacenter");
    return Formulas.saving({ before_wh: meanWh(before, workload, "datacenter"), after_wh: after });
  }

  /* ---- summaries ---- */

  /* As numpy.quantile: linear between order statistics. */
  function ofDraws(quantity) {
    if (typeof quantity === "number") return { p05: quantity, p50: quantity, p95: quantity, mean: quantity };
    const ordered = Float64Array.from(quantity).sort();
    const at = (share) => {
      const place = share * (ordered.length - 1);
      const low = Math.floor(place);
      const high = Math.min(low + 1, ordered.length - 1);
      return ordered[low] + (ordered[high] - ordered[low]) * (place - low);
    };
    return { ...mapped(INTERVAL, at), mean: quantity.reduce((sum, value) => sum + value, 0) / quantity.length };
  }

  /* Merge of two ascending arrays. */
  function merged(x, y) {
    const n = x.logs.length + y.logs.length;
    const found = { logs: new Float64Array(n), weights: new Float64Array(n) };
    for (let i = 0, j = 0, k = 0; k < n; k++) {
      const first = j >= y.logs.length || (i < x.logs.length && x.logs[i] <= y.logs[j]);
      found.logs[k] = first ? x.logs[i] : y.logs[j];
      found.weights[k] = first ? x.weights[i++] : y.weights[j++];
    }
    return found;
  }

  /* Quantiles of pooled values, those of one member weighing the same: half of a value's weight lies below it,
     logarithms in between; values that agree to nine digits are one value. */
  function ofWeighted(members) {
    let runs = members.map(({ values, weight }) => ({
      logs: values.map((value) => Math.round(Math.log(value) * 1e9) / 1e9).sort(),
      weights: new Float64Array(values.length).fill(weight),
    }));
    while (runs.length > 1) {
      const halved = [];
      for (let i = 0; i < runs.length; i += 2) halved.push(i + 1 < runs.length ? merged(runs[i], runs[i + 1]) : runs[i]);
      runs = halved;
    }
    const [{ logs, weights }] = runs;
    let [total, sum] = [0, 0];
    for (const { values, weight } of members) {
      total += weight * values.length;
      sum += weight * values.reduce((all, value) => all + value, 0);
    }
    return { ...mapped(INTERVAL, (share) => Math.exp(logAt(logs, weights, share * total))), mean: sum / total };
  }

  /* Logarithm below which so much weight lies. */
  function logAt(logs, weights, target) {
    let [below, last, passed] = [0, null, 0];
    for (let i = 0; i < logs.length; ) {
      let weight = 0;
      const log = logs[i];
      while (i < logs.length && logs[i] === log) weight += weights[i++];
      below = passed + weight / 2;
      if (below >= target) {
        if (last === null) return log;
        return last.log + ((log - last.log) * (target - last.below)) / (below - last.below);
      }
      last = { log, below };
      passed += weight;
    }
    return last.log;
  }

  /* ---- answers ---- */

  function queryWh(fleet, workload, boundary) {
    const { study, question } = fleet;
    const of = lengthsOf(study, workload, question);
    const sums = partsOf({ form: "gpu_seconds" }, of); // the same for all members with that form
    const entries = served(fleet).map((entry) => {
      const parts = entry.member.form === "gpu_seconds" ? sums : partsOf(entry.member, of);
      const gpu_seconds = seconds(entry.member, parts, of.cached_share, fleet.divisors);
      const energy = Formulas.query_wh({ gpu_seconds, wh_per_gpu_second: whPerGpuSecond(fleet, entry.member, boundary) });
      const values = times(energy, outer(fleet, workload, boundary));
      return { values: typeof values === "number" ? Float64Array.of(values) : values, weight: entry.known };
    });
    return ofWeighted(entries);
  }

  /* Nodes of every member for so many queries a day, at every draw. */
  function nodesOf(fleet, workload, queries) {
    return served(fleet).map((entry) => {
      const gpus = Formulas.gpus_needed({
        ...fleet.shared,
        queries_per_day: times(entry.drawn, queries),
        gpu_seconds_per_query: times(meanSeconds(fleet, entry, workload), factorOf(fleet, entry.member)),
      });
      const gpus_per_node = fleet.study.gpus_per_node[entry.member.gpu];
      return { member: entry.member, nodes: Formulas.nodes_needed({ gpus, gpus_per_node }) };
    });
  }

  function peakMw(fleet, workload, needed) {
    const { study, shared } = fleet;
    const overhead_share = add(asOf(study.overhead, workload), -1);
    const value = needed.map(({ member, nodes }) => {
      const gpus_per_node = study.gpus_per_node[member.gpu];
      const node_saturated_power_kw = once(fleet.common, `saturated ${powerName(study, member)} ${member.gpu}`, () =>
        Formulas.node_power_kw({ w_per_gpu: powerOf(study, shared, member, 1, "node"), gpus_per_node }),
      );
      return Formulas.peak_power_mw({ nodes, node_saturated_power_kw, pue: shared.pue, overhead_share });
    }).reduce(add);
    return Formulas.with_interventions({ value, ...fleet.divisors });
  }

  function ofTheFleet(study, question, fleets, zone) {
    const queries = { [question.workload]: Formulas.traditional_queries_per_day(question) };
    if (question.long_share > 0)
      queries.long = (queries.long ?? 0) + Formulas.long_queries_per_day(question);
    let [energy, nodes, peak] = [0, 0, 0];
    for (const [workload, count] of Object.entries(queries)) {
      const fleet = fleets[workload];
      const energy_wh = meanWh(fleet, workload, "fleet");
      energy = add(energy, Formulas.energy_gwh_per_day({ queries_per_day: count, energy_wh }));
      const needed = nodesOf(fleet, workload, count);
      for (const of of needed) nodes = add(nodes, of.nodes);
      peak = add(peak, peakMw(fleet, workload, needed));
    }
    const found = {
      energy_gwh_per_day: energy,
      nodes,
      average_power_mw: Formulas.average_power_mw({ energy_gwh_per_day: energy }),
      peak_power_mw: peak,
    };
    if (!zone) return found;
    found.emissions_t_per_day = Formulas.emissions_t_per_day({ energy_gwh_per_day: energy, ...zone });
    if (zone.water_l_per_kwh !== null && study.onsite_water_l_per_kwh !== null)
      found.water_m3_per_day = Formulas.water_m3_per_day({
        energy_gwh_per_day: energy,
        pue: fleets[question.workload].shared.pue,
        onsite_l_per_kwh: study.onsite_water_l_per_kwh,
        offsite_l_per_kwh: zone.water_l_per_kwh,
      });
    return found;
  }

  /* P5, P50, P95 and mean of every quantity that inference_energy.dashboard.engine.answer gives. */
  function answer(study, question, zone) {
    const asked = { study, question, common: new Map() };
    const plain = fleetOf(asked, {});
    const alone = savings(asked, plain);
    const applied = (workload) => fleetOf(asked, divisorsOf(study, question, workload, alone));
    const fleets = { [question.workload]: applied(question.workload) };
    if (question.long_share > 0) fleets.long ??= applied("long");
    const before = meanWh(plain, question.workload, question.boundary);
    const after = meanWh(fleets[question.workload], question.workload, question.boundary);
    const drawn = {
      mean_query_wh: after,
      multiplier: Formulas.saving({ before_wh: before, after_wh: after }),
      ...ofTheFleet(study, question, fleets, zone),
    };
    const query_wh = queryWh(fleets[question.workload], question.workload, question.boundary);
    return { query_wh, ...mapped(drawn, ofDraws) };
  }

  function outside({ ranges }, of) {
    const [[inLow, inHigh], [outLow, outHigh]] = ranges;
    const [input, output] = [of.input_tokens, of.output_tokens];
    return input < inLow || input > inHigh || output < outLow || output > outHigh ? 1 : 0;
  }

  /* Share of queries that a member with lengths outside its benchmarks serves, and that a transferred curve serves. */
  function evidence(study, question) {
    const of = lengthsOf(study, question.workload, question);
    let [extrapolated, borrowed] = [0, 0];
    for (const { member, known } of membersOf(study, question)) {
      extrapolated += known * (member.extrapolated_share[question.workload] ?? outside(member, of));
      if (member.borrowed) borrowed += known;
    }
    return { extrapolated, borrowed };
  }

  /* Lists of draws as arrays of numbers, all the way down. */
  function typed(value) {
    if (Array.isArray(value)) return value.length > 3 && typeof value[0] === "number" ? Float64Array.from(value) : value;
    if (value === null || typeof value !== "object") return value;
    return mapped(value, typed);
  }

  return { answer, evidence, ofDraws, typed };
})();
