"""The section of the page that asks about one query: as `estimate` answers, side by side, and what cannot be asked."""

import itertools
from dataclasses import replace

import pytest
from inference_energy import Gpu, Model, estimate
from inference_energy.answers.energies import per_token
from inference_energy.answers.estimate import Range
from inference_energy.answers.packaged import packaged
from inference_energy.answers.question import Question
from inference_energy.answers.served import served
from inference_energy.common.errors import InputError
from inference_energy.dashboard.own import DRAWS

# Of 48 points, compared with 2,000 draws: what they leave of the sampling error.
NEAR = {"p05": 0.50, "p50": 0.15, "p95": 0.50, "mean": 0.20}
QUERIES = ((300, 100), (2000, 500), (30_000, 900))
SERVED = (
    ("DeepSeek-V3.2", "B200 180GB"),
    ("gpt-oss-120b", "H100 SXM 80GB"),
    ("Llama 3.1 8B", "L40S"),
    ("Kimi-K2.5", ""),
    ("frontier", ""),
    ("GPT-4o", ""),
)


@pytest.fixture
def section(opened):
    page = opened()
    page.locator("#ask").scroll_into_view_if_needed()
    return page


@pytest.mark.parametrize(("model", "gpu"), SERVED)
def test_as_estimates_of_the_package(section, model, gpu):
    for (prompt, out), boundary in itertools.product(QUERIES, ("gpu_boards", "datacenter", "fleet")):
        question = {"model": model, "gpu": gpu, "input": prompt, "output": out, "cached": 0.25, "boundary": boundary}
        found = section.evaluate(
            "question => window.inferenceEnergy.answer(question).energy_wh", question | {"pue": 1.2}
        )
        expected = estimate(
            model, gpu or None, input_tokens=prompt, output_tokens=out, cached_share=0.25, boundary=boundary, pue=1.2
        ).energy_wh
        for name, tolerance in NEAR.items():
            assert found[name] == pytest.approx(getattr(expected, name), rel=tolerance), (question, name)


def test_two_side_by_side(section):
    section.fill('[name="a-model"]', "gpt-oss-120b")
    section.fill('[name="a-gpu"]', "H100 SXM 80GB")
    section.fill('[name="b-model"]', "GPT-4o")
    section.fill('[name="b-gpu"]', "")
    section.fill('[name="ask-output"]', "1000")
    section.select_option('[name="ask-zone"]', "FRA")
    first, second = (section.evaluate(f"window.inferenceEnergy.asked().{side}.energy_wh.p50") for side in "ab")
    assert section.inner_text("#ask-a-median").replace("\u00a0", " ").endswith(" Wh")
    assert "mg CO2e, France" in section.inner_text("#ask-a-carbon").replace("\u00a0", " ")
    assert "not disclosed" in section.inner_text("#ask-b-evidence")
    words = section.inner_text("#ask-difference").split()
    energy, time, power = (float(words[place]) for place in (2, 8, 13))
    assert time * power == pytest.approx(energy, rel=0.11)  # two digits each
    assert energy == pytest.approx(second / first, rel=0.25)
    section.click("#ask article:first-child summary")
    steps = section.inner_text("#ask-a-steps")
    assert "gpt-oss-120b on H100 SXM 80GB" in steps and "1000 answer tokens" in steps


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("a-model", "DeepSeek-X9", "Model: found DeepSeek-X9; allowed: one of the list, as of DeepSeek-R1"),
        ("a-gpu", "H900", "GPU: found H900, which does not serve DeepSeek-V3.2; allowed: "),
        ("ask-output", "", "Answer tokens: found nothing; allowed: 1 to 10,000,000."),
        ("ask-cached", "101", "Prompt in the cache, %: found 101; allowed: 0 to 100."),
        ("ask-pue", "0.5", "PUE: found 0.5; allowed: 1 to 5."),
    ],
)
def test_what_cannot_be_asked(section, field, value, told):
    section.fill(f'[name="{field}"]', value)
    assert section.inner_text("#ask-note").startswith(told)
    assert "stale" in section.get_attribute("#ask-answers", "class")
    section.fill('[name="a-model"]', "DeepSeek-V3.2")


# ---- models and GPUs of one's own ----

