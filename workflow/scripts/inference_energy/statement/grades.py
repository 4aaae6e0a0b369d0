"""Evidence behind the energy of a usage: names as they were understood, evidence for every model, shares of tokens."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.energy.service import Service
from inference_energy.statement.coefficients import REQUESTS
from inference_energy.statement.model_names import BY_DEFAULT, CLASS, LEFT_OUT, MODEL, NOT_ESTIMATED, Subject, tokens

NONE = "(none)"  # label where a log names no model, tenant or region

OWN_RUNS, OTHER_GPUS, OTHER_MODELS, NO_RUNS = "own_runs", "other_gpus", "other_models", "no_runs"
# Quality of the evidence behind the speed of some tokens, best first, in words for readers.
GRADES = {
    OWN_RUNS: "measured: the serving model is fitted to runs of the model on the GPU",
    OTHER_GPUS: "predicted from runs of the model on other GPUs, and of other models on the GPU",
    OTHER_MODELS: "predicted from the sizes of the model, and runs of other models on the GPU",
    NO_RUNS: "predicted for a GPU without runs",
    CLASS: "mean of a class of models, as the usage file asks",
    BY_DEFAULT: "mean of a class of models, as the name is not known",
    LEFT_OUT: "none: left out of all totals",
    NOT_ESTIMATED: "none: a model of another kind, such as embeddings, left out of all totals",
}


def labelled(sums: pl.DataFrame, subjects: Mapping[str | None, Subject]) -> pl.DataFrame:
    """Sums with their subject and a label of the model for readers; those that are left out are removed."""
    names = _understood(subjects).filter(pl.col("subject").is_not_null()).drop("treatment")
    found = sums.join(names, on="model", how="inner", nulls_equal=True, maintain_order="left")
    return found.rename({"model": "name", "label": "model", "region": "region_name"}).with_columns(
        region=pl.col("region_name").fill_null(NONE), tenant=pl.col("tenant").fill_null(NONE)
    )


def _understood(subjects: Mapping[str | None, Subject]) -> pl.DataFrame:
    """Names with how they are understood: `model, treatment, subject, label`."""
    rows = [(name, subject.treatment, subject.name, label(subject)) for name, subject in subjects.items()]
    return pl.DataFrame(rows, dict.fromkeys(("model", "treatment", "subject", "label"), pl.String), orient="row")


def label(subject: Subject) -> str:
    """A subject for readers."""
    if subject.treatment == MODEL:
        return subject.name
    return f"class {subject.name}" if subject.treatment == CLASS else f"unknown, as class {subject.name}"


def names_table(sums: pl.DataFrame, subjects: Mapping[str | None, Subject]) -> pl.DataFrame:
    """Every name of a model in logs and bills: requests, share of tokens, and how it was understood."""
    total = float(sums.select(tokens().sum()).item()) or 1.0
    found = sums.group_by("model").agg(
        pl.col("requests").cast(pl.Float64).sum(), (tokens().sum() / total).alias("token_share")
    )
    joined = found.join(_understood(subjects), on="model", nulls_equal=True)
    return joined.sort("token_share", "model", descending=[True, False]).select(
        pl.col("model").fill_null(NONE).alias("name"), "requests", "token_share", "treatment", "subject"
    )


def graded(names: pl.DataFrame, of: Mapping[str, Service], effects: pl.DataFrame) -> pl.DataFrame:
    """Share of tokens by the quality of the evidence behind the speed of what serves them.

    `of` are the subjects of `coefficients.serving`, `effects` is table `serving_effects`.

    Returns:
        One row per grade that occurs: `grade, meaning, token_share`; the shares sum to 1.
    """
    shares, known = dict.fromkeys(GRADES, 0.0), Runs.of(effects)
    for row in names.iter_rows(named=True):
        if row["treatment"] != MODEL:
            shares[row["treatment"]] += row["token_share"]
            continue
        for (network, gpu), share in _served_by(of[row["subject"]], row["subject"]):
            shares[known.grade(network, gpu)] += row["token_share"] * share
    rows = [(grade, GRADES[grade], share) for grade, share in shares.items() if share > 0]
    return pl.DataFrame(rows, {"grade": pl.String, "meaning": pl.String, "token_share": pl.Float64}, orient="row")


@dataclass(frozen=True, kw_only=True)
class Runs:
    """What the runs are of that the serving model is fitted to."""

    networks: set[str]
    gpus: set[str]
    both: set[str]  # networks and the GPUs that they ran on

    @classmethod
    def of(cls, effects: pl.DataFrame) -> "Runs":
        """From table `serving_effects`."""
        names = ("roofline_network", "roofline_gpu", "time_network_gpu")
        networks, gpus, both = (_with_runs(effects, name) for name in names)
        return cls(networks=networks, gpus=gpus, both=both)

    def grade(self, network: str, gpu: str) -> str:
        """Quality of the evidence behind the speed of a network on a GPU, one of `GRADES`."""
        if f"{network} / {gpu}" in self.both:
            return OWN_RUNS
        if gpu in self.gpus:
            return OTHER_GPUS if network in self.networks else OTHER_MODELS
        return NO_RUNS


def unmetered_share(names: pl.DataFrame, of: Mapping[str, Service], effects: pl.DataFrame) -> float:
    """Share of tokens that are served on GPUs whose boards no run metered; arguments as those of `graded`."""
    metered = _with_runs(effects, "power_gpu")
    return sum(
        tokens * share
        for subject, tokens in names.drop_nulls("subject").select("subject", "token_share").iter_rows()
        for (_, gpu), share in _served_by(of[subject], subject)
        if gpu not in metered
    )


def _with_runs(effects: pl.DataFrame, effect: str) -> set[str]:
    """Levels of an effect of the serving model that runs have."""
    return set(effects.filter(pl.col("effect") == effect, pl.col("rows") > 0)["level"])


def _served_by(service: Service, subject: str) -> list[tuple[tuple[str, str], float]]:
    """Network and GPU of everything that serves a subject, and its mean share of the requests."""
    shares, weights = service.serving(subject, REQUESTS)
    members = service.members.frame.select("network", "gpu").rows()
    return list(zip(members, map(float, np.average(shares, axis=0, weights=weights)), strict=True))
