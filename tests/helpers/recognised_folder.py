"""A folder of files recognised by their structure, and what is counted in it."""

import logging
from pathlib import Path

import polars as pl
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus import registries
from inference_energy.statement.logs import bills, files as usage_files, metering, recognised, repeats

ROOT = Path(__file__).parents[2]
FORMATS = recognised.read_formats(
    ROOT / "resources/usage_formats", read_yaml(ROOT / "resources/usage_formats/schema.yaml")
)
SCHEMA = read_yaml(ROOT / "workflow/schemas/usage.schema.yaml")
REGISTRY = registries.read_models(ROOT / "resources/models.csv")[1]
CLOSED = registries.read_closed_models(ROOT / "resources/closed_models.csv", REGISTRY)
CLOUDS = ["aws:eu-north-1", "aws:us-east-1", "azure:eastus", "one:twice", "two:twice"]


def recognise(folder: Path, place: Path) -> tuple[str, list[str]]:
    place.mkdir(exist_ok=True)
    return recognised.recognise(folder, place, FORMATS, SCHEMA, REGISTRY, CLOSED, CLOUDS)


def counted(folder: Path, place: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sums of all sources by model, and kinds, of the usage file that is written for a folder."""
    name, _ = recognise(folder, place)
    usage = usage_files.read_usage(name, place, SCHEMA)
    logs, billed = (usage_files.files_of(usage, kind, name) for kind in ("logs", "bills"))
    tables, kinds = [], []
    if logs:
        options = {"place": name, "step_minutes": 60, "leave_out": False, "threads": 1, "folder": place}
        found = metering.metered(logs, usage["logs"], logger=logging.getLogger("test"), **options)
        repeats.check(found["marks"])
        tables.append(found["sums"])
        kinds.append(found["kinds"])
    if billed:
        sums, of, _ = bills.billed(billed, usage["bills"], place=name, folder=place)
        tables.append(sums)
        kinds.append(of)
    columns = ("source", "model", "requests", "input_tokens", "cached_tokens", "output_tokens")
    return pl.concat([table.select(columns) for table in tables]), pl.concat(kinds)
