"""What the corpus does not have."""

from check_rows import energy, hardware, models, throughput
from inference_energy.corpus.checks.coverage import gaps

MODELS = models(
    {"model": "Llama 3.1 70B"},
    {"model": "Llama 2 70B"},
    {"model": "Llama 3.1 8B", "model_class": "small"},
)
HARDWARE = hardware({"gpu": "H100 SXM 80GB"}, {"gpu": "B200 180GB"})


def messages(rows, energies):
    return gaps(rows, energies, MODELS, HARDWARE)["message"].to_list()


def test_models_and_gpus_without_a_row():
    assert messages(throughput({}), energy({})) == [
        "no throughput row of Llama 2 70B",
        "no throughput row of Llama 3.1 8B",
        "no throughput row of B200 180GB",
    ]


def test_class_with_throughput_but_without_energy_on_a_gpu():
    rows = throughput(
        {},
        {"model": "Llama 2 70B"},
        {"model": "Llama 3.1 8B"},
        {"gpu": "B200 180GB"},
        {"gpu": "B200 180GB", "model": "Llama 2 70B"},
    )
    # Energy of another model of the class counts for all of it.
    assert messages(rows, energy({"model": "Llama 2 70B"})) == [
        "no measured energy of a large model on B200 180GB",
        "no measured energy of a small model on H100 SXM 80GB",
    ]


def test_nothing_is_missing():
    everything = [{"model": model, "gpu": gpu} for model in MODELS["model"] for gpu in HARDWARE["gpu"]]
    assert messages(throughput(*everything), energy(*everything)) == []


def test_gap_is_information_about_a_model_or_gpu():
    found = gaps(throughput({}), energy({}), MODELS, HARDWARE)
    assert found.select("model", "gpu").rows() == [("Llama 2 70B", None), ("Llama 3.1 8B", None), (None, "B200 180GB")]
    assert set(found["check"]) == {"coverage_gap"}
    assert set(found["severity"]) == {"info"}


def test_without_any_row_everything_is_missing_once():
    assert len(messages(throughput(), energy())) == 3 + 2
