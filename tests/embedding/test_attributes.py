"""Attributes of requests, and that a fault is logged once and never raised."""

import logging

import pytest
from inference_energy import Model, estimate
from inference_energy.embedding import attributes
from inference_energy.embedding.attributes import Energies

REQUEST = {"input_tokens": 1000, "output_tokens": 500}


def test_every_number_has_its_unit():
    options = {"gpu": "G", "zone": "ABC", "boundary": "fleet", "study": {"fleet": {"onsite_water_l_per_kwh": 0.2}}}
    found = Energies(options=options).attributes(["A"], **REQUEST)
    expected = estimate("A", **options, **REQUEST)
    assert found == {
        "inference_energy.energy_wh": expected.wh,
        "inference_energy.energy_wh_p05": expected.interval[0],
        "inference_energy.energy_wh_p95": expected.interval[1],
        "inference_energy.energy_wh_mean": expected.energy_wh.mean,
        "inference_energy.emissions_gco2e": expected.emissions_gco2e.p50,
        "inference_energy.emissions_gco2e_p05": expected.emissions_gco2e.p05,
        "inference_energy.emissions_gco2e_p95": expected.emissions_gco2e.p95,
        "inference_energy.emissions_gco2e_mean": expected.emissions_gco2e.mean,
        "inference_energy.water_l": expected.water_l.p50,
        "inference_energy.water_l_p05": expected.water_l.p05,
        "inference_energy.water_l_p95": expected.water_l.p95,
        "inference_energy.water_l_mean": expected.water_l.mean,
        "inference_energy.model": "A",
        "inference_energy.boundary": "fleet",
        "inference_energy.evidence": "physics only",
        "inference_energy.study": "current, changed",
        "inference_energy.version": "1.2.3",
        "inference_energy.contents": "0123456789ab",
    }
    assert {type(value) for value in found.values()} == {float, str}
    assert not any("gco2e" in name or "water" in name for name in Energies().attributes(["A"], **REQUEST))


def test_the_first_name_that_is_known_counts():
    energies = Energies({"prod-chat": "A", "own": Model(total_b=1, name="mine")})
    for names in (["A"], [None, "A"], ["A-2031", "A"], ["prod-chat"], ["B", "prod-chat"]):
        assert energies.attributes(names, **REQUEST)["inference_energy.model"] == "A"
    assert energies.attributes(["own"], **REQUEST)["inference_energy.model"] == "mine"
    assert energies.attributes([None, 3, ["A"]], **REQUEST) == {}


def test_a_request_without_its_tokens(caplog):
    """It is not the random query of a workload that `estimate` would answer for."""
    for missing in REQUEST:
        assert Energies().attributes(["A"], **REQUEST | {missing: None}) == {}
    assert caplog.records == []


def test_tokens_of_the_cache():
    energies = Energies()
    cached = energies.attributes(["A"], **REQUEST, cached_tokens=250)["inference_energy.energy_wh"]
    assert cached == estimate("A", cached_share=0.25, **REQUEST).wh
    # Some instrumentations leave the cached tokens out of those of the prompt.
    most = energies.attributes(["A"], **REQUEST, cached_tokens=5000)["inference_energy.energy_wh"]
    assert most == estimate("A", cached_share=1, **REQUEST).wh


def test_a_fault_is_logged_once_per_cause(caplog):
    energies = Energies(options={"gpu": "G"})
    for tokens in (-1, -2):
        assert energies.attributes(["A"], input_tokens=tokens, output_tokens=1) == {}
        assert energies.attributes(["nobody", "no one"], **REQUEST) == {}
        assert energies.attributes(["A"], input_tokens=[1], output_tokens=1, cached_tokens=1) == {}
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("no energy of requests to A: input_tokens: found -1; allowed: ")
    assert lines[1].startswith("no energy of requests to nobody: model: found 'nobody'; allowed: ")
    assert lines[2].startswith("no energy of requests to A: TypeError: ")
    assert all(len(line.splitlines()) == 1 for line in lines)


def test_names_from_outside_do_not_fill_the_log(caplog, monkeypatch):
    monkeypatch.setattr(attributes, "MOST_CAUSES", 3)
    energies = Energies()
    for number in range(5):
        energies.attributes([f"model\n{number}"], **REQUEST)
    assert len(caplog.records) == 3
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_an_option_that_there_is_not():
    with pytest.raises(TypeError, match=r"^found option 'gpus'; allowed: gpu, precision, "):
        Energies(options={"gpus": "G"})
