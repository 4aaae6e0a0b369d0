"""Command behind `make statement LOGS=folder`: what the files are, the usage file that reads them, and its name.

Lines about files go to the terminal; the name of the usage is all of the output.
"""

import sys
from pathlib import Path

from inference_energy.common import escaped, jobs
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus import registries
from inference_energy.statement.input_tables import CloudRegion
from inference_energy.statement.logs import recognised

FORMATS = Path("resources/usage_formats")

parser = jobs.Arguments(description=__doc__)
parser.add_argument("folder", type=Path, help="of logs or bills")
arguments = parser.parse_args()
with jobs.command():
    _, registry = registries.read_models(Path("resources/models.csv"))
    name, lines = recognised.recognise(
        arguments.folder,
        Path("config/usage"),
        recognised.read_formats(FORMATS, read_yaml(FORMATS / "schema.yaml")),
        read_yaml(Path("workflow/schemas/usage.schema.yaml")),
        registry,
        registries.read_closed_models(Path("resources/closed_models.csv"), registry),
        registries.read_registry(Path("resources/cloud_regions.csv"), CloudRegion)["cloud_region"].to_list(),
    )
    escaped.show(*lines, file=sys.stderr)
    print(name)
