/* The answers, and the figures below them. */
"use strict";

(async () => {
  const byId = (id) => document.getElementById(id);
  const LED_LAMP_W = 10;

  async function unpacked(base64) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  /* The browser says that the page is loaded, and prints it, when this document closes: with all answers and figures. */
  const held = Controls.element("iframe", { hidden: true });
  document.body.append(held);
  held.contentDocument.open();

  async function reveal(image) {
    const { packed } = image.dataset;
    delete image.dataset.packed;
    image.src = URL.createObjectURL(new Blob([await unpacked(packed)], { type: "image/svg+xml" }));
  }
  for (const zoom of document.querySelectorAll(".zoom"))
    zoom.addEventListener("click", () => zoom.setAttribute("aria-pressed", zoom.getAttribute("aria-pressed") !== "true"));
  const figures = Promise.all(Array.from(document.querySelectorAll("img[data-packed]"), reveal));

  const [numbers, arrays] = await Promise.all(["data", "arrays"].map((id) => unpacked(byId(id).textContent)));
  const data = Energy.decoded(JSON.parse(new TextDecoder().decode(numbers)), new Uint8Array(arrays));
  const charts = {
    query: Charts.chart("#chart-query", "Energy of a query with its interval and points of reference, logarithmic", "Wh per query"),
    fleet: Charts.chart("#chart-fleet", "Energy of the fleet per day and familiar loads, logarithmic", "GWh per day"),
  };

  /* ---- one answer, everywhere it is shown ---- */

  function showNumbers(answer) {
    for (const output of document.querySelectorAll("output[data-quantity]")) {
      const { quantity, statistic } = output.dataset;
      output.closest("[data-row]")?.toggleAttribute("hidden", !(quantity in answer));
      if (!(quantity in answer)) continue;
      output.textContent = Readable.summary(quantity, answer[quantity])[statistic];
      output.dataset.value = answer[quantity][statistic];
      output.dataset.from = answer.from_tables.includes(quantity) ? "tables" : "page";
    }
  }

  /* Where the service runs, in words. */
  function showOperation(study, question) {
    const found = Energy.operation(study, question);
    byId("card-operation").hidden = found === null;
    if (found === null) return;
    const percent = (share) => `${Readable.digits(100 * share)}\u00a0%`;
    const texts = {
      served: percent(found.served_share),
      reached: percent(found.reached_share),
      batch: found.batch ? Readable.span(found.batch) : "none",
      replica_gpus: found.replica_gpus ? Readable.digits(found.replica_gpus) : "none",
    };
    for (const [name, text] of Object.entries(texts)) byId(`operation-${name}`).textContent = text;
  }

  /* The answer with the numbers of the tables, which have all draws, where they contain this question. */
  function withTables(study, { subject, workload, boundary }, found) {
    const answer = { ...found, headline_wh: found.query_wh };
    const tables = { ...Controls.scenario()?.totals };
    if (Controls.asInTheStudy())
      for (const [quantity, of] of Object.entries(study.tables)) tables[quantity] = of[`${subject} ${workload} ${boundary}`];
    const known = Object.entries(tables).filter(([quantity, of]) => of && quantity in answer);
    return { ...answer, ...Object.fromEntries(known), from_tables: known.map(([quantity]) => quantity) };
  }

  /* Text as one word of a command to copy, as `escaped.shell` writes it. */
  const shell = (text) => (/["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'"'"'`)}'` : `"${text}"`);

  /* The derivation of the number in the tables; the command names its row. */
  function showDerivation(study, { subject, workload }) {
    byId("derivation").href = `explanations.html#${study}`;
    byId("command").replaceChildren();
    const command = `make explain WHAT=${shell(`${study} ${workload} ${subject} energy_wh_p50`)}`;
    if (Controls.asInTheStudy()) byId("command").append("; in the project, ", Controls.element("code", { textContent: command }));
  }

  function perQuery(answer, queries) {
    const seconds = Readable.digits((answer.headline_wh.p50 * 3600) / LED_LAMP_W);
    const emitted = [["emissions_t_per_day", "CO2e"], ["water_m3_per_day", "of water"]]
      .filter(([quantity]) => quantity in answer)
      .map(([quantity, of]) => `${Readable.withUnit(quantity, answer[quantity].mean / queries)} ${of}`);
    const mean = emitted.length ? ` A mean query of the fleet: ${emitted.join(" and ")}.` : "";
    return `The median query uses as much energy as an LED lamp of ${LED_LAMP_W} W in ${seconds} seconds.${mean}`;
  }

  function rowsOf(answer) {
    // Of a query the median, of means and totals the expected value.
    const view = (name, of, unit, middle = of.mean) => ({
      name, unit, kind: "this view", value: Readable.span({ ...of, p50: middle }), low: of.p05, middle, high: of.p95,
      text: `${name}: ${Readable.span({ ...of, p50: middle })} ${unit}`,
    });
    const reference = (of, unit) => ({
      ...of, name: of.label, unit, value: Readable.digits(of.value), low: null, middle: of.value, high: null,
      text: `${Readable.digits(of.value)} ${unit}: ${of.label}, ${of.citation}`,
    });
    return {
      query: [
        view("A query, median", answer.headline_wh, "Wh", answer.headline_wh.p50),
        view("Mean over queries, expected", answer.mean_query_wh, "Wh"),
        ...data.references.query.map((of) => reference(of, "Wh")),
      ],
      fleet: [
        view("This fleet, expected", answer.energy_gwh_per_day, "GWh"),
        ...data.references.fleet.map((of) => reference(of, "GWh")),
      ],
    };
  }

  function showTable(rows) {
    const body = byId("reference-rows");
    body.replaceChildren();
    for (const { name, value, unit, kind, url, citation } of rows) {
      const line = body.insertRow();
      line.append(Controls.element("th", { scope: "row", textContent: name }));
      line.insertCell().textContent = `${value} ${unit}`;
      line.insertCell().textContent = kind;
      line.insertCell().append(url ? Controls.element("a", { href: url, textContent: citation }) : (citation ?? ""));
    }
  }

  function showState({ study, long, interventions, pue }) {
    for (const block of document.querySelectorAll("[data-of-study]")) block.hidden = block.dataset.ofStudy !== study;
    for (const scenario of byId("scenarios").children)
      scenario.setAttribute("aria-pressed", scenario.dataset.long === long && scenario.dataset.interventions === interventions);
    for (const badge of document.querySelectorAll("[data-yours]")) {
      badge.textContent = pue === "" ? badge.dataset.kind : "yours";
      badge.className = `badge ${badge.textContent}`;
    }
  }

  /* What is wrong with the question, or null. */
  function faultOf(answer, { subject, gpu }) {
    if ("query_wh" in answer) return null;
    const on = gpu ? ` on ${gpu}` : "";
    return `No draw of ${subject}${on} reaches the operating point of the study for these queries.`;
  }

  let shown = null;

  function update() {
    const state = Controls.state();
    const [study, question, wrong] = [data.studies[state.study], Controls.question(), Controls.fault()];
    const zone = data.zones[state.zone];
    const found = wrong ? {} : Energy.answer(study, question, zone);
    const fault = wrong ?? faultOf(found, question);
    byId("answers").classList.toggle("stale", fault !== null);
    byId("note").hidden = fault === null;
    byId("note").textContent = fault ?? "";
    if (!wrong) showOperation(study, question);
    byId("headline").classList.toggle("stale", fault !== null);
    Address.write();
    if (fault) {
      byId("summary").textContent = byId("why").textContent = "";
      byId("bar").textContent = "no answer";
      byId("range").hidden = shown === null;
      return;
    }
    const answer = withTables(study, question, found);
    shown = answer;
    byId("range").hidden = false;
    showNumbers(answer);
    showState(state);
    showDerivation(state.study, question);
    byId("per-query").textContent = perQuery(answer, question.queries_per_day);
    byId("saved").hidden = !question.interventions;
    byId("queries-hint").textContent = `${Readable.compact(question.queries_per_day)} a day`;
    byId("grid").textContent = zone ? `Location-based: ${zone.label}, ${Readable.digits(zone.carbon_gco2e_per_kwh)} g CO2e/kWh (${zone.carbon_basis}).` : "";
    const [query, fleet] = [["query_wh", answer.headline_wh.p50], ["energy_gwh_per_day", answer.energy_gwh_per_day.mean]].map((of) => Readable.withUnit(...of));
    byId("summary").textContent = byId("summary").title = `${Controls.chosen("subject")}, ${Controls.chosen("workload")}, ${Controls.chosen("boundary")}`;
    byId("assumed").textContent = `Assumed: ${Address.told().map((pair) => pair.join(" ")).join(", ")}.`;
    byId("why").textContent = [View.why(study, question), View.compared(data.references.query, answer.headline_wh)].join(" ");
    byId("bar").textContent = `${query}/query \u00b7 ${fleet}/day`;
    rows = rowsOf(answer);
    charts.query.show(rows.query);
    charts.fleet.show(rows.fleet);
    showTable([...rows.query, ...rows.fleet]);
  }

  /* ---- the view as files ---- */

  let rows = { query: [], fleet: [] };
  const FILES = {
    png: async () => View.picture([`Energy of a query: ${byId("summary").textContent}`, byId("range").innerText.replace(/\s+/g, " "), `inference-energy ${data.version}`], [charts.query, charts.fleet]),
    csv: async () => new Blob([View.csv([...rows.query, ...rows.fleet])], { type: "text/csv" }),
    json: async () => {
      const state = Controls.state();
      const view = { version: data.version, address: location.hash, state, question: Controls.question(), answer: shown, references: data.references };
      return new Blob([JSON.stringify(view, null, 1)], { type: "application/json" });
    },
  };
  for (const button of document.querySelectorAll("[data-file]"))
    button.addEventListener("click", async () => View.save(await FILES[button.dataset.file](), `inference-energy.${button.dataset.file}`));

  byId("share").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      byId("said").textContent = "Link copied.";
    } catch {
      byId("said").textContent = "Copy the address of this page: it contains the view.";
    }
  });

  Controls.start(data, update);
  Question.start(data);
  Address.start();
  /* For tests: the data of the page and the answer that it shows. */
  window.inferenceEnergy = { data, shown: () => shown, asked: Question.shown, answer: (question) => Ask.answer(data.ask, question) };
  document.documentElement.dataset.ready = "true";
  await figures;
  held.remove();
})();
