"""The best published throughput per model and GPU, by date of publication."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours
from inference_energy.figures.palette import of_gpus
from inference_energy.figures.panels import panel
from inference_energy.figures.theme import message, titled
from inference_energy.figures.words import counted

LENGTH, TOLERANCE = 1000, 0.05  # prompts and answers of about a thousand tokens are what every edition has
COLUMNS = 3
THOUSANDS = "datum.value ? format(datum.value, '~s') : '0'"
MINUS = "\N{MINUS SIGN}"
PANEL_WIDTH, PANEL_HEIGHT = 185, 140


def draw(*, throughput: pl.DataFrame) -> alt.ConcatChart | alt.Chart:
    """One panel per model with rows of two dates on a GPU: best output tok/s per GPU by date."""
    best = _best_by_date(throughput)
    editions = best.group_by("model", "gpu", maintain_order=True).agg(
        pl.len().alias("dates"),
        (pl.col("tok_per_s_per_gpu").last() / pl.col("tok_per_s_per_gpu").first()).alias("growth"),
    )
    repeated = editions.filter(pl.col("dates") > 1)
    conditions = (
        "Largest output tokens/s per GPU at 1,000 or 1,024 tokens each of prompt and answer, offline, over all"
        " precisions and parallelisms of an edition. Models published at least twice on one GPU."
    )
    if repeated.is_empty():
        return message(
            "There is no such pair.", finding="No model was published twice on one GPU", conditions=conditions
        )
    shown = best.filter(pl.col("model").is_in(repeated["model"].to_list()))
    models = shown.group_by("model").agg(pl.col("tok_per_s_per_gpu").max()).sort("tok_per_s_per_gpu")["model"].to_list()
    gpus = sorted(shown["gpu"].unique())
    growth = repeated["growth"]
    # All panels over the same months: the first, the middle and the last have a label.
    dates = shown["on"].unique().sort()
    months = [_date_time(dates[place]) for place in (0, len(dates) // 2, -1)]
    panels = [
        _panel(shown.filter(model=model), model, gpus, months, first=place % COLUMNS == 0)
        for place, model in enumerate(models)
    ]
    return titled(
        alt.concat(*panels, columns=COLUMNS, spacing={"row": 60, "column": 50}, bounds="flush"),
        finding=f"On the same GPU, throughput changed by {_change(growth.median())} from the first edition to the"
        f" newest (median of {counted(len(growth), 'pair')}; {_change(growth.min())} to {_change(growth.max())})",
        conditions=conditions,
    )


def _best_by_date(throughput: pl.DataFrame) -> pl.DataFrame:
    about = [(pl.col(name) / LENGTH - 1).abs() < TOLERANCE for name in ("input_tokens", "output_tokens")]
    return (
        throughput.filter(*about, pl.col("load") == "offline", pl.col("published_on").str.len_chars() > 4)
        .with_columns(on=pl.col("published_on").str.pad_end(10, "0").str.slice(0, 7))
        .group_by("model", "gpu", "on")
        .agg(pl.col("output_tok_per_s_per_gpu").max().alias("tok_per_s_per_gpu"))
        .drop_nulls()
        .sort("model", "gpu", "on")
    )


def _change(factor: float) -> str:
    return f"{factor - 1:+.0%}".replace("-", MINUS)


def _date_time(month: str) -> dict[str, int]:
    return {"year": int(month[:4]), "month": int(month[5:7]), "date": 1}


def _panel(rows: pl.DataFrame, model: str, gpus: list[str], months: list[dict], *, first: bool) -> alt.LayerChart:
    axis = alt.Axis(labelExpr="timeFormat(datum.value, '%b %y')", values=months, grid=False)
    title = "Output tokens/s per GPU" if first else None
    base = alt.Chart(rows.with_columns(pl.col("on").str.to_date("%Y-%m").cast(pl.Datetime("ms")))).encode(
        x=alt.X("on:T", title=None, axis=axis, scale=alt.Scale(domain=[months[0], months[-1]], padding=14)),
        y=alt.Y("tok_per_s_per_gpu:Q", title=title, axis=alt.Axis(tickCount=4, labelExpr=THOUSANDS)),
        color=colours("gpu", of_gpus(gpus), alt.Legend(title=None, columns=3)),
    )
    dots = base.mark_circle(size=45, opacity=1)
    return panel(
        base.mark_line(strokeWidth=2), dots, size=(PANEL_WIDTH, PANEL_HEIGHT), title=model, fontSize=12.5, frame="group"
    )
