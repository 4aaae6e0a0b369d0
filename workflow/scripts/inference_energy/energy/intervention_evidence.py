"""Pairs of benchmark rows behind the ranges of interventions."""

import numpy as np
import polars as pl

from inference_energy.corpus.number_formats import BYTES_PER_PARAMETER
from inference_energy.corpus.registries import network
from inference_energy.statistics.quantiles import SHARES
from inference_energy.throughput.fits import PER_GPU

COLUMNS = [
    *("lever", "source", "row_id", "reference", "model", "gpu", "task", "basis", "acts_on"),
    *("multiplier", "power_ratio", "measured_energy_multiplier"),
]
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
PLACE = ["source", "row_id"]


def lever_pairs(
    throughput: pl.DataFrame, measured_energy: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of rows that differ in one lever alone, as far as their publisher says, one row each, in `COLUMNS`.

    `multiplier` is before / after of the ingredient in `acts_on`:

    - `gpu_seconds`: GPU-seconds per output token, so output tokens per second and GPU after / before;
    - `attainment`: the same, of one system under two latency limits;
    - `energy`: measured energy per output token of the GPU boards.

    `power_ratio` is the thermal design power per GPU after / before (1 on the same GPU): the saving of energy is
    about `multiplier / power_ratio`. `measured_energy_multiplier` is that saving where both rows were measured on
    their GPU boards. A network on a GPU at given lengths or prompts counts once per lever and kind of step, with its
    fastest row on either side, however often it was published.

    Args:
        throughput: accepted throughput rows.
        measured_energy: accepted rows of measured energy.
        models: model registry.
        hardware: hardware registry.
    """
    rows = _with_facts(throughput, measured_energy, models, hardware)
    known = rows.filter(pl.col("task").is_not_null())
    found = [
        _lower_precision(known),
        _newer_gpu(known),
        _newer_software(known),
        _larger_batch(measured_energy, rows),
        _sparser_model(known),
        _smaller_model(known),
        _less_interactivity(rows),
    ]
    return pl.concat(found).sort("lever", "source", "row_id", "reference")


def _with_facts(
    throughput: pl.DataFrame, measured_energy: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame
) -> pl.DataFrame:
    """Rows with network, class, bytes per parameter, TDP, measured board energy, and the task they ran.

    `task` are the lengths where they are fixed, and the prompts where only their mean is known; none where neither
    is stated, as in MLPerf, whose format of the weights is that of storage besides.
    """
    active = pl.col("active_parameters_billions").alias("active")
    fixed = (pl.col("input_length_kind") == "fixed") & (pl.col("output_length_kind") == "fixed")
    boards = measured_energy.filter(pl.col("boundary") == "gpu_boards").select(
        *PLACE, "energy_j_per_output_token", "batch_limit"
    )
    return (
        throughput.filter(~pl.col("source").is_in(COLLECTIONS), pl.col(PER_GPU).is_not_null())
        .join(models.select("model", network(), "model_class", "architecture", active), on="model", how="left")
        .join(hardware.select("gpu", "tdp_w"), on="gpu", how="left")
        .join(boards, on=PLACE, how="left")
        .with_columns(
            batch_per_gpu=pl.col("batch_limit") / pl.col("gpus"),
            bytes=pl.col("precision").replace_strict(BYTES_PER_PARAMETER, default=None, return_dtype=pl.Float64),
            task=pl.when(fixed, pl.col("load") == "offline")
            .then(
                pl.format(
                    "{} in, {} out", pl.col("input_tokens").cast(pl.Int64), pl.col("output_tokens").cast(pl.Int64)
                )
            )
            .when(pl.col("load") == "closed_loop", pl.col("output_length_kind") == "mean")
            .then(pl.col("prompts")),
        )
    )


def _fastest(rows: pl.DataFrame, by: list[str], column: str = PER_GPU) -> pl.DataFrame:
    """The row of every group with the highest value; the last by name among equals."""
    return rows.sort(column, *PLACE).group_by(by, maintain_order=True).last()


def _step(before: pl.DataFrame, after: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """Every row after a step beside the rows before it, whose columns end in `_before`."""
    return after.join(before.with_columns(pl.col(on).name.suffix("_before")), on=on, suffix="_before", nulls_equal=True)


def _written(pairs: pl.DataFrame, *, lever: str | pl.Expr, basis: pl.Expr, acts_on: str) -> pl.DataFrame:
    """Pairs of throughputs in `COLUMNS`."""
    energy = "energy_j_per_output_token"
    return pairs.select(
        (pl.lit(lever) if isinstance(lever, str) else lever).alias("lever"),
        *PLACE,
        pl.format("{}/{}", "source_before", "row_id_before").alias("reference"),
        "model",
        "gpu",
        pl.coalesce("task", "prompts").alias("task"),
        basis.alias("basis"),
        pl.lit(acts_on).alias("acts_on"),
        (pl.col(PER_GPU) / pl.col(f"{PER_GPU}_before")).alias("multiplier"),
        (pl.col("tdp_w") / pl.col("tdp_w_before")).alias("power_ratio"),
        (pl.col(f"{energy}_before") / pl.col(energy)).alias("measured_energy_multiplier"),
    ).select(COLUMNS)


def _lower_precision(rows: pl.DataFrame) -> pl.DataFrame:
    """Half the bytes per parameter: the same network, GPU, task, engine and load, fastest parallelism on each side."""
    # ASSUME: runs with as many requests in flight per GPU are under the same load; the fastest such load stands for
    # all. The sweeps of the two formats end at different batches, so that each one's fastest run would not compare.
    same = ["source", "network", "gpu", "task", "engine", "engine_version", "batch_per_gpu"]
    best = _fastest(rows, [*same, "precision"])
    pairs = _step(best, best, same).filter(pl.col("bytes") == pl.col("bytes_before") / 2)
    return _written(
        _fastest(pairs, ["network", "gpu", "task", "bytes"]),
        lever="lower_precision",
        basis=pl.format("{} to {}", "precision_before", "precision"),
        acts_on="gpu_seconds",
    )


def _newer_gpu(rows: pl.DataFrame) -> pl.DataFrame:
    """A newer GPU with the same network and task, fastest row on each: in the same format, or in a shorter one."""
    same = ["source", "network", "task"]
    best = _fastest(rows, [*same, "gpu"])
    pairs = pl.concat(
        _step(best.filter(pl.col("gpu") == before), best.filter(pl.col("gpu") == after), same)
        for before, after in GPU_STEPS
    ).filter(pl.col("bytes") <= pl.col("bytes_before"))
    # ASSUME: what a GPU can only do in a format that its predecessor lacks is one lever, not two: no row of the corpus
    # says what B200 reaches in FP8 on the tasks of the FP8 rows of H100 and H200.
    lever = (
        pl.when(pl.col("bytes") == pl.col("bytes_before"))
        .then(pl.lit("newer_gpu"))
        .otherwise(pl.lit("newer_gpu_lower_precision"))
    )
    return _written(
        _fastest(pairs, ["network", "gpu", "gpu_before", "task"]),
        lever=lever,
        basis=pl.format("{} {} to {} {}", "gpu_before", "precision_before", "gpu", "precision"),
        acts_on="gpu_seconds",
    )


def _newer_software(rows: pl.DataFrame) -> pl.DataFrame:
    """The newest against the oldest version of an engine: the same network, GPUs, precision and fixed lengths."""
    same = ["source", "network", "gpu", "precision", "gpus", "engine", "task"]
    numbered = rows.filter(
        pl.col("load") == "offline", pl.col("engine_version").str.contains(r"^[0-9]+\.[0-9]+$")
    ).with_columns(
        release=pl.col("engine_version")
        .str.split(".")
        .list.eval(pl.element().cast(pl.Int64))
        .list.to_struct(fields=["major", "minor"])
    )
    best = _fastest(numbered, [*same, "release"])
    first, last = (best.sort("release", descending=down).unique(same, keep="first") for down in (False, True))
    pairs = _step(first, last, same).filter(pl.col("release") != pl.col("release_before"))
    return _written(
        _fastest(pairs, ["network", "gpu", "task"]),
        lever="newer_software",
        basis=pl.format("{} {} to {}", "engine", "engine_version_before", "engine_version"),
        acts_on="gpu_seconds",
    )


def _larger_batch(measured_energy: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The batch of least energy per token against one of an eighth: the same model, GPUs, precision and prompts."""
    same = ["source", "model", "gpu", "precision", "prompts", *PARALLELISM]
    batches = measured_energy.filter(pl.col("boundary") == "gpu_boards", pl.col("batch_limit").is_not_null()).join(
        rows.select(*PLACE, "network"), on=PLACE
    )
    energy = "energy_j_per_output_token"
    best = batches.sort(energy, *PLACE).unique(same, keep="first", maintain_order=True)
    eighth = pl.col("batch_limit") * SMALL_BATCH / pl.col("batch_limit_before")
    pairs = (
        _step(batches, best, same)
        .with_columns(distance=eighth.log().abs())
        .filter(pl.col("distance") <= np.log(BATCH_TOLERANCE))
        .sort("distance", "row_id_before")
        .unique(same, keep="first", maintain_order=True)
        .sort(energy, *PLACE)
        .unique(["network", "gpu", "prompts"], keep="first", maintain_order=True)
    )
    multiplier = pl.col(f"{energy}_before") / pl.col(energy)
    return pairs.select(
        pl.lit("larger_batch").alias("lever"),
        *PLACE,
        pl.format("{}/{}", "source_before", "row_id_before").alias("reference"),
        "model",
        "gpu",
        pl.col("prompts").alias("task"),
        pl.format(
            "batch {} to {}", pl.col("batch_limit_before").cast(pl.Int64), pl.col("batch_limit").cast(pl.Int64)
        ).alias("basis"),
        pl.lit("energy").alias("acts_on"),
        multiplier.alias("multiplier"),
        pl.lit(1.0).alias("power_ratio"),
        multiplier.alias("measured_energy_multiplier"),
    ).select(COLUMNS)


def _between_models(before: pl.DataFrame, after: pl.DataFrame, same: list[str]) -> pl.DataFrame:
    """The fastest row of every network against the fastest of all networks that it may stand in for."""
    # ASSUME: a query that may go to another model would else have gone to the fastest of those it replaces, so that
    # no slow model makes a lever look large. That the answer is as good is not shown by any row of the corpus.
    return _step(_fastest(before, same), _fastest(after, [*same, "network"]), same)


def _sparser_model(rows: pl.DataFrame) -> pl.DataFrame:
    """Frontier mixtures of experts against the fastest dense frontier model: the same GPU, precision and task."""
    frontier = rows.filter(pl.col("model_class") == "frontier")
    dense, sparse = (frontier.filter(pl.col("architecture") == kind) for kind in ("dense", "moe"))
    return _written(
        _between_models(dense, sparse, ["source", "gpu", "precision", "task"]),
        lever="sparser_model",
        basis=pl.format("{} to {}", "model_before", "model"),
        acts_on="gpu_seconds",
    )


def _smaller_model(rows: pl.DataFrame) -> pl.DataFrame:
    """Models against the fastest of the next larger class and the same architecture: same GPU, precision and task."""
    same = ["source", "architecture", "gpu", "precision", "task"]
    pairs = pl.concat(
        _between_models(
            rows.filter(pl.col("model_class") == larger), rows.filter(pl.col("model_class") == smaller), same
        )
        for larger, smaller in CLASS_STEPS
    )
    # ASSUME: queries are routed to a model with fewer parameters per token. A mixture of experts may be of a smaller
    # class by all its parameters and yet use more of them, as Mixtral 8x22B does against Llama 4 Maverick.
    return _written(
        pairs.filter(pl.col("active") < pl.col("active_before")),
        lever="smaller_model",
        basis=pl.format("{} to {}", "model_before", "model"),
        acts_on="gpu_seconds",
    )


def _less_interactivity(rows: pl.DataFrame) -> pl.DataFrame:
    """One submitted system under a laxer latency limit (MLPerf): interactive to server, server to offline."""
    rows = rows.with_columns(system=pl.col("row_id").str.replace(r"/[^/]+$", ""))
    same = ["source", "system", "gpus"]
    pairs = pl.concat(
        _step(rows.filter(pl.col("load") == before), rows.filter(pl.col("load") == after), same)
        for before, after in LOAD_STEPS
    )
    return _written(
        _fastest(pairs, ["network", "gpu", "load"]),
        lever="less_interactivity",
        basis=pl.format("{} to {}", "load_before", "load"),
        acts_on="attainment",
    )


def summary(pairs: pl.DataFrame) -> pl.DataFrame:
    """Number and spread of `multiplier / power_ratio` per lever, every model on a GPU weighing the same.

    A share q lies at the value where the weight below it, half its own included, is q of the whole.
    """
    energy = pl.col("multiplier") / pl.col("power_ratio")
    weighted = pairs.with_columns(energy_multiplier=energy, weight=1 / pl.len().over("lever", "model", "gpu")).sort(
        "lever", "energy_multiplier"
    )
    found = []
    for (lever,), group in weighted.group_by("lever", maintain_order=True):
        weight = group["weight"].to_numpy()
        place = (weight.cumsum() - weight / 2) / weight.sum()
        spread = np.interp(list(SHARES.values()), place, group["energy_multiplier"].to_numpy())
        found.append(
            {"lever": lever, "pairs": len(group), "models": group["model"].n_unique()}
            | {f"multiplier_{name}": float(value) for name, value in zip(SHARES, spread, strict=True)}
        )
    schema = {"lever": pl.String, "pairs": pl.Int64, "models": pl.Int64}
    return pl.DataFrame(found, schema=schema | {f"multiplier_{name}": pl.Float64 for name in SHARES})
