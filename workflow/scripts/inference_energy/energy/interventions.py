"""What interventions save: changes of a study, computed by the model, next to pairs of measured rows."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy.intervention_evidence import RANGES, ranges
from inference_energy.energy.service import Service
from inference_energy.statistics import quantiles
from inference_energy.studies.study import NestedIntervention

ALL = "all_levers"
_TYPES = {"evidence": pl.String, "pairs": pl.Int64} | dict.fromkeys(RANGES, pl.Float64)


@formula(unit="factor", source="arithmetic")
def saving(*, before_wh: Quantity, after_wh: Quantity) -> Quantity:
    """What interventions divide an energy by."""
    return before_wh / after_wh


def chosen(service: Service, names: Iterable[str], place: str) -> dict[str, NestedIntervention]:
    """Interventions of a study by name.

    Raises:
        InputError: a name that the study does not have.
    """
    known = service.study.interventions.levers
    for name in names:
        if name not in known:
            raise InputError(f"{place}: found {name!r}; allowed: {one_of(known)}")
    return {name: known[name] for name in names}


def applied(service: Service, interventions: Iterable[NestedIntervention]) -> Service:
    """The service with some interventions, each changed on top of those before it."""
    return service.changed(*(each.changes for each in interventions))


def intervention_multipliers(service: Service, pairs: pl.DataFrame) -> pl.DataFrame:
    """What every intervention, and all together, divide the mean energy of a class's queries by.

    The model computes it with the same draws before and after; what several save together is not a product, as each
    acts on what the others leave. Next to it is what `intervention_pairs` show: measured rows that differ in it alone.

    Raises:
        InputError: evidence that is not there, or a change after which nothing runs at the operating point.
    """
    spec = service.study.interventions
    service = service.narrowed(spec.subject)
    every = {**{name: (of,) for name, of in spec.levers.items()}, ALL: tuple(spec.levers.values())}
    evidence, rows = ranges(pairs), []
    for name, interventions in every.items():
        after = applied(service, interventions)
        single = interventions[0] if name != ALL else None
        place = f"config/studies/{service.name}.yaml: interventions.levers{f'.{name}' if single else ''}"
        for workload in spec.workloads:
            energy, saved, weights = compared(service, after, spec.subject, workload)
            if not weights.any():
                raise InputError(
                    f"{place}: found {'this change' if single else 'changes'} after which no model of {spec.subject}"
                    " runs at the operating point; allowed: one that some reach"
                )
            rows.append(
                {
                    "study": service.name,
                    "workload": workload,
                    "subject": spec.subject,
                    "boundary": service.study.boundary.query,
                    "level": single.level if single else "combined",
                    "lever": name,
                    "label": single.label if single else "All interventions together",
                    "combination": "single" if single else "together",
                    "spread": "shared",
                    "source": single.source if single else None,
                }
                | quantiles.columns("multiplier", quantiles.of_weighted(saved, weights))
                | quantiles.columns("energy_wh", quantiles.of_weighted(energy, weights))
                | evidence_of(single, place, evidence)
            )
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=_TYPES)


def compared(before: Service, after: Service, subject: str, workload: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean energy after some interventions, Wh, what they divide it by, and how much each draw counts.

    A draw counts where the models run at the operating point before and after: the geometric mean of both, so that a
    change of nothing leaves the energy as it is.
    """
    boundary = before.study.boundary.query
    (was, probable), (now, still) = before.mean_wh(subject, workload), after.mean_wh(subject, workload)
    weights = np.sqrt(probable * still)
    counts = weights > 0
    energy = now[boundary][counts]
    return energy, saving(before_wh=was[boundary][counts], after_wh=energy), weights[counts]


def evidence_of(lever: NestedIntervention | None, place: str, known: pl.DataFrame) -> dict[str, float | str | None]:
    """Pairs of measured runs that differ in an intervention: their number, and what they measured and the model says.

    Raises:
        InputError: evidence that is not there.
    """
    if lever is None or lever.evidence is None:
        return dict.fromkeys(_TYPES)
    rows = known.filter(pl.col("lever") == lever.evidence)
    if rows.is_empty():
        raise InputError(
            f"{place}.evidence: found {lever.evidence!r}; allowed: {one_of(known['lever'])}, of table"
            " intervention_pairs"
        )
    return {"evidence": lever.evidence} | rows.drop("lever").row(0, named=True)
