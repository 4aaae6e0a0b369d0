"""What a study sweeps, of its fleet and of its models: read when a run starts, so without what computes it."""

from inference_energy.common.errors import InputError, one_of
from inference_energy.studies.study import WORKLOADS, NestedStudy

OF_A_DAY = "long_share"  # swept for the fleet's mix of queries, everything else for queries


def of_models(study: NestedStudy) -> dict[str, tuple[float, ...]]:
    """What of a study's `sweeps` can be asked about a single model: all but the fleet's mix of queries."""
    return {name: values for name, values in (study.sweeps or {}).items() if name != OF_A_DAY}


def values_of(study: NestedStudy, parameter: str) -> tuple[float, ...]:
    """Values of one assumption that a study sweeps for its models.

    Raises:
        InputError: an assumption that it does not sweep.
    """
    known = of_models(study)
    if parameter not in known:
        raise InputError(f"sweeps: found no {parameter!r}; allowed: {one_of(known)}, which the study sweeps")
    return known[parameter]


def parts_of_model(study: NestedStudy, model: str) -> NestedStudy:
    """What of a study decides the sweeps of one model: no other model, and no workload that is not swept.

    Raises:
        InputError: a model that the study does not have.
    """
    return study.model_alone(model).replaced(workloads={name: study.workloads[name] for name in WORKLOADS})
