"""Words that figures have in common."""

import polars as pl

from inference_energy.studies.study import Study

NAMES = {"gpu_boards": "GPU boards", "node": "Node", "datacenter": "Datacenter", "fleet": "Fleet"}
WITHIN = {
    "gpu_boards": "the GPU boards",
    "node": "the node",
    "datacenter": "the datacenter (node × PUE)",
    "fleet": "the fleet (datacenter and overheads)",
}
# Names of the estimates of this project among other methods, by the names of methods in tables.
THIS_WORK = {
    "current": "This work",
    "current_unseen": "This work, unseen",
    "current_offline": "This work, saturated offline",
}


def named() -> pl.Expr:
    """Name of a method in a figure: its label, but for estimates of this project."""
    return pl.col("method").replace_strict(THIS_WORK, default=pl.col("label"), return_dtype=pl.String).alias("label")


def subject_of(study: Study) -> str:
    """Label of the class that the fleet serves."""
    return study.classes[study.fleet.subject].label
