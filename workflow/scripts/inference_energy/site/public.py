"""The public tables under one address, `v1/`: what is there, with checksums, and the factors of each model."""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from inference_energy.common import files
from inference_energy.corpus.origins import sha256
from inference_energy.site.model_pages import slug

# The address says how the documents are laid out; the version in them says which numbers they hold.
ADDRESS = "v1"
SCHEMAS = {"factors.schema.json": "docs/factors.schema.json", "index.schema.json": "docs/index.schema.json"}
TABLES = {
    "factors.json": "Energy factors: Wh per 1,000 tokens by model, GPU, boundary, length of context and speed",
    "factors.csv": "The same as CSV",
    "factors.parquet": "The same as Parquet",
    "headline.csv": "Headline numbers of every study, printed and computed",
    "datapackage.json": "Every column of the tables in csv/: meaning and unit (Frictionless data package)",
    "inference_energy.xlsx": "The tables to cite as a workbook",
    "provenance.json": "What the tables were made of: inputs, settings and packages, with checksums",
}
NUMBERS = "Headline numbers that moved with each change of the agreed ones"


def of_model(document: Mapping, model: str) -> dict:
    """The factor document with the rows of one model; it follows the same schema."""
    place = list(document["columns"]).index("model")
    return {**document, "rows": [row for row in document["rows"] if row[place] == model]}


def write(document: Mapping, models: Iterable[str], root: Path, site: Path) -> None:
    """Write all public files and their index.

    Args:
        document: the content of `results/factors.json`.
        models: names of models with a page.
        root: folder of the project, with a build.
        site: folder of the site.
    """
    folder, results = site / ADDRESS, root / "results"
    described: dict[str, str] = {}

    def copied(name: str, source: Path, meaning: str) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
        described[name] = meaning

    for name, meaning in TABLES.items():
        copied(name, results / name, meaning)
    for path in sorted((results / "csv").glob("*.csv")):
        copied(f"csv/{path.name}", path, f"Table {path.stem}, see datapackage.json")
    copied("numbers.csv", root / "docs/numbers.csv", NUMBERS)
    for name, source in SCHEMAS.items():
        copied(name, root / source, f"JSON schema of {name.removesuffix('.schema.json')}.json")
    for model in models:
        name = f"models/{slug(model)}.json"
        files.write(
            folder / name, json.dumps(of_model(document, model), ensure_ascii=False, separators=(",", ":")) + "\n"
        )
        described[name] = f"Energy factors of {model}, as in factors.json"
    files.write_json(
        folder / "index.json",
        {key: document[key] for key in ("version", "study", "valid_from", "cite")}
        | {
            "files": [
                {
                    "path": name,
                    "meaning": meaning,
                    "bytes": (folder / name).stat().st_size,
                    "sha256": sha256(folder / name),
                    "schema": _schema(name),
                }
                for name, meaning in sorted(described.items())
            ]
        },
    )


def _schema(name: str) -> str | None:
    return "factors.schema.json" if name == "factors.json" or name.startswith("models/") else None