# Of 400 draws, compared with 2,000 others: what they leave of the sampling error.
NEAR_OWN = {"p05": 0.35, "p50": 0.20, "p95": 0.45, "mean": 0.25}
CODED = 0.01  # the same draws, coded in steps of 0.1 %
MODELS = (
    {"total_b": 8},
    {"total_b": 70, "precision": "BF16"},
    {"total_b": 120, "active_b": 8, "precision": "FP8"},
    {"total_b": 120, "active_b": 5.1, "precision": "MXFP4"},
    {"total_b": 671, "active_b": 37, "precision": "FP8"},
    {"total_b": 5000, "active_b": 100},
)
GPUS = (
    {"tdp_w": 300, "memory_gb": 48, "bandwidth_gb_per_s": 864, "peak_fp16_tflop_per_s": 180},
    {"tdp_w": 750, "memory_gb": 192, "bandwidth_gb_per_s": 5300, "peak_fp16_tflop_per_s": 1300}
    | {"peak_fp8_tflop_per_s": 2600},
    {"tdp_w": 1000, "memory_gb": 180, "bandwidth_gb_per_s": 7700, "peak_fp16_tflop_per_s": 2250}
    | {"peak_fp8_tflop_per_s": 4500, "peak_fp4_tflop_per_s": 9000},
)
OWN = [
    *itertools.product(MODELS, (*GPUS, "B200 180GB", "H100 SXM 80GB", "L40S", "")),
    *itertools.product(("DeepSeek-V3.2", "gpt-oss-120b", "Llama 3.1 8B", "Kimi-K2.5"), GPUS),
]
ANSWER = "question => window.inferenceEnergy.answer(question)"


def put(given, names):
    """A model or GPU as the page puts it: what is not given is null."""
    return given if isinstance(given, str) else dict.fromkeys(names) | given


def own_question(model, gpu, **others):
    of = {"input": 2000, "output": 500, "cached": 0.3, "boundary": "datacenter", "pue": 1.2} | others
    gpus = ("peak_fp8_tflop_per_s", "peak_fp4_tflop_per_s")
    return of | {"model": put(model, ("active_b", "precision")), "gpu": put(gpu, gpus)}


def python_of(model, gpu):
    """The two as `estimate` takes them."""
    return Model(**model) if isinstance(model, dict) else model, Gpu(**gpu) if isinstance(gpu, dict) else gpu or None


def test_own_parameters_as_estimates_of_the_package(section):
    refused = 0
    for model, gpu in OWN:
        page = section.evaluate(ANSWER, own_question(model, gpu))
        of = dict(zip(("model", "gpu"), python_of(model, gpu), strict=True))
        try:
            expected = estimate(**of, input_tokens=2000, output_tokens=500, cached_share=0.3, pue=1.2)
        except InputError as error:
            assert page["fault"] == str(error)
            refused += 1
            continue
        assert page["evidence"] == expected.evidence.kind
        for name, tolerance in NEAR_OWN.items():
            wanted = getattr(expected.energy_wh, name)
            assert page["energy_wh"][name] == pytest.approx(wanted, rel=tolerance), (model, gpu, name)
    assert 0 < refused < len(OWN) / 2


@pytest.mark.parametrize(("prompt", "out"), QUERIES)
@pytest.mark.parametrize("boundary", ["gpu_boards", "node", "datacenter", "fleet"])
def test_own_parameters_with_the_same_draws_are_the_same(section, prompt, out, boundary):
    few = replace(packaged(), draws=DRAWS)
    # Draws are named by what they are of; a GPU of one's own with numbers of 8 bits has others in Python.
    for model, gpu in ((MODELS[2], "B200 180GB"), (MODELS[0], ""), ("gpt-oss-120b", GPUS[0]), (MODELS[3], GPUS[0])):
        page = section.evaluate(ANSWER, own_question(model, gpu, input=prompt, output=out, boundary=boundary, pue=None))
        of = dict(zip(("model", "gpu"), python_of(model, gpu), strict=True))
        asked = Question(**of, input_tokens=prompt, output_tokens=out, cached_share=0.3, boundary=boundary)
        drawn = per_token(served(asked, few))
        expected = Range.of(drawn.wh(prompt, out, 0.3), drawn.weight)
        for name in NEAR_OWN:
            assert page["energy_wh"][name] == pytest.approx(getattr(expected, name), rel=CODED), (model, gpu, name)


@pytest.mark.parametrize("name", ["DeepSeek-V3.2", "gpt-oss-120b", "Llama 3.1 8B", "Kimi-K2.5", "Llama 3.3 70B"])
def test_own_parameters_of_a_known_model_give_about_its_number(section, name):
    """Of its sizes alone the layers and runs are not known: its number lies in their interval."""
    row = packaged().tables.models.filter(model=name).row(0, named=True)
    sizes = {
        **{"total_b": row["total_parameters_billions"], "active_b": row["active_parameters_billions"]},
        "precision": row["native_precision"],
    }
    for gpu in ("B200 180GB", "B300 288GB"):
        alone = section.evaluate(ANSWER, own_question(sizes, gpu))["energy_wh"]
        known = section.evaluate(ANSWER, own_question(name, gpu))["energy_wh"]
        assert alone["p05"] < known["p50"] < alone["p95"]
        assert known["p50"] / 2.5 < alone["p50"] < known["p50"] * 2.5


