"""Pairs of metered runs that differ in one intervention only: what it saved, and what the serving model says."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.statistics import quantiles

# What two runs must share to be compared, but for what a step changes.
SAME = (
    *("campaign", "engine", "prompts", "input_tokens", "output_tokens", "attention_data_parallel", "network"),
    *("gpu", "generation", "precision", "computes_in", "gpus", "speculative", "batch"),
)
ENERGY = "energy_j_per_output_token"
LARGER_BATCH = 4  # of the larger batch over the smaller one
BATCH_TOLERANCE = 1.15  # largest factor between that and the pair's own
KINDS = ("measured", "predicted")
RANGES = tuple(f"{kind}_{name}" for kind in KINDS for name in (*quantiles.QUANTILES, "mean"))  # columns of `ranges`
SCORE, LEFT_OUT = "energy_at_batch", "model"  # predictions that the pairs are compared with


@dataclass(frozen=True, kw_only=True)
class Step:
    """One kind of pair."""

    changes: tuple[str, ...]  # columns in which the two runs may differ
    when: pl.Expr  # whether a pair is one; columns of the run before end in `_before`
    basis: str  # column that names what differs


def _from_to(column: str, before: str, after: str) -> pl.Expr:
    return (pl.col(f"{column}_before") == before) & (pl.col(column) == after)


_ratio_of_batches = pl.col("batch") / pl.col("batch_before") / LARGER_BATCH
_to_blackwell = _from_to("generation", "Hopper", "Blackwell")
_GPU = ("gpu", "generation")
_FORMAT = ("precision", "computes_in")
STEPS: Mapping[str, Step] = {
    "larger_batch": Step(
        changes=("batch",), when=_ratio_of_batches.log().abs() <= np.log(BATCH_TOLERANCE), basis="batch"
    ),
    "speculative_decoding": Step(
        changes=("speculative",), when=pl.col("speculative") > pl.col("speculative_before"), basis="speculative"
    ),
    "lower_precision": Step(
        changes=_FORMAT,
        when=_from_to("computes_in", "FP8", "FP4") | _from_to("computes_in", "BF16", "FP8"),
        basis="precision",
    ),
    "fewer_gpus": Step(changes=("gpus",), when=pl.col("gpus_before") == 2 * pl.col("gpus"), basis="gpus"),
    "newer_gpu": Step(changes=_GPU, when=_to_blackwell, basis="gpu"),
    "newer_gpu_lower_precision": Step(
        changes=(*_GPU, *_FORMAT), when=_to_blackwell & _from_to("computes_in", "FP8", "FP4"), basis="gpu"
    ),
}


def intervention_pairs(runs: pl.DataFrame, held_out: pl.DataFrame) -> pl.DataFrame:
    """Pairs of metered runs of one campaign that differ in one step of `STEPS` alone: `INTERVENTION_PAIRS`.

    `runs` are those of table `serving_runs`, `held_out` the predictions without the network of a run.
    `measured_multiplier` is the energy of the boards per output token before over after; `predicted_multiplier` the
    same of the serving model.
    """
    predicted = held_out.filter(score=SCORE, left_out=LEFT_OUT).select("source", "row_id", "predicted_p50")
    metered = runs.filter(pl.col("board_share").is_not_null()).join(predicted, on=["source", "row_id"])
    return pl.concat(_pairs(name, step, metered) for name, step in STEPS.items()).sort(
        "lever", "source", "row_id", "reference_source", "reference_row_id"
    )


def _pairs(name: str, step: Step, metered: pl.DataFrame) -> pl.DataFrame:
    same = [column for column in SAME if column not in step.changes]
    before = metered.with_columns(pl.col(same).name.suffix("_before"))
    pairs = metered.join(before, on=same, suffix="_before", nulls_equal=True).filter(step.when)
    lengths = pl.format("{} in, {} out", pl.col("input_tokens").round(), pl.col("output_tokens").round())
    return pairs.select(
        pl.lit(name).alias("lever"),
        "source",
        "row_id",
        reference_source="source_before",
        reference_row_id="row_id_before",
        model="model",
        gpu="gpu",
        task=pl.coalesce("prompts", lengths),
        batch="batch",
        basis=pl.format("{}: {} to {}", pl.lit(step.basis), f"{step.basis}_before", step.basis),
        measured_multiplier=pl.col(f"{ENERGY}_before") / pl.col(ENERGY),
        predicted_multiplier=pl.col("predicted_p50_before") / pl.col("predicted_p50"),
    )


def ranges(pairs: pl.DataFrame) -> pl.DataFrame:
    """Number of pairs and quantiles of both multipliers per intervention; every model on a GPU has the same weight."""
    weighted = pairs.with_columns(weight=1 / pl.len().over("lever", "model", "gpu"))
    found = []
    for (name,), group in weighted.group_by("lever", maintain_order=True):
        row = {"lever": name, "pairs": len(group)}
        for kind in KINDS:
            values = group[f"{kind}_multiplier"].to_numpy()
            row |= quantiles.columns(kind, quantiles.of_weighted(values, group["weight"].to_numpy()))
        found.append(row)
    schema = {"lever": pl.String, "pairs": pl.Int64} | dict.fromkeys(RANGES, pl.Float64)
    return pl.DataFrame(found, schema=schema)
