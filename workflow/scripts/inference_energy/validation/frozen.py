"""The frozen prediction: the serving model as it was last fitted, for a source that it did not learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from inference_energy.common import yaml_files
from inference_energy.common.errors import InputError
from inference_energy.corpus import plausible, read, registries
from inference_energy.corpus.names import Names, network
from inference_energy.corpus.origins import ORIGIN
from inference_energy.energy.tables import NodePower
from inference_energy.serving import runs as serving_runs, stored, tables
from inference_energy.serving.fit import ServingModel
from inference_energy.serving.parameters import POWER, TIME
from inference_energy.tables.rows import one_line
from inference_energy.validation import goals, left_out, scoreboard
from inference_energy.validation.left_out import Setting

FITTED = {name: Path(f"results/serving/serving_{name}.parquet") for name in (*stored.NAMES, "runs")}
KEYS = ("source", "row_id")
NUMBERS = ("gpus", "input_tokens", "output_tokens", "seconds_per_token")  # by which runs are told apart
SHOWN = 10  # rejected rows that are printed
NO_BATCH = "running requests not known: neither concurrency nor time per token stated, and not offline"
NO_RATED_POWER = "energy: rated power of the GPU not in the registry"
NOT_OF_BOARDS = "energy: of a node behind its power supplies, which is not predicted"
NO_RUN = "a statement about a query, which is no run"


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """The fit of the last run, and all that predictions of a source need besides."""

    model: ServingModel  # the fit
    learnt: pl.DataFrame  # runs that it learnt from
    models: pl.DataFrame  # model registry
    hardware: pl.DataFrame  # hardware registry
    known: Mapping[str, Names]  # names of both
    prompt_lengths: pl.DataFrame  # mean lengths by kind of prompts
    engine_releases: pl.DataFrame  # dates of versions of engines
    origin_schema: dict  # JSON schema of an `origin.yaml`
    limits: Mapping[str, float]  # `checks` of config/config.yaml, outside which a measured energy cannot be true
    saturation: float  # share of the largest throughput of its configuration above which a run counts as saturated
    setting: Setting  # draws, seed, replicas and hosts


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Scores of a source that is not taken in."""

    scores: pl.DataFrame  # of `scoreboard.scores`
    runs: pl.DataFrame  # every prediction, and every row or energy that is not predicted, with the reason
    not_predicted: pl.DataFrame  # number of rows or records by reason
    rejected: list[str]  # rows that are not what the table of benchmarks allows, a line each
    seen: bool  # whether the fit learnt from a source of this name
    repeated: int  # runs that equal one that the fit learnt from


def last_run(root: Path) -> Frozen:
    """What the last run left in a project folder, with its registries and configuration.

    Raises:
        InputError: no fit, or one of another version; a fault of a registry or of the configuration.
    """
    for path in FITTED.values():
        if not (root / path).is_file():
            raise InputError(f"{path}: no such file; run `make` first, which fits the model")
    fitted = {name: pl.read_parquet(root / path) for name, path in FITTED.items()}
    runs = fitted.pop("runs")
    for part, parameters in (("time", TIME), ("power", POWER)):
        names = fitted["parameters"].filter(pl.col("part") == part)["parameter"].to_list()
        if names != [parameter.name for parameter in parameters]:
            raise InputError(f"{FITTED['parameters']}: found parameters of another version; run `make` first")
    config = yaml_files.read_yaml(root / "config/config.yaml")
    protocol = read_protocol(root)
    resources = root / "resources"
    models, model_names = registries.read_models(resources / "models.csv")
    hardware, gpu_names = registries.read_hardware(resources / "hardware.csv")
    node_power = registries.read_registry(resources / "node_power.csv", NodePower)
    return Frozen(
        model=stored.from_tables(**fitted),
        learnt=serving_runs.for_fit(runs, protocol["repeated"]),
        models=models,
        hardware=hardware,
        known={"model": model_names, "gpu": gpu_names},
        prompt_lengths=registries.read_registry(resources / "prompt_lengths.csv", tables.PromptLengths),
        engine_releases=registries.read_registry(resources / "engine_releases.csv", tables.EngineRelease),
        origin_schema=yaml_files.read_yaml(root / "workflow/schemas/origin.schema.yaml"),
        limits=config["checks"],
        saturation=protocol["saturation"],
        setting=Setting(
            draws=protocol["draws"],
            seed=config["seed"],
            replica_gpus=protocol["replica_gpus"],
            host_w=left_out.host_power_w(node_power, hardware["gpu"].to_list()),
        ),
    )


