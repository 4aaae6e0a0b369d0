"""All checks on the real corpus: what is known to be wrong in it is found."""

import polars as pl
import pytest
from check_rows import checked, corpus, energy, hardware, models, sources, throughput
from inference_energy.corpus import plausible, tables
from inference_energy.corpus.checks.finding import CHECKS, FINDING, SEVERITIES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def findings():
    return checked()


def of(findings, check, source, row_id):
    return findings.filter(check=check, source=source, row_id=row_id)


def test_findings_satisfy_their_schema(findings):
    tables.BENCHMARK_CHECKS.validate(findings)
    assert findings.columns == list(FINDING)


def test_every_finding_is_of_a_known_check_and_its_severity(findings):
    raised = set(findings.select("check", "severity").unique().rows())
    assert raised <= {(check, severity) for check, (severity, _) in CHECKS.items()}


def test_most_serious_findings_come_first(findings):
    ranks = [SEVERITIES.index(severity) for severity in findings["severity"]]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}


def test_one_run_with_eight_and_with_sixteen_gpus(findings):
    finding = of(findings, "same_figure_other_gpus", "oviedo", "03").row(0, named=True)
    assert (finding["found"], finding["expected"], finding["other_source"]) == (8, 16, "mlenergy_v2")


@pytest.mark.parametrize(("row_id", "weights"), [("03", 810), ("19", 671)])
def test_weights_that_eight_h100_cannot_hold(findings, row_id, weights):
    finding = of(findings, "weights_do_not_fit", "oviedo", row_id).row(0, named=True)
    assert (finding["found"], finding["expected"]) == (weights, 640)


def test_two_throughputs_of_llama_405b(findings):
    conflict = of(findings, "conflict", "oviedo", "24").filter(other_source="oviedo", other_row_id="07")
    # 3661.85 against 2050 tok/s on eight GPUs.
    assert conflict["found"].item() == pytest.approx(256.25)
    assert conflict["expected"].item() == pytest.approx(457.73, abs=0.01)
    assert conflict["message"].item().endswith("1.79 x")


@pytest.mark.parametrize("row_id", ["20", "21"])
def test_model_of_253_billion_parameters_taken_for_235(findings, row_id):
    finding = of(findings, "stated_parameters", "oviedo", row_id).row(0, named=True)
    assert (finding["found"], finding["expected"]) == (235, 253)


def test_active_parameters_of_mixtral_taken_from_its_name(findings):
    found = findings.filter(check="stated_parameters", source="oviedo", model="Mixtral 8x22B")
    assert found["row_id"].to_list() == ["01", "14", "15", "16", "17", "18"]
    assert set(found.select("found", "expected").rows()) == {(22, 39)}


def test_rows_copied_from_tensorrt_llm_are_its_duplicates(findings):
    pairs = findings.filter(check="duplicate", source="tensorrt_llm", other_source="oviedo")
    assert sorted(pairs["other_row_id"]) == [f"{number:02}" for number in range(4, 19)]


def test_every_check_is_made():
    mean = {"output_tokens": 449.8, "output_length_kind": "mean", "concurrency": 127.41}
    found = checked(
        throughput=throughput(
            *({"throughput_tok_per_s": value} for value in (3840, 3950, 4080, 4160)),
            {"throughput_tok_per_s": 500},  # a slip, and in conflict with the others
            {"load": "server"},
            {"load": "server"},  # a duplicate
            {"load": "production", "throughput_tok_per_s": 1e6},  # above_compute_limit
            {"load": "closed_loop", "concurrency": 1},  # above_memory_limit
            {"load": "closed_loop", "precision": "FP16", "gpus": 1, "throughput_tok_per_s": 500},  # weights_do_not_fit
            mean,
            mean | {"source": "b", "gpus": 16},  # same_figure_other_gpus
            {"load": "interactive", "stated_total_parameters_billions": 80},
            {"gpu": "B200 180GB", "published_on": "2020"},  # stale
            {"load": "interactive", "stated_model": "maker/Model-NVFP4"},  # precision_in_name
        ),
        energy=energy({"power_w": 5700}),  # of boards rated for 5,600 W
        implausible=plausible.set_apart(
            energy(
                {"power_w": 5500},  # energy_against_power: 5.5 J per token and not 4
                {"power_w": 400, "energy_j_per_output_token": 0.4},  # board_power_impossible
                {"power_w": 2000, "energy_j_per_output_token": 2, "serving": "disaggregated"},
            ),
            hardware({}),
            corpus()["limits"],
        )[1],
        sources=sources({"previous_sha256": "same", "previous_read_on": "2025-12-01"}),
        models=models({"checked_on": "2025-10-02"}, {"model": "Llama 2 70B"}),  # registry_age: 91 days
        hardware=hardware({}, {"gpu": "B200 180GB"}),
    )
    assert set(found["check"]) == set(CHECKS)
    tables.BENCHMARK_CHECKS.validate(found)


TABLES = ["throughput", "energy", "implausible", "sources", "models", "hardware"]


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_the_inputs_does_not_matter(findings, seed):
    shuffled = {name: corpus()[name].sample(fraction=1, shuffle=True, seed=seed) for name in TABLES}
    assert checked(**shuffled).equals(findings)


def test_order_of_files_of_one_unchanged_source_does_not_matter():
    refreshed = corpus()["sources"].filter(source="mlperf_v5_1")
    refreshed = refreshed.with_columns(previous_sha256="sha256", previous_read_on=pl.lit("2020-01-01"))
    assert refreshed.height > 1
    forwards, backwards = (checked(sources=files) for files in (refreshed, refreshed.reverse()))
    assert forwards.filter(check="refreshed_but_unchanged").height == refreshed.height
    assert backwards.equals(forwards)


@pytest.mark.parametrize("empty", [["energy"], ["throughput"], ["energy", "throughput"]])
def test_empty_tables_do_not_fail(empty):
    found = checked(**{name: corpus()[name].clear() for name in empty})
    tables.BENCHMARK_CHECKS.validate(found)
    assert "coverage_gap" in found["check"].to_list()
    assert "energy_against_power" not in found["check"].to_list()


def test_without_throughput_every_model_and_gpu_is_a_gap():
    found = checked(
        throughput=corpus()["throughput"].clear(),
        energy=corpus()["energy"].clear(),
        implausible=corpus()["implausible"].clear(),
    )
    assert set(found["check"]) == {"coverage_gap"}
    assert found.height == corpus()["models"].height + corpus()["hardware"].height
