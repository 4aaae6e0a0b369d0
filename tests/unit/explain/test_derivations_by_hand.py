"""Derivations of single numbers of made-up tables: what is printed gives the number, and rests on the right rows."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inference_energy.common.step import walk
from inference_energy.explain.asked import Asked
from inference_energy.explain.build import Build
from inference_energy.explain.derivations import (
    corpus as corpus_rows,
    evidence,
    headline,
    interventions,
    lengths,
    service,
    serving,
)
from inference_energy.explain.derivations.validation import held_out
from inference_energy.headline import declarations
from inference_energy.oviedo.token_lengths import token_lengths
from inference_energy.publish.catalogue import BY_NAME

ROOT = Path(__file__).parents[3]
EDITION = "joule-2026"
ORIGIN = {"url": "https://example.org", "publisher": "Lab", "title": "Runs", "licence": "CC-BY-4.0"}
RUN = {"source": "s", "file": "runs.csv", "line": 2, "url": None}


class Made(Build):
    """The configuration and studies of the repository with tables that are made up."""

    def __init__(self, cells, **tables):
        super().__init__(ROOT)
        self.own_cells, self.tables = cells, {name: pl.DataFrame(rows) for name, rows in tables.items()}

    def table(self, name):
        """Rows that were made up."""
        return self.tables[name]

    def cells(self, file, line):
        """The same of every line."""
        return self.own_cells

    def origin(self, file):
        """The same of every file."""
        return ORIGIN


def asked(table, row, column, cells=None, **tables):
    """A number; every other number that it rests on is a step without a derivation."""
    build = Made(cells or {}, **tables)
    return Asked(build=build, table=table, row=row, column=column, explain=lambda other: other.node())


def holds(node):
    return bool(node.formula) and not node.contradicted


def values(node):
    return {step.symbol: step.value for step in walk(node) if step.symbol}


@pytest.fixture(scope="module")
def assumed(read_configured):
    return token_lengths(read_configured(EDITION))


@pytest.mark.parametrize("column", ["output_tokens", "density_per_e_fold"])
def test_a_point_of_token_lengths_is_that_of_its_bin(assumed, column):
    for row in assumed[0].gather_every(13).iter_rows(named=True):
        assert holds(lengths.token_density(asked("token_length_density", row | {"study": EDITION}, column)))


def test_a_quantile_of_token_lengths_is_that_of_an_exponential(assumed):
    for row in assumed[1].iter_rows(named=True):
        found = lengths.quantile(asked("token_length_quantiles", row | {"study": EDITION}, "output_tokens"))
        assert not found.exact
        assert found.result == pytest.approx(row["output_tokens"], abs=0.5)


PAIR = {"source": "s", "row_id": "after", "reference_source": "s", "reference_row_id": "before"}
PAIR |= {"basis": "as the other, but fast", "batch": 64.0, "measured_multiplier": 2.0, "predicted_multiplier": 1.5}
ENERGIES = [
    RUN | {"row_id": name, "boundary": boundary, "energy_j_per_output_token": energy}
    for name, boundary, energy in (
        ("before", "node_wall", 9.0),
        ("before", "gpu_boards", 4.0),
        ("after", "gpu_boards", 2.0),
    )
]
KNOWN = {"score": evidence.intervention_evidence.SCORE, "left_out": evidence.intervention_evidence.LEFT_OUT}
PREDICTED = [
    *({"source": "s", "row_id": "before", "predicted_p50": 100.0} | KNOWN | {name: "other"} for name in KNOWN),
    *(
        {"source": "s", "row_id": name, "predicted_p50": energy} | KNOWN
        for name, energy in (("before", 3.0), ("after", 2.0))
    ),
]


@pytest.mark.parametrize(("column", "before"), [("measured_multiplier", 4.0), ("predicted_multiplier", 3.0)])
def test_a_multiplier_of_a_pair_is_the_energy_before_over_that_after(column, before):
    found = evidence.pair(asked("intervention_pairs", PAIR, column, measured_energy=ENERGIES, held_out=PREDICTED))
    assert holds(found)
    assert values(found) == {"before": before, "after": 2.0}


def test_the_batch_of_a_pair_is_that_of_its_run():
    runs = [{"source": "s", "row_id": name, "batch": batch} for name, batch in (("before", 8.0), ("after", 64.0))]
    found = evidence.pair(asked("intervention_pairs", PAIR, "batch", serving_runs=runs))
    assert holds(found)
    assert values(found) == {"x": 64.0}


@pytest.mark.parametrize(
    ("origin", "load", "batch", "symbols"),
    [
        ("stated", "server", 40.0, {"n": 40.0, "most": 100.0}),
        ("stated", "server", 100.0, {"n": 400.0, "most": 100.0}),
        ("memory", "offline", 100.0, {"n": 2048, "most": 100.0}),
        # 500 tokens a second on each of 8 GPUs, 20 ms a token: 80 requests.
        ("time per token", "server", 80.0, {"ms": 20.0, "most": 100.0, "output_tok_per_s_per_gpu": 500.0, "gpus": 8.0}),
    ],
)
def test_the_batch_of_a_run_by_hand(origin, load, batch, symbols):
    row = {"source": "s", "row_id": "r", "batch": batch, "batch_from": origin, "largest_batch": 100.0}
    row |= {"output_tok_per_s_per_gpu": 500.0, "gpus": 8.0}
    own = RUN | {"row_id": "r", "concurrency": symbols.get("n"), "time_per_output_token_mean_ms": 20.0, "load": load}
    found = serving.run(asked("serving_runs", row, "batch", throughput=[own]))
    assert holds(found)
    assert values(found) == symbols


@pytest.mark.parametrize("table", ["measured_energy", "implausible_energy"])
def test_a_fact_that_the_line_of_an_energy_does_not_state_is_of_its_run(table):
    row = RUN | {"row_id": "r", "gpus": 8, "power_w": 5600.0, "file": "energy.csv", "line": 3}
    cells = {"row_id": "r", "power_w": "5600"}
    places = {
        column: corpus_rows.row_of(asked(table, row, column, cells, throughput=[RUN | {"row_id": "r", "gpus": 8}]))
        for column in ("gpus", "power_w")
    }
    assert {name: found.children[0].place.file for name, found in places.items()} == {
        "gpus": "runs.csv",
        "power_w": "energy.csv",
    }
    assert "of the run's row" in places["gpus"].note and "of the run's row" not in places["power_w"].note


def test_a_fact_of_a_run_is_of_its_own_line():
    row = RUN | {"row_id": "r", "gpus": 8}
    found = corpus_rows.row_of(asked("throughput", row, "gpus", {"row_id": "r"}))
    assert (found.children[0].place.file, found.children[0].value) == ("runs.csv", 8)
    assert "of the run's row" not in found.note


# Predicted over measured: 2 and 1, the second inside its interval.
HELD = [
    {"source": "s", "row_id": name, "score": "energy_at_batch", "left_out": "source", "value": "s"}
    | {"measured": 2.0, "predicted_p05": low, "predicted_p50": middle, "predicted_p95": 9.0}
    for name, low, middle in (("a", 3.0, 4.0), ("b", 1.0, 2.0))
]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("rows", 2),
        ("factor", np.exp(np.log(2) / np.sqrt(2))),
        ("coverage_90", 0.5),
        ("median_ratio", np.sqrt(2)),
    ],
)
def test_scores_of_two_runs_by_hand(column, value):
    row = {"score": "energy_at_batch", "left_out": "source", "group": "all", column: value}
    energies = [
        RUN | {"row_id": name, "boundary": "gpu_boards", "energy_j_per_output_token": 2.0} for name in ("a", "b")
    ]
    found = held_out.score(asked("held_out_scores", row, column, held_out=HELD, measured_energy=energies))
    assert holds(found)
    assert sum(step.label == "measured energy of a" for step in walk(found)) == 1


def test_a_sampling_error_of_an_intervention_rests_on_its_number():
    row = {"study": EDITION, "workload": "long", "lever": "all", "energy_wh_p50_se": 0.1, "energy_wh_p50": 2.0}
    found = interventions.explained(asked("intervention_multipliers", row, "energy_wh_p50_se"))
    assert [step.value for step in found.children] == [2.0]
    assert "standard error" in found.note


@pytest.mark.parametrize(("column", "value"), [("pairs", 3), ("measured_p50", 2.0)])
def test_a_statistic_of_pairs_rests_on_the_pairs_of_its_evidence(column, value):
    row = {"study": "current", "lever": "slower_answers", "evidence": "larger_batch", column: value}
    pairs = [
        PAIR | {"lever": lever, "model": "M", "gpu": "G", "measured_multiplier": times}
        for lever, times in (("larger_batch", 1.0), ("larger_batch", 2.0), ("larger_batch", 4.0), ("other", 9.0))
    ]
    found = interventions.explained(asked("intervention_multipliers", row, column, intervention_pairs=pairs))
    assert holds(found)
    key, listing = found.children[0].children
    assert key.value == "larger_batch"
    assert [step.value for step in listing.children] == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("column", "value", "rests_on"),
    [("computed", 3.0, {0.9, 0.3}), ("sampling_se", 3.0 * 0.01 / 0.9, {3.0, 0.01, 0.9})],
)
def test_a_day_of_a_fleet_over_a_familiar_load_by_hand(corpus, column, value, rests_on):
    """0.9 GWh a day over a billion searches of 0.3 Wh."""
    day = {"study": EDITION, "scenario": "all", "long_share": 0.0, "interventions": False}
    day |= {"energy_gwh_per_day_mean": 0.9, "energy_gwh_per_day_published_se": 0.01}
    none = {name: pl.DataFrame(schema=BY_NAME[name].types()) for name in declarations.OWN}
    tables = none | {"scenario_aggregates": [day], "published_estimate": corpus["published_estimate"]}
    row = {"study": EDITION, "quantity": "all energy_gwh_per_day_mean/web_search", "unit": "x"}
    row |= {"computed": 3.0, "published": None, "note": None, column: value}
    found = headline.explained(asked("headline", row, column, **tables))
    assert holds(found)
    assert rests_on <= set(values(found).values())


def test_draws_at_a_boundary_are_those_of_its_row():
    key = {"study": "current", "workload": "long", "subject": "frontier"}
    rows = [
        key | {"boundary": boundary, "spread": "shared", "draws": draws}
        for boundary, draws in (("node", 900), ("datacenter", 1000))
    ]
    row = key | {"boundary": "datacenter", "spread": "untrimmed", "draws": 16_000}
    found = service._draws(asked("energy_by_boundary", row, "draws", energy_by_boundary=rows))
    assert holds(found)
    assert values(found) == {"n": 1000, "each": 16}
