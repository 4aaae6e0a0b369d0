"""Every fault of a user's file ends the run with one plain line and leaves the last good results alone."""

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from inference_energy.common import yaml_files
from inference_energy.common.errors import InputError
from inference_energy.corpus import read, registries
from inference_energy.tables import rows
from runs import BENCHMARKS, ORIGIN, ROOT, dry_run, replace, run, sign

CONFIG = "config/config.yaml"
STUDY = "config/studies/joule-2026.yaml"
BASE = "config/studies/arxiv-2025.yaml"
KEPT = (
    "results/benchmarks.duckdb",
    "results/validated/*.parquet",
    "results/headline.csv",
    "results/*/*.parquet",
)
VALIDATED = "results/validated/throughput.parquet"
FIT = "results/joule-2026/throughput_fit.parquet"
CELL = ",3732.4,"  # throughput of row 04, which stands in line 5


def edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: replace(folder / file, old, new)


def cell(new: str) -> Callable[[Path], None]:
    return edit(BENCHMARKS, CELL, f",{new},")


def every_line(pattern: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / BENCHMARKS
        lines = file.read_text().splitlines()
        header = lines[0].split(",")
        position = header.index(pattern)
        if new:  # one more column
            lines = [f"{lines[0]},{new}", *(f"{line},1" for line in lines[1:])]
        else:  # one less
            lines = [drop_cell(line, position) for line in lines]
        file.write_text("\n".join(lines) + "\n")

    return change


def drop_cell(line: str, position: int) -> str:
    cells = line.split(",")  # no quoted cell stands before the columns that are dropped here
    return ",".join(cells[:position] + cells[position + 1 :])


def append(file: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / file
        path.write_text(path.read_text() + text)

    return change


def repeat_last_row(folder: Path) -> None:
    path = folder / BENCHMARKS
    text = path.read_text()
    path.write_text(text + text.splitlines()[-1] + "\n")


def empty(folder: Path) -> None:
    (folder / BENCHMARKS).write_text("")


def circle(folder: Path) -> None:
    path = folder / BASE
    path.write_text("extends: joule-2026\n" + path.read_text())


def kept(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for pattern in KEPT for path in sorted(folder.glob(pattern))}


def last_error(printed: str) -> str:
    lines = [line for line in printed.splitlines() if line.strip()]
    assert lines[-1].startswith("Error: "), printed
    return lines[-1].removeprefix("Error: ")


def finds(line: int, column: str, value: str, allowed: str) -> str:
    return f"{BENCHMARKS} line {line} column {column}: found {value}; allowed: {allowed}"


THROUGHPUT = "throughput_tok_per_s"
DATA_FAULTS = {
    "malformed CSV": (
        edit(BENCHMARKS, "\n25,", '\n"25,'),  # a quote in the last line that is never closed
        f"{BENCHMARKS} line 26: malformed CSV: unexpected end of data",
    ),
    "missing column": (every_line("gpu", ""), f"{BENCHMARKS}: nothing in gpu; allowed: a column with values, or "),
    "extra column": (every_line("gpu", "colour"), f"{BENCHMARKS} line 1: unknown column 'colour'; allowed: "),
    "text in number": (cell("fast"), finds(5, THROUGHPUT, "'fast'", "a number")),
    "nan": (cell("nan"), finds(5, THROUGHPUT, "'nan'", "a finite number")),
    "infinity": (cell("inf"), finds(5, THROUGHPUT, "'inf'", "a finite number")),
    "zero": (cell("0"), finds(5, THROUGHPUT, "'0'", "> 0")),
    "negative": (cell("-3732.4"), finds(5, THROUGHPUT, "'-3732.4'", "> 0")),
    "unknown model": (
        edit(BENCHMARKS, "\n04,Llama 3.1 405B,", "\n04,Llama 9,"),
        finds(5, "model", "'Llama 9'", "a name or alias in resources/models.csv: one of "),
    ),
    "duplicate row": (repeat_last_row, finds(26, "row_id", "'25'", "a value that no other row has")),
    "empty file": (empty, f"{BENCHMARKS}: the file is empty; allowed: a header and rows"),
}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A folder with one benchmark source and the registries, to read as the workflow does."""
    folder = tmp_path / "source"
    shutil.copytree((ROOT / BENCHMARKS).parent, (folder / BENCHMARKS).parent)
    for registry in ("models", "hardware"):
        shutil.copy2(ROOT / f"resources/{registry}.csv", folder / "resources")
    monkeypatch.chdir(folder)
    return folder


def read_benchmarks():
    known = {
        "model": registries.read_models(Path("resources/models.csv"))[1],
        "gpu": registries.read_hardware(Path("resources/hardware.csv"))[1],
    }
    schema = yaml_files.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml")
    rows.must_be_empty(read.read_sources(Path("resources/benchmarks"), schema, known)["rejected_row"])


def test_published_source_has_no_fault(source):
    read_benchmarks()


@pytest.mark.parametrize("fault", DATA_FAULTS)
def test_benchmark_fault_is_told(source, fault):
    change, message = DATA_FAULTS[fault]
    change(source)
    sign(source)
    with pytest.raises(InputError) as raised:
        read_benchmarks()
    assert str(raised.value).startswith(message)


def refused_twice(copy: Path, target: str, message: str) -> None:
    """The last good results stay in place, but must never pass for results of the faulty input."""
    before = kept(copy)
    errors = []
    for _ in range(2):
        outcome = run(copy, "--cores", "1", target)
        assert outcome.returncode != 0, outcome.stdout
        assert "Traceback" not in outcome.stdout
        errors.append(last_error(outcome.stdout))
        assert kept(copy) == before
    assert errors[0].startswith(message)
    assert errors[1] == errors[0]


@pytest.mark.parametrize("fault", ["malformed CSV", "zero"])  # a file that is refused, and a row that is set aside
def test_benchmark_fault_ends_the_run_and_the_next(copy, fault):
    change, message = DATA_FAULTS[fault]
    change(copy)
    sign(copy)
    refused_twice(copy, VALIDATED, message)


def test_a_quiet_run_tells_an_error_of_a_job_once(copy):
    cell("0")(copy)
    sign(copy)
    outcome = run(copy, "--cores", "1", "--quiet", "rules", "host", "--", VALIDATED)
    lines = [line for line in outcome.stdout.splitlines() if "rror" in line or "xception" in line]
    assert outcome.returncode != 0
    assert len(lines) == 1 and lines[0].startswith(f"Error: {finds(5, THROUGHPUT, repr('0'), '> 0')}"), lines
    (log,) = re.findall(r"^Complete log\(s\): (.+)$", outcome.stdout, flags=re.MULTILINE)
    assert "CalledProcessError" in Path(log).read_text()


def test_wrong_checksum_is_told(source):
    cell("3732.5")(source)
    with pytest.raises(InputError, match=rf"^{BENCHMARKS}: found sha256 \w{{64}}; {ORIGIN} says \w{{64}}\. "):
        read_benchmarks()


CONFIGURATION_FAULTS = {
    "unknown configuration key": (
        append(CONFIG, "colour: blue\n"),
        "config/config.yaml: top level: unknown key colour; allowed: answer_lengths, bridge, checks, cross_methods,",
    ),
    "unknown study key": (
        append(STUDY, "colour: blue\n"),
        f"{STUDY}: top level: unknown key colour; allowed: ",
    ),
    "unknown study": (
        edit(CONFIG, "  - joule-2026\n", "  - joule-2027\n"),
        "studies: no study 'joule-2027' (config/studies/joule-2027.yaml does not exist);"
        " allowed: arxiv-2025, bridge-01, ",
    ),
    "extends in a circle": (
        circle,
        f"{BASE}: extends goes in a circle: arxiv-2025 -> joule-2026 -> arxiv-2025",
    ),
    "P5 above P95": (
        append(STUDY, "pue: {p05: 1.7}\n"),
        f"{STUDY}: pue: found p05 1.7 >= p95 1.6; allowed: p05 < p95",
    ),
    "P5 equal to P95": (
        append(STUDY, "pue: {p05: 1.6}\n"),
        f"{STUDY}: pue: found p05 1.6 >= p95 1.6; allowed: p05 < p95",
    ),
    "share above 1": (
        edit(BASE, "long_share: 0.1, interventions: false", "long_share: 1.1, interventions: false"),
        f"{BASE}: fleet.scenarios.mixed.long_share: found 1.1; allowed: a number <= 1",
    ),
    "share below 0": (
        edit(BASE, "long_share: 0.1, interventions: false", "long_share: -0.1, interventions: false"),
        f"{BASE}: fleet.scenarios.mixed.long_share: found -0.1; allowed: a number >= 0",
    ),
    "fewer draws than give quantiles": (
        edit(CONFIG, "service_draws: 200", "service_draws: 20"),
        "config/config.yaml: service_draws: found 20; allowed: a number >= 200",
    ),
    "bridge from a study of another method": (
        edit(CONFIG, "  from: joule-2026", "  from: current"),
        "config/config.yaml: bridge.from: found 'current'; allowed: arxiv-2025 or joule-2026",
    ),
    "step of the bridge of another method": (
        edit(CONFIG, "    bridge-02: ", "    arxiv-2025: "),
        "config/config.yaml: bridge.steps: found 'arxiv-2025' of method published; allowed: nested",
    ),
    "unknown GPU": (
        edit(CONFIG, "  gpu: B200 180GB", "  gpu: B900"),
        "config/config.yaml: answer_lengths.gpu: found 'B900'; allowed: a name or alias in resources/hardware.csv: ",
    ),
    "unknown model": (
        edit(CONFIG, "  models: [DeepSeek-V3.2, ", "  models: [DeepSeek-V9, "),
        "config/config.yaml: cross_methods.models: found 'DeepSeek-V9'; allowed: DeepSeek-V3.2, ",
    ),
    "unknown GPU of a study": (
        edit("config/studies/current.yaml", "\n  - {gpu: B300 288GB,", "\n  - {gpu: B3000,"),
        "config/studies/current.yaml: hardware: found 'B3000'; allowed: one of ",
    ),
    "zero draws": (
        edit(CONFIG, "\ndraws: 10_000", "\ndraws: 0"),
        "config/config.yaml: draws: found 0; allowed: a number >= 10000",
    ),
}


@pytest.mark.parametrize("fault", CONFIGURATION_FAULTS)
def test_configuration_fault(plans, fault):
    change, message = CONFIGURATION_FAULTS[fault]
    change(plans)
    outcome = dry_run(plans, "results/headline.csv")
    assert outcome.returncode != 0
    assert last_error(outcome.stdout).startswith(message)
    assert "Traceback" not in outcome.stdout
    assert "Job stats" not in outcome.stdout, "a job was planned"


def test_configuration_fault_leaves_results_alone(copy):
    change, message = CONFIGURATION_FAULTS["unknown study key"]
    before = kept(copy)
    change(copy)
    outcome = run(copy, "--cores", "1", "results/headline.csv")
    assert outcome.returncode != 0
    assert last_error(outcome.stdout).startswith(message)
    assert kept(copy) == before


def test_unknown_class_member_ends_the_run_and_the_next(copy):
    append(STUDY, "classes: {frontier: {weights: {Llama 9: 1}}}\n")(copy)
    message = f"{STUDY}: classes.frontier.weights: unknown model 'Llama 9'; allowed: one of 30 names, such as "
    refused_twice(copy, FIT, message)


OWN = "config/studies/own.yaml"


def refused(copy: Path, target: str, message: str) -> None:
    """Run for one target, which must end in one plain line and leave every result as it was."""
    before = kept(copy)
    outcome = run(copy, "--cores", "1", target)
    assert outcome.returncode != 0
    error = last_error(outcome.stdout)
    assert error.startswith(message), error
    assert "Traceback" not in outcome.stdout
    after = kept(copy)
    assert {name: after[name] for name in before} == before
    assert str(copy / target) not in after.keys() - before.keys()


def test_fault_of_a_nested_study(copy):
    (copy / OWN).write_text("extends: current\noverheads: [heat]\n")
    replace(copy / CONFIG, "  - current\n", "  - current\n  - own\n")
    refused(copy, "results/own/energy_per_query.parquet", f"{OWN}: overheads: found 'heat'; allowed: ")


def first_cell(file: str, column: str, new: str) -> Callable[[Path], None]:
    """Change a column's cell in the first row of a table of `resources`."""

    def change(folder: Path) -> None:
        path = folder / file
        with path.open(newline="") as handle:
            header, first, *others = csv.reader(handle)
        first[header.index(column)] = new
        with path.open("w", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows([header, first, *others])

    return change


def test_fault_of_a_table_behind_nested_studies(copy):
    file, column = "resources/grid.csv", "carbon_gco2e_per_kwh"
    first_cell(file, column, "-1")(copy)
    refused(copy, "results/current/fleet_plan.parquet", f"{file} line 2 column {column}: found '-1'; allowed: ")
