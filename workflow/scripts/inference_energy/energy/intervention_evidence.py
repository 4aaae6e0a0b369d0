"""Pairs of benchmark rows that differ in one intervention only, and the ranges of savings that they show."""

import re

import numpy as np
import polars as pl

from inference_energy.corpus.number_formats import BYTES_PER_PARAMETER
from inference_energy.corpus.registries import network
from inference_energy.energy.adopted import differences
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput.fits import PER_GPU, version_order

GPU_STEPS = [
    ("H100 SXM 80GB", "H200 SXM 141GB"),
    ("H100 SXM 80GB", "B200 180GB"),
    ("H200 SXM 141GB", "B200 180GB"),
]
LOAD_STEPS = [("interactive", "server"), ("server", "offline")]
CLASS_STEPS = [("frontier", "large"), ("large", "medium")]
# ASSUME: a table that collects rows of others shows nothing on its own: they are in the corpus first hand.
COLLECTIONS = ["oviedo"]
SMALL_BATCH = 1 / 8  # of the batch that needs the least energy
BATCH_TOLERANCE = 1.5  # largest factor between an eighth and the batch that stands for it
PARALLELISM = ["gpus", "tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel"]
ROW = ["source", "row_id"]
PLACE = [*ROW, "file", "line"]
ENERGY = "energy_j_per_output_token"
ENDS = ["multiplier_p05", "multiplier_p95"]


