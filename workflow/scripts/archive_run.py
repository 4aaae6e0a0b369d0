"""Command behind `make archive`: inputs, configuration, code, results and provenance of the last run as one file."""

import sys
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.records import archive

try:
    path = archive.pack(Path())
except InputError as error:
    sys.exit(f"Error: {error}")
print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
