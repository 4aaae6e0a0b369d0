/* What a view says in words, and as files: what drives its uncertainty, how it compares with measurements, PNG, CSV, JSON. */
"use strict";

const View = (() => {
  const WORDS = {
    lengths: "the lengths of queries",
    which: "which model and GPU serves",
    pue: "the PUE",
    nested: "time and power of a model on its GPU",
    published: "how much of its rating a node draws",
  };
  const LEAST_SHARE = 0.05;
  const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

  /* What the interval of a query is made of, largest first. */
  function why(study, question) {
    const found = Object.entries(Energy.drivers(study, question)).filter(([, share]) => share >= LEAST_SHARE).sort((a, b) => b[1] - a[1]);
    if (!found.length) return "";
    const [first, ...others] = found.map(([name, share]) => `${WORDS[name === "rest" ? study.method : name]} (${percent(share)})`);
    return `The interval comes mostly from ${first}${others.length ? `, then from ${others.join(" and ")}` : ""}; shares of the variance of the logarithm.`;
  }

  /* Whether measured energies of others lie within the interval. */
  function compared(references, { p05, p95 }) {
    const measured = references.filter(({ kind }) => kind === "measured");
    const list = (of) => [...new Set(of.map(({ label }) => label))].map((label) => {
      const values = of.filter((each) => each.label === label).map(({ value }) => Readable.digits(value));
      return `${label}, ${values.join(" and ")}\u00a0Wh`;
    }).join("; ");
    const sides = [["within", true], ["outside", false]].map(([word, inside]) =>
      [word, measured.filter(({ value }) => (value >= p05 && value <= p95) === inside)]);
    const told = sides.filter(([, of]) => of.length).map(([word, of]) => `${word} the interval: ${list(of)}`);
    return told.length ? `Measured by others, ${told.join("; ")}.` : "";
  }

  /* ---- files ---- */

  function save(blob, name) {
    const link = Controls.element("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  const cell = (value) => {
    const text = String(value ?? "");
    const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text; // no formula for a spreadsheet
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };

  function csv(rows) {
    const names = ["name", "unit", "kind", "low", "middle", "high", "citation", "url"];
    return [names.join(","), ...rows.map((row) => names.map((name) => cell(row[name])).join(","))].join("\n") + "\n";
  }

  /* The charts below the headline of the view. */
  async function picture(lines, charts) {
    const SCALE = 2, LINE = 22, PAD = 16;
    const drawn = await Promise.all(charts.map((chart) => chart.canvas(SCALE)));
    const width = Math.max(...drawn.map((of) => of.width)) + 2 * SCALE * PAD;
    const height = drawn.reduce((sum, of) => sum + of.height + SCALE * PAD, SCALE * (LINE * lines.length + 2 * PAD));
    const canvas = Controls.element("canvas", { width, height });
    const pen = canvas.getContext("2d");
    const { backgroundColor, color } = getComputedStyle(document.body);
    Object.assign(pen, { fillStyle: backgroundColor });
    pen.fillRect(0, 0, width, height);
    Object.assign(pen, { fillStyle: color, textBaseline: "top" });
    lines.forEach((line, i) => {
      pen.font = `${i ? "" : "bold "}${14 * SCALE}px "Liberation Sans", Arial, sans-serif`;
      pen.fillText(line, SCALE * PAD, SCALE * (PAD + i * LINE), width - 2 * SCALE * PAD);
    });
    let top = SCALE * (LINE * lines.length + PAD);
    for (const of of drawn) {
      pen.drawImage(of, SCALE * PAD, top);
      top += of.height + SCALE * PAD;
    }
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }

  return { why, compared, save, csv, picture };
})();
