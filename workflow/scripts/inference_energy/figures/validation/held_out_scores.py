"""How far predictions of a run's energy are from measurements that they did not learn from, by method."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, MUTED, PALE, PALETTE
from inference_energy.figures.panels import constant, dot, head, label, panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import extent, number, texts

SCORE, ALL = "energy_at_batch", "all"
CAMPAIGN = "campaign: "
SECTIONS = {
    "source": "Fitted without the source of the run",
    "model": "Fitted without the model of the run",
    "gpu": "Fitted without the GPU of the run",
    "none": "Methods as they are, not told the batch",
}
METHODS = {"": "Serving model", "log-linear regression": "Log-linear regression"}
OURS = ""
CAMPAIGNS = {
    "inferencex": "InferenceX",
    "mlenergy_v3": "ML.ENERGY v3",
    "mlenergy_v2": "ML.ENERGY v2",
    "nebius_h200": "Nebius H200",
}
TICKS = (1, 1.5, 2, 3, 5, 10, 20, 50, 100)
WIDTH, ROW, COLUMNS = 300, 27, {"said": 50, "inside": 124, "runs": 168}
TEXT = 640  # px, of the lines of the title
HEADS = {"said": "Error", "inside": "Inside 90%", "runs": "Runs"}


def draw(*, scores: pl.DataFrame) -> alt.VConcatChart:
    """A section per thing left out, a row per method: all runs as a dot, those of each campaign as ticks."""
    rows = _rows(scores)
    largest = rows["factor"].max()
    names = _campaigns(rows)
    present = [name for name in SECTIONS if name in set(rows["left_out"])]
    panels = [
        _panel(
            rows.filter(left_out=name),
            SECTIONS[name],
            largest,
            names,
            first=name == present[0],
            last=name == present[-1],
        )
        for name in present
    ]
    return titled(
        alt.vconcat(*panels, spacing=14),
        finding=_finding(rows.filter(group=ALL)),
        conditions="Energy of the GPU boards per output token. Geometric error: exponential of the root mean square log"
        " ratio; dot: all runs, ticks: runs of one source. Inside: share of runs within P5–P95.",
        width=TEXT,
    )


def _rows(scores: pl.DataFrame) -> pl.DataFrame:
    """Scores of the energy at a batch, of all runs and of campaigns, with the names of methods and campaigns."""
    is_campaign = pl.col("group").str.starts_with(CAMPAIGN)
    rows = scores.filter(
        (pl.col("score") == SCORE) | pl.col("score").str.starts_with(f"{SCORE}, "),
        (pl.col("group") == ALL) | is_campaign,
    ).with_columns(method=pl.col("score").str.strip_prefix(SCORE).str.strip_prefix(", "))
    campaign = pl.col("group").str.strip_prefix(CAMPAIGN)
    return rows.with_columns(
        name=pl.col("method").replace(METHODS),
        campaign=pl.when(is_campaign).then(campaign.replace(CAMPAIGNS)),
    )


def _campaigns(rows: pl.DataFrame) -> dict[str, str]:
    """A colour for every campaign, the one with the most runs first."""
    found = rows.drop_nulls("campaign").group_by("campaign").agg(pl.col("rows").max())
    order = found.sort(["rows", "campaign"], descending=[True, False])["campaign"]
    others = [colour for colour in PALETTE if colour != BLUE]
    return {name: others[place % len(others)] for place, name in enumerate(order)}


def _panel(
    rows: pl.DataFrame, title: str, largest: float, names: dict[str, str], *, first: bool, last: bool
) -> alt.LayerChart:
    whole = rows.filter(group=ALL).sort("factor", "name")
    whole = whole.with_columns(
        said=texts(whole, lambda row: f"{number(row['factor'])}×"),
        inside=texts(whole, lambda row: "–" if row["coverage_90"] is None else f"{row['coverage_90']:.0%}"),
        runs=texts(whole, lambda row: f"{row['rows']:,}"),
        colour=pl.when(pl.col("method") == OURS).then(pl.lit(BLUE)).otherwise(pl.lit(INK)),
    )
    ends = [1.0, largest * 1.12]
    axis, x = log_axis(
        ends, "Geometric error (logarithmic)", shown=last, values=[tick for tick in TICKS if tick <= ends[1]]
    )
    y = rows_axis("name:N", whole["name"].to_list(), minExtent=150, labelFontSize=12.5, grid=False)
    base = alt.Chart(whole).encode(y=y)
    legend = alt.Legend(title=None, symbolType="square", symbolOpacity=1, columns=4) if first else None
    ticks = alt.Chart(rows.drop_nulls("campaign")).mark_tick(thickness=3, size=15, opacity=0.9)
    layers = [
        constant(factor=1.0).mark_rule(color=PALE).encode(x=x("factor")),
        base.mark_rule(color=PALE, strokeWidth=1.2).encode(x=axis("factor"), x2=alt.datum(1.0)),
        ticks.encode(x=x("factor"), y=y, color=colours("campaign", names, legend)),
        dot(base, x("factor"), size=95, stroke="white", strokeWidth=1).encode(color=alt.Color("colour:N", scale=None)),
    ]
    for column, place in COLUMNS.items():
        style = {"color": MUTED} if column == "runs" else {"color": INK}
        layers.append(label(base, alt.value(WIDTH + place), column, align="right", fontSize=12.5, **style))
        layers += [head(HEADS[column], WIDTH + place)] if first else []
    return panel(*layers, size=(WIDTH, ROW * len(whole)), title=title, frame="group", offset=5)


def _finding(whole: pl.DataFrame) -> str:
    ours = whole.filter(method=OURS)["factor"]
    found = f"Given the batch size, the serving model errs by {extent(ours, '–')}× on unseen runs"
    others = whole.filter(left_out="none")["factor"]
    return f"{found}; other methods, without it, by {extent(others, '–')}×" if len(others) else found