def test_a_known_gpu_as_one_s_own_gives_about_its_number(section):
    row = packaged().tables.hardware.filter(gpu="B200 180GB").row(0, named=True)
    gpu = {name: row[name] for name in GPUS[2] if name in row} | {
        "bandwidth_gb_per_s": row["memory_bandwidth_gb_per_s"]
    }
    for model in ("DeepSeek-V3.2", "gpt-oss-120b"):
        alone, known = (section.evaluate(ANSWER, own_question(model, on))["energy_wh"] for on in (gpu, "B200 180GB"))
        assert alone["p05"] < known["p50"] < alone["p95"]
        assert known["p50"] / 2 < alone["p50"] < known["p50"] * 2


def enter(page, side, kind, values):
    page.check(f'[name="{side}-own-{kind}"]')
    for name, value in values.items():
        field = f'[name="{side}-{name}"]'
        (page.select_option if name == "precision" else page.fill)(field, str(value))


IMPOSSIBLE = [
    ("Model", {"total_b": 0}),
    ("Model", {"total_b": 200_000}),
    ("Model", {"total_b": 8, "active_b": 9}),
    ("Model", {"total_b": 8, "active_b": 0.001}),
    ("Gpu", {"tdp_w": 0}),
    ("Gpu", {"memory_gb": 20_000}),
    ("Gpu", {"bandwidth_gb_per_s": 5}),
    ("Gpu", {"peak_fp16_tflop_per_s": 0}),
    ("Gpu", {"peak_fp4_tflop_per_s": 2_000_000}),
]


@pytest.mark.parametrize(("kind", "values"), IMPOSSIBLE)
def test_impossible_parameters_are_refused_in_the_words_of_the_package(section, kind, values):
    enter(section, "b", kind.lower(), values)
    of, base = (Model, {}) if kind == "Model" else (Gpu, GPUS[1])
    with pytest.raises(InputError) as error:
        of(**base | values)
    assert section.inner_text("#ask-note") == f"B: {error.value}."
    assert "stale" in section.get_attribute("#ask-answers", "class")


@pytest.mark.parametrize(
    ("model", "why"), [("GPT-4o", "whose size is not public"), ("frontier", "a class of several models")]
)
def test_a_gpu_of_one_s_own_needs_a_model_of_a_known_size(section, model, why):
    section.fill('[name="a-model"]', model)
    section.check('[name="a-own-gpu"]')
    assert section.inner_text("#ask-note") == (
        f'Model: found {model}, {why}; allowed here with a GPU of your own: an open model, or "A model of my own" with'
        " the size that you assume; estimate() in Python takes all models."
    )
    assert estimate(model, Gpu(**GPUS[1]), input_tokens=2000, output_tokens=500).energy_wh.p50 > 0
    section.check('[name="a-own-model"]')
    assert section.locator("#ask-note").is_hidden()


def test_a_number_that_is_none_is_named(section):
    enter(section, "a", "model", {"total_b": "many"})
    assert section.inner_text("#ask-note").startswith(
        "A: Model: total_b: found many; allowed: 0.01 to 100,000 billions"
    )
    section.fill('[name="a-total_b"]', "")
    assert section.inner_text("#ask-note").startswith("A: Model: total_b: found none; allowed: 0.01 to")


def test_the_address_restores_what_is_asked(opened, section):
    enter(section, "a", "model", MODELS[2])
    enter(section, "b", "gpu", GPUS[1])
    section.fill('[name="b-model"]', "gpt-oss-120b")
    section.fill('[name="ask-output"]', "1k")
    section.select_option('[name="ask-zone"]', "FRA")
    address = section.evaluate("location.hash")
    again = opened(address)
    for of in ("#ask-a-name", "#ask-b-name", "#ask-a-median", "#ask-b-median", "#ask-b-carbon", "#ask-difference"):
        assert again.inner_text(of) == section.inner_text(of) != ""
    assert again.evaluate("location.hash") == address
    assert again.inner_text("#ask-a-name").startswith("a model of 120 B, 8 B per token on ")
    again.evaluate("location.hash = '#?study=current'")
    again.wait_for_function("!document.querySelector('[name=\"a-own-model\"]').checked")
    assert again.inner_text("#ask-a-name") == "DeepSeek-V3.2 on H200 SXM 141GB"


def test_own_parameters_of_the_page_by_hand(section):
    dense = section.evaluate("Formulas.dense_layers({ parameters: 8e9 })")
    assert dense == pytest.approx(32)
    # 0.6 of the active parameters are eight experts; the rest of the total is as many as fit.
    expert = section.evaluate("Formulas.typical_expert({ active_parameters: 10e9, experts_per_token: 8 })")
    assert expert == pytest.approx(0.75e9)
    experts = section.evaluate(
        "Formulas.typical_experts({ parameters: 100e9, active_parameters: 10e9, expert_parameters: 0.75e9 })"
    )
    assert experts == pytest.approx(128)
