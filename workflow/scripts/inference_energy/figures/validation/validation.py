"""Predicted against measured energy per output token, this work next to other methods."""

import math

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, log_axis, ticks
from inference_energy.figures.panels import panel
from inference_energy.figures.theme import AMBER, BLUE, GREEN, INK, ORANGE, PALE, PINK, SKY, titled
from inference_energy.figures.words import extent, interval, named, times

OURS, UNSEEN = "current", "current_unseen"
TARGETS = {"gpu_boards": "GPU boards", "node_wall": "Node at the wall"}
SHORT = {"gpu_boards": "Boards", "node_wall": "Wall"}  # where there is little room
SHAPES = {"gpu_boards": "circle", "node_wall": "diamond"}
GPU_COLOURS = [PINK, BLUE, GREEN, ORANGE, AMBER, SKY]
BAND = 2.0  # the band that is drawn about agreement
WIDTH, SMALL, COLUMNS = 335, 122, 3  # so that two rows of small panels end where the large one does


def draw(*, backtest: pl.DataFrame, peers: pl.DataFrame, scores: pl.DataFrame) -> alt.HConcatChart:
    """One large panel for this work and a small one per other method, over the same range; a mark per measured run."""
    ours = backtest.filter(pl.col("predicted_p50").is_not_null()).with_columns(predicted="predicted_p50")
    others = pl.concat([peers.filter(pl.col("predicted").is_not_null()), _unseen(backtest)], how="diagonal")
    whole = scores.filter(grouped_by="all").with_columns(named())
    points = pl.concat([ours.select("measured", "predicted"), others.select("measured", "predicted")])
    reach = [*points["predicted"], *ours["predicted_p05"], *ours["predicted_p95"]]
    spans = {
        "x": [points["measured"].min() / 1.4, points["measured"].max() * 1.4],
        "y": [min(reach) / 1.2, max(reach) * 1.2],
    }
    gpus = sorted({*ours["gpu"], *others["gpu"]})
    encoded = {
        "color": colours(
            "gpu",
            dict(zip(gpus, GPU_COLOURS, strict=False)),
            alt.Legend(title=None, symbolType="circle", symbolOpacity=1),
        ),
        "shape": alt.Shape(
            "said:N",
            scale=alt.Scale(domain=list(TARGETS.values()), range=list(SHAPES.values())),
            legend=alt.Legend(title=None, symbolOpacity=1),
        ),
    }
    order = whole.filter(pl.col("method") != OURS).group_by("method").agg(pl.col("geometric_error").min())
    panels = [
        _panel(
            others.filter(method=method),
            whole.filter(method=method),
            spans,
            encoded,
            width=SMALL,
            left=position % COLUMNS == 0,
            bottom=position >= len(order) - COLUMNS,
        )
        for position, method in enumerate(order.sort("geometric_error", "method")["method"])
    ]
    large = _panel(ours, whole.filter(method=OURS), spans, encoded, width=WIDTH, left=True, bottom=True)
    small = alt.concat(*panels, columns=COLUMNS, spacing=14)
    return titled(
        alt.hconcat(large, small, spacing=14) if panels else alt.hconcat(large),
        finding=_finding(whole),
        conditions=_conditions(whole, others),
    )


def _unseen(backtest: pl.DataFrame) -> pl.DataFrame:
    """Predictions of this work without any run of the engine; the other methods use none either."""
    known = backtest.filter(pl.col("predicted_p50_unseen").is_not_null())
    return known.select("gpu", "target", "measured", predicted="predicted_p50_unseen", method=pl.lit(UNSEEN))


