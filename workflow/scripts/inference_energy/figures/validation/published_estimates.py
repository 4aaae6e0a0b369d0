"""Published estimates of a query's energy over the estimate of this work for the same query."""

import math

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis
from inference_energy.figures.palette import BLUE, INK, ORANGE
from inference_energy.figures.panels import constant, label, panel, printed_range, small_label, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import counted, listed, texts, times
from inference_energy.validation.statements import PUBLISHED_RANGE

KINDS = {
    "unbatched_measurement": ("Measured, one request at a time", "measurements of one request at a time"),
    "api_inferred": ("Inferred from APIs", "estimates from APIs"),
    "top_down": ("Top down, from servers sold", "top-down estimates"),
    "executive_statement": ("Stated by executives", "an executive's statement"),
    "first_principles": ("First principles", "first principles"),
    "throughput_based": ("From throughput", "estimates from throughput"),
    "provider_measurement": ("Measured by providers", "providers' own measurements"),
}
TOLD = ("api_inferred", "throughput_based", "provider_measurement")  # kinds that the title names
NAMED = {
    "google_2025": "Google 2025",
    "google_narrow_2025": "Google 2025, accelerators",
    "openai_2025": "OpenAI 2025",
    "epoch_2025": "Epoch AI 2025",
    "epoch_long_2025": "Epoch AI 2025, long",
    "devries_2023": "de Vries 2023",
    "epri_2024": "EPRI 2024",
    "ai_energy_score_gpt_oss_120b": "AI Energy Score",
    "luccioni_gpt_oss_120b": "Luccioni et al.",
}
FEW = 4  # kinds of at most so many estimates show the range of each
WIDTH, DOT, LINE, GAP = 450, 7, 19, 22


def draw(*, statements: pl.DataFrame, kinds: pl.DataFrame) -> alt.LayerChart:
    """One row per kind of estimate, from the largest median factor to the smallest; a dot per estimate."""
    known = statements.filter(pl.col("factor").is_not_null())
    kinds = kinds.sort("factor_p50", "kind", descending=[True, False])
    domain = [known["factor_p05"].min() / 1.3, known["factor_p95"].max() * 1.3]
    dots, labels, top = [], [], 0.0
    for row in kinds.iter_rows(named=True):
        group = known.filter(kind=row["kind"]).sort("factor", "row_id")
        few = len(group) <= FEW
        offsets = [LINE * n for n in range(len(group))] if few else _swarm(group["factor"].to_list(), domain)
        height = max(max(offsets) - min(offsets), LINE if few else 0, 2 * DOT)
        middle = top + GAP / 2 + height / 2
        shift = middle - (max(offsets) + min(offsets)) / 2
        dots.append(group.with_columns(y=pl.Series([shift + offset for offset in offsets]), few=pl.lit(few)))
        labels.append({"name": KINDS.get(row["kind"], (row["kind"],))[0], "y": middle} | row)
        top += height + GAP
    dots = pl.concat(dots).with_columns(
        name=pl.col("row_id").replace_strict(NAMED, default=None, return_dtype=pl.String)
    )
    labels = pl.DataFrame(labels)
    chart = _chart(dots, labels.with_columns(said=texts(labels, _estimates)), domain, top)
    few = dots.filter("few")
    return titled(
        chart,
        finding=_finding(kinds),
        conditions=f"{len(known)} estimates over the median of this work for the same model or class, tokens and"
        " boundary; orange: median of the kind" + ("; lines: over its P95 and P5." if len(few) else "."),
    )


def _estimates(row: dict) -> str:
    median = "" if row["estimates"] == 1 else "median "
    return f"{counted(row['estimates'], 'estimate')}, {median}{times(row['factor_p50'])}"


def _chart(dots: pl.DataFrame, labels: pl.DataFrame, domain: list[float], height: float) -> alt.LayerChart:
    axis, _ = log_axis(domain, "Published estimate / this work (logarithmic)")
    y = alt.Y("y:Q", scale=alt.Scale(domain=[height, 0], nice=False), axis=None)
    x = axis("factor")
    one = constant(factor=1.0).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=x)
    few = dots.filter("few")
    ranges = span(alt.Chart(few).encode(y=y), axis("factor_p05"), "factor_p95", color=BLUE, opacity=0.45)
    # A name goes right of its range, or left of it where there is no room.
    room = pl.col("factor_p95") * 10 < domain[1]
    names = []
    for chosen, end, align, dx in ((room, "factor_p95", "left", 5), (~room, "factor_p05", "right", -5)):
        known = alt.Chart(few.filter(pl.col("name").is_not_null() & chosen)).encode(y=y)
        names.append(small_label(known, axis(end), "name", align=align, dx=dx, color=INK))
    medians = alt.Chart(labels.filter(pl.col("estimates") > 1)).encode(x=axis("factor_p50"), y=y)
    left, words = alt.value(-12), alt.Chart(labels).encode(y=y)
    return panel(
        *printed_range(axis("low"), PUBLISHED_RANGE, 0.55),
        one,
        ranges,
        alt.Chart(dots).mark_circle(size=38, color=BLUE, opacity=0.75).encode(x=x, y=y),
        medians.mark_tick(color=ORANGE, thickness=2.5, size=30, orient="vertical"),
        *names,
        label(words, left, "name", align="right", dy=-7, fontSize=12.5),
        small_label(words, left, "said", align="right", dy=8),
        size=(WIDTH, height),
    )


def _swarm(factors: list[float], domain: list[float]) -> list[float]:
    """Offsets from the middle of a row, px: each dot as near to it as those before leave room."""
    per_log = WIDTH / math.log(domain[1] / domain[0])
    placed: list[tuple[float, float]] = []
    for factor in factors:
        x = per_log * math.log(factor)
        tries = (sign * DOT * step / 2 for step in range(len(factors) * 4) for sign in (1, -1))
        y = next(
            offset
            for offset in tries
            if all(math.hypot(x - other_x, offset - other_y) >= DOT for other_x, other_y in placed)
        )
        placed.append((x, y))
    return [y for _, y in placed]


def _finding(kinds: pl.DataFrame) -> str:
    medians = dict(kinds.select("kind", "factor_p50").iter_rows())
    told = [kind for kind in TOLD if kind in medians] or list(medians)[:3]
    first, *others = (f"{KINDS.get(kind, (kind, kind))[1]} are {times(medians[kind])}" for kind in told)
    found = f"At the median, {first} this work"
    return found + (f", {listed([other.replace(' are ', ' ') for other in others])}" if others else "")
