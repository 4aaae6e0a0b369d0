"""Wiring of rule page_library."""

from pathlib import Path

import vl_convert
from inference_energy.common import files, jobs

with jobs.job(snakemake):
    files.write(Path(snakemake.output[0]), vl_convert.javascript_bundle())