def _panel(
    runs: pl.DataFrame,
    scores: pl.DataFrame,
    spans: dict[str, list[float]],
    encoded: dict,
    *,
    width: int,
    left: bool,
    bottom: bool,
) -> alt.LayerChart:
    large = width == WIDTH
    runs = runs.with_columns(said=pl.col("target").replace_strict(TARGETS, return_dtype=pl.String))
    titles = ("Measured, J per output token", "Predicted, J per output token") if large else (None, None)
    (x, _), (y, bare_y) = (
        log_axis(spans[axis], title, of=of, values=_ticks(spans[axis], large=large), labels=shown)
        for axis, title, of, shown in zip("xy", titles, (alt.X, alt.Y), (bottom, left), strict=True)
    )
    line = pl.DataFrame({"measured": spans["x"]}).with_columns(
        predicted="measured", low=pl.col("measured") / BAND, high=pl.col("measured") * BAND
    )
    agreement, base = alt.Chart(line).encode(x=x("measured")), alt.Chart(runs).encode(x=x("measured"))
    layers = [
        agreement.mark_area(color=PALE, opacity=0.45, clip=True).encode(y=y("low"), y2="high:Q"),
        agreement.mark_line(color=INK, strokeWidth=1, strokeDash=[4, 3], clip=True).encode(y=y("predicted")),
    ]
    if "predicted_p05" in runs.columns:
        ranges = base.mark_rule(strokeWidth=1, opacity=0.22).encode(color=encoded["color"])
        layers.append(ranges.encode(y=bare_y("predicted_p05"), y2="predicted_p95:Q"))
    for target, size, opacity in (("gpu_boards", 34 if large else 16, 0.7), ("node_wall", 95 if large else 48, 1)):
        marks = base.properties(data=runs.filter(target=target)).encode(y=y("predicted"), **encoded)
        edge = {"stroke": INK, "strokeWidth": 0.8} if target == "node_wall" else {}
        layers.append(marks.mark_point(filled=True, size=size, opacity=opacity, **edge))
    said = [
        f"{(TARGETS if large else SHORT)[row['target']]}: {row['runs']} runs, {times(row['geometric_error'])}"
        for row in scores.sort("target").iter_rows(named=True)
    ]
    decades = {axis: math.log10(span[1] / span[0]) for axis, span in spans.items()}
    name = scores["label"][0] if len(scores) else ""
    # The same length for a factor on both axes: agreement is a line at 45 degrees.
    size = (width, round(width * decades["y"] / decades["x"]))
    style = {"subtitle": said, "frame": "group", "subtitleFontSize": 11.5, "subtitlePadding": 3, "offset": 6}
    return panel(*layers, size=size, title=name, **style)


def _ticks(span: list[float], *, large: bool) -> list[float]:
    return [tick for tick in ticks(*span) if large or math.isclose(math.log10(tick) % 1, 0)]


def _finding(whole: pl.DataFrame) -> str:
    ours = dict(whole.filter(method=OURS).select("target", "geometric_error").iter_rows())
    words = {"gpu_boards": "on GPU boards", "node_wall": "at the wall"}
    told = " and ".join(f"{times(ours[target])} {said}" for target, said in words.items() if target in ours)
    found = f"This work predicts measured energy from other runs with a geometric error of {told}"
    errors = whole.filter(~pl.col("method").is_in([OURS, UNSEEN]))["geometric_error"]
    if len(errors) == 1:
        return f"{found}; the other method, which uses no runs, has {times(errors[0])}"
    if len(errors):
        return f"{found}; other methods, which use no runs, have {interval(errors.min(), errors.max())}×"
    return found


def _conditions(whole: pl.DataFrame, others: pl.DataFrame) -> str:
    said = (
        "One mark per saturated run. This work uses other runs of the same benchmark: for boards other networks and"
        " configurations, at the wall the throughput of other systems. Other methods, and this work, unseen, use none."
        f" Vertical line: P5–P95; dashed: agreement; band: within {BAND:g}×. Geometric error (number with ×):"
        " exponential of the root mean square log ratio."
    )
    same = whole.filter(~pl.col("method").is_in([OURS, UNSEEN]), pl.col("ours_on_the_same_runs").is_not_null())
    if len(same):
        errors = same["ours_on_the_same_runs"]
        said += f" Methods cover different runs; on those of each other method, this work has {extent(errors, '–')}×."
    aligned = others.filter(pl.col("aligned").fill_null(False))["label"].unique().sort().to_list()
    if aligned:
        said += f" {' and '.join(aligned)}: converted from the node to its boards."
    return said
