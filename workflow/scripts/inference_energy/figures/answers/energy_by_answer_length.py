"""Energy of a query against the length of its answer: several models on one GPU, next to what others say."""

from functools import partial

import altair as alt
import numpy as np
import polars as pl

from inference_energy.corpus.registries import read_registry
from inference_energy.figures.axes import apart, colours, log_axis, ticks
from inference_energy.figures.palette import GROUND, INK, MUTED, of_models
from inference_energy.figures.panels import label, panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import interval, number, texts
from inference_energy.fleet.tables import EverydayUse

READERS = {"everyday": partial(read_registry, table=EverydayUse)}
# Statements that are shown: name, and where it stands from its mark, px.
STATED = {
    "openai_2025": ("OpenAI", 8, -3),
    "google_2025": ("Google", 8, 2),
    "epoch_2025": ("Epoch AI", 8, 8),
    "oviedo_joule_2026": ("Oviedo et al.", -1, -20),
    "oviedo_joule_long_2026": ("Oviedo et al.", -6, -11),
}
TOLD = (300.0, 5000.0)  # lengths of answers that the title speaks of, tokens
WIDTH, HEIGHT, FONT, LINE = 400, 400, 14, 17
TEXT = 560  # px, of the lines of the title


def draw(
    *, computed: pl.DataFrame, measured: pl.DataFrame, stated: pl.DataFrame, everyday: pl.DataFrame
) -> alt.LayerChart:
    """A line and a band per model, circles for measured runs, diamonds for statements, lines for everyday uses."""
    models = computed["model"].unique(maintain_order=True).to_list()
    stated = stated.filter(pl.col("row_id").is_in(list(STATED)))
    energies = pl.concat([stated["energy_wh"], everyday["energy_wh"], measured["energy_wh"]])
    low = min(computed["energy_wh_p05"].min(), energies.min() or 1.0)
    high = max(computed["energy_wh_p95"].max(), energies.max() or 1.0)
    style = {"labelFontSize": FONT, "titleFontSize": FONT}
    lengths = [computed["output_tokens"].min(), computed["output_tokens"].max()]
    across, x = log_axis(
        lengths, "Length of the answer, tokens", grid=False, values=_decades(lengths), format=",~g", **style
    )
    ends = [low / 1.3, high * 1.3]
    upwards, y = log_axis(ends, "Wh per query", of=alt.Y, values=_decades(ends), **style)
    colour = colours("model", of_models(models))
    base = alt.Chart(computed.sort("model", "output_tokens")).encode(x=across("output_tokens"), color=colour)
    runs = alt.Chart(measured.select("model", "output_tokens", "energy_wh"))
    runs = runs.mark_point(filled=False, size=26, strokeWidth=1.1, opacity=0.75, clip=True)
    return titled(
        panel(
            base.mark_area(opacity=0.13).encode(y=upwards("energy_wh_p05"), y2="energy_wh_p95:Q"),
            runs.encode(x=x("output_tokens"), y=y("energy_wh"), color=colour),
            base.mark_line(strokeWidth=2.6).encode(y=y("energy_wh_p50")),
            *_uses(everyday, y),
            *_names(computed, y, colour, ends),
            *_statements(stated, x, y),
            size=(WIDTH, HEIGHT),
        ),
        finding=_finding(computed),
        conditions=f"{computed['gpu'][0].split()[0]} GPUs, prompts of {computed['input_tokens'][0]:,.0f} tokens, whole"
        " datacenter. Line, band: median, P5–P95 (uncertainty). Circles: measured, GPU boards alone. Filled: stated by"
        " others.",
        width=TEXT,
    )


def _decades(ends: list[float]) -> list[float]:
    """Powers of ten alone."""
    return [value for value in ticks(*ends) if np.isclose(np.log10(value) % 1, 0)]


def _uses(everyday: pl.DataFrame, y: object) -> list[alt.Chart]:
    said = everyday.with_columns(said=texts(everyday, lambda row: f"{row['label']}: {number(row['energy_wh'])} Wh"))
    base = alt.Chart(said).encode(y=y("energy_wh"))
    line = base.mark_rule(strokeDash=[2, 3], color=MUTED).encode(x=alt.value(0), x2=alt.value(WIDTH))
    return [line, *_readable(base, alt.value(5), dy=10, color=MUTED)]


def _names(computed: pl.DataFrame, y: object, colour: alt.Color, ends: list[float]) -> list[alt.Chart]:
    last = computed.filter(output_tokens=computed["output_tokens"].max()).sort("energy_wh_p50", "model")
    height = LINE / HEIGHT * np.log(ends[1] / ends[0])
    places = np.exp(apart(np.log(last["energy_wh_p50"].to_numpy()), height))
    base = alt.Chart(last.select("model", energy_wh=places)).encode(y=y("energy_wh"), color=colour)
    return [label(base, alt.value(WIDTH + 6), "model", fontSize=FONT, fontWeight="bold")]


def _statements(stated: pl.DataFrame, x: object, y: object) -> list[alt.Chart]:
    """Diamonds where the length is stated; triangles at the left where it is not."""
    rows = stated.with_columns(
        said=texts(stated, lambda row: f"{STATED[row['row_id']][0]} {number(row['energy_wh'])}")
    ).select("row_id", "output_tokens", "energy_wh", "said")
    drawn = []
    for row in rows.iter_rows(named=True):
        _, dx, dy = STATED[row["row_id"]]
        known = row["output_tokens"] is not None
        base = alt.Chart(rows.filter(row_id=row["row_id"])).encode(y=y("energy_wh"))
        place = x("output_tokens") if known else alt.value(6)
        shape = "diamond" if known else "triangle-right"
        drawn.append(base.mark_point(shape=shape, filled=True, size=80, opacity=1, color=INK).encode(x=place))
        drawn += _readable(base, place, align="right" if dx < 0 else "left", dx=dx, dy=dy, fontWeight="bold")
    return drawn


def _readable(base: alt.Chart, x: alt.X | dict, **style: object) -> list[alt.Chart]:
    """Texts of the column `said` on a pale ground, so that lines behind them do not disturb."""
    around = label(base, x, "said", fontSize=FONT - 1, **style | {"color": GROUND, "stroke": GROUND, "strokeWidth": 3})
    return [around.encode(opacity=alt.value(0.75)), label(base, x, "said", **{"fontSize": FONT - 1} | style)]


def _finding(computed: pl.DataFrame) -> str:
    medians = ((tokens, computed.filter(output_tokens=tokens)["energy_wh_p50"]) for tokens in TOLD)
    told = [f"a {tokens:,.0f}-token answer {interval(wh.min(), wh.max())} Wh" for tokens, wh in medians if len(wh)]
    if not told:
        return "The energy of a query grows with the length of its answer"
    return f"Depending on the model, {' and '.join(told)}".replace(" answer ", " answer takes ", 1)
