"""The section of the page that asks about one query: as `estimate` answers, side by side, and what cannot be asked."""

import itertools

import pytest
from inference_energy import estimate

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
        ("a-gpu", "H900", "GPU: found H900, which do not serve DeepSeek-V3.2; allowed: "),
        ("ask-output", "", "Tokens: found none; allowed: a prompt and an answer."),
        ("ask-cached", "101", "Prompt in the cache, %: found 101; allowed: 0 to 100."),
        ("ask-pue", "0.5", "PUE: found 0.5; allowed: 1 to 5."),
    ],
)
def test_what_cannot_be_asked(section, field, value, told):
    section.fill(f'[name="{field}"]', value)
    assert section.inner_text("#ask-note").startswith(told)
    assert "stale" in section.get_attribute("#ask-answers", "class")
    section.fill('[name="a-model"]', "DeepSeek-V3.2")
