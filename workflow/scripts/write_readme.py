"""Writes the list of tables in results/README.md; called by `make readme`."""

from pathlib import Path

from inference_energy.common import files
from inference_energy.publish import catalogue, readme
from inference_energy.statement import tables

PATH = Path("results/README.md")

text = PATH.read_text(encoding="utf-8")
files.write(PATH, readme.with_tables(text, [*catalogue.PUBLIC_TABLES, *tables.TABLES.values()]))
