/* Intervals and points on one logarithmic axis, names above their marks so that they fit on a phone. */
"use strict";

const Charts = (() => {
  const KINDS = ["this view", "measured", "modelled", "stated"];
  const ROW_HEIGHT = 38;
  const LEGEND = { orient: "top", title: null, labelFontSize: 13, symbolSize: 110, symbolOpacity: 1, columns: innerWidth < 480 ? 2 : 4 };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /* Ticks at 1, 2 and 5 of every decade. */
  const TICKS = Array.from({ length: 19 }, (_, i) => [1, 2, 5].map((step) => step * 10 ** (i - 9))).flat();

  function specification(description, unit, rows) {
    const kind = {
      field: "kind", type: "nominal",
      scale: { domain: KINDS, range: ["--blue", "--green", "--violet", "--orange"].map(colour) },
      legend: LEGEND,
    };
    const y = { field: "order", type: "ordinal", axis: null };
    const x = {
      field: "middle", type: "quantitative", title: unit, scale: { type: "log", nice: true },
      axis: { grid: true, values: TICKS, format: "~g", labelFlush: true, labelOverlap: true },
    };
    return {
      description, width: "container", height: ROW_HEIGHT * rows.length, background: null, padding: { left: 6, right: 14, top: 4, bottom: 4 },
      autosize: { type: "fit-x", contains: "padding" },
      data: { name: "rows", values: rows },
      layer: [
        {
          transform: [{ filter: "isValid(datum.low)" }],
          mark: { type: "rule", strokeWidth: 5, opacity: 0.45, yOffset: 9 },
          encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" }, color: kind },
        },
        {
          mark: { type: "point", filled: true, size: 120, opacity: 1, yOffset: 9 },
          encoding: {
            y, x, color: kind,
            shape: { field: "kind", type: "nominal", scale: { domain: KINDS, range: ["circle", "square", "triangle-up", "diamond"] }, legend: LEGEND },
            tooltip: { field: "text" },
          },
        },
        {
          mark: { type: "text", align: "left", baseline: "bottom", fontSize: 13, dy: -1, limit: { expr: "width - 4" }, color: colour("--ink") },
          encoding: { y, x: { value: 2 }, text: { field: "text", type: "nominal" } },
        },
      ],
      config: {
        font: "Liberation Sans, Helvetica Neue, Arial, sans-serif",
        view: { stroke: null },
        axis: {
          labelColor: colour("--ink"), titleColor: colour("--ink"), gridColor: colour("--line"), domainColor: colour("--line"),
          tickColor: colour("--line"), labelFontSize: 12, titleFontSize: 13, titleFontWeight: "normal",
        },
        legend: { labelColor: colour("--ink") },
      },
    };
  }

  /* A chart that follows its rows: text, low, middle, high, kind, unit. It is made with the first rows that it is given,
     and again when the reader's colours change. */
  function chart(place, description, unit) {
    let [rows, view, making] = [[], null, null];
    async function make() {
      view = null;
      const made = await vegaEmbed(place, specification(description, unit, rows), { actions: false, renderer: "svg" });
      view = made.view;
      await follow();
    }
    const follow = () => view.data("rows", rows).runAsync();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (making = make()));
    let drawn = "";
    const show = (next) => {
      const same = JSON.stringify(next);
      if (same === drawn) return making;
      drawn = same;
      rows = [...next].sort((a, b) => a.middle - b.middle).map((row, order) => ({ ...row, order }));
      making = making === null ? make() : making.then(follow);
      return making;
    };
    /* The chart as a canvas, so many times as large. */
    const canvas = async (scale) => {
      await making;
      return view.toCanvas(scale);
    };
    return { show, canvas };
  }

  return { chart };
})();
