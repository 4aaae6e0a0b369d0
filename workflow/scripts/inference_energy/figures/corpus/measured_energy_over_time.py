"""Measured energy per output token of one model by date, GPU and source."""

import datetime
from itertools import cycle

import altair as alt
import polars as pl

from inference_energy.corpus.names import network
from inference_energy.figures.axes import colours, log_axis, shapes
from inference_energy.figures.palette import MUTED, of_gpus
from inference_energy.figures.panels import panel, small_label
from inference_energy.figures.theme import message, titled
from inference_energy.figures.words import counted, inside_a_sentence, number, texts
from inference_energy.throughput.speed import ENERGY

WIDTH, HEIGHT = 205, 250
PANELS = 3  # groups of lengths, those with the most runs
APART = 8  # between the GPUs of a date, px
NUMBERED = 2  # GPUs of which the least energy has room as a number
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
MONTHS = {"interval": "month", "step": 3}  # between ticks
SHORTEST = datetime.timedelta(days=20)  # of the axis before the first date and after the last
MIDDLE = "-15"  # day of a date that is known to the month


def draw(*, energy: pl.DataFrame, models: pl.DataFrame, sources: pl.DataFrame) -> alt.HConcatChart | alt.Chart:
    """The network with the most dates, a panel per group of lengths: energy by date, the least of a date strong."""
    every = of_most_dates(energy, models)
    rows = with_least(every.drop_nulls("on"))
    conditions = "Energy of GPU boards per output token."
    if rows.is_empty():
        return message("There is no such run.", finding="No measured energy has a month", conditions=conditions)
    titles = dict(sources.select("source", "title").unique().iter_rows())
    rows = rows.with_columns(title=pl.col("source").replace_strict(titles, return_dtype=pl.String))
    groups = rows.group_by("lengths", "prompt").len().sort("len", "lengths", descending=[True, False]).head(PANELS)
    lengths = groups.sort("prompt", "lengths", nulls_last=True)["lengths"].to_list()
    shown = rows.filter(pl.col("lengths").is_in(lengths))
    by_gpu = of_gpus(sorted(shown["gpu"].unique()))
    by_source = dict(zip(shown.sort("on", "title")["title"].unique(maintain_order=True), cycle(SHAPES)))
    y_ends = [shown[ENERGY].min() / 1.4, shown[ENERGY].max() * 1.3]
    panels = [
        _panel(shown.filter(lengths=name), name, by_gpu, by_source, shown["on"].unique().sort(), y_ends, first=i == 0)
        for i, name in enumerate(lengths)
    ]
    undated = every["on"].null_count()
    numbers = "; number: the least of a GPU" if len(by_gpu) <= NUMBERED else ""
    without = f" Without {counted(undated, 'run')} dated by year." if undated else ""
    return titled(
        alt.hconcat(*panels, spacing=16),
        finding=_finding(shown.filter(lengths=lengths[0]), every["network"][0]),
        conditions=f"{conditions} Software and batch change with the dates, so this is no trend."
        f" Strong: least of a GPU, source and date{numbers}.{without}",
    )


def dated() -> pl.Expr:
    """Date of a row: a month counts as its middle; a year alone is no date."""
    on = pl.col("published_on")
    padded = pl.when(on.str.len_chars() == 7).then(on + MIDDLE).otherwise(on)
    return pl.when(on.str.len_chars() >= 7).then(padded).str.to_date("%Y-%m-%d").alias("on")


