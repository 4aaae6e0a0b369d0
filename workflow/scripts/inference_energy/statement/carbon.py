"""Carbon intensity over time, brought to the steps of a usage."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.statement import carbon_files
from inference_energy.statement.carbon_files import Hours

FAIL, YEARLY = "fail", "yearly_average"


@dataclass(frozen=True, kw_only=True)
class AtSteps:
    """Carbon intensity of a region at the steps and months of a usage."""

    frame: pl.DataFrame  # `month, step_start_utc, gco2e_per_kwh, gap`; a null step is a month of bills
    gaps: int  # steps and months for which the yearly average stands in


def at_steps(hours: Hours, steps: pl.DataFrame, *, step_minutes: int, gaps: str, yearly: float, place: str) -> AtSteps:
    """The mean carbon intensity of every step, and of every whole month for bills, whose hours are not known.

    Args:
        hours: of the region.
        steps: `month, step_start_utc` of the usage in the region; a null step is a month of bills.
        step_minutes: length of a step.
        gaps: `fail`, or `yearly_average` for steps that the file does not cover whole.
        yearly: factor of the zone, gCO2e/kWh.
        place: of the entry in the usage file, for errors.

    Raises:
        InputError: steps that the file does not cover, unless `gaps` allows them; a step that is no multiple or part
            of the file's intervals.
    """
    if max(step_minutes, hours.minutes) % min(step_minutes, hours.minutes):
        raise InputError(
            f"{place}.file: found intervals of {hours.minutes} minutes in {hours.name}; allowed: multiples or parts of"
            f" step_minutes, {step_minutes}"
        )
    length = timedelta(minutes=hours.minutes)
    rows, missing = [], []
    for month, step in steps.select("month", "step_start_utc").unique().sort("month", "step_start_utc").iter_rows():
        # ASSUME: bills do not state hours, so the mean of their whole month applies.
        begin, end = _month(month) if step is None else _step(step, step_minutes)
        first = begin - (begin - datetime(1970, 1, 1, tzinfo=UTC)) % length
        needed = [first + number * length for number in range(max(-(-(end - first) // length), 1))]
        known = [hours.values[start] for start in needed if start in hours.values]
        gap = len(known) < len(needed)
        if gap:
            missing.append(step or month)
        rows.append((month, step, yearly if gap else sum(known) / len(known), gap))
    if missing and gaps == FAIL:
        raise InputError(
            f"{place}.file: {hours.name} does not cover {len(missing):,} of {len(rows):,} steps of the usage, the first"
            f" {missing[0]}; allowed: all of them, or gaps: {YEARLY}"
        )
    types = {"month": pl.String, "step_start_utc": pl.String, "gco2e_per_kwh": pl.Float64, "gap": pl.Boolean}
    return AtSteps(frame=pl.DataFrame(rows, types, orient="row"), gaps=len(missing))


def _step(text: str, minutes: int) -> tuple[datetime, datetime]:
    begin = datetime.fromisoformat(text)
    return begin, begin + timedelta(minutes=minutes)


def _month(text: str) -> tuple[datetime, datetime]:
    year, month = map(int, text.split("-"))
    begin = datetime(year, month, 1, tzinfo=UTC)
    return begin, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def paths(usage: dict) -> list[str]:
    """Files of carbon intensity that a usage names."""
    return sorted({entry["carbon"]["file"] for entry in usage["regions"].values() if "carbon" in entry})


def read_all(usage: dict, generation: pl.DataFrame, place: str) -> dict[str, Hours]:
    """Carbon intensity over time of every region of a usage that names a file, by the region."""
    found = {}
    for region, entry in usage["regions"].items():
        if "carbon" not in entry:
            continue
        spec = entry["carbon"]
        of = carbon_files.read(
            Path(spec["file"]),
            zone=spec.get("zone"),
            generation=generation,
            place=f"{place}: regions.{region}.carbon",
        )
        found[region] = replace(of, basis=spec.get("basis", of.basis), publisher=spec["source"])
    return found


def located(hours: Mapping[str | None, AtSteps]) -> pl.DataFrame | None:
    """Carbon intensity of regions by name: `region_name, month, step_start_utc, gco2e_per_kwh, gap`; none of none."""
    if not hours:
        return None
    return pl.concat([of.frame.with_columns(region_name=pl.lit(name, pl.String)) for name, of in hours.items()])
