"""Columns of one registry row that must agree with each other."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.corpus.registry_tables import MODEL_CLASSES, Model


@dataclass(frozen=True)
class Rule:
    """What a row must fulfil."""

    column: str  # the column at fault if it does not
    broken: pl.Expr  # true for rows that break the rule
    allowed: str  # what is allowed, for people to read


def _known(column: str) -> pl.Expr:
    return pl.col(column).is_not_null()


def _rank(column: str) -> pl.Expr:
    """0 for the smallest class."""
    return pl.col(column).replace_strict(MODEL_CLASSES[::-1], range(len(MODEL_CLASSES)), return_dtype=pl.Int64)


COLUMNS = list(Model.to_schema().columns)
ARCHITECTURE = COLUMNS[COLUMNS.index("layers") : COLUMNS.index("architecture_source")]
MIXED = ["sliding_window_mixed", "sparse", "linear_mixed"]
LATENT = ["latent", "sparse_latent"]
MODEL_RULES = [
    Rule("experts", _known("experts") & (pl.col("architecture") != "moe"), "no experts, as architecture is not moe"),
    Rule("experts_per_token", _known("experts") != _known("experts_per_token"), "both experts and this, or neither"),
    Rule("experts_per_token", pl.col("experts_per_token") > pl.col("experts"), "at most experts"),
    Rule("full_attention_layers", pl.col("full_attention_layers") > pl.col("layers"), "at most layers"),
    Rule(
        "full_attention_layers",
        _known("full_attention_layers") & ~pl.col("attention").is_in(MIXED).fill_null(value=False),
        f"empty, unless attention is one of {', '.join(MIXED)}",
    ),
    Rule(
        "latent_kv_size",
        (_known("latent_kv_size") & ~pl.col("attention").is_in([*LATENT, "linear_mixed"]).fill_null(value=False))
        | (pl.col("latent_kv_size").is_null() & pl.col("attention").is_in(LATENT)),
        "a number for latent and sparse_latent attention, possible for linear_mixed, else empty",
    ),
    Rule(
        "key_value_heads",
        _known("key_value_heads") & pl.col("attention").is_in(LATENT),
        "empty, as latent attention has none",
    ),
    Rule(
        "architecture_source",
        pl.col("architecture_source").is_null() & pl.any_horizontal(_known(name) for name in ARCHITECTURE),
        f"a source, as one of {', '.join(ARCHITECTURE)} is given",
    ),
]
ENDS = [f"active_parameters_billions_{end}" for end in ("min", "max")]
CLOSED_MODEL_RULES = [
    Rule("largest_class", _rank("largest_class") < _rank("smallest_class"), "no smaller than smallest_class"),
    Rule(ENDS[1], _known(ENDS[0]) != _known(ENDS[1]), "both ends of the range, or neither"),
    Rule(ENDS[1], pl.col(ENDS[1]) < pl.col(ENDS[0]), f"no less than {ENDS[0]}"),
]


def must_agree(path: Path, registry: pl.DataFrame, rules: list[Rule]) -> None:
    """Check every row against every rule.

    The name of the model is in column `model`; `path` is the file, for errors.

    Raises:
        InputError: the first row that breaks a rule.
    """
    for rule in rules:
        broken = registry.filter(rule.broken)
        if not broken.is_empty():
            row = broken.row(0, named=True)
            raise InputError(
                f"{path}: {row['model']}: {rule.column}: found {row[rule.column]!r}; allowed: {rule.allowed}"
            )
