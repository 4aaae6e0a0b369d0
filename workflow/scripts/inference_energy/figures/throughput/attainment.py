"""Throughput of busy services as a share of the offline maximum."""

import altair as alt
import polars as pl

from inference_energy.figures.theme import BLUE, INK, MUTED, ORANGE, number, rows_axis, titled
from inference_energy.throughput.attainment import summary as summary_of

ORDER = ["server over offline", "interactive over offline", "chat run over offline fit", "fleet over offline"]
LABELS = [
    "Server against offline",
    "Interactive against offline",
    "Chat run against offline fit",
    "Live fleet against offline",
]
WIDTH, ROW = 470, 66


def draw(*, pairs: pl.DataFrame) -> alt.LayerChart:
    """One row per kind of pair: a dot per pair with its range where it has one, and the median.

    Args:
        pairs: table `attainment_pairs`.
    """
    label = pl.col("kind").replace_strict(ORDER, LABELS, return_dtype=pl.String).alias("label")
    pairs, summary = pairs.with_columns(label), summary_of(pairs).with_columns(label)
    said = summary.with_columns(
        said=pl.format(
            "{} {}, median {}",
            "pairs",
            pl.when(pl.col("pairs") == 1).then(pl.lit("pair")).otherwise(pl.lit("pairs")),
            pl.col("ratio_p50").map_elements(number, return_dtype=pl.String),
        )
    )
    x = alt.X(
        "ratio:Q",
        title="Throughput attained / offline maximum",
        scale=alt.Scale(domain=[0, 1.4]),
        axis=alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4], format="~g"),
    )
    y = rows_axis("label:N", [name for name in LABELS if name in set(said["label"])], labelFontSize=12.5)
    one = alt.Chart(pl.DataFrame({"ratio": [1.0]})).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=x)
    ranges = (
        alt.Chart(pairs.filter(pl.col("ratio_low") < pl.col("ratio_high")))
        .mark_rule(color=BLUE, strokeWidth=1.5)
        .encode(x=alt.X("ratio_low:Q"), x2="ratio_high:Q", y=y)
    )
    dots = alt.Chart(pairs).mark_tick(color=BLUE, opacity=0.45, thickness=1.5, size=20).encode(x=x, y=y)
    base = alt.Chart(said).encode(y=y)
    medians = base.mark_point(shape="diamond", filled=True, size=90, color=ORANGE, opacity=1).encode(
        x=alt.X("ratio_p50:Q")
    )
    text = base.mark_text(align="left", fontSize=11, color=MUTED, yOffset=-20).encode(x=alt.value(4), text="said:N")
    medians_of = dict(summary.select("kind", "ratio_p50").iter_rows())
    server, interactive = (
        f"{medians_of[kind]:.0%}" if kind in medians_of else "an unknown share" for kind in ORDER[:2]
    )
    return titled(
        alt.layer(one, ranges, dots, medians, text).properties(width=WIDTH, height=ROW * len(said)),
        finding=f"A busy service attains {server} of the offline throughput under MLPerf's server limits,"
        f" {interactive} under its interactive limits",
        conditions="Output tokens per second and GPU, both of the same model. Server, interactive: MLPerf, one system,"
        " random arrivals under a latency limit. Chat run: ML.ENERGY on vLLM against TensorRT-LLM. Fleet: DeepSeek on"
        " H800 against a benchmark on H200. Lines: range where prompt lengths or GPUs differ.",
    )
