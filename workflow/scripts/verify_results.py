"""Command behind `make verify`: whether the files of this folder match provenance.json."""

import sys
from pathlib import Path

from inference_energy.common import escaped, jobs
from inference_energy.records import provenance

with jobs.command():
    recorded = provenance.read(provenance.FILE)
    different = provenance.differences(recorded, Path())
if different:
    escaped.show(*different)
    sys.exit(
        f"{len(different)} files or settings are not those of {provenance.FILE}; delete what was edited by hand and run"
        " `make`"
    )
inputs, outputs = len(provenance.input_checksums(recorded)), len(recorded["outputs"])
escaped.show(f"{inputs} inputs and {outputs} results are those of {provenance.FILE}.")
