"""A GPU and a model have one colour, whatever else a figure shows."""

from pathlib import Path

import polars as pl
from inference_energy.figures import palette

RESOURCES = Path(__file__).parents[3] / "resources"


def test_known_names_keep_their_colour_and_others_take_what_is_left():
    assert palette.of_gpus(["B200 180GB", "H100 SXM 80GB"]) == {
        "B200 180GB": palette.BLUE,
        "H100 SXM 80GB": palette.SKY,
    }
    found = palette.of_models(["Own", "gpt-oss-120b", "Other"])
    assert found["gpt-oss-120b"] == palette.GREEN
    assert len(set(found.values())) == 3


def test_more_names_than_colours_are_grey():
    found = palette.of_models([f"M{place}" for place in range(20)])
    assert found["M19"] == palette.GREY


def test_gpus_that_are_measured_can_be_told_apart():
    measured = [name for name in palette.GPUS if not name.startswith("A100")]
    assert len({palette.GPUS[name] for name in measured}) == len(measured)


def test_every_named_gpu_and_model_is_in_the_registries():
    assert set(palette.GPUS) <= set(pl.read_csv(RESOURCES / "hardware.csv")["gpu"])
    assert set(palette.MODELS) <= set(pl.read_csv(RESOURCES / "models.csv")["model"])


def test_every_colour_has_one_for_a_dark_ground():
    used = {*palette.GPUS.values(), *palette.MODELS.values(), *palette.PALETTE, palette.INK, palette.MUTED}
    assert used <= set(palette.DARK)


def test_a_drawing_has_the_colours_of_a_dark_ground_beside_its_own():
    found = palette.adaptive('<svg width="9"><rect fill="white"/><path stroke="#0072b2"/></svg>')
    assert found.startswith('<svg width="9"><style>@media screen and (prefers-color-scheme:dark){')
    assert found.endswith('</style><rect fill="white"/><path stroke="#0072b2"/></svg>')
    assert '[fill="white" i]{fill:#0D1117}' in found and '[stroke="#0072B2" i]{stroke:#4AA8E0}' in found
