"""A statement for programs: what it answers, by what method, and its tables in full precision."""

from collections.abc import Mapping

import polars as pl

from inference_energy.statement import audit
from inference_energy.statement.tables import TABLES
from inference_energy.tables.dictionary import data_dictionary

# Tables with a row per step, file or name are left to their own files.
HELD = ("statement", "inventory", "disclosures", "costs", "capacity", "evidence", "quality", "factors", "servers")


def statement(
    tables: Mapping[str, pl.DataFrame], *, usage: dict, study: dict, version: str, draws: int, seed: int
) -> dict:
    """A statement as plain values; arguments as those of `text.content`.

    Every table is a list of rows; `columns` says their types, units and meanings. What is not known is null.
    """
    entries = data_dictionary([TABLES[name] for name in HELD])
    return {
        "about": about(usage, study, version=version, draws=draws, seed=seed)
        | {"period": audit.period(tables["statement"])},
        "answers": [
            {"question": question, "answer": answer}
            for question, answer in audit.answers(tables, usage=usage, study=study, version=version, draws=draws)
        ],
        "tables": {name: tables[name].to_dicts() for name in HELD},
        "columns": {
            name: {entry.column: {"type": entry.type, "unit": entry.unit, "meaning": entry.meaning} for entry in of}
            for name, of in entries.items()
        },
    }


def about(usage: dict, study: dict, *, version: str, draws: int, seed: int) -> dict:
    """What identifies a statement and its method; of one `method`, the same sums give the same numbers."""
    return {
        "title": usage["title"],
        "organisation": usage.get("organisation"),
        "boundary": usage["boundary"],
        "version": version,
        "study": usage["study"],
        "study_checksum": audit.checksum(study),
        "usage_checksum": audit.checksum(usage),
        "method": f"inference-energy {version}, study {usage['study']} ({audit.checksum(study)})",
        "draws": draws,
        "seed": seed,
    }
