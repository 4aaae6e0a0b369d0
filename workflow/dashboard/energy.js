/* Energy of a query and of a fleet from the numbers of a study, as tests/helpers/dashboard_engine.py computes it;
   `Formulas` is generated from the formulas of the package. A quantity is an array with a value per draw, or a number
   where all draws have the same. */
"use strict";

const Energy = (() => {
  const INTERVAL = { p05: 0.05, p50: 0.5, p95: 0.95 };
  const [STEPS, ZERO] = [1000, -(2 ** 15)]; // of coded logarithms, as in coding.py
  const [POINTS, STEP_OF_DRAW, STEP_OF_MEMBER, QUERIES_PER_DRAW] = [1024, 633, 425, 4]; // the first as in dashboard/payload.py

  /* A new array whose values follow from their place. */
  function filled(length, at) {
    const found = new Float64Array(length);
    for (let i = 0; i < length; i++) found[i] = at(i);
    return found;
  }

  /* A table with other values. It has no prototype: whatever name it is asked for, it has what was put into it. */
  const mapped = (table, f) =>
    Object.assign(Object.create(null), Object.fromEntries(Object.entries(table).map(([name, value]) => [name, f(value)])));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const valueAt = (quantity, i) => (typeof quantity === "number" ? quantity : quantity[i]);

  /* What was computed of an object, by a key: most controls change little of what an answer is made of. */
  const [KEPT, memory] = [16, new WeakMap()];
  function kept(owner, key, compute) {
    if (!memory.has(owner)) memory.set(owner, new Map());
    const known = memory.get(owner);
    if (!known.has(key)) {
      if (known.size >= KEPT) known.delete(known.keys().next().value);
      known.set(key, compute());
    }
    return known.get(key);
  }

  /* Numbers with the arrays that `coding.coded` took out. */
  function decoded(numbers, bytes) {
    const count = bytes.length / 2;
    const signed = new Int8Array(bytes.buffer, bytes.byteOffset + count);
    const values = filled(count, (i) => {
      const log = signed[i] * 256 + bytes[i];
      return log > ZERO ? Math.exp(log / STEPS) : 0;
    });
    const withArrays = (value) => {
      if (Array.isArray(value)) return value.map(withArrays);
      if (value === null || typeof value !== "object") return value;
      return Array.isArray(value.values) ? values.subarray(...value.values) : mapped(value, withArrays);
    };
    return withArrays(numbers);
  }

  /* ---- queries of one kind, and what serves them ---- */

  const stateOf = (study, { interventions }) => study.states[interventions ? "applied" : "plain"];

  function hardwareOf({ classes }, state, subject) {
    const [name] = Object.entries(classes).find(([of, { models }]) => of === subject || subject in models);
    return state.hardware[name];
  }

  /* Members that serve a model, each with the share of its GPU: as the study has it, and at every draw. */
  function placesOf(study, state, { subject, gpu }, kind, model) {
    return hardwareOf(study, state, subject)
      .map((entry) => ({ entry, member: kind.members[`${model}, ${entry.gpu}, ${entry.precision}`] }))
      .filter(({ entry, member }) => member && (!gpu || gpu === entry.gpu))
      .map(({ entry, member }) => ({ member, known: gpu ? 1 : entry.known, share: gpu ? 1 : entry.share }));
  }

  /* Tokens of query k of draw i on member j. */
  const placeOf = (k, i, j) => (STEP_OF_DRAW * i + STEP_OF_MEMBER * j + (POINTS / QUERIES_PER_DRAW) * k) % POINTS;

  function nested(study, state, question, workload, own) {
    const kind = state.kinds[workload];
    const n = state.pue.length;
    const mean = { ...kind.means, uncached_tokens: kind.kept.map((kept) => kept * kind.means.uncached_tokens) };
    const models = state.mix[question.subject] ?? { [question.subject]: 1 };
    const weights = new Float64Array(n);
    const found = [];
    for (const [model, mixed] of Object.entries(models)) {
      const places = placesOf(study, state, question, kind, model).map(({ member, share }) => {
        const seconds = Formulas.gpu_seconds_per_query({ ...member, ...mean });
        return { member, counted: member.weight.map((weight, i) => weight * valueAt(share, i)), seconds };
      });
      const there = filled(n, (i) => sum(places.map(({ counted }) => counted[i])));
      const middle = sum(there) / n;
      if (middle === 0) continue;
      for (const { member, counted, seconds } of places) {
        const shares = filled(n, (i) => {
          const total = sum(places.map((of) => of.counted[i] / of.seconds[i]));
          return total > 0 ? ((valueAt(mixed, i) * there[i]) / middle) * (counted[i] / seconds[i] / total) : 0;
        });
        found.push({ member, shares });
      }
      for (let i = 0; i < n; i++) weights[i] += (valueAt(mixed, i) * there[i]) / middle;
    }
    const { input_tokens, uncached_tokens, output_tokens } = kind.lengths;
    const context = Formulas.context_tokens2(kind.lengths);
    const ownTokens = own && {
      uncached_tokens: own.input - own.cached,
      output_tokens: own.output,
      context_tokens2: Formulas.context_tokens2({ input_tokens: own.input, output_tokens: own.output }),
    };
    const members = found.map(({ member, shares }, j) => ({
      ...member,
      shares: shares.map((share, i) => (weights[i] > 0 ? share / weights[i] : 0)),
      work: Formulas.gpu_seconds_per_query({ ...member, ...(ownTokens ?? mean) }),
      ofQuery: (k) => {
        const at = (points) => filled(n, (i) => points[placeOf(k, i, j)]);
        const tokens = ownTokens ?? {
          uncached_tokens: at(uncached_tokens).map((tokens, i) => kind.kept[i] * tokens),
          output_tokens: at(output_tokens),
          context_tokens2: at(context),
        };
        return Formulas.gpu_seconds_per_query({ ...member, ...tokens });
      },
    }));
    return { members, weights, overhead_share: state.overhead, peak: kind.peak };
  }

  function published(study, state, question, workload, own) {
    const kind = state.kinds[workload];
    const n = state.pue.length;
    const models = study.classes[question.subject]?.models ?? { [question.subject]: 1 };
    const divided = (unit) => kind.divisor.map((divisor, i) => valueAt(unit, i) / divisor);
    const unitOf = (member, tokens) =>
      Formulas.unit_energy_wh({ ...member, ...tokens, tok_per_s: Formulas.node_tok_per_s({ ...member, ...tokens }) });
    const members = Object.entries(models).map(([model, share], j) => {
      const member = study.members[model];
      const ownUnit = own && unitOf(member, { input_tokens: own.input, output_tokens: own.output });
      return {
        ...member,
        boards: state.utilisation,
        node: state.utilisation,
        shares: filled(n, () => share),
        work: divided(ownUnit ?? kind.mean_unit_wh[model]),
        ofQuery: (k) => {
          if (own) return divided(ownUnit);
          const at = (points) => filled(n, (i) => points[placeOf(k, i, j)]);
          return divided(unitOf(member, mapped(kind.lengths, at)));
        },
      };
    });
    return { members, weights: filled(n, () => 1), overhead_share: kind.overhead };
  }

  /* Own lengths are those of the kind that is asked. */
  function served(study, question, workload, state = stateOf(study, question)) {
    const own = workload === question.workload ? question.own_tokens : null;
    const { subject, gpu } = question;
    const of = kept(state, JSON.stringify([subject, gpu, workload, own]), () =>
      (study.method === "nested" ? nested : published)(study, state, { subject, gpu }, workload, own));
    return { ...of, pue: question.pue ?? state.pue, ...installed(state, question) };
  }

  /* What is installed over what the busiest hour needs, and work of the day over what all of it can do: as in the study,
     or with a known headroom. A published study says nothing of the day. */
  function installed({ capacity, headroom, peak_rate }, { headroom: known }) {
    if (!capacity) return {};
    if (known === null) return { capacity, headroom };
    const needed = Formulas.needed_share({ rate: 1, peak_rate, headroom: known });
    return { capacity: capacity.map(() => needed), headroom: capacity.map(() => known) };
  }

  /* What a query of a member takes of it, several queries a draw. */
  const queriesOfMember = (member) => kept(member, "queries", () => Array.from({ length: QUERIES_PER_DRAW }, (_, k) => member.ofQuery(k)));

  /* ---- energy ---- */

  /* Energy that goes with a unit of work of a member within a boundary, Wh. */
  function whOf({ pue, overhead_share }, { boards, node }, boundary) {
    if (boundary === "gpu_boards") return boards;
    if (boundary === "node") return node;
    const datacenter_w = Formulas.datacenter_power_w({ node_w: node, pue });
    return boundary === "fleet" ? Formulas.fleet_power_w({ datacenter_w, overhead_share }) : datacenter_w;
  }

  function meanWh(of, boundary) {
    return kept(of.members, `mean ${placeOfMeter(of, boundary)}`, () => {
      const found = new Float64Array(of.weights.length);
      for (const member of of.members) {
        const wh = Formulas.query_wh({ gpu_seconds: member.work, wh_per_gpu_second: whOf(of, member, boundary) });
        for (let i = 0; i < found.length; i++) found[i] += member.shares[i] * wh[i];
      }
      return found;
    });
  }

  /* What a query's energy depends on beyond what serves it. */
  const placeOfMeter = ({ pue }, boundary) => `${typeof pue === "number" ? pue : "study"} ${boundary}`;

  function queryWh(of, boundary) {
    return kept(of.members, `query ${placeOfMeter(of, boundary)}`, () => {
      const n = of.weights.length;
      const [values, weights] = [0, 1].map(() => new Float64Array(of.members.length * QUERIES_PER_DRAW * n));
      let at = 0;
      for (const member of of.members) {
        const each = filled(n, (i) => member.shares[i] * of.weights[i]);
        const wh_per_gpu_second = whOf(of, member, boundary);
        for (const gpu_seconds of queriesOfMember(member)) {
          values.set(Formulas.query_wh({ gpu_seconds, wh_per_gpu_second }), at);
          weights.set(each, at);
          at += n;
        }
      }
      return summary(values, weights);
    });
  }

  const DIGITS = 1e9;
  /* As statistics.quantiles.of_weighted: half of a value's weight lies below it, logarithms in between; values that
     agree to nine digits are one value. */
  function summary(values, weights) {
    const [count, size] = [weights.length, 2 ** Math.ceil(Math.log2(weights.length + 1))];
    // Numbers are sorted faster than records: whole numbers, whose last digits are the place of a value.
    const keys = new Float64Array(count);
    let [counting, total, sumOfValues] = [0, 0, 0];
    for (let i = 0; i < count; i++) {
      if (!(weights[i] > 0)) continue;
      keys[counting++] = Math.round(Math.log(values[i]) * DIGITS) * size + i;
      total += weights[i];
      sumOfValues += weights[i] * values[i];
    }
    const sorted = keys.subarray(0, counting).sort();
    const [logs, below] = [new Float64Array(counting), new Float64Array(counting)];
    let [groups, passed] = [0, 0];
    for (let k = 0; k < counting; ) {
      const log = Math.floor(sorted[k] / size);
      let weight = 0;
      for (; k < counting && Math.floor(sorted[k] / size) === log; k++) weight += weights[sorted[k] - log * size];
      [logs[groups], below[groups]] = [log / DIGITS, (passed + weight / 2) / total];
      groups += 1;
      passed += weight;
    }
    const quantile = (share) => {
      let after = 0;
      while (after < groups && below[after] < share) after += 1;
      if (after === 0) return Math.exp(logs[0]);
      if (after === groups) return Math.exp(logs[groups - 1]);
      const low = after - 1;
      return Math.exp(logs[low] + ((logs[after] - logs[low]) * (share - below[low])) / (below[after] - below[low]));
    };
    return { ...mapped(INTERVAL, quantile), mean: sumOfValues / total };
  }

  /* ---- answers ---- */

  /* Queries per day of every kind of which there are any. */
  function queriesOf(question) {
    const found = { [question.workload]: Formulas.traditional_queries_per_day(question) };
    found.long = (found.long ?? 0) + Formulas.long_queries_per_day(question);
    return Object.fromEntries(Object.entries(found).filter(([, count]) => count > 0));
  }

  function ofTheFleet(study, counts, kinds, zone) {
    const found = {};
    const add = (name, values) => (found[name] = found[name]?.map((value, i) => value + values[i]) ?? values);
    for (const [name, queries_per_day] of Object.entries(counts)) {
      const of = kinds[name];
      const energy_gwh_per_day = Formulas.energy_gwh_per_day({ queries_per_day, energy_wh: meanWh(of, "fleet") });
      const average = Formulas.average_power_mw({ energy_gwh_per_day });
      add("energy_gwh_per_day", energy_gwh_per_day);
      add("average_power_mw", average);
      if (!of.capacity) continue;
      found.headroom = of.headroom;
      add("peak_power_mw", average.map((power, i) => power * of.peak[i]));
      for (const { gpu, shares, work } of of.members) {
        const gpus = Formulas.gpus_needed({
          queries_per_day: shares.map((share) => queries_per_day * share), gpu_seconds_per_query: work, capacity: of.capacity,
        });
        add("gpus", gpus);
        add("nodes", Formulas.nodes_needed({ gpus, gpus_per_node: study.gpus_per_node[gpu] }));
      }
    }
    if (!zone) return found;
    const { energy_gwh_per_day } = found;
    found.emissions_t_per_day = Formulas.emissions_t_per_day({ energy_gwh_per_day, ...zone });
    const [onsite_l_per_kwh, offsite_l_per_kwh] = [study.onsite_water_l_per_kwh, zone.water_l_per_kwh];
    if (onsite_l_per_kwh !== null && offsite_l_per_kwh !== null) {
      const [{ pue }] = Object.values(kinds);
      found.water_m3_per_day = Formulas.water_m3_per_day({ energy_gwh_per_day, pue, onsite_l_per_kwh, offsite_l_per_kwh });
    }
    return found;
  }

  /* P5, P50, P95 and mean of every quantity; tests/helpers/dashboard_engine.py says what each is. */
  function answer(study, question, zone) {
    const counts = queriesOf(question);
    const kinds = Object.fromEntries([question.workload, ...Object.keys(counts)].map((name) => [name, served(study, question, name)]));
    const of = kinds[question.workload];
    const together = Object.keys(counts).map((name) => kinds[name].weights);
    const weights = of.weights.map((_, i) => together.reduce((product, each) => product * each[i], 1) ** (1 / together.length));
    if (!weights.some(Boolean) || !of.weights.some(Boolean)) return {};
    const mean = meanWh(of, question.boundary);
    const found = { query_wh: queryWh(of, question.boundary), mean_query_wh: summary(mean, of.weights) };
    if (question.interventions) {
      const before = served(study, question, question.workload, study.states.plain);
      const multiplier = Formulas.saving({ before_wh: meanWh(before, question.boundary), after_wh: mean });
      found.multiplier = summary(multiplier, before.weights.map((weight, i) => weight * of.weights[i]));
    }
    return { ...found, ...mapped(ofTheFleet(study, counts, kinds, zone), (values) => summary(values, weights)) };
  }

  /* Where the service of a nested study runs; null for a published study. */
  function operation(study, question) {
    if (study.method === "published") return null;
    const state = stateOf(study, question);
    const of = served(study, question, question.workload);
    const known = Object.entries(state.known[question.subject] ?? { [question.subject]: 1 });
    const places = ([model, weight]) =>
      placesOf(study, state, question, state.kinds[question.workload], model).map(({ known: share }) => weight * share);
    const found = { served_share: sum(known.flatMap(places)), reached_share: 0 };
    const total = sum(of.weights);
    if (total === 0) return found;
    const shares = of.members.map((member) => sum(member.shares.map((share, i) => share * of.weights[i])) / total);
    const mean = (name) => sum(of.members.map((member, j) => shares[j] * member[name]));
    return {
      ...found,
      reached_share: mean("reached"),
      batch: summary(of.members.map(({ batch }) => batch), shares),
      replica_gpus: mean("replica_gpus"),
    };
  }

  /* Shares of the variance of the logarithm of a query's energy: how queries differ, which member serves, PUE, the rest. */
  function drivers(study, question) {
    const of = served(study, question, question.workload);
    return kept(of.members, `drivers ${placeOfMeter(of, question.boundary)}`, () => driversOf(of, question.boundary));
  }

  function driversOf(of, boundary) {
    const [n, count] = [of.weights.length, of.members.length];
    const [weights, averages, within] = [0, 1, 2].map(() => new Float64Array(count * n));
    of.members.forEach((member, j) => {
      const wh = whOf(of, member, boundary);
      const works = queriesOfMember(member);
      for (let i = 0; i < n; i++) {
        const weight = member.shares[i] * of.weights[i];
        if (!(weight > 0)) continue;
        let [total, squares] = [0, 0];
        for (const work of works) {
          const log = Math.log(work[i] * valueAt(wh, i));
          total += log;
          squares += log ** 2;
        }
        weights[j * n + i] = weight;
        averages[j * n + i] = total / works.length;
        within[j * n + i] = squares / works.length - (total / works.length) ** 2;
      }
    });
    const places = [...weights.keys()].filter((at) => weights[at] > 0);
    const total = sum(weights);
    const mean = (f) => places.reduce((found, at) => found + weights[at] * f(at), 0) / total;
    const middle = mean((at) => averages[at]);
    const variance = mean((at) => within[at] + (averages[at] - middle) ** 2);
    if (!(variance > 1e-12)) return {};
    // Queries of one draw and member differ in nothing but their lengths.
    const lengths = (mean((at) => within[at]) * QUERIES_PER_DRAW) / (QUERIES_PER_DRAW - 1);
    const weighted = weights.map((weight, at) => weight * averages[at]);
    const which = sum(of.members.map((_, j) => {
      const [weight, found] = [weights, weighted].map((all) => sum(all.subarray(j * n, j * n + n)));
      return weight > 0 ? (weight * (found / weight - middle) ** 2) / total : 0;
    }));
    const known = typeof of.pue === "number" || ["gpu_boards", "node"].includes(boundary);
    const logPue = (at) => Math.log(valueAt(of.pue, at % n));
    const pueMean = known ? 0 : mean(logPue);
    const spread = known ? 0 : mean((at) => (logPue(at) - pueMean) ** 2);
    const pue = spread > 0 ? mean((at) => (logPue(at) - pueMean) * (averages[at] - middle)) ** 2 / spread : 0;
    const shares = mapped({ lengths, which, pue }, (part) => Math.min(1, part / variance));
    return { ...shares, rest: Math.max(0, 1 - sum(Object.values(shares))) };
  }

  return { answer, decoded, drivers, operation, summary };
})();
