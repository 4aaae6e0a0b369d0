"""Predicted against measured energy per output token, ours beside other methods."""

import math

import altair as alt
import polars as pl

from inference_energy.theme import BLUE, INK, MUTED, ORANGE, PALE, interval, number, ticks, titled

OURS = "current"
TARGETS = {"gpu_boards": "GPU boards", "node_wall": "Node at the wall"}
SHAPES = {"gpu_boards": "circle", "node_wall": "diamond"}
PALETTE = ["#CC79A7", BLUE, "#009E73", ORANGE, "#E69F00", "#56B4E9"]  # Okabe and Ito (2008)
BAND = 2.0  # the band that is drawn about agreement
WIDTH, SMALL, COLUMNS = 318, 152, 2


def calibration_figure(*, backtest: pl.DataFrame, peers: pl.DataFrame, scores: pl.DataFrame) -> alt.HConcatChart:
    """Ours in a large panel, each other method in a small one on the same axes; a mark per measured run.

    Args:
        backtest: table `backtest`.
        peers: table `backtest_peers`.
        scores: table `scores`.
    """
    ours = backtest.filter(pl.col("predicted_p50").is_not_null()).with_columns(predicted="predicted_p50")
    others = peers.filter(pl.col("predicted").is_not_null())
    whole = scores.filter(grouped_by="all")
    points = pl.concat([ours.select("measured", "predicted"), others.select("measured", "predicted")])
    reach = [*points["predicted"], *ours["predicted_p05"], *ours["predicted_p95"]]
    spans = {
        "x": [points["measured"].min() / 1.4, points["measured"].max() * 1.4],
        "y": [min(reach) / 1.2, max(reach) * 2.2],
    }
    gpus = sorted({*ours["gpu"], *others["gpu"]})
    encoded = {
        "color": alt.Color("gpu:N", scale=alt.Scale(domain=gpus, range=PALETTE[: len(gpus)]), title=None),
        "shape": alt.Shape(
            "said:N", scale=alt.Scale(domain=list(TARGETS.values()), range=list(SHAPES.values())), title=None
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
        conditions=_conditions(whole),
    )


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
    scales = {axis: alt.Scale(type="log", domain=span, nice=False) for axis, span in spans.items()}
    titles = {"x": "Measured, J per output token", "y": "Predicted, J per output token"}
    axes = {
        axis: alt.Axis(
            values=_ticks(spans[axis], large=large),
            format="~g",
            labels=shown,
            title=titles[axis] if large else None,
        )
        for axis, shown in (("x", bottom), ("y", left))
    }
    x = alt.X("measured:Q", scale=scales["x"], axis=axes["x"])
    y = alt.Y("predicted:Q", scale=scales["y"], axis=axes["y"])
    line = pl.DataFrame({"measured": spans["x"]}).with_columns(
        predicted="measured", low=pl.col("measured") / BAND, high=pl.col("measured") * BAND
    )
    band = (
        alt.Chart(line)
        .mark_area(color=PALE, opacity=0.45, clip=True)
        .encode(x=x, y=alt.Y("low:Q", scale=scales["y"], axis=axes["y"]), y2="high:Q")
    )
    one = alt.Chart(line).mark_line(color=INK, strokeWidth=1, strokeDash=[4, 3], clip=True).encode(x=x, y=y)
    layers = [band, one]
    if "predicted_p05" in runs.columns:
        layers.append(
            alt.Chart(runs)
            .mark_rule(strokeWidth=1, opacity=0.22)
            .encode(x=x, y=alt.Y("predicted_p05:Q", scale=scales["y"]), y2="predicted_p95:Q", color=encoded["color"])
        )
    for target, size, opacity in (("gpu_boards", 34 if large else 16, 0.7), ("node_wall", 95 if large else 48, 1)):
        marks = alt.Chart(runs.filter(target=target)).encode(x=x, y=y, **encoded)
        edge = {"stroke": INK, "strokeWidth": 0.8} if target == "node_wall" else {}
        layers.append(marks.mark_point(filled=True, size=size, opacity=opacity, **edge))
    for position, row in enumerate(scores.sort("target").iter_rows(named=True)):
        said = f"{TARGETS[row['target']]}: " if large else f"{TARGETS[row['target']].split()[0]}: "
        said += f"{row['runs']} runs, x {number(row['geometric_error'])}"
        layers.append(
            alt.Chart(pl.DataFrame({"text": [said]}))
            .mark_text(align="left", fontSize=12 if large else 11, color=INK if large else MUTED)
            .encode(x=alt.value(5), y=alt.value((12 if large else 9) + (16 if large else 13) * position), text="text:N")
        )
    decades = {axis: math.log10(span[1] / span[0]) for axis, span in spans.items()}
    name = scores["label"][0] if len(scores) else ""
    # The same length for a factor on both axes: agreement is a line at 45 degrees.
    return alt.layer(*layers).properties(
        width=width,
        height=round(width * decades["y"] / decades["x"]),
        title=alt.TitleParams(name, anchor="start", fontSize=13, offset=5, color=INK),
    )


def _ticks(span: list[float], *, large: bool) -> list[float]:
    return [tick for tick in ticks(*span) if large or math.isclose(math.log10(tick) % 1, 0)]


def _finding(whole: pl.DataFrame) -> str:
    ours = dict(whole.filter(method=OURS).select("target", "geometric_error").iter_rows())
    words = {"gpu_boards": "on GPU boards", "node_wall": "at the wall"}
    told = " and ".join(f"{number(ours[target])} {said}" for target, said in words.items() if target in ours)
    found = f"Ours predicts measured energy within a typical factor of {told}"
    errors = whole.filter(pl.col("method") != OURS)["geometric_error"]
    if len(errors) == 1:
        return f"{found}; the other method misses by {number(errors[0])}"
    if len(errors):
        return f"{found}; other methods miss by {number(errors.min())} to {number(errors.max())}"
    return found


def _conditions(whole: pl.DataFrame) -> str:
    said = (
        "A mark per saturated run, predicted from other runs; vertical line: P5-P95. Dashed: agreement; band: a factor"
        f" of {BAND:g}. x: typical factor about 1 (root mean square of log ratios)."
    )
    same = whole.filter((pl.col("method") != OURS) & pl.col("ours_on_the_same_runs").is_not_null())
    if len(same):
        errors = same["ours_on_the_same_runs"]
        said += (
            " Methods speak of different runs: on those that one shares with ours, ours misses by"
            f" {interval(errors.min(), errors.max())}."
        )
    return said
