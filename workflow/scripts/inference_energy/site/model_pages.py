"""What the page of a model says: the energy of its queries, its factors by GPU, and what they rest on."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from inference_energy.common.readable import between, two_digits

BOUNDARY, CONTEXT = "datacenter", "medium"  # of the factors that a page shows
SPEEDS = (20, 40, 80)  # tok/s that users see
SHOWN_SPEED = 40  # of the figure
# Queries that every page answers: prompt and answer in tokens, share of the prompt that is in the cache.
QUERIES = {
    "a question and its answer": (1_000, 300, 0.0),
    "a long answer with reasoning": (1_000, 5_000, 0.0),
    "a step of a coding agent": (40_000, 500, 0.9),
}
OUTPUT, PROMPT = "wh_per_1000_output_tokens", "wh_per_1000_uncached_input_tokens"


def slug(name: str) -> str:
    """Name of a model in an address: DeepSeek-R1 becomes deepseek-r1."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")


@dataclass(frozen=True, kw_only=True)
class ModelTables:
    """Tables that pages of models are made of."""

    factors: pl.DataFrame  # `results/factors.parquet`
    models: pl.DataFrame  # registry of models
    runs: pl.DataFrame  # `serving_runs`: what the serving model was fitted to
    scores: pl.DataFrame  # `held_out_scores`
    origins: pl.DataFrame  # of the sources of benchmarks


def page(model: str, of: ModelTables, ask: Callable) -> dict:
    """Everything that the template of a model's page shows.

    Args:
        model: its name in the registry.
        of: tables.
        ask: gives the estimate of a query of the model, by its tokens of prompt and answer and the cached share.
    """
    registry = of.models.row(by_predicate=pl.col("model") == model, named=True)
    rows = of.factors.filter(model=model, boundary=BOUNDARY, context=CONTEXT)
    longest = registry["context_length_tokens"] or math.inf
    answers = {name: ask(model, *of) for name, of in QUERIES.items() if of[0] + of[1] <= longest}
    runs = of.runs.filter(pl.col("model") == model)
    return {
        "model": model,
        "slug": slug(model),
        "registry": registry,
        "answers": [
            {"name": name, "input": f"{input_tokens:,}", "output": f"{output_tokens:,}", "cached": cached, "of": answer}
            for name, answer in answers.items()
            for input_tokens, output_tokens, cached in [QUERIES[name]]
        ],
        "first": next(iter(answers.values())),
        "chart": chart(rows.filter(speed_tok_per_s=SHOWN_SPEED)),
        "factors": list(factor_rows(rows)),
        "speeds": SPEEDS,
        "runs": list(run_rows(runs)),
        "sources": list(source_rows(runs, of.origins)),
        "score": score(of.scores, registry["same_network_as"] or model),
    }


def factor_rows(rows: pl.DataFrame) -> Iterator[dict]:
    """One row per GPU: median Wh per 1,000 tokens of the answer at each speed, and of the prompt at the shown one."""
    for (gpu, precision), of in rows.group_by("gpu", "precision", maintain_order=True):
        at = {row["speed_tok_per_s"]: row for row in of.iter_rows(named=True)}
        yield {
            "gpu": gpu,
            "precision": precision,
            "evidence": of["evidence"][0],
            "output": [two_digits(at[speed][f"{OUTPUT}_p50"]) if speed in at else "–" for speed in SPEEDS],
            "prompt": two_digits(at[SHOWN_SPEED][f"{PROMPT}_p50"]) if SHOWN_SPEED in at else "–",
        }


def run_rows(runs: pl.DataFrame) -> Iterator[dict]:
    """Measured runs of the model that the serving model is fitted to, by GPU."""
    counted = runs.group_by("gpu").agg(runs=pl.len(), metered=pl.col("energy_j_per_output_token").count())
    yield from counted.sort("runs", "gpu", descending=[True, False]).iter_rows(named=True)


def source_rows(runs: pl.DataFrame, origins: pl.DataFrame) -> Iterator[dict]:
    """Sources of these runs with how they are cited."""
    one = origins.unique("source", keep="first", maintain_order=True)
    counted = runs.group_by("source").agg(runs=pl.len()).join(one, on="source", how="left")
    yield from counted.sort("runs", "source", descending=[True, False]).iter_rows(named=True)


def score(scores: pl.DataFrame, network: str) -> dict | None:
    """How far predictions of a network's metered runs are from them when it is left out; none without such runs."""
    found = scores.filter(score="energy_at_batch", left_out="model", group=f"network: {network}")
    return found.row(0, named=True) if found.height else None


def chart(rows: pl.DataFrame) -> Markup | None:
    """Wh per 1,000 answer tokens by GPU, the least first: a table whose cells have a mark for P5, median and P95.

    None where no GPU reaches the speed.
    """
    if rows.is_empty():
        return None
    rows = rows.sort(f"{OUTPUT}_p50", "gpu")
    low, high = (
        10 ** of(math.log10(value))
        for of, value in (
            (math.floor, rows[f"{OUTPUT}_p05"].min()),
            (math.ceil, rows[f"{OUTPUT}_p95"].max()),
        )
    )

    def at(value: float) -> str:
        return f"{2 + 96 * math.log(value / low) / math.log(high / low):.1f}%"

    ticks = [low * 10**power for power in range(round(math.log10(high / low)) + 1)]
    body = Markup("").join(_marked(row, at, ticks) for row in rows.iter_rows(named=True))
    labels = Markup("").join(Markup('<span style="left:{}">{}</span>').format(at(tick), _tick(tick)) for tick in ticks)
    return Markup(
        '<table class="marks">\n'
        "<caption>Energy of 1,000 answer tokens at {} tokens a second, Wh on a logarithmic axis: median and P5–P95"
        " (uncertainty), datacenter boundary</caption>\n"
        '<thead><tr><th scope="col">GPU</th><th scope="col" class="axis"><span class="unit">Wh</span>{}</th>'
        '<th scope="col">Wh (P5–P95)</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>'
    ).format(SHOWN_SPEED, labels, body)


def _marked(row: dict, at: Callable[[float], str], ticks: Sequence[float]) -> Markup:
    p05, p50, p95 = (row[f"{OUTPUT}_{name}"] for name in ("p05", "p50", "p95"))
    grid = Markup("").join(
        Markup('<line class="grid" x1="{0}" x2="{0}" y1="0" y2="24"/>').format(at(tick)) for tick in ticks
    )
    return Markup(
        '<tr class="{}"><th scope="row">{}<small>{}</small></th><td><svg width="100%" height="24" aria-hidden="true">{}'
        '<line x1="{}" x2="{}" y1="12" y2="12"/><circle cx="{}" cy="12" r="5"/></svg></td>'
        "<td>{} <small>({})</small></td></tr>\n"
    ).format(
        row["evidence"].replace(" ", "-"),
        row["gpu"],
        row["evidence"],
        grid,
        at(p05),
        at(p95),
        at(p50),
        two_digits(p50),
        between(p05, p95),
    )


def _tick(value: float) -> str:
    return f"{value:g}"