def intervention_pairs(
    throughput: pl.DataFrame, measured_energy: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of rows that differ in one intervention alone, as far as their publisher says: `INTERVENTION_PAIRS`.

    `multiplier` is what `acts_on` improves by, from the row before (`reference_...`) to the row after:

    - `gpu_seconds`: GPU-seconds per output token, so output tokens per second and GPU after / before;
    - `attainment`: the same, of one system under two latency limits;
    - `energy`: measured energy per output token of the GPU boards, before / after.

    `power_ratio` is the thermal design power per GPU after / before, and `energy_multiplier` is
    `multiplier / power_ratio`. `measured_energy_multiplier` is the saving where both rows were measured on their GPU
    boards. A network on a GPU at given lengths or prompts counts once per intervention and kind of step, with its
    fastest row on either side, however often it was published.
    """
    rows = _with_facts(throughput, measured_energy, models, hardware)
    known = rows.filter(pl.col("task").is_not_null())
    # ASSUME: what a GPU can only do in a format that its predecessor lacks is one intervention, not two: no row of the
    # corpus says what B200 reaches in FP8 on the tasks of the FP8 rows of H100 and H200.
    newer, shorter = _newer_gpu(known), pl.col("bytes") < pl.col("bytes_before")
    gpus, between = "{gpu_before} {precision_before} to {gpu} {precision}", "{model_before} to {model}"
    found = [
        _written(_lower_precision(known), "lower_precision", "{precision_before} to {precision}"),
        _written(newer.filter(~shorter), "newer_gpu", gpus),
        _written(newer.filter(shorter), "newer_gpu_lower_precision", gpus),
        _written(_newer_software(known), "newer_software", "{engine} {engine_version_before} to {engine_version}"),
        _written(_larger_batch(rows), "larger_batch", "batch {batch_limit_before} to {batch_limit}", "energy"),
        _written(_sparser_model(known), "sparser_model", between),
        _written(_smaller_model(known), "smaller_model", between),
        _written(_less_interactivity(rows), "less_interactivity", "{load_before} to {load}", "attainment"),
    ]
    return pl.concat(found).sort("lever", *ROW, *(f"reference_{name}" for name in ROW))


def _with_facts(
    throughput: pl.DataFrame, measured_energy: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame
) -> pl.DataFrame:
    """Rows with network, class, bytes per parameter, TDP, measured board energy, batch, and the task they ran.

    `task` are the lengths where they are fixed, and the prompts where only their mean is known; none where neither
    is stated, as in MLPerf, whose format of the weights is that of storage besides.
    """
    active = pl.col("active_parameters_billions").alias("active")
    fixed = (pl.col("input_length_kind") == "fixed") & (pl.col("output_length_kind") == "fixed")
    lengths = pl.format("{} in, {} out", pl.col("input_tokens").cast(pl.Int64), pl.col("output_tokens").cast(pl.Int64))
    boards = measured_energy.filter(pl.col("boundary") == "gpu_boards")
    return (
        throughput.filter(~pl.col("source").is_in(COLLECTIONS), pl.col(PER_GPU).is_not_null())
        .join(models.select("model", network(), "model_class", "architecture", active), on="model", how="left")
        .join(hardware.select("gpu", "tdp_w"), on="gpu", how="left")
        .join(boards.select(*ROW, ENERGY, pl.col("batch_limit").cast(pl.Int64)), on=ROW, how="left")
        .with_columns(
            batch_per_gpu=pl.col("batch_limit") / pl.col("gpus"),
            bytes=pl.col("precision").replace_strict(BYTES_PER_PARAMETER, default=None, return_dtype=pl.Float64),
            task=pl.when(fixed, pl.col("load") == "offline")
            .then(lengths)
            .when(pl.col("load") == "closed_loop", pl.col("output_length_kind") == "mean")
            .then(pl.col("prompts")),
        )
    )


def _fastest(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The row of every group with the highest throughput; the last by name among equals."""
    return rows.sort(PER_GPU, *ROW).group_by(by, maintain_order=True).last()


def _joined(before: pl.DataFrame, after: pl.DataFrame, same: list[str]) -> pl.DataFrame:
    """Every row after a step joined with the rows before it, whose columns end in `_before`."""
    before = before.with_columns(pl.col(same).name.suffix("_before"))
    return after.join(before, on=same, suffix="_before", nulls_equal=True)


def _pairs(rows: pl.DataFrame, same: list[str], differs: str) -> pl.DataFrame:
    """Pairs of rows that agree in all columns but one: the fastest on either side."""
    best = _fastest(rows, [*same, differs])
    return _joined(best, best, same)


def _between_models(rows: pl.DataFrame, same: list[str], differs: str) -> pl.DataFrame:
    """The fastest row of every network, compared with the fastest of all networks that it may stand in for."""
    # ASSUME: a query that may go to another model would else have gone to the fastest of those it replaces, so that
    # no slow model makes an intervention look large. That the answer is as good is not shown by any row of the corpus.
    by = [*same, differs]
    return _joined(_fastest(rows, by), _fastest(rows, [*by, "network"]), same)


def _is_step(column: str, steps: list[tuple[str, str]]) -> pl.Expr:
    """Whether a pair goes from the first to the second value of one of some steps."""
    before, after = pl.col(f"{column}_before"), pl.col(column)
    return pl.any_horizontal((before == old) & (after == new) for old, new in steps)


def _written(pairs: pl.DataFrame, intervention: str, basis: str, acts_on: str = "gpu_seconds") -> pl.DataFrame:
    """Pairs in the columns of the table; `basis` names columns in braces."""
    reached = pl.col(PER_GPU) / pl.col(f"{PER_GPU}_before")
    saved = pl.col(f"{ENERGY}_before") / pl.col(ENERGY)
    return pairs.select(
        *(pl.lit(intervention).alias("lever"), "model", "gpu", pl.coalesce("task", "prompts").alias("task")),
        pl.format(re.sub(r"\w+(?=})", "", basis), *re.findall(r"\w+(?=})", basis)).alias("basis"),
        pl.lit(acts_on).alias("acts_on"),
        (saved if acts_on == "energy" else reached).alias("multiplier"),
        (pl.col("tdp_w") / pl.col("tdp_w_before")).alias("power_ratio"),
        saved.alias("measured_energy_multiplier"),
        *PLACE,
        *(pl.col(f"{name}_before").alias(f"reference_{name}") for name in PLACE),
    ).with_columns(energy_multiplier=pl.col("multiplier") / pl.col("power_ratio"))


def _lower_precision(rows: pl.DataFrame) -> pl.DataFrame:
    """Half the bytes per parameter: the same network, GPU, task, engine and load, fastest parallelism on each side."""
    # ASSUME: runs with as many requests in flight per GPU are under the same load; the fastest such load stands for
    # all. The sweeps of the two formats end at different batches, so that each one's fastest run would not compare.
    same = ["source", "network", "gpu", "task", "engine", "engine_version", "batch_per_gpu"]
    pairs = _pairs(rows, same, "precision").filter(pl.col("bytes") == pl.col("bytes_before") / 2)
    return _fastest(pairs, ["network", "gpu", "task", "bytes"])


def _newer_gpu(rows: pl.DataFrame) -> pl.DataFrame:
    """A newer GPU with the same network and task, fastest row on each: in the same format, or in a shorter one."""
    pairs = _pairs(rows, ["source", "network", "task"], "gpu").filter(
        _is_step("gpu", GPU_STEPS), pl.col("bytes") <= pl.col("bytes_before")
    )
    return _fastest(pairs, ["network", "gpu", "gpu_before", "task"])


def _newer_software(rows: pl.DataFrame) -> pl.DataFrame:
    """The newest compared with the oldest version of an engine: the same network, GPUs, precision and fixed lengths."""
    same = ["source", "network", "gpu", "precision", "gpus", "engine", "task"]
    numbered = rows.filter(pl.col("load") == "offline", pl.col("engine_version").str.contains(r"^[0-9]+\.[0-9]+$"))
    release = version_order().list.to_struct(fields=["major", "minor"]).rank("dense").over(same)
    versions = numbered.with_columns(release=release)
    newest = pl.col("release") == pl.col("release").max().over(same)
    pairs = _pairs(versions, same, "release").filter(newest, release_before=1).filter(pl.col("release") > 1)
    return _fastest(pairs, ["network", "gpu", "task"])


def _larger_batch(rows: pl.DataFrame) -> pl.DataFrame:
    """The batch of least energy per token over one of an eighth: the same model, GPUs, precision and prompts."""
    same = ["source", "model", "gpu", "precision", "prompts", *PARALLELISM]
    batches = rows.filter(pl.col("batch_limit").is_not_null()).sort(ENERGY, *ROW)
    best = batches.unique(same, keep="first", maintain_order=True)
    eighth = pl.col("batch_limit") * SMALL_BATCH / pl.col("batch_limit_before")
    return (
        _joined(batches, best, same)
        .with_columns(distance=eighth.log().abs())
        .filter(pl.col("distance") <= np.log(BATCH_TOLERANCE))
        .sort("distance", "row_id_before")
        .unique(same, keep="first", maintain_order=True)
        .sort(ENERGY, *ROW)
        .unique(["network", "gpu", "prompts"], keep="first", maintain_order=True)
    )


def _sparser_model(rows: pl.DataFrame) -> pl.DataFrame:
    """Frontier mixtures of experts compared with the fastest dense frontier model: the same GPU, precision and task."""
    frontier = rows.filter(pl.col("model_class") == "frontier")
    pairs = _between_models(frontier, ["source", "gpu", "precision", "task"], "architecture")
    return pairs.filter(_is_step("architecture", [("dense", "moe")]))


def _smaller_model(rows: pl.DataFrame) -> pl.DataFrame:
    """Models over the fastest of the next larger class and the same architecture: same GPU, precision and task."""
    pairs = _between_models(rows, ["source", "architecture", "gpu", "precision", "task"], "model_class")
    # ASSUME: queries are routed to a model with fewer parameters per token. A mixture of experts may be of a smaller
    # class by all its parameters and yet use more of them, as Mixtral 8x22B does against Llama 4 Maverick.
    return pairs.filter(_is_step("model_class", CLASS_STEPS), pl.col("active") < pl.col("active_before"))


def _less_interactivity(rows: pl.DataFrame) -> pl.DataFrame:
    """One submitted system under a laxer latency limit (MLPerf): interactive to server, server to offline."""
    systems = rows.with_columns(system=pl.col("row_id").str.replace(r"/[^/]+$", ""))
    pairs = _pairs(systems, ["source", "system", "gpus"], "load").filter(_is_step("load", LOAD_STEPS))
    return _fastest(pairs, ["network", "gpu", "load"])


def ranges(pairs: pl.DataFrame) -> pl.DataFrame:
    """Number and quantiles of `energy_multiplier` per intervention, with equal weight for every model on a GPU.

    A share q lies at the value where the weight below it, half its own included, is q of the whole.
    """
    weighted = pairs.with_columns(weight=1 / pl.len().over("lever", "model", "gpu")).sort("lever", "energy_multiplier")
    found = []
    for (intervention,), group in weighted.group_by("lever", maintain_order=True):
        weight = group["weight"].to_numpy()
        place = (weight.cumsum() - weight / 2) / weight.sum()
        quantiles = np.interp(list(QUANTILES.values()), place, group["energy_multiplier"].to_numpy())
        found.append(
            {"lever": intervention, "rows": len(group), "models": group["model"].n_unique()}
            | {f"multiplier_{name}": float(value) for name, value in zip(QUANTILES, quantiles, strict=True)}
        )
    schema = {"lever": pl.String, "rows": pl.Int64, "models": pl.Int64}
    return pl.DataFrame(found, schema=schema | {f"multiplier_{name}": pl.Float64 for name in QUANTILES})


def not_adopted(interventions: pl.DataFrame, pairs: pl.DataFrame, file: str) -> list[str]:
    """Ranges of interventions that name pairs as their evidence and are not their P5 and P95, at least 1; a line each.

    Raises:
        InputError: no such pairs.
    """
    # ASSUME: an intervention that saves nothing is not used, so no end of its range is below 1.
    found = ranges(pairs).with_columns(pl.col(ENDS).clip(lower_bound=1.0)).rename({"lever": "evidence"})
    return differences(interventions, found, evidence="evidence", columns={end: end for end in ENDS}, file=file)
