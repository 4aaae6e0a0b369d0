"""Names as files have them: case, makers, paths, dates, tunings and number formats are no part of a model's name."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, strategies as st
from inference_energy.corpus.names import Names, key, precision_in, read_names
from messages import message_of

KNOWN = Names(
    Path("models.csv"),
    {
        "gpt-oss-120b": "gpt-oss-120b",
        "DeepSeek-R1": "DeepSeek-R1",
        "DeepSeek-R1-0528": "DeepSeek-R1-0528",
        "DeepSeek R1": "DeepSeek-R1-0528",  # what one publisher calls it
        "Llama 3.3 70B": "Llama 3.3 70B",
        "meta-llama/Llama-3.3-70B-Instruct": "Llama 3.3 70B",
        "Qwen3-8B": "Qwen3-8B",
        "H100 SXM 80GB": "H100 SXM 80GB",
        "H100 80GB HBM3": "H100 SXM 80GB",
        "Alpha 7B": "Alpha 7B",
        "Alpha Mini": "Alpha 7B",
        "Beta 7B": "Beta 7B",
        "alpha-mini": "Beta 7B",
    },
)


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("/models/models--openai--gpt-oss-120b/snapshots/0123abcd/", "gpt-oss-120b"),
        ("OpenAI/GPT-OSS-120B", "gpt-oss-120b"),
        ("deepseek/deepseek-r1", "DeepSeek-R1"),
        ("deepseek/deepseek-r1-0528:free", "DeepSeek-R1-0528"),
        ("DeepSeek R1", "DeepSeek-R1-0528"),  # an exact alias comes before every rule
        ("lab/DeepSeek-R1-0528-MXFP4-Preview", "DeepSeek-R1-0528"),
        ("meta-llama/llama-3.3-70b-instruct", "Llama 3.3 70B"),
        ("lab/Llama-3.3-70B-Instruct-NVFP4", "Llama 3.3 70B"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B"),
        ("llama-3.3-70b-2024-12-06", "Llama 3.3 70B"),
        ("llama-3.3-70b-20241206", "Llama 3.3 70B"),
        ("/srv/weights/Llama-3.3-70B-Instruct-FP8.safetensors", "Llama 3.3 70B"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("arn:aws:bedrock:eu-west-1::foundation-model/openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("us.deepseek.r1-v1:0", "DeepSeek-R1"),  # the maker is part of the name
        ("vertex_ai/deepseek-ai/deepseek-r1-0528-maas", "DeepSeek-R1-0528"),
        ("lab/Llama-3.3-70B-Instruct-Turbo", "Llama 3.3 70B"),
        ("accounts/fireworks/models/llama-3p3-70b", None),
        ("groq/llama-3.3-70b-versatile", "Llama 3.3 70B"),
        ("llama-3.3-70b-turbo", None),  # of models without tuning a turbo is another model
        ("deepseek-reasoner", None),
        ("deepseek-r1:70b", None),  # a distilled one
        ("DeepSeek-R1-Distill-Llama-70B", None),
        ("Qwen/Qwen3-8B-FP8", "Qwen3-8B"),
        ("Qwen 38B", None),
        ("qwen3-80b", None),
        ("NVIDIA H100 80GB HBM3", "H100 SXM 80GB"),
        ("alpha mini", None),  # two models have an alias like it
        ("", None),
        (None, None),
        ("instruct", None),
    ],
)
def test_names_resolve_by_rule(stated, name):
    assert KNOWN.resolve(stated) == name


@given(st.text(max_size=40))
def test_no_name_fails(stated):
    assert isinstance(key(stated), str)
    assert KNOWN.resolve(stated) is None or KNOWN.resolve(stated) in KNOWN.canonical.values()
    assert precision_in(stated) is None or isinstance(precision_in(stated), str)


@given(st.sampled_from(sorted(KNOWN.canonical)), st.sampled_from(["{}", "maker/{}", "{}-FP8", " {} ", "/a/b/{}/"]))
def test_case_makers_and_number_formats_change_nothing(name, form):
    assert key(form.format(name.upper())) == key(name)


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("lab/Model-FP8", "FP8"),
        ("lab/Model-NVFP4", "FP4"),
        ("model_mxfp4", "MXFP4"),
        ("model-bf16.gguf", "BF16"),
        ("lab/Model-8B", None),
        ("model-fp8-fp4", None),
        ("modelfp8x", None),
    ],
)
def test_a_precision_in_a_name(name, precision):
    assert precision_in(name) == precision


def test_an_ambiguous_name_says_what_it_may_stand_for():
    assert KNOWN.allowed("ALPHA mini") == "one of Alpha 7B or Beta 7B, which models.csv has under such a name"


def test_a_near_miss_is_suggested():
    assert "Qwen3-8B" in KNOWN.allowed("Qwen38B")


def test_names_that_differ_in_nothing_that_counts_are_refused():
    registry = pl.DataFrame({"model": ["Big 7B", "big-7b"], "aliases": ["Huge", None]})
    assert message_of(read_names, Path("models.csv"), registry, "model") == (
        "models.csv: model: found 'Big 7B' and 'big-7b'; allowed: names that differ in more than case, maker,"
        " separators, tuning, number format or date"
    )
