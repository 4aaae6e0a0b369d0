"""Names of number formats and of methods of speculative decoding."""

import pytest
from inference_energy.corpus.formats.values import (
    NOT_A_PRECISION,
    PRECISION_NAMES,
    as_number,
    as_whole,
    positive,
    precision_name,
    speculation,
)
from inference_energy.corpus.tables import PRECISIONS


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("awq", "INT4"),
        ("AWQ_Marlin", "INT4"),
        ("W4A16", "INT4"),
        ("w4a16_awq", "INT4"),
        ("Q4_K_M", "INT4"),
        ("w8a8", "INT8"),
        ("w8a8-int8", "INT8"),
        ("q8_0", "INT8"),
        ("fp8_e4m3", "FP8"),
        ("FP8_E5M2", "FP8"),
        ("fp8-w8a8", "FP8"),
        ("nvfp4", "FP4"),
        ("modelopt_fp4", "FP4"),
        ("mxfp4", "MXFP4"),
        ("torch.bfloat16", "BF16"),
        (" half ", "FP16"),
        ("gptq", None),
        ("compressed-tensors", None),
        ("modelopt", None),
        ("auto", None),
        ("none", None),
        ("ternary", "ternary"),
        ("w4a3", "w4a3"),
        (4, 4),
        (None, None),
    ],
)
def test_precision_name(name, precision):
    assert precision_name(name) == precision


def test_names_stand_for_one_precision_of_the_corpus():
    assert set(PRECISION_NAMES.values()) <= set(PRECISIONS)
    assert not NOT_A_PRECISION & PRECISION_NAMES.keys()
    assert all(name == name.lower() and "-" not in name for name in PRECISION_NAMES.keys() | NOT_A_PRECISION)


@pytest.mark.parametrize(
    ("method", "kind"),
    [("EAGLE3", "eagle"), ("Mtp", "mtp"), ("NEXTN", "mtp"), ("NGRAM", "other"), ("", None), (None, None), (3, None)],
)
def test_speculation(method, kind):
    assert speculation(method) == kind


@pytest.mark.parametrize(
    ("value", "number"), [(1, 1.0), (0, None), (-1, None), ("1", None), (True, None), (float("inf"), None)]
)
def test_positive(value, number):
    assert positive(value) == number


def test_numbers_as_text():
    assert [as_number(value) for value in ("1.5", 2, "x", None, "nan")] == [1.5, 2.0, None, None, None]
    assert [as_whole(value) for value in ("8.0", 8.0, "8.5", "x", None)] == [8, 8, "8.5", "x", None]
