"""Measured lengths of prompts and answers, next to those that a study assumes."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import either, log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, ORANGE
from inference_energy.figures.panels import dot, panel, span
from inference_energy.figures.theme import titled
from inference_energy.oviedo.token_lengths import assumed_lengths
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.studies.study import PublishedStudy

LABELS = {
    "azure_conversation": "Azure conversation",
    "azure_code": "Azure code completion",
    "mooncake_conversation": "Mooncake conversation",
    "mooncake_synthetic": "Mooncake synthetic",
}
TASKS = {"lm-arena-chat": "LM Arena chat", "gpqa": "GPQA reasoning", "sourcegraph-fim": "Sourcegraph code"}
WIDTH, ROW = 235, 27
SIDES = {"input": "Prompt", "output": "Answer"}


def draw(*, measured: pl.DataFrame, answers: pl.DataFrame, study: PublishedStudy) -> alt.HConcatChart:
    """Two panels, prompts and answers: P5–P95, P25–P75 and median of every workload."""
    names = [column for column in measured.columns if column.startswith("tokens_")]
    traces = measured.select(pl.col("workload").replace(LABELS).alias("label"), "side", *names, kind=pl.lit("measured"))
    tasks = answers.group_by("task", maintain_order=True).agg(
        pl.len().alias("models"),
        *(pl.col(name.replace("tokens_", "output_tokens_")).median().alias(name) for name in names),
    )
    name = pl.format("{} ({} models)", pl.col("task").replace(TASKS), "models")
    tasks = tasks.select(*names, label=name, side=pl.lit("output"), kind=pl.lit("measured"))
    assumed = assumed_lengths(study, QUANTILES).with_columns(kind=pl.lit("assumed"))
    rows = pl.concat([assumed, traces, tasks], how="diagonal").select("label", "side", *names, "kind")
    order = rows["label"].unique(maintain_order=True).to_list()
    chat = dict(measured.filter(workload="azure_conversation").select("side", "tokens_p50").iter_rows())
    panels = [_panel(rows.filter(side=side), name, order, first=side == "input") for side, name in SIDES.items()]
    return titled(
        alt.hconcat(*panels, spacing=16),
        finding=f"Azure's conversations have a median of {about(chat['input'])} tokens in and {about(chat['output'])}"
        " out; prompts vary as much as answers",
        conditions=f"Bars: P25–P75 and P5–P95 over requests (variability); dot: median. Orange: assumed by"
        f" {study.title}. Blue: traces of services, and answers on benchmark tasks (median over models).",
    )


def about(tokens: float) -> str:
    """Two digits, the resolution of the bins."""
    return f"{float(f'{tokens:.2g}'):,.0f}"


def _panel(rows: pl.DataFrame, name: str, order: list[str], *, first: bool) -> alt.LayerChart:
    axis, x = log_axis([1, 60_000], f"{name} length, tokens", values=[1, 10, 100, 1000, 10_000], format="~s")
    plain = alt.Chart(rows).encode(y=rows_axis("label:N", order, labels=first, labelFontSize=12))
    base = plain.encode(color=either("datum.kind == 'assumed'", ORANGE, BLUE))
    bars = [
        span(base, axis(f"tokens_{low}"), f"tokens_{high}", strokeWidth=width)
        for low, high, width in (("p05", "p95", 2), ("p25", "p75", 8))
    ]
    median = dot(plain, x("tokens_p50"), color="white", stroke=INK, size=40)
    return panel(*bars, median, size=(WIDTH, ROW * len(order)))
