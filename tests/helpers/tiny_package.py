"""The tiny service as the installed package would hold it."""

from pathlib import Path

import polars as pl
from inference_energy.answers.packaged import Packaged
from inference_energy.common import yaml_files
from tiny_service import entries, tables

SCHEMA = Path(__file__).parents[2] / "workflow/schemas/study_nested.schema.yaml"
GRID = pl.DataFrame(
    {
        **{"zone": ["ABC", "DRY"], "label": ["Abece", "Dry land"], "carbon_gco2e_per_kwh": [400.0, 0.0]},
        **{"carbon_basis": ["life cycle", "direct"], "water_l_per_kwh": [3.0, None]},
    }
)
CLOSED = pl.DataFrame(
    [
        {
            **{"model": "Secret", "aliases": "secret-1", "developer": "X", "disclosed": "not disclosed"},
            **{"smallest_class": "frontier", "largest_class": "frontier", "evidence": "third_party_estimate"},
            **{"basis": "a guess", "assumed_on": "2026-01-01", "source": "https://example.org"},
        }
    ]
)


def tiny_package(*, draws=4, of=None, **study) -> Packaged:
    """Tables of the tiny study, with an alias for its model and its GPU.

    Args:
        draws: of the shared uncertainty.
        of: what it draws on, in place of `tables()`.
        study: entries in place of those of the study.
    """
    found = of or tables()
    runs = found.runs.with_columns(pl.lit("s").alias("source"))
    effects = found.effects.with_columns(pl.lit(1).alias("rows"))
    models = found.models.with_columns(pl.lit(None, pl.String).alias("aliases"), context_length_tokens=pl.lit(10_000))
    named = {"runs": runs, "effects": effects, "models": models.with_columns(aliases=pl.lit(None, pl.String))}
    held = {name: named.get(name, getattr(found, name)) for name in found.__dataclass_fields__}
    return Packaged(
        tables=type(found)(**held),
        grid=GRID,
        closed_models=CLOSED,
        studies={"current": {key: value for key, value in entries(**study).items() if value is not None}},
        schema=yaml_files.read_yaml(SCHEMA),
        version="1.2.3",
        contents="0123456789ab",
        draws=draws,
        seed=1,
    )
