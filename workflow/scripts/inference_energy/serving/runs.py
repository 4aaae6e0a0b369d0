"""Rows of the corpus that state or bound the batch of a replica, as runs of the serving model."""

import datetime
from collections.abc import Mapping

import polars as pl

from inference_energy.serving.replicas import LARGEST_BATCH, Registries, Replicas

REFERENCE_YEAR = 2026.0
YOUTH_YEARS = 0.5
OLD_ENGINE = "vLLM"
OLD_ENGINE_BEFORE = 2024.68  # version 0.6 (2024-09-05)
# Lengths of these prompts are nominal: counted tokens are 0.9 of them, in and out (7,390 of 8,192; 922 of 1,024).
COUNTED_OF_NOMINAL = 0.9
NOMINAL = "synthetic, random tokens"
INFERENCEX = "^(framework |runner .*image )"  # notes of its runs
MEMORY_OF_WEIGHTS = 0.6  # of a replica whose size is not stated, at most

# What the rows of one configuration share.
CELL = (
    *("source", "model", "gpu", "computes_in", "engine", "engine_version", "gpus_per_replica", "expert_parallel"),
    *("attention_data_parallel", "speculative", "input_tokens", "prompts"),
)


def runs(
    throughput: pl.DataFrame,
    energy: pl.DataFrame,
    models: pl.DataFrame,
    hardware: pl.DataFrame,
    prompt_lengths: pl.DataFrame,
    engine_releases: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every run of known lengths on a replica that holds its model, and the rows that are none.

    Runs have the columns of `Replicas` and what was measured of them; other rows `source`, `row_id` and the `reason`.

    Adds `campaign` (sources of one benchmark campaign), `cell` (rows of one configuration), `batch` and where it comes
    from (`batch_from`), `largest_batch`, `seconds_per_token` of the replica, `board_share` of the rated power where
    the boards were metered, and the measured energy. Rows with separate GPUs for prefill are left out, as are those of
    unknown lengths, and of models that do not fit their GPUs.

    The arguments are accepted rows, measured energies and registries.
    """
    measured = energy.select(
        "source", "row_id", "boundary", "energy_j_per_output_token", "power_cap_w_per_gpu", "power_w"
    )
    left_out = []

    def without(rows: pl.DataFrame, kept: pl.DataFrame, reason: str) -> pl.DataFrame:
        lost = rows.join(kept, on=["source", "row_id"], how="anti")
        left_out.append(lost.select("source", "row_id", pl.lit(reason).alias("reason")))
        return kept

    aggregated = throughput.filter(pl.col("serving").fill_null("aggregated") == "aggregated")
    rows = without(throughput, aggregated, "prefill and decode on separate GPUs")
    rows = without(rows, rows.filter(pl.col("phase") == "prefill_and_decode"), "prefill or decode alone")
    rows = without(rows, rows.drop_nulls("output_tok_per_s_per_gpu"), "output throughput of a GPU not known")
    rows = rows.join(measured, on=["source", "row_id"], how="left")
    rows = without(rows, _with_lengths(rows, prompt_lengths), "mean length of prompts or answers not known")
    rows = without(
        rows,
        Registries(models=models, hardware=hardware).described(rows),
        "memory, bandwidth or peak of the GPU not in the registry",
    )
    rows = _with_software(rows, engine_releases)
    note = pl.col("note").fill_null("")
    rows = rows.with_columns(
        engine=pl.col("engine").fill_null("not stated"),
        campaign=pl.when(_of_inferencex()).then(pl.lit("inferencex")).otherwise("source"),
        tuned=(_of_mlperf() | _of_tensorrt_llm()).cast(pl.Float64),
        attention_data_parallel=(
            note.str.contains("attention data-parallel") | (pl.col("data_parallel").fill_null(1) > 1)
        ).cast(pl.Float64),
        speculative=pl.col("speculative_decoding").fill_null("none").ne("none").cast(pl.Float64),
        cached_share=0.0,
    )
    rows = without(rows, _with_replica(rows), "number of GPUs of a replica not known")
    rows = without(rows, _with_batch(rows), "model does not fit into the memory of the GPUs")
    seconds = 1 / (pl.col("output_tok_per_s_per_gpu") * pl.col("gpus"))
    at_boards = pl.col("boundary") == "gpu_boards"
    rows = rows.with_columns(seconds_per_token=seconds).with_columns(
        board_share=pl.when(at_boards).then(
            pl.col("energy_j_per_output_token") * pl.col("output_tok_per_s_per_gpu") / pl.col("tdp_w")
        ),
        cell=pl.concat_str(pl.col(CELL).cast(pl.String).fill_null(""), separator="|"),
    )
    keys = ["source", "row_id"]
    return rows.sort(keys), pl.concat(left_out).sort(keys)


def for_fit(rows: pl.DataFrame, repeated: Mapping[str, str]) -> pl.DataFrame:
    """Runs that the model is fitted to: those with a batch.

    `repeated` are sources whose runs stand in another source too, and which; of these only those with energy are kept.
    """
    own = ~pl.col("source").is_in(list(repeated)) | pl.col("board_share").is_not_null()
    return rows.filter(own).drop_nulls("batch")


def _with_lengths(rows: pl.DataFrame, lengths: pl.DataFrame) -> pl.DataFrame:
    limits = [f"{kind}_time_per_token_limit_ms" for kind in ("server", "interactive")]
    means = ["input_tokens_mean", "output_tokens_mean", *limits]
    of_model = lengths.filter(pl.col("model").is_not_null()).select("prompts", "model", *means)
    of_all = lengths.filter(pl.col("model").is_null()).select("prompts", *means)
    rows = rows.join(of_model, on=["prompts", "model"], how="left").join(
        of_all, on="prompts", how="left", suffix="_all"
    )
    nominal = pl.col("prompts").fill_null("").str.starts_with(NOMINAL) & (pl.col("input_length_kind") == "unknown")
    factor = pl.when(nominal).then(COUNTED_OF_NOMINAL).otherwise(1.0)
    return (
        rows.with_columns(
            pl.coalesce(pl.col(f"{kind}_tokens") * factor, f"{kind}_tokens_mean", f"{kind}_tokens_mean_all").alias(
                f"{kind}_tokens"
            )
            for kind in ("input", "output")
        )
        .with_columns(
            time_per_token_limit_ms=pl.when(pl.col("load") == "server")
            .then(limits[0])
            .when(pl.col("load") == "interactive")
            .then(limits[1])
        )
        .drop_nulls(["input_tokens", "output_tokens"])
    )


def year(date: str) -> float:
    """A date such as 2025, 2025-06 or 2025-06-30 as a year; one that is not exact counts as its middle."""
    parts = [int(part) for part in date.split("-")]
    if len(parts) == 1:
        return parts[0] + 0.5
    if len(parts) == 2:
        return parts[0] + (parts[1] - 0.5) / 12
    return parts[0] + (datetime.date(*parts).timetuple().tm_yday - 0.5) / 365.25


def _with_software(rows: pl.DataFrame, releases: pl.DataFrame) -> pl.DataFrame:
    """Years of the software and of the model's release; old engines; youth of the model."""
    keys = ["engine", "engine_version"]
    of_version = releases.filter(pl.col("engine_version").is_not_null()).select(*keys, version_on="released_on")
    of_source = releases.filter(pl.col("source").is_not_null()).select("source", source_on="released_on")
    rows = rows.join(of_version.unique(keys), on=keys, how="left").join(of_source, on="source", how="left")
    dates = rows.select(software=pl.coalesce("version_on", "source_on", "published_on"), released="released_on")
    known = {date: year(date) for date in {*dates["software"], *dates["released"]} if date}
    software, released = (
        pl.Series([known.get(date) for date in dates[name]], dtype=pl.Float64) for name in dates.columns
    )
    # Medians over all versions since a date: the middle of the time since then, or since the model is out.
    starts = dict(releases.filter(pl.col("since").is_not_null()).select("source", "since").iter_rows())
    since = pl.Series([year(starts[name]) if name in starts else None for name in rows["source"]], dtype=pl.Float64)
    last = pl.Series([year(date) for date in rows["read_on"]], dtype=pl.Float64)
    dated = pl.DataFrame({"software": software, "released": released, "since": since, "last": last})
    first = pl.max_horizontal("since", "released")
    over = pl.when(pl.col("since").is_not_null()).then((first + pl.col("last")) / 2)
    software = dated.select(software=pl.coalesce(over, "software"))["software"]
    age = (software - released).clip(0)
    return rows.with_columns(
        software_years=software - REFERENCE_YEAR,
        youth=(-age / YOUTH_YEARS).exp(),
        old_engine=((rows["engine"] == OLD_ENGINE).fill_null(False) & (software < OLD_ENGINE_BEFORE)).cast(pl.Float64),
    )


def of_service(asked: pl.DataFrame, registries: Registries, software: float) -> pl.DataFrame:
    """Replicas of a service that nobody measured, with software of a year such as 2026.5.

    These are the columns that do not depend on its requests, for each `model`, `gpu` and `precision` of `asked`; rows
    whose model or GPU is unknown or states too little are left out.
    """
    known = registries.described(asked)
    of_dates = {date: max(0.0, software - year(date)) for date in known["released_on"].unique()}
    ages = pl.Series([of_dates[date] for date in known["released_on"]], dtype=pl.Float64)
    return known.with_columns(
        attention_data_parallel=0.0,
        speculative=0.0,
        tuned=0.0,
        old_engine=0.0,
        software_years=software - REFERENCE_YEAR,
        youth=(-ages / YOUTH_YEARS).exp(),
    )


def _of_inferencex() -> pl.Expr:
    """Whether a row is of InferenceX, whatever its source is called: its readers note the framework or the runner."""
    return pl.col("source").str.starts_with("inference") | pl.col("note").fill_null("").str.contains(INFERENCEX)


def _of_mlperf() -> pl.Expr:
    """Whether a row is a result of MLPerf, whatever its source is called."""
    return pl.col("source").str.starts_with("mlperf") | pl.col("prompts").fill_null("").str.starts_with("MLPerf")


def _of_tensorrt_llm() -> pl.Expr:
    """Whether a row is of the tables that NVIDIA publishes with TensorRT-LLM, whatever its source is called."""
    published = (pl.col("load") == "offline") & (pl.col("evidence") == "vendor_published")
    return pl.col("source").str.starts_with("tensorrt_llm") | (published & (pl.col("engine") == "TensorRT-LLM"))


def _with_replica(rows: pl.DataFrame) -> pl.DataFrame:
    """GPUs of a replica: stated, or the fewest that hold the weights where a result is of many replicas."""
    needed = pl.Series(Replicas.of(rows).weight_bytes) / (MEMORY_OF_WEIGHTS * rows["memory_b"])
    fewest = pl.min_horizontal(pl.lit(2 ** needed.log(2).ceil().clip(0)), pl.col("gpus").cast(pl.Float64))
    many = _of_mlperf() & pl.col("tensor_parallel").is_null()
    size = pl.when(many).then(fewest).otherwise(pl.col("gpus").cast(pl.Float64))
    return rows.with_columns(gpus_of_result="gpus").with_columns(gpus=size, gpus_per_replica=size).drop_nulls("gpus")


def _with_batch(rows: pl.DataFrame) -> pl.DataFrame:
    """Batch of a replica: stated, by Little's law from the time per token, or all that memory holds where offline."""
    largest = Replicas.of(rows).largest_batch()
    rows = rows.with_columns(largest_batch=pl.Series(largest)).filter(pl.col("largest_batch") >= 1)
    of_replica = pl.col("output_tok_per_s_per_gpu") * pl.col("gpus")
    by_latency = of_replica * pl.col("time_per_output_token_mean_ms") / 1000
    choices = {
        "stated": pl.col("concurrency"),
        "time per token": by_latency,
        "memory": pl.when(pl.col("load") == "offline").then(float(LARGEST_BATCH)),
    }
    origin = pl.coalesce(pl.when(value.is_not_null()).then(pl.lit(name)) for name, value in choices.items())
    batch = pl.min_horizontal(pl.coalesce(choices.values()), "largest_batch").clip(1)
    known = pl.coalesce(choices.values()).is_not_null()
    return rows.with_columns(batch_from=origin, batch=pl.when(known).then(batch))
