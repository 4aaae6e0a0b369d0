"""All tables of a usage and its text: sound, whole, the same in any order, and by hand in total."""

import logging
from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.statement import build, tables, text
from inference_energy.statement.logs import bills, files as usage_files
from inference_energy.studies.study import NestedStudy
from polars.testing import assert_frame_equal
from tiny_service import POWER_W, SECONDS, entries, tables as tiny_tables
from usage_logs import CLOUDS, GRID, SERVERS, frame, metered, write

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
    sums, files = metered(folder / "in")
    drawn_on = tiny_tables()
    found = build.accounts(
        usage,
        NestedStudy.of(entries(**study)),
        sums=sums,
        bills=bills.billed([], {}, place="u.yaml", folder=folder),
        files=files,
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
    return found | {"files": files}


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
    content = text.content(found, usage=USAGE, study={"title": "Tiny"}, version="1", draws=4, seed=1)
    assert content["period"] == "2026-01 to 2026-02"
    assert [row[0] for row in content["served"].rows] == ["A", "B", "frontier"]
    assert all(len(row) == len(content["served"].head) for row in content["served"].rows)


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
