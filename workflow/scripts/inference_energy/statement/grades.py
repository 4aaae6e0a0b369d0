"""Evidence behind the energy of a usage: names as they were understood, evidence for every model, shares of tokens."""

from collections.abc import Mapping

import polars as pl

from inference_energy.energy.service import Member
from inference_energy.statement.coefficients import UnitEnergy
from inference_energy.statement.model_names import BY_DEFAULT, CLASS, LEFT_OUT, MODEL, Subject, tokens
from inference_energy.throughput.borrowing import OWN

NONE = "(none)"  # label where a log names no model, tenant or region

# Quality of the evidence behind the throughput of some tokens, best first, in words for readers.
GRADES = {
    OWN: "measured: benchmarks of the model on the GPU at several lengths",
    "other_version": "borrowed from another software version of the same model and GPU",
    "other_gpu": "borrowed from the same model on another GPU",
    "other_model": "borrowed from another model of like architecture",
    "other_architecture": "borrowed from a model of another architecture",
    CLASS: "mean of a class of models, as the usage file asks",
    BY_DEFAULT: "mean of a class of models, as the name is not known",
    LEFT_OUT: "none: name not known, left out of all totals",
}


def labelled(sums: pl.DataFrame, subjects: Mapping[str | None, Subject]) -> pl.DataFrame:
    """Sums with their subject and a label of the model for readers; those that are left out are removed."""
    names = _understood(subjects).filter(pl.col("treatment") != LEFT_OUT).drop("treatment")
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


def graded(names: pl.DataFrame, of: UnitEnergy, kinships: Mapping[Member, str]) -> pl.DataFrame:
    """Share of tokens by the quality of the evidence behind the throughput that serves them.

    A model is served by several GPUs: its tokens are divided among them by their shares in the study.

    Args:
        names: table of `names_table`.
        of: the usage.
        kinships: relation of the model whose rows a member's curve is fitted to.

    Returns:
        One row per grade that occurs: `grade, meaning, token_share`; the shares sum to 1.
    """
    shares = dict.fromkeys(GRADES, 0.0)
    for row in names.iter_rows(named=True):
        if row["treatment"] != MODEL:
            shares[row["treatment"]] += row["token_share"]
            continue
        for member, weight in of.service.weights(row["subject"]).items():
            shares[kinships[member]] += row["token_share"] * float(weight)
    rows = [(grade, GRADES[grade], share) for grade, share in shares.items() if share > 0]
    return pl.DataFrame(rows, {"grade": pl.String, "meaning": pl.String, "token_share": pl.Float64}, orient="row")


def outside_share(rows: pl.DataFrame, of: UnitEnergy) -> float:
    """Share of tokens in rows whose mean prompt or answer is outside the lengths of the benchmarks behind their model.

    Single requests are not kept, so the mean of a step, model, tenant and region represents its requests.
    """
    total = float(rows.select(tokens().sum()).item())
    outside = 0.0
    for (subject,), part in rows.filter(pl.col("requests") > 0).group_by("subject", maintain_order=True):
        means = [
            pl.col(name).cast(pl.Float64) / pl.col("requests").cast(pl.Float64)
            for name in ("input_tokens", "output_tokens")
        ]
        for member, weight in of.service.weights(subject).items():
            ranges = of.service.ranges[member]
            inside = pl.all_horizontal(mean.is_between(*bounds) for mean, bounds in zip(means, ranges, strict=True))
            outside += float(weight) * float(part.filter(~inside).select(tokens().sum()).item() or 0.0)
    return outside / total if total else 0.0
