"""Carbon intensity over time from a file that the user has, in one of several public formats."""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.corpus.origins import sha256

MOST = 2000.0  # gCO2e/kWh, as in the table of grids; burning peat or lignite in an old plant is below 1500
# ASSUME: a mean below 1 gCO2e/kWh is in kg: no grid has so little. Source: resources/grid.csv, whose least is 28.
LEAST_MEAN = 1.0
G_PER_LB = 453.59237
EMPTY = re.compile(r"\s*(n/e|N/A|-)?\s*")  # cells without a value: nothing was expected, or nothing is known
NOT_STATED = "not stated"  # coverage of a file of one's own, where the usage file does not say it
OWN_COLUMNS = ("start_utc", "carbon_gco2e_per_kwh")
SHAPES = {
    "own": "start_utc, carbon_gco2e_per_kwh and, for several zones, zone",
    "electricity_maps": "Datetime (UTC), Zone id and Carbon intensity gCO2eq/kWh of Electricity Maps",
    "entsoe": "MTU (UTC), Area, Production Type and Generation (MW), or MTU and `... - Actual Aggregated [MW]`, or"
    " DateTime(UTC), ProductionType and ActualGenerationOutput[MW] of ENTSO-E",
    "eia": "period, respondent, fueltype and value, or UTC time and CO2 Emissions Intensity for Consumed Electricity"
    " of the EIA",
}
Factors = Mapping[str, float]  # gCO2e/kWh of generation by type


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Carbon intensity of one zone over time."""

    name: str  # of the file, without folders
    sha256: str  # checksum of the file
    shape: str  # one of `SHAPES`
    zone: str | None  # in the file; none where it has one zone without a name
    basis: str  # life cycle or direct
    minutes: int  # length of an interval
    values: Mapping[datetime, float]  # gCO2e/kWh by the start of the interval in UTC
    publisher: str = ""  # who states them, as the usage file says


Reading = tuple[str, str, Iterator[tuple[str | None, str, float, int]]]  # shape, basis; zone, time, value, line


def read(path: Path, *, zone: str | None, generation: pl.DataFrame, place: str) -> Hours:
    """Carbon intensity from a CSV file in one of `SHAPES`.

    Args:
        path: of the file: commas, semicolons or tabs; UTF-8.
        zone: zone, area or balancing authority to take; may be none where the file has one.
        generation: table of `input_tables.GenerationFactor`, for files of generation by technology.
        place: of the entry in the usage file, for errors.

    Raises:
        InputError: no such file, another shape, several zones and none named, a time that is not UTC, a time given
            twice, a value that is no carbon intensity, intervals of unequal length.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{place}.file: found {path.name!r}, which cannot be read ({error}); allowed: CSV in UTF-8"
        ) from None
    first = content.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows = list(csv.reader(content.splitlines(), delimiter=separator))
    header = [name.strip() for name in rows[0]] if rows else []
    cells = [(number, row) for number, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    for number, row in cells:
        if len(row) != len(header):
            raise InputError(
                f"{path.name}: line {number}: found {len(row)} cells; allowed: {len(header)}, as the header"
            )
    shape, basis, found = _recognised(path.name, header, cells, generation)
    by_zone: dict[str | None, dict[datetime, float]] = defaultdict(dict)
    for name, text, value, line in found:
        start = _time(text, f"{path.name}: line {line}", day_first=shape == "entsoe")
        if start in by_zone[name]:
            raise InputError(
                f"{path.name}: line {line}: found {text!r} twice for zone {name or '(none)'}; allowed: every time once,"
                " in UTC"
            )
        by_zone[name][start] = value
    values = _of_zone(by_zone, zone, path.name, place)
    minutes = _resolution(values, path.name)
    _check_values(values, path.name)
    taken = zone if zone is not None else next(iter(by_zone))
    return Hours(
        name=path.name,
        sha256=sha256(path),
        shape=shape,
        zone=taken,
        basis=basis,
        minutes=minutes,
        values=dict(sorted(values.items())),
    )


Cells = list[tuple[int, list[str]]]


def _recognised(name: str, header: list[str], cells: Cells, generation: pl.DataFrame) -> Reading:
    """Shape and basis of a file, and its values as zone, time, carbon intensity and line."""
    # Spellings differ between editions: case, blanks, and the subscript of CO2.
    plain = [re.sub(r"[\s_]", "", column.lower().replace("₂", "2")) for column in header]

    def column(pattern: str) -> int | None:
        return next((place for place, text in enumerate(plain) if re.fullmatch(pattern, text)), None)

    def numbers(time: int, value: int, zone: int | None, factor: float = 1.0) -> Iterator:
        for line, row in cells:
            if row[value].strip():  # an empty cell is a gap
                amount = _number(row[value], f"{name}: line {line}: {header[value]}")
                yield (row[zone].strip() if zone is not None else None), row[time], amount * factor, line

    if all(wanted in header for wanted in OWN_COLUMNS):
        zone = header.index("zone") if "zone" in header else None
        return "own", NOT_STATED, numbers(*map(header.index, OWN_COLUMNS), zone)
    time = column(r"datetime\(utc\)")
    life, direct = (column(rf"carbonintensitygco2eq/kwh\({kind}\)") for kind in (r"(lca|lifecycle)", "direct"))
    if time is not None and (life is not None or direct is not None):
        value, basis = (life, "life cycle") if life is not None else (direct, "direct")
        return "electricity_maps", basis, numbers(time, value, column("zoneid"))
    if column("utctime") is not None and (value := column("co2emissionsintensityforconsumedelectricity")) is not None:
        zone = column("ba|region|balancingauthority")
        # ASSUME: the EIA gives pounds of CO2 per kWh. Source: https://www.eia.gov/electricity/gridmonitor/about.
        return "eia", "direct", numbers(column("utctime"), value, zone, G_PER_LB)
    if (generated := _generation(name, header, cells, column)) is not None:
        shape, kinds, amounts = generated
        return shape, "life cycle", _mixed(name, amounts, _factors(generation, kinds), day_first=shape == "entsoe")
    raise InputError(f"{name}: found the columns {', '.join(header[:8])}; allowed: {'; or '.join(SHAPES.values())}")


# Zone, time or `start - end`, minutes of the interval where another column states them, type, amount, line.
Generated = Iterator[tuple[str | None, str, int | None, str, float, int]]
RESOLUTION = re.compile(r"PT(\d+)M")


def _generation(
    name: str, header: list[str], cells: Cells, column: Callable[[str], int | None]
) -> tuple[str, str, Generated] | None:
    """Shape, column of `GenerationFactor` and amounts of a file of generation by technology; none for another file."""

    def columns(*patterns: str) -> list[int] | None:
        found = [column(pattern) for pattern in patterns]
        return None if None in found else found

    if found := columns("period", "respondent", "fueltype", "value"):
        return "eia", "eia_types", _long(name, header, cells, *found)
    area, output = "areacode|areadisplayname|areamapcode", r"actualgenerationoutput(\[mw\])?"
    if found := columns(r"datetime\(utc\)", area, "productiontype", output):
        return "entsoe", "entsoe_types", _long(name, header, cells, *found, resolution=column("resolutioncode"))
    mtu = r"mtu(\(.*\))?"
    if found := columns(mtu, "area", "productiontype", r"generation\(mw\)"):
        _must_be_utc(name, header[found[0]], cells)
        return "entsoe", "entsoe_types", _long(name, header, cells, *found)
    if found := columns(mtu, r".*-actualaggregated\[mw\]"):
        _must_be_utc(name, header[found[0]], cells)
        return "entsoe", "entsoe_types", _wide(name, header, cells, found[0], column("area"))
    return None


def _must_be_utc(name: str, head: str, cells: Cells) -> None:
    """Times of the market time unit say their zone in the header or in every row."""
    if "(UTC)" not in head and not any("(UTC)" in cell for _, row in cells[:1] for cell in row):
        raise InputError(
            f"{name}: {head}: found times without UTC; allowed: times in UTC, which the platform exports under the time"
            " zone UTC"
        )


def _long(
    name: str,
    header: list[str],
    cells: Cells,
    time: int,
    zone: int,
    kind: int,
    value: int,
    resolution: int | None = None,
) -> Generated:
    """Generation with a row per type."""
    for line, row in cells:
        if not EMPTY.fullmatch(row[value]):
            amount = _number(row[value], f"{name}: line {line}: {header[value]}")
            stated = None if resolution is None else RESOLUTION.fullmatch(row[resolution].strip())
            yield row[zone].strip(), row[time], int(stated[1]) if stated else None, row[kind].strip(), amount, line


def _wide(name: str, header: list[str], cells: Cells, time: int, area: int | None) -> Generated:
    """Generation with a column per type, of `start - end (UTC)`."""
    types = {
        place: re.split(r"\s+-\s+Actual", column)[0]
        for place, column in enumerate(header)
        if re.search(r"-\s*Actual Aggregated", column)
    }
    for line, row in cells:
        during = re.sub(r"\s*\((UTC)\)\s*", "", row[time])
        for place, kind in types.items():
            if EMPTY.fullmatch(row[place]):
                continue
            amount = _number(row[place], f"{name}: line {line}: {header[place]}")
            yield (row[area].strip() if area is not None else None), during, None, kind, amount, line


def _mixed(
    name: str, generated: Generated, factors: Factors, *, day_first: bool
) -> Iterator[tuple[str | None, str, float, int]]:
    """Mean footprint of what is generated in every interval; storage, with a factor of 0, is left out.

    Types may have intervals of their own, such as 15 and 60 minutes. Generation is mean power: it is the same in all
    the shortest intervals within a longer one.
    """
    # ASSUME: a zone's electricity is what it generates: imports and exports are left out, and storage counts where its
    # electricity was first generated. Source: GHG Protocol Scope 2 Guidance, location-based method.
    rows: list[tuple[str | None, str, datetime, int | None, float, int]] = []
    for zone, during, stated, kind, amount, line in generated:
        place = f"{name}: line {line}"
        if kind not in factors:
            raise InputError(
                f"{place}: found generation of {kind!r}; allowed: {like(kind, factors)}, of"
                " resources/generation_factors.csv"
            )
        first, _, last = during.partition(" - ")
        start = _time(first, place, day_first=day_first)
        if last:
            stated = int((_time(last, place, day_first=day_first) - start).total_seconds() // 60)
            if stated < 1:
                raise InputError(f"{place}: found the interval {during!r}; allowed: an end after the start")
        # Plants that take more than they give at the moment do not generate.
        rows.append((zone, kind, start, stated, max(amount, 0.0) if factors[kind] > 0 else 0.0, line))
    lengths = _lengths(rows)
    shortest: dict[str | None, int] = {}
    for (zone, *_), length in zip(rows, lengths, strict=True):
        shortest[zone] = min(length, shortest.get(zone, length))
    sums: dict[tuple, list[float]] = {}
    for (zone, kind, start, _, amount, line), length in zip(rows, lengths, strict=True):
        for step in range(0, length, shortest[zone]):
            of = sums.setdefault((zone, start + timedelta(minutes=step)), [0.0, 0.0, line])
            of[0] += amount
            of[1] += amount * factors[kind]
    for (zone, start), (amount, carbon, line) in sums.items():
        if amount > 0:
            yield zone, start.isoformat(), carbon / amount, line


def _lengths(rows: list[tuple[str | None, str, datetime, int | None, float, int]]) -> list[int]:
    """Minutes of the interval of every row: as stated, or the least distance of two of its zone and type."""
    starts: dict[tuple, set[datetime]] = defaultdict(set)
    for zone, kind, start, *_ in rows:
        starts[zone, kind].add(start)
    least = {
        key: min((int((after - before).total_seconds() // 60) for before, after in pairwise(sorted(of))), default=None)
        for key, of in starts.items()
    }
    known = [length for length in least.values() if length]
    return [stated or least[zone, kind] or min(known, default=60) for zone, kind, _, stated, *_ in rows]


def _factors(generation: pl.DataFrame, column: str) -> dict[str, float]:
    return {
        kind: factor
        for kinds, factor in generation.select(column, "carbon_gco2e_per_kwh").drop_nulls().iter_rows()
        for kind in kinds.split("|")
    }


def _number(text: str, place: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{place}: found {text!r}; allowed: a number with a decimal point") from None


DAY_FIRST = ("%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")  # of ENTSO-E; elsewhere the month may come first


def _time(text: str, place: str, *, day_first: bool) -> datetime:
    """A time in UTC; one without an offset is in UTC, as its column says."""
    text = text.strip()
    readings: list[Callable[[], datetime]] = [lambda: datetime.fromisoformat(text)]
    forms = ("%Y-%m-%dT%H", *(DAY_FIRST if day_first else ()))
    readings += [lambda form=form: datetime.strptime(text, form) for form in forms]
    for reading in readings:
        try:
            found = reading()
        except ValueError:
            continue
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    raise InputError(f"{place}: found the time {text!r}; allowed: UTC, as in 2026-03-31T14:00:00Z")


def _of_zone(by_zone: Mapping, zone: str | None, name: str, place: str) -> dict[datetime, float]:
    if not by_zone:
        raise InputError(f"{name}: found no value; allowed: at least one")
    if zone is None and len(by_zone) == 1:
        return next(iter(by_zone.values()))
    known = [each for each in by_zone if each is not None]
    if zone is None:
        raise InputError(
            f"{place}.zone: found nothing for {name}, which has {len(known)} zones; allowed: {one_of(known[:20])}"
        )
    if zone not in by_zone:
        allowed = like(zone, known) if known else "none, as the file has one zone without a name"
        raise InputError(f"{place}.zone: found {zone!r}; allowed: {allowed}")
    return by_zone[zone]


def _resolution(values: Mapping[datetime, float], name: str) -> int:
    """Length of the intervals in minutes: the least distance of two."""
    starts = sorted(values)
    distances = {after - before for before, after in pairwise(starts)}
    least = min(distances, default=timedelta(hours=1))
    minutes = int(least.total_seconds() // 60)
    if minutes < 1 or 1440 % minutes or any(distance % least for distance in distances):
        raise InputError(
            f"{name}: found times that are {least} apart and others between; allowed: intervals of one length"
        )
    return minutes


def _check_values(values: Mapping[datetime, float], name: str) -> None:
    for start, value in values.items():
        if not 0 <= value <= MOST:
            raise InputError(f"{name}: {start:%Y-%m-%dT%H:%MZ}: found {value:g} gCO2e/kWh; allowed: 0 to {MOST:g}")
    mean = sum(values.values()) / len(values)
    if mean < LEAST_MEAN:
        raise InputError(f"{name}: found a mean of {mean:g} gCO2e/kWh, less than any grid has; allowed: grams per kWh")
