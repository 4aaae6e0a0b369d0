"""All tables of a usage and its text: sound, whole, the same in any order, and by hand in total."""

import json
import logging
from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.statement import as_json, audit, build, carbon, tables, text
from inference_energy.statement.logs import bills, files as usage_files
from inference_energy.studies.study import NestedStudy
from polars.testing import assert_frame_equal
from tiny_service import POWER_W, SECONDS, entries, tables as tiny_tables
from usage_logs import CLOUDS, GRID, SERVERS, frame, tables as metered, write

REGISTRY = SimpleNamespace(
    registry="resources/models.csv", resolve={"A": "A", "B": "B"}.get, allowed=lambda name: f"not {name}"
)
USAGE = usage_files.DEFAULTS | {
    "title": "Made up",
    "study": "tiny",
    "boundary": "datacenter",
    "logs": {"log": {}},
    "models": {"unknown": {"class": "frontier"}},
    "regions": {"default": {"grid_zone": "AAA"}},
}
ROWS = [
    ("2026-01-01T00:10:00Z", "A", 1000, 0, 500, "x", "eu"),
    ("2026-01-01T02:10:00Z", "B", 1000, 0, 500, "y", "eu"),
    ("2026-02-01T00:10:00Z", "who", 1000, 0, 2000, "x", "us"),
]


def accounts(folder, rows=ROWS, usage=USAGE, hours=None, **study):
    """Every table of a usage whose log has some rows, in one file or in one for each."""
    for number, part in enumerate(rows if isinstance(rows[0], list) else [rows]):
        write(frame(part), folder / f"in/{number}.parquet")
    logs = metered(folder / "in")
    drawn_on = tiny_tables()
    found = build.accounts(
        usage,
        NestedStudy.of(entries(**study)),
        sums=logs["sums"],
        bills=bills.billed([], {}, place="u.yaml", folder=folder)[0],
        files=logs["files"],
        kinds=logs["kinds"],
        tables=replace(drawn_on, effects=drawn_on.effects.with_columns(rows=0)),
        registry=REGISTRY,
        grid=GRID,
        clouds=CLOUDS,
        servers=SERVERS,
        hours=hours or {},
        draws=4,
        seed=1,
        place="u.yaml",
        logger=logging.getLogger("test"),
    )
    return found | {"files": logs["files"], "kinds": logs["kinds"]}


def test_all_tables_are_sound_and_in_total_those_computed_by_hand(tmp_path):
    found = accounts(tmp_path)
    assert found.keys() == tables.TABLES.keys()
    for name, frame_ in found.items():
        tables.TABLES[name].schemas[""].validate(frame_)
    total = found["statement"].row(by_predicate=pl.col("breakdown") == "total", named=True)
    # Model B takes twice the time for all but pairs of tokens, which do not depend on the weights.
    seconds = SECONDS["traditional"] + (2 * SECONDS["traditional"] - 0.0625) + SECONDS["long"]
    assert total["energy_kwh_p50"] == pytest.approx(seconds * POWER_W["datacenter"] / 3.6e6, rel=0.01)
    assert found["served"]["subject"].to_list() == ["A", "B", "frontier"]
    assert found["servers"]["gpu"].to_list() == ["G"]
    content = text.content(found, usage=USAGE, study={"title": "Tiny"}, version="1", draws=4, seed=1)
    assert content["period"] == "2026-01 to 2026-02"
    answers = dict(content["answers"])
    assert answers["Which factors?"].endswith("; PUE 1.20, mean over the energy")
    assert "50.0 % rest on the mean of a class of models; the interval does not include" in answers["How sure?"]
    assert content["servers"].rows == [["G", "published", "100–400", "1,000–4,000", "3.00–6.00"]]
    assert "Making of G: https://s.example" in content["factor_sources"]
    own = USAGE | {"servers": {"lifetime_years": 5, "source": "our assets"}}
    note = text.servers(found["servers"], own).note
    assert note == "P5–P95. In place of the table's and the study's: lifetime 5 years (our assets)."
    assert [row[0] for row in content["served"].rows] == ["A", "B", "frontier"]
    assert all(len(row) == len(content["served"].head) for row in content["served"].rows)


def answers(found, usage=USAGE):
    return dict(audit.answers(found, usage=usage, study={"title": "Tiny"}, version="1.2", draws=4))


def test_a_statement_answers_who_what_when_how_and_how_sure(tmp_path):
    usage = USAGE | {"organisation": "Ours", "supply": "own_machines"}
    told = answers(accounts(tmp_path, usage=usage), usage)
    assert told["Who reports?"] == "Ours"
    assert told["On what?"] == "Made up: 3 requests to language models"
    assert told["Which period?"] == (
        "2026-01 to 2026-02, months in UTC. Logs cover 2026-01-01 00:00 to 2026-02-01 00:00 UTC."
    )
    assert told["Which emissions?"].startswith("Scope 2: ")
    assert "location-based" in told["Which emissions?"]
    assert "inference-energy 1.2, study `tiny` (checksum " in told["Which method?"]
    assert "(none)" not in told["Which factors?"]
    assert "eu (" in told["Which factors?"]
    assert "Aland (AAA), 500 gCO2e/kWh (life cycle); market-based 500 (no contract" in told["Which factors?"]
    assert "33.3 %" not in told["What is missing?"]
    assert "of energy is in regions without an entry of their own" in told["What is missing?"]


