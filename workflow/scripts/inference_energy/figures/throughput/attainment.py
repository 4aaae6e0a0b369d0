"""Throughput of busy services as a share of the offline maximum."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import rows_axis
from inference_energy.figures.panels import constant, dot, panel, small_label, span
from inference_energy.figures.theme import BLUE, INK, ORANGE, titled
from inference_energy.figures.words import counted, number, texts
from inference_energy.throughput.attainment import summary as summary_of

LABELS = {
    "server over offline": "Server against offline",
    "interactive over offline": "Interactive against offline",
    "chat run over offline fit": "Chat run against offline fit",
    "fleet over offline": "Live fleet against offline",
}
WIDTH, ROW = 470, 66


def draw(*, pairs: pl.DataFrame) -> alt.LayerChart:
    """One row per kind of pair: a dot per pair with its range where it has one, and the median."""
    label = pl.col("kind").replace_strict(LABELS, return_dtype=pl.String).alias("label")
    pairs, summary = pairs.with_columns(label), summary_of(pairs).with_columns(label)
    said = summary.with_columns(said=texts(summary, _said))
    axis = alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4], format="~g")
    x = alt.X("ratio:Q", title="Throughput attained / offline maximum", scale=alt.Scale(domain=[0, 1.4]), axis=axis)
    y = rows_axis("label:N", [name for name in LABELS.values() if name in set(said["label"])], labelFontSize=12.5)
    one = constant(ratio=1.0).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=x)
    wide = alt.Chart(pairs.filter(pl.col("ratio_low") < pl.col("ratio_high"))).encode(y=y)
    ranges = span(wide, alt.X("ratio_low:Q"), "ratio_high", color=BLUE, strokeWidth=1.5)
    marks = alt.Chart(pairs).mark_tick(color=BLUE, opacity=0.45, thickness=1.5, size=20).encode(x=x, y=y)
    base = alt.Chart(said).encode(y=y)
    medians = dot(base, alt.X("ratio_p50:Q"), "diamond", size=90, color=ORANGE)
    text = small_label(base, alt.value(4), "said", yOffset=-20)
    medians_of = dict(summary.select("kind", "ratio_p50").iter_rows())
    server, interactive = (
        f"{medians_of[kind]:.0%}" if kind in medians_of else "an unknown share" for kind in list(LABELS)[:2]
    )
    return titled(
        panel(one, ranges, marks, medians, text, size=(WIDTH, ROW * len(said))),
        finding=f"A busy service attains {server} of the offline throughput under MLPerf's server limits,"
        f" {interactive} under its interactive limits",
        conditions="Output tokens per second and GPU, both of the same model. Server, interactive: MLPerf, one system,"
        " random arrivals under a latency limit. Chat run: ML.ENERGY on vLLM against TensorRT-LLM. Fleet: DeepSeek on"
        " H800 against a benchmark on H200. Lines: range where prompt lengths or GPUs differ.",
    )


def _said(row: dict) -> str:
    return f"{counted(row['pairs'], 'pair')}, median {number(row['ratio_p50'])}"
