"""Data of the page `dashboard.html`: an explorer as plain lists, names and numbers."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from inference_energy.dashboard.engine import Explorer
from inference_energy.dashboard.engines import FLEET_SERVING
from inference_energy.energy.assumptions import cached_name
from inference_energy.energy.curves import borrowed_members
from inference_energy.energy.interventions import Intervention
from inference_energy.energy.service import Member
from inference_energy.energy.uncertainty import Shared
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics import quantiles
from inference_energy.studies.study import NestedStudy, Study
from inference_energy.throughput.gpu_time import Curve, NodeCurve, uncached_tokens


def study_of_page(of: Explorer, study: Study, *, fit: pl.DataFrame, energy: pl.DataFrame) -> dict:
    """Data of a study for the page: its numbers, its preset, and the energies of single queries from its tables.

    Args:
        of: its explorer.
        study: its entries.
        fit: its table `throughput_fit`.
        energy: its table `energy_by_boundary`, or `energy_per_query` where it has one boundary.
    """
    borrowed = borrowed_members(fit) if "kinship" in fit.columns else set()
    single = energy.filter(pl.col("spread") == "untrimmed")
    names = ("subject", "workload", "boundary", *(f"energy_wh_{name}" for name in quantiles.PERCENTILES))
    return page_numbers(of, borrowed) | {
        "description": study.description,
        "preset": _preset(study),
        "tables": {
            f"{subject} {workload} {boundary}": values
            for subject, workload, boundary, *values in single.select(names).iter_rows()
        },
    }


def _preset(study: Study) -> dict:
    fleet, nested = study.fleet, isinstance(study, NestedStudy)
    applied = list(fleet.levers) if nested else [FLEET_SERVING]
    return {
        "subject": fleet.subject,
        "boundary": study.boundary.query if nested else "datacenter",
        "queries_per_day": fleet.queries_per_day,
        "zone": fleet.grid_zone if nested else None,
        "scenarios": [
            {"label": of.label, "long_share": of.long_share, "levers": applied if of.interventions else []}
            for of in fleet.scenarios.values()
        ],
    }


def page_numbers(of: Explorer, borrowed: set[Member]) -> dict:
    """The explorer of one study for JSON. Draws are lists, or one number where all are the same.

    Keys are those of the formulas: `shared` by ingredient, `members` with their curves, `workloads` with the lengths
    of the query of every draw and the means of all, `power`, `levers`, `latency`.

    Args:
        of: the explorer.
        borrowed: members without benchmark rows of their own.
    """
    service, shared = of.service, of.shared
    study, given = service.study, service.given
    drawn = ("load", "attainment", "pue", "utilisation")
    return {
        "shared": _by_name({name: shared.values[name] for name in drawn if name in given.distributions}),
        "mix": {name: _by_name(of_class) for name, of_class in shared.mix.items()},
        "classes": {
            name: {
                "label": spec.label,
                "models": spec.model_shares(),
                "hardware": [{"gpu": entry.gpu, "share": entry.share} for entry in study.hardware_mix(name)],
            }
            for name, spec in study.classes.items()
        },
        "members": [
            {
                **dict(zip(("model", "gpu", "precision"), member, strict=True)),
                "fit_error_log_sd": error,
                "borrowed": member in borrowed,
                "ranges": service.ranges[member],
                "extrapolated_share": {
                    name: lengths.share_outside(*service.ranges[member]) for name, lengths in service.lengths.items()
                },
            }
            | _curve(curve)
            for member, (curve, error) in service.curves.items()
        ],
        "fit_scores": _by_name(of.fit_scores),
        "workloads": {
            name: {"label": study.workloads[name].label, "cached_share": draws(shared.values[cached_name(name)])}
            | _lengths(service.lengths[name], of.points[name], [curve for curve, _ in service.curves.values()])
            for name in service.lengths
        },
        "power": _power(of, shared),
        "gpus_per_node": of.gpus_per_node,
        "overhead": _by_name(of.overhead),
        "onsite_water_l_per_kwh": None if of.onsite_water_l_per_kwh is None else draws(of.onsite_water_l_per_kwh),
        "latency": {
            gpu: {f"{target:g}": distribution.values for target, distribution in by.items()}
            for gpu, by in of.latency.items()
        },
        "latency_scores": _by_name(of.latency_scores),
        "overlap": study.interventions.overlap,
        "levers": {name: _intervention(intervention) for name, intervention in of.levers.items()},
        "multipliers": _multipliers(of),
    }


def draws(values: np.ndarray) -> list[float] | float:
    """Draws as a list, or one number where all are the same."""
    values = np.asarray(values, float)
    if values.ndim == 0 or (values == values.flat[0]).all():
        return float(values.flat[0])
    return values.tolist()


def _by_name(of: Mapping[str, np.ndarray]) -> dict[str, list[float] | float]:
    return {name: draws(values) for name, values in of.items()}


def _curve(curve: Curve) -> dict:
    if isinstance(curve, NodeCurve):
        form = curve.form
        names = ("intercept", "slope_input", "slope_output", "cap_tok_per_s")
        found = {"form": "log_linear"} | {name: getattr(form, name) for name in names}
    else:
        found = {"form": "gpu_seconds"}
    return found | {"coefficients": curve.coefficients()}


def _lengths(of: Lengths, points: np.ndarray, curves: list[Curve]) -> dict:
    """Lengths of the query of every draw; and the mean parts of the GPU time, one for every form of curve.

    The published form has a mean of its own for every member, as its time is not a sum over tokens.
    """
    uncached = uncached_tokens(input_tokens=of.input_tokens, cached_share=of.cached_share)
    sums = next((curve for curve in curves if not isinstance(curve, NodeCurve)), None)
    return {
        "input_tokens": draws(of.input_tokens[points]),
        "uncached_tokens": draws(uncached[points]),
        "output_tokens": draws(of.output_tokens[points]),
        "means": None if sums is None else vars(sums.parts(of).means(of.weights)),
        "mean_seconds": [
            curve.parts(of).means(of.weights).decode if isinstance(curve, NodeCurve) else None for curve in curves
        ],
    }


def _power(of: Explorer, shared: Shared) -> dict:
    given = of.service.given
    if given.rated_w:
        return {"rated_w": given.rated_w}
    return {
        "measured": {
            gpu: {
                "tdp_w": power.tdp_w,
                "idle_share": power.board_idle,
                "saturated_share": draws(shared.derived["boards", gpu]),
                "idle_w": power.host_idle_w,
                "saturated_w": draws(shared.derived["host", gpu]),
            }
            for gpu, power in given.power.items()
        }
    }


def _intervention(of: Intervention) -> dict:
    return {
        name: getattr(of, name) for name in ("label", "level", "acts_on", "in_benchmarks", "overlap_group", "source")
    }


def _multipliers(of: Explorer) -> dict:
    """By workload and intervention; a workload with the multipliers of traditional queries is left out."""
    found = {workload: _by_name(by_lever) for workload, by_lever in of.multipliers.items()}
    return {
        workload: by_lever
        for workload, by_lever in found.items()
        if workload == "traditional" or by_lever != found["traditional"]
    }