def test_what_is_assumed_and_missing_is_said(tmp_path):
    usage = USAGE | {"models": {"unknown": "leave_out"}}
    told = answers(accounts(tmp_path, usage=usage), usage)
    assert told["Who reports?"] == "not stated in the usage file (key `organisation`)"
    assert told["Which emissions?"].startswith("Scope 3, category 1 (purchased): ")
    missing = told["What is missing?"]
    for said in (
        "% of tokens are left out, as their model is not known",
        "100 % of tokens are taken to be bought, as the usage file states no supply",
        "the organisation is not named",
    ):
        assert said in missing


def test_what_is_not_estimated_is_counted():
    kinds = pl.DataFrame({"kind": ["request", "embedding", "embedding", "failure"], "rows": [5.0, 2.0, 3.0, 0.0]})
    assert audit.not_estimated(kinds) == ["counted and not estimated: embeddings (5)"]


def test_emissions_follow_a_file_of_hours(tmp_path):
    """January at 500 g/kWh of the zone, but 100 g/kWh in the hours of the file; February lies in a gap."""
    path = tmp_path / "hours.csv"
    path.write_text(
        "start_utc,carbon_gco2e_per_kwh\n2026-01-01T00:00Z,100\n2026-01-01T01:00Z,100\n2026-01-01T02:00Z,100\n"
    )
    spec = {"file": str(path), "source": "the operator of the grid", "gaps": "yearly_average", "basis": "direct"}
    usage = USAGE | {"regions": {"default": {"grid_zone": "AAA", "carbon": spec}}, "supply": "own_machines"}
    hours = carbon.read_all(usage, pl.DataFrame(), "u.yaml")
    found = accounts(tmp_path, usage=usage, hours=hours)
    months = found["statement"].filter(pl.col("breakdown") == "month").sort("month")
    per_kwh = months["emissions_location_kgco2e_mean"] / months["energy_kwh_mean"]
    assert per_kwh.to_list() == pytest.approx([0.1, 0.5])
    eu = found["factors"].row(by_predicate=pl.col("region") == "eu", named=True)
    assert eu["location_gco2e_per_kwh"] == pytest.approx(100)
    assert (eu["location_basis"], eu["location_source"]) == ("direct", "the operator of the grid; water: s")
    assert eu["carbon_hours"].startswith("hours.csv, intervals of 60 minutes, SHA-256 ")
    shares = dict(found["quality"].select("aspect", "share").iter_rows())
    assert shares["hourly_factor"] == pytest.approx(1)
    assert shares["hourly_gap"] == pytest.approx(3000 / 6000)
    by_month = found["drivers"].group_by("month").agg(pl.sum("emissions_location_kgco2e_mean")).sort("month")
    assert by_month["emissions_location_kgco2e_mean"].to_list() == pytest.approx(
        months["emissions_location_kgco2e_mean"].to_list()
    )
    with pytest.raises(InputError, match=r"hours.csv does not cover 1 of 1 steps of the usage, the first 2026-02-01"):
        strict = usage | {"regions": {"default": {"grid_zone": "AAA", "carbon": spec | {"gaps": "fail"}}}}
        accounts(tmp_path / "again", usage=strict, hours=hours)


def test_a_statement_as_json_has_its_tables_and_their_units(tmp_path):
    found = accounts(tmp_path)
    plain = as_json.statement(found, usage=USAGE, study={"title": "Tiny"}, version="1.2", draws=4, seed=1)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["about"]["boundary"] == "datacenter"
    assert plain["about"]["period"] == "2026-01 to 2026-02"
    total = next(row for row in plain["tables"]["statement"] if row["breakdown"] == "total")
    assert total["requests"] == 3
    assert plain["columns"]["statement"]["energy_kwh_mean"]["unit"] == "kWh"
    assert plain["tables"].keys() == plain["columns"].keys()


@pytest.mark.slow
def test_order_and_files_change_nothing(tmp_path):
    once = accounts(tmp_path / "once")
    again = accounts(tmp_path / "again", [[row] for row in reversed(ROWS)])
    for name in once.keys() - {"files"}:
        assert_frame_equal(once[name], again[name], check_exact=True)


def test_requests_that_the_study_cannot_serve_stop_the_run(tmp_path):
    serving = {"speed_tok_per_s": 1e6, "replica_gpus": [1]}
    with pytest.raises(InputError, match=r"^u.yaml: study: nothing of 'tiny' serves 'A' at its operating point, "):
        accounts(tmp_path, serving=serving)
