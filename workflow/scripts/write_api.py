"""Writes docs/api.md and the outputs of the examples in docs/estimates.md; called by `make api`."""

from pathlib import Path

from inference_energy.common import files
from inference_energy.publish import api

GUIDE = Path("docs/estimates.md")

files.write(Path("docs/api.md"), api.reference())
files.write(GUIDE, api.with_outputs(GUIDE.read_text(encoding="utf-8")))
