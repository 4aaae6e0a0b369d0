"""What documents say of the results, written from the tables: README.md, docs/ and results/README.md."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from inference_energy.common import escaped, files
from inference_energy.headline import answers
from inference_energy.publish import catalogue, documented
from inference_energy.statement import tables
from inference_energy.studies.files import resolve
from inference_energy.tables.public import STUDY, PublicTable

TABLES_OF = "results/README.md"
HEAD = ["| table | file | one row is |", "|---|---|---|"]
NEWEST = "Joule 2026"  # edition of the paper whose printed values stand beside the answers


def documents(root: Path) -> Iterator[tuple[Path, str, str]]:
    """Every document with parts that are written from the tables: its path, its text as it is, and as it should be.

    Raises:
        InputError: a mark that is missing.
    """
    results, current = root / "results", answers.CURRENT
    study = resolve(current, root / "config/studies")
    subject = study["fleet"]["subject"]
    headline = escaped.read_csv(results / "headline.csv")
    scores = escaped.read_csv(results / "validation/scores.csv")
    energy = {
        name: pl.read_parquet(results / name / "energy_per_query.parquet") for name in (*documented.PRINTED, current)
    }
    labels = {name: of["label"].replace("-", "–") for name, of in study["classes"].items()}
    fleets = pl.read_parquet(results / catalogue.BY_NAME["published_fleets"].path)
    told = answers.answers(headline.iter_rows(named=True), current, subject)
    blocks = {
        "README.md": {
            "answers": documented.answer_lines(told, NEWEST),
            "scores": documented.score_lines(scores),
        },
        "docs/results.md": {
            "editions": documented.edition_lines(headline, energy, current, subject),
            "classes": documented.class_lines(energy[current], labels),
            "workloads": documented.workload_lines(energy[current], subject),
        },
        "docs/validation.md": {
            "every score": documented.every_score_lines(scores),
            "statements": documented.stated_lines(fleets),
        },
        TABLES_OF: {"tables": table_lines([*catalogue.PUBLIC_TABLES, *tables.TABLES.values()])},
    }
    for name, lines in blocks.items():
        text = (root / name).read_text(encoding="utf-8")
        yield root / name, text, documented.filled(text, name, lines)


def write(root: Path) -> None:
    """Write every document that the tables no longer agree with."""
    for path, text, filled in documents(root):
        if filled != text:
            files.write(path, filled)


def table_lines(tables: Iterable[PublicTable]) -> list[str]:
    """The public tables: name, file and what one row is."""
    return [*HEAD, *map(_row, tables)]


def _row(table: PublicTable) -> str:
    (only,) = table.schemas if len(table.schemas) == 1 else ("",)
    methods = f" (studies of method `{only}`)" if only else ""
    return f"| `{table.name}` | `{table.path.replace(STUDY, '<study>')}` | {table.meaning}{methods} |"