def lengths_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `prompt`, their prompt length, and `lengths`, it and that of the answer as text.

    Both are the power of two that they are nearest to, as runs with the same setting differ a little in their mean.
    """
    lengths = rows.select((2 ** pl.col("input_tokens", "output_tokens").log(2).round()).name.keep().cast(pl.Int64))
    said = [
        f"About {prompt:,} + {answer:,} tokens" if prompt and answer else "Prompts of a data set"
        for prompt, answer in lengths.iter_rows()
    ]
    prompt = pl.when(lengths["output_tokens"].is_not_null()).then(lengths["input_tokens"])
    return rows.with_columns(prompt=prompt, lengths=pl.Series(said, dtype=pl.String))


def of_most_dates(energy: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    """Measured energies of GPU boards of the network that has them of the most dates.

    Returns:
        `network, gpu, source, row_id, on, prompt, lengths, energy_j_per_output_token`, sorted by date, source and
        row. Of networks with equally many dates the one with the most dated runs counts, then the first by name.
    """
    rows = (
        lengths_of(energy.filter(boundary="gpu_boards"))
        .join(models.select("model", "same_network_as"), on="model", how="left")
        .select(network(), "gpu", "source", "row_id", dated(), "prompt", "lengths", ENERGY)
    )
    ranked = rows.drop_nulls("on").group_by("network").agg(dates=pl.col("on").n_unique(), runs=pl.len())
    first = ranked.sort("dates", "runs", "network", descending=[True, True, False]).head(1)
    return rows.join(first, on="network", how="semi").sort("on", "source", "row_id")


def with_least(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `least`, whether a run has the least energy of its GPU, source, date and lengths; ties: the first."""
    of = ["lengths", "gpu", "source", "on"]
    place = pl.struct(ENERGY, "row_id").rank("ordinal").over(of)
    return rows.with_columns(least=place == 1)


def _finding(rows: pl.DataFrame, model: str) -> str:
    least = rows.group_by("gpu").agg(pl.col(ENERGY).min()).sort(ENERGY, "gpu")
    ends = [f"{number(joules)} J on {gpu.split()[0]}" for gpu, joules in (least.row(0), least.row(-1))]
    told, lengths = " to ".join(dict.fromkeys(ends)), inside_a_sentence(rows["lengths"][0])
    return f"{model}: the least measured energy of an output token is {told} ({lengths})"


def _panel(
    rows: pl.DataFrame,
    title: str,
    by_gpu: dict[str, str],
    by_source: dict[str, str],
    dates: pl.Series,
    y_ends: list[float],
    *,
    first: bool,
) -> alt.LayerChart:
    beyond = max((dates[-1] - dates[0]) / 5, SHORTEST)
    scale = alt.Scale(domain=[_date_time(date) for date in (dates[0] - beyond, dates[-1] + beyond)])
    x = alt.X("on:T", title=None, scale=scale, axis=alt.Axis(format="%b %Y", tickCount=MONTHS, grid=False))
    y = log_axis(y_ends, "J per output token", of=alt.Y, shown=first)[0](ENERGY)
    colour = colours("gpu", by_gpu, alt.Legend(title=None, symbolType="circle", symbolOpacity=1))
    style = {"symbolFillColor": MUTED, "symbolStrokeWidth": 0, "symbolOpacity": 1}
    shape = shapes("title", by_source, orient="bottom", direction="vertical", labelLimit=600, **style)
    layers = []
    for position, gpu in enumerate(by_gpu):
        side = position - (len(by_gpu) - 1) / 2
        of_gpu = rows.filter(gpu=gpu).sort(ENERGY, "on", "row_id")
        of_gpu = of_gpu.select(pl.col("on").cast(pl.Datetime("ms")), "gpu", "title", "least", ENERGY)
        base = alt.Chart(of_gpu).encode(x=x, y=y, color=colour, shape=shape)
        style = {"filled": True, "xOffset": side * APART}
        layers.append(base.transform_filter("!datum.least").mark_point(size=18, opacity=0.3, **style))
        layers.append(base.transform_filter("datum.least").mark_point(size=60, opacity=1, **style))
        if len(by_gpu) <= NUMBERED:
            lowest = of_gpu.head(1).with_columns(said=texts(of_gpu.head(1), lambda row: number(row[ENERGY])))
            align, beside = ("left", -5) if side > 0 else ("right", 5) if side < 0 else ("center", 0)
            said = small_label(alt.Chart(lowest), x, "said", align=align, dx=side * APART + beside, dy=13)
            layers.append(said.encode(y=y, color=colour))
    return panel(*layers, size=(WIDTH, HEIGHT), title=title, fontSize=12.5)


def _date_time(date: datetime.date) -> dict[str, int]:
    return {"year": date.year, "month": date.month, "date": date.day}
