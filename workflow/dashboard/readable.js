/* Numbers for readers. */
"use strict";

const Readable = (() => {
  /* Units by quantity: smallest value, size and name. */
  const ENERGY_WH = [[0, 1, "Wh"], [1000, 1000, "kWh"]];
  const POWER_MW = [[0, 1e-6, "W"], [1e-3, 1e-3, "kW"], [1, 1, "MW"], [1000, 1000, "GW"]];
  const LADDERS = {
    query_wh: ENERGY_WH,
    headline_wh: ENERGY_WH, // that of a query with all draws of the tables, where they have it
    mean_query_wh: ENERGY_WH,
    energy_gwh_per_day: [[0, 1e-6, "kWh"], [1e-3, 1e-3, "MWh"], [0.01, 1, "GWh"], [1000, 1000, "TWh"]],
    gpus: [[0, 1, ""]],
    nodes: [[0, 1, ""]],
    headroom: [[0, 1, "\u00d7"]],
    multiplier: [[0, 1, ""]],
    average_power_mw: POWER_MW,
    peak_power_mw: POWER_MW,
    emissions_t_per_day: [[0, 1e-9, "mg"], [1e-6, 1e-6, "g"], [1e-3, 1e-3, "kg"], [1, 1, "t"], [1e4, 1e3, "kt"]],
    water_m3_per_day: [[0, 1e-6, "mL"], [1e-3, 1e-3, "L"], [1, 1, "m\u00b3"]],
  };

  const formats = new Map(); // a format takes longer to make than to use
  function format(significant) {
    if (!formats.has(significant)) formats.set(significant, new Intl.NumberFormat("en", { maximumSignificantDigits: significant }));
    return formats.get(significant);
  }

  /* Two significant digits, three from 100 on, without exponents. */
  function digits(value, significant = Math.abs(value) >= 99.5 ? 3 : 2) {
    return format(significant).format(Number(value.toPrecision(significant)));
  }

  /* A number as it was given. */
  const plain = (value) => value.toLocaleString("en", { maximumFractionDigits: 10 });

  /* Size and name of the unit that suits a value. */
  const unitOf = (quantity, value) => LADDERS[quantity].findLast(([from]) => Math.abs(value) >= from).slice(1);

  const inUnit = (value, [size, unit]) => digits(value / size) + (unit ? `\u00a0${unit}` : "");

  const withUnit = (quantity, value) => inUnit(value, unitOf(quantity, value));

  /* Text of every statistic, all in the unit that suits the median, which all but P5 name. */
  function summary(quantity, of) {
    const [size, unit] = unitOf(quantity, of.p50);
    const shown = ([name, value]) => [name, inUnit(value, [size, name === "p05" ? "" : unit])];
    return Object.fromEntries(Object.entries(of).map(shown));
  }

  function span(of, significant = undefined) {
    const [p05, p50, p95] = [of.p05, of.p50, of.p95].map((value) => digits(value, significant));
    return of.p05 === of.p95 ? p50 : `${p50} (${p05} to ${p95})`;
  }

  const compact = (value) =>
    new Intl.NumberFormat("en", { notation: "compact", compactDisplay: "long", maximumSignificantDigits: 4 }).format(value);

  return { digits, plain, withUnit, summary, span, compact };
})();
