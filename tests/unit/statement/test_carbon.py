"""Carbon intensity over time: every public shape, faults in one line, steps by hand."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.statement import carbon, carbon_files, coefficients, energy
from usage_logs import region, row, table, usage

GENERATION = pl.DataFrame(
    {
        "entsoe_types": ["Fossil Gas", "Nuclear", "Hydro Pumped Storage"],
        "eia_types": ["NG", "NUC", "PS"],
        "carbon_gco2e_per_kwh": [490.0, 12.0, 0.0],
    }
)
HOUR = datetime(2026, 1, 1, 0, tzinfo=UTC)
NEXT = datetime(2026, 1, 1, 1, tzinfo=UTC)
OWN = "start_utc,carbon_gco2e_per_kwh\n2026-01-01T00:00:00Z,100\n2026-01-01T01:00:00Z,300\n"
MAPS = (
    "Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),"
    "Carbon intensity gCO₂eq/kWh (Life cycle),Carbon-free energy percentage (CFE%),Data source\n"
    "2026-01-01 00:00:00,Germany,Germany,DE,90,100,50,x\n2026-01-01 01:00:00,Germany,Germany,DE,280,300,50,x\n"
)
MAPS_BEFORE = (
    "Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA)\n"
    "2026-01-01 00:00:00,Germany,Germany,DE,90,100\n2026-01-01 01:00:00,Germany,Germany,DE,280,300\n"
)
# 3 of gas and 1 of nuclear: (3 × 490 + 12) / 4 = 370.5; storage does not count.
ENTSOE = (
    "Area,MTU,Fossil Gas - Actual Aggregated [MW],Nuclear - Actual Aggregated [MW],"
    "Hydro Pumped Storage - Actual Aggregated [MW],Hydro Pumped Storage - Actual Consumption [MW]\n"
    "BZN|AA,01.01.2026 00:00 - 01.01.2026 01:00 (UTC),300,100,50,n/e\n"
    "BZN|AA,01.01.2026 01:00 - 01.01.2026 02:00 (UTC),0,100,n/e,20\n"
)
ENTSOE_NOW = (
    '"MTU (UTC)","Area","Production Type","Generation (MW)"\n'
    '"01/01/2026 00:00:00 - 01/01/2026 01:00:00","BZN|AA","Fossil Gas","300"\n'
    '"01/01/2026 00:00:00 - 01/01/2026 01:00:00","BZN|AA","Nuclear","100"\n'
    '"01/01/2026 01:00:00 - 01/01/2026 02:00:00","BZN|AA","Nuclear","100"\n'
)
ENTSOE_FILES = (
    "DateTime(UTC)\tResolutionCode\tAreaCode\tAreaDisplayName\tProductionType\tActualGenerationOutput[MW]\n"
    "2026-01-01 00:00:00\tPT60M\t10YAA\tAland\tFossil Gas\t300.0\n"
    "2026-01-01 00:00:00\tPT60M\t10YAA\tAland\tNuclear\t100.0\n"
    "2026-01-01 01:00:00\tPT60M\t10YAA\tAland\tNuclear\t100.0\n"
)
EIA = (
    "period,respondent,respondent-name,fueltype,type-name,value,value-units\n"
    "2026-01-01T00,ERCO,Texas,NG,Natural gas,300,megawatthours\n"
    "2026-01-01T00,ERCO,Texas,NUC,Nuclear,100,megawatthours\n"
    "2026-01-01T01,ERCO,Texas,NUC,Nuclear,100,megawatthours\n"
)
# 1 lb/kWh is 453.59237 g/kWh.
EIA_MONITOR = (
    "BA,UTC time,Local date,CO2 Emissions Intensity for Consumed Electricity\n"
    "CISO,2026-01-01 00:00:00,2025-12-31,1.0\nCISO,2026-01-01 01:00:00,2025-12-31,0.5\n"
)


def read(tmp_path, text, *, zone=None, name="hours.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return carbon_files.read(path, zone=zone, generation=GENERATION, place="u.yaml: regions.eu.carbon")


@pytest.mark.parametrize(
    ("text", "shape", "basis", "values"),
    [
        (OWN, "own", "not stated", (100, 300)),
        (MAPS, "electricity_maps", "life cycle", (100, 300)),
        (MAPS_BEFORE, "electricity_maps", "life cycle", (100, 300)),
        (ENTSOE, "entsoe", "life cycle", (370.5, 12)),
        (ENTSOE_NOW, "entsoe", "life cycle", (370.5, 12)),
        (ENTSOE_FILES, "entsoe", "life cycle", (370.5, 12)),
        (EIA, "eia", "life cycle", (370.5, 12)),
        (EIA_MONITOR, "eia", "direct", (453.59237, 226.796185)),
    ],
)
def test_every_shape_is_recognised(tmp_path, text, shape, basis, values):
    found = read(tmp_path, text)
    assert (found.shape, found.basis, found.minutes) == (shape, basis, 60)
    assert dict(found.values) == pytest.approx({HOUR: values[0], NEXT: values[1]})


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_separators_and_marks_change_nothing(tmp_path, separator, begin):
    found = read(tmp_path, begin + OWN.replace(",", separator))
    assert list(found.values.values()) == [100, 300]


def test_times_with_an_offset_are_brought_to_utc(tmp_path):
    found = read(tmp_path, OWN.replace("T00:00:00Z", "T02:00:00+02:00").replace("T01:00:00Z", "T01:00:00"))
    assert set(found.values) == {HOUR, NEXT}


@pytest.mark.parametrize(
    ("text", "zone", "told"),
    [
        ("a,b\n1,2\n", None, "hours.csv: found the columns a, b; allowed: start_utc, carbon_gco2e_per_kwh"),
        (OWN.replace("T01", "T00"), None, "line 3: found '2026-01-01T00:00:00Z' twice for zone (none)"),
        (OWN.replace("300", "3000"), None, "2026-01-01T01:00Z: found 3000 gCO2e/kWh; allowed: 0 to 2000"),
        (OWN.replace("300", "-1"), None, "found -1 gCO2e/kWh"),
        (
            OWN.replace(",100", ",0.1").replace(",300", ",0.3"),
            None,
            "found a mean of 0.2 gCO2e/kWh, less than any grid",
        ),
        (OWN.replace("300", "3,00"), None, "line 3: found 3 cells; allowed: 2"),
        (OWN.replace("300", "many"), None, "line 3: carbon_gco2e_per_kwh: found 'many'; allowed: a number"),
        (OWN.replace("2026-01-01T01:00:00Z", "noon"), None, "line 3: found the time 'noon'; allowed: UTC"),
        (EIA_MONITOR.replace("2026-01-01 0", "1/2/2026 0"), None, "line 2: found the time '1/2/2026 00:00:00'"),
        (OWN, "DE", "u.yaml: regions.eu.carbon.zone: found 'DE'; allowed: none, as the file has one zone"),
        (
            MAPS.replace("01:00:00,Germany,Germany,DE", "01:00:00,France,France,FR"),
            None,
            "has 2 zones; allowed: DE or FR",
        ),
        (MAPS, "FR", "zone: found 'FR'; allowed: one of 1 names, such as DE"),
        (EIA.replace("NUC", "XYZ"), None, "line 3: found generation of 'XYZ'; allowed: one of"),
        (ENTSOE.replace(" (UTC)", ""), None, "MTU: found times without UTC"),
        (ENTSOE_NOW.replace("(UTC)", "(CET/CEST)"), None, "MTU (CET/CEST): found times without UTC"),
        (OWN + "2026-01-01T01:30:00Z,1\n2026-01-01T01:37:00Z,1\n", None, "allowed: intervals of one length"),
        ("start_utc,carbon_gco2e_per_kwh\n", None, "found no value; allowed: at least one"),
    ],
)
def test_faults_of_a_file_are_told_in_one_line(tmp_path, text, zone, told):
    with pytest.raises(InputError) as error:
        read(tmp_path, text, zone=zone)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match=r"regions.eu.carbon.file: found 'none.csv', which cannot be read"):
        carbon_files.read(tmp_path / "none.csv", zone=None, generation=GENERATION, place="u.yaml: regions.eu.carbon")


def steps(*starts):
    return pl.DataFrame(
        [((start or "2026-01")[:7], start) for start in starts],
        {"month": pl.String, "step_start_utc": pl.String},
        orient="row",
    )


def at_steps(hours, of, **changes):
    given = {"step_minutes": 60, "gaps": "fail", "yearly": 500.0, "place": "u.yaml: regions.eu.carbon"} | changes
    return carbon.at_steps(hours, of, **given)


def values(found):
    return dict(found.frame.select("step_start_utc", "gco2e_per_kwh").iter_rows())


def test_steps_have_the_mean_of_their_hours(tmp_path):
    hours = read(tmp_path, OWN)
    one = at_steps(hours, steps("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"))
    assert values(one) == {"2026-01-01T00:00:00Z": 100, "2026-01-01T01:00:00Z": 300}
    two = at_steps(hours, steps("2026-01-01T00:00:00Z"), step_minutes=120)
    assert values(two) == {"2026-01-01T00:00:00Z": 200}
    # A step within an hour has the value of the hour.
    short = at_steps(hours, steps("2026-01-01T01:50:00Z"), step_minutes=10)
    assert values(short) == {"2026-01-01T01:50:00Z": 300}
    with pytest.raises(InputError, match=r"found intervals of 60 minutes in hours.csv; allowed: multiples or parts of"):
        at_steps(hours, steps("2026-01-01T00:00:00Z"), step_minutes=90)


def test_bills_have_the_mean_of_their_month(tmp_path):
    rows = [f"2026-02-{day:02d}T{hour:02d}:00:00Z,{100 + 10 * day}" for day in range(1, 29) for hour in range(24)]
    hours = read(tmp_path, "start_utc,carbon_gco2e_per_kwh\n" + "\n".join(rows))
    of = pl.DataFrame(
        {"month": ["2026-02"], "step_start_utc": [None]}, {"month": pl.String, "step_start_utc": pl.String}
    )
    assert values(at_steps(hours, of)) == pytest.approx({None: 100 + 10 * 14.5})


def test_gaps_stop_the_run_or_are_counted(tmp_path):
    hours = read(tmp_path, OWN)
    asked = steps("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z", None)
    told = (
        "u.yaml: regions.eu.carbon.file: hours.csv does not cover 2 of 3 steps of the usage, the first 2026-01;"
        " allowed: all of them, or gaps: yearly_average"
    )
    with pytest.raises(InputError) as error:
        at_steps(hours, asked)
    assert str(error.value) == told
    found = at_steps(hours, asked, gaps="yearly_average")
    assert found.gaps == 2
    assert values(found) == {None: 500, "2026-01-01T01:00:00Z": 300, "2026-01-01T02:00:00Z": 500}


def hourly(**changes):
    """A usage whose region has 100 g/kWh in the first hour and 300 in the second."""
    frame = pl.DataFrame(
        {
            "month": ["2026-01"] * 2,
            "step_start_utc": ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"],
            "gco2e_per_kwh": [100.0, 300.0],
            "gap": [False, False],
        }
    )
    located = carbon.located({"eu": carbon.AtSteps(frame=frame, gaps=0)})
    hours = carbon_files.Hours(
        name="h.csv", sha256="0" * 64, shape="own", zone=None, basis="direct", minutes=60, values={HOUR: 1.0}
    )
    of = usage(regions={"eu": region(hours=hours, **changes), "us": region()})
    return coefficients.UnitEnergy(**{**vars(of), "hourly": located})


def test_emissions_follow_the_hours_and_the_rest_does_not():
    """2.1 Wh a request: 10 of them at 100 g/kWh and 20 at 300 g/kWh are 2.1 g + 12.6 g."""
    rows = table(row(10, 1000, 500), row(20, 1000, 500, step="2026-01-01T01:00:00Z"), row(10, 1000, 500, place="us"))
    of = hourly()
    total = energy.broken_down(of, rows, ["region"]).sort("region").to_dicts()
    eu, us = total
    assert eu["emissions_location_kgco2e_p50"] == pytest.approx(0.0147)
    assert eu["emissions_market_kgco2e_p50"] == pytest.approx(30 * 2.1e-3 * 0.1)  # a contract has no hours
    assert us["emissions_location_kgco2e_p50"] == pytest.approx(10 * 2.1e-3 * 0.5)
    # Without a contract the market-based factor is that of the grid, by the hour as well.
    market = energy.broken_down(hourly(market_source=None), rows, ["region"]).sort("region")
    assert market["emissions_market_kgco2e_p50"][0] == pytest.approx(0.0147)
    by_step = energy.broken_down(of, rows.filter(pl.col("region") == "eu"), ["step_start_utc"])
    assert by_step["emissions_location_kgco2e_mean"].to_list() == pytest.approx([0.0021, 0.0126])
    sci = dict(energy.per_request(of, rows).select("quantity", "mean").iter_rows())
    assert sci["sci_operational_per_request"] == pytest.approx((14.7 + 10.5) / 40)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 900), min_size=2, max_size=24))
def test_emissions_are_the_sum_over_hours_for_any_carbon_intensity(carbon_by_hour):
    starts = [f"2026-01-01T{hour:02d}:00:00Z" for hour in range(len(carbon_by_hour))]
    hours = carbon_files.Hours(
        name="h.csv",
        sha256="0" * 64,
        shape="own",
        zone=None,
        basis="direct",
        minutes=60,
        values={datetime.fromisoformat(s): float(g) for s, g in zip(starts, carbon_by_hour, strict=True)},
    )
    found = at_steps(hours, steps(*starts))
    of = coefficients.UnitEnergy(
        **{**vars(usage(regions={"eu": region(hours=hours)})), "hourly": carbon.located({"eu": found})}
    )
    rows = table(*(row(1 + n, 1000, 500, step=start) for n, start in enumerate(starts)))
    total = energy.broken_down(of, rows, [])["emissions_location_kgco2e_mean"][0]
    assert total == pytest.approx(sum((1 + n) * 2.1e-3 * g / 1000 for n, g in enumerate(carbon_by_hour)))


@pytest.mark.parametrize(
    "text",
    [
        # Nuclear by the hour, gas by the quarter of an hour: each quarter has both.
        '"MTU (UTC)","Area","Production Type","Generation (MW)"\n'
        '"01/01/2026 00:00:00 - 01/01/2026 01:00:00","A","Nuclear","100"\n'
        + "".join(
            f'"01/01/2026 00:{m:02d}:00 - 01/01/2026 0{(m + 15) // 60}:{(m + 15) % 60:02d}:00","A","Fossil Gas","100"\n'
            for m in (0, 15, 30, 45)
        ),
        "DateTime(UTC),ResolutionCode,AreaDisplayName,ProductionType,ActualGenerationOutput[MW]\n"
        "2026-01-01 00:00:00.000,PT60M,A,Nuclear,100\n"
        + "".join(f"2026-01-01 00:{m:02d}:00.000,PT15M,A,Fossil Gas,100\n" for m in (0, 15, 30, 45)),
        "DateTime(UTC),AreaDisplayName,ProductionType,ActualGenerationOutput[MW]\n"
        + "".join(f"2026-01-01 {h:02d}:00:00.000,A,Nuclear,100\n" for h in (0, 1))
        + "".join(f"2026-01-01 00:{m:02d}:00.000,A,Fossil Gas,100\n" for m in (0, 15, 30, 45)),
    ],
    ids=["ends", "resolutions", "distances"],
)
def test_types_with_intervals_of_their_own_are_mixed_in_the_shortest(tmp_path, text):
    (tmp_path / "mix.csv").write_text(text)
    found = carbon_files.read(tmp_path / "mix.csv", zone="A", generation=GENERATION, place="u.yaml: regions.a.carbon")
    assert found.minutes == 15
    # Gas 490 and nuclear 12 in equal parts.
    assert list(found.values.values())[:4] == pytest.approx([251.0] * 4)


def test_a_zone_that_changes_from_hours_to_quarters_keeps_all_of_its_time(tmp_path):
    rows = ["2026-01-01 00:00 - 2026-01-01 01:00", "2026-01-01 01:00 - 2026-01-01 01:15"]
    text = "".join(f'"{during}","A","Nuclear","100"\n' for during in rows)
    (tmp_path / "mix.csv").write_text('"MTU (UTC)","Area","Production Type","Generation (MW)"\n' + text)
    found = carbon_files.read(tmp_path / "mix.csv", zone=None, generation=GENERATION, place="u.yaml")
    assert [start.strftime("%H:%M") for start in found.values] == ["00:00", "00:15", "00:30", "00:45", "01:00"]