def read_protocol(root: Path) -> dict[str, Any]:
    """The validation protocol of a project folder.

    Raises:
        InputError: a fault in it.
    """
    path = Path("config/validation.yaml")
    protocol = yaml_files.read_yaml(root / path)
    yaml_files.check(protocol, yaml_files.read_yaml(root / "workflow/schemas/validation.schema.yaml"), path)
    return protocol


def judge(folder: Path, of: Frozen) -> Judged:
    """The frozen prediction of a source next to what it measured.

    The source is laid out as in resources/benchmarks. If it is of no campaign that the fit knows, such as InferenceX,
    its campaign is the name of its folder, and its deviations are uncertain as for any new source.

    Raises:
        InputError: no such folder, a fault of its origin or of a whole file, or no run that can be scored.
    """
    if not folder.is_dir():
        raise InputError(f"SOURCE: {folder}: no such folder")
    if not (folder / ORIGIN).is_file():
        raise InputError(f"SOURCE: {folder}: found no {ORIGIN}; allowed: a folder as `make new-source` makes it")
    folder = folder if folder.name not in ("", "..") else folder.resolve()
    return judge_tables(folder, read.read_source(folder, of.origin_schema, dict(of.known)), of)


def judge_tables(folder: Path, found: Mapping[str, pl.DataFrame], of: Frozen) -> Judged:
    """The same for the tables of `read.read_source`."""
    energy, apart = plausible.set_apart(found["measured_energy"], of.hardware, dict(of.limits))
    runs, no_runs = serving_runs.runs(
        found["throughput"], energy, of.models, of.hardware, of.prompt_lengths, of.engine_releases
    )
    predictable = runs.filter(pl.col("tdp_w").is_not_null() | pl.col("boundary").is_null())
    parts = [
        left_out.predictions(of.model, predictable, of.learnt, of.setting),
        left_out.time_at_batch(of.model, runs, of.setting),
    ]
    predicted = pl.concat(parts).with_columns(left_out=pl.lit("none"), value=pl.lit(""))
    impossible = apart.select(
        *KEYS, "message", pl.format("energy: cannot be true, by check {}", "check").alias("reason")
    )
    reasons = _placed(pl.concat([no_runs, *_not_predicted(runs), impossible], how="diagonal"), found["throughput"], of)
    statements = found["published_estimate"].select(*KEYS, "file", "line", pl.lit(NO_RUN).alias("reason"))
    reasons = pl.concat([reasons, statements], how="diagonal")
    rejected = [one_line(row) for row in found["rejected_row"].iter_rows(named=True)]
    counts = _counts(reasons, found["left_out"])
    if predicted.is_empty():
        raise InputError(f"SOURCE: {folder}: no run can be scored: {_why(rejected, counts)}")
    places = found["throughput"].select(*KEYS, "file", "line")
    bad = found["rejected_row"].select("source", "file", "line", pl.Series("reason", rejected, dtype=pl.String))
    told = reasons.with_columns(reason=pl.coalesce("message", "reason"))
    every = [predicted.join(places, on=KEYS, how="left"), told, bad]
    return Judged(
        scores=scoreboard.scores(predicted, scoreboard.saturated(runs, of.saturation)),
        runs=pl.concat(every, how="diagonal_relaxed")
        .join(runs.select(*KEYS, "batch", "batch_from"), on=KEYS, how="left")
        .sort("score", "row_id", "file", "line", "reason"),
        not_predicted=counts,
        rejected=rejected,
        seen=any(folder.name in of.learnt[column].unique() for column in ("campaign", "source")),
        repeated=_repeated(runs, of.learnt),
    )


