"""Command behind `make golden`: records the headline numbers of the last build as the agreed ones."""

from pathlib import Path

from inference_energy.common import escaped
from inference_energy.corpus.origins import sha256
from inference_energy.headline import golden

FILE = Path("tests/golden/headline.csv")

escaped.write_csv(golden.golden_table(escaped.read_csv("results/headline.csv", infer_schema_length=None)), FILE)
fault = golden.changelog_fault(Path("CHANGELOG.md").read_text(), sha256(FILE))
escaped.show(f"{FILE} holds the numbers of results/headline.csv.", *([fault] if fault else []))
