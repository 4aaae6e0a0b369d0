"""A script hands inputs and parameters to functions by name, and its tables to the schemas named as their files."""

from types import ModuleType, SimpleNamespace

import polars as pl
import pytest
from inference_energy.common import jobs
from inference_energy.tables import wiring
from inference_energy.tables.columns import number, table, texts


class Named(list):
    """Files or values of a rule, as Snakemake hands them over."""

    def __init__(self, *unnamed, **named):
        super().__init__([*unnamed, *named.values()])
        self.named = named

    def items(self):
        """Those with a name."""
        return self.named.items()

    def __getitem__(self, key):
        return self.named[key] if isinstance(key, str) else super().__getitem__(key)


SPEEDS = table(["name"], **texts(name="name"), speed=number("how fast", "tok/s"))
FRAME = pl.DataFrame({"speed": [1.0], "name": ["a"], "more": [1]})


def declared(**schemas):
    module = ModuleType("tables")
    vars(module).update(schemas)
    return module


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FRAME.write_parquet("rows.parquet")

    def of(*output, **named):
        files = {"input": Named(rows="rows.parquet"), "output": Named(*output, **named), "log": ["job.log"]}
        return SimpleNamespace(params=Named(draws=7, seed=1), **files)

    return of


def test_arguments_are_inputs_and_parameters_of_their_names(script):
    def function(first, rows, draws, seed, *, given, left_out=5):
        return first, rows.columns, draws, seed, given, left_out

    with wiring.job(script("out.csv")) as job:
        found = job.call(function, "first", given="given", seed=2)
    assert found == ("first", ["speed", "name", "more"], 7, 2, "given", 5)


def test_the_schema_of_a_table_is_named_as_its_file(script, tmp_path):
    with wiring.job(script(a="1-of-2.speeds.csv", b="a.b/more_speeds.csv")) as job:
        job.write(declared(SPEEDS=SPEEDS), declared(MORE_SPEEDS=SPEEDS, SPEEDS=None), a=FRAME, b=FRAME)
    for file in ("1-of-2.speeds.csv", "a.b/more_speeds.csv"):
        assert (tmp_path / file).read_text() == "name,speed\na,1.0\n"
    assert "speed" in (tmp_path / "job.log").read_text()


def test_the_only_output_needs_no_name(script, tmp_path):
    with wiring.job(script("speeds.csv")) as job:
        job.write(declared(SPEEDS=SPEEDS), table=FRAME, told="one row")
    assert (tmp_path / "speeds.csv").read_text() == "name,speed\na,1.0\n"
    assert (tmp_path / "job.log").read_text() == "one row\n"


def test_a_fault_ends_a_command_with_one_line():
    with pytest.raises(SystemExit, match=r"^Error: found nothing$"), jobs.command():
        raise jobs.InputError("found nothing")