def _not_predicted(runs: pl.DataFrame) -> list[pl.DataFrame]:
    """Runs without a batch, and energies that the model does not say."""
    boundary = pl.col("boundary").fill_null("")
    cases = {
        NO_BATCH: pl.col("batch").is_null() & (boundary != "node_wall"),
        NO_RATED_POWER: boundary.is_in(["gpu_boards", "node_wall"]) & pl.col("tdp_w").is_null(),
        NOT_OF_BOARDS: boundary == "node",
    }
    return [runs.filter(where).select(*KEYS, pl.lit(reason).alias("reason")) for reason, where in cases.items()]


def _repeated(runs: pl.DataFrame, learnt: pl.DataFrame) -> int:
    """Runs that equal one of the others in all that tells runs apart; stored tables have nine digits."""
    ours, theirs = (
        frame.select("network", "gpu", "precision", pl.col(*NUMBERS).cast(pl.Float64).round_sig_figs(6))
        for frame in (runs, learnt)
    )
    return len(ours.join(theirs, on=ours.columns, how="semi"))


def _placed(reasons: pl.DataFrame, throughput: pl.DataFrame, of: Frozen) -> pl.DataFrame:
    """Reasons with the place of each row in its file, and what it is a run of."""
    networks = of.models.select("model", network())
    rows = throughput.join(networks, on="model").select(
        *KEYS, "file", "line", "network", "gpu", "precision", "engine", "prompts"
    )
    return reasons.join(rows, on=KEYS, how="left")


def _counts(reasons: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Rows of every reason, and records of every reason for which a format left them out; the most first."""
    rows = reasons.group_by("reason").agg(pl.len().cast(pl.Int64).alias("rows"))
    omitted = records.group_by("reason").agg(pl.col("records").sum().alias("rows"))
    return pl.concat([rows, omitted]).sort("rows", "reason", descending=[True, False])


def _why(rejected: Sequence[str], counts: pl.DataFrame) -> str:
    if rejected:
        return rejected[0] + (f" (and {len(rejected) - 1} more)" if len(rejected) > 1 else "")
    return "; ".join(f"{rows} x {reason}" for reason, rows in counts.iter_rows()) or "found no rows"


def outputs(folder: Path, out: Path | None) -> dict[str, str]:
    """Where scores and runs of a source are written: `out` and next to it, by default a folder of results/validation.

    Raises:
        InputError: a file that is no CSV.
    """
    if out is None:
        place = Path("results/validation") / folder.resolve().name
        return {"scores": str(place / "scores.csv"), "runs": str(place / "runs.csv")}
    if out.suffix != ".csv":
        raise InputError(f"OUT: found {str(out)!r}; allowed: a file whose name ends in .csv")
    return {"scores": str(out), "runs": str(out.with_name(f"{out.stem}_runs.csv"))}


def lines(judged: Judged) -> list[str]:
    """What there is to say of a source, a line each: its scores, and what is not predicted."""
    told = goals.of_all(judged.scores)
    if judged.seen:
        told.append("The fit learnt from a source of this name: these are no predictions of a new source.")
    if judged.repeated:
        told.append(
            f"The fit learnt from {judged.repeated} of these runs: model, GPU, lengths and throughput are equal."
        )
    if len(judged.not_predicted):
        told += ["Not predicted:", *(f"  {rows} x {reason}" for reason, rows in judged.not_predicted.iter_rows())]
    if judged.rejected:
        told += [f"Rejected: {len(judged.rejected)}", *(f"  {line}" for line in judged.rejected[:SHOWN])]
        more = len(judged.rejected) - SHOWN
        told += [f"  and {more} more, in the table of runs"] if more > 0 else []
    return told


def before_taking_in(root: Path, folder: Path) -> list[str]:
    """What `make new-source` says of the frozen prediction: its scores, or what is missing for them, a line each."""
    try:
        return ["Predicted by the last fit, before it is taken in:", *lines(judge(folder, last_run(root)))]
    except InputError as fault:
        return [f"not scored yet: {fault}", f"`make validate SOURCE={folder}` compares it with the last fit"]
