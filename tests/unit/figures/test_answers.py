"""Energy by the length of an answer says what its tables say, and renders, in light and dark, and as a picture."""

import polars as pl
import pytest
from inference_energy.figures import palette, render
from inference_energy.figures.answers import energy_by_answer_length

pytestmark = pytest.mark.slow

EVERYDAY = pl.DataFrame({"label": ["Lamp"], "energy_wh": [0.17]})
STATED = pl.DataFrame(
    {
        "row_id": ["google_2025", "epoch_2025", "other"],
        "energy_wh": [0.24, 0.3, 99.0],
        "output_tokens": [None, 500.0, 1.0],
    }
)
MEASURED = pl.DataFrame({"model": ["gpt-oss-120b"], "output_tokens": [1024.0], "energy_wh": [0.05]})


def computed(lengths=(100.0, 300.0, 5000.0)):
    return pl.DataFrame(
        [
            {"model": model, "gpu": "B200 180GB", "input_tokens": 500.0, "output_tokens": tokens}
            | {f"energy_wh_{name}": wh * tokens * by for name, by in (("p05", 0.3), ("p50", 1.0), ("p95", 4.0))}
            for model, wh in (("gpt-oss-120b", 0.0001), ("Big", 0.001))
            for tokens in lengths
        ]
    )


def chart(**changed):
    tables = {"computed": computed(), "measured": MEASURED, "stated": STATED, "everyday": EVERYDAY}
    return energy_by_answer_length.draw(**tables | changed)


def said(drawn, part="text"):
    return " ".join(drawn.to_dict()["title"][part]).replace("\u00a0", " ")


def test_the_title_has_the_medians_of_all_models_at_two_lengths():
    assert said(chart()) == (
        "Depending on the model, a 300-token answer takes 0.030–0.30 Wh and a 5,000-token answer 0.50–5.0 Wh"
    )
    assert said(chart(computed=computed((10.0, 20.0)))) == "The energy of a query grows with the length of its answer"


def test_the_band_is_called_uncertainty():
    assert "P5–P95 (uncertainty)" in said(chart(), "subtitle")


def test_models_statements_and_everyday_uses_are_labelled():
    svg = render.formats(chart())["svg"].decode()
    for label in ("gpt-oss-120b", "Big", "Google 0.24", "Epoch AI 0.30", "Lamp: 0.17 Wh"):
        assert f">{label}</text>" in svg, label
    assert ">99" not in svg  # a statement that is not among those shown


def test_without_measured_runs_statements_and_uses():
    drawn = chart(measured=MEASURED.clear(), stated=STATED.clear(), everyday=EVERYDAY.clear())
    assert ">Big</text>" in render.formats(drawn)["svg"].decode()


def test_a_dark_drawing_has_no_colour_of_the_light_one():
    svg = render.formats(chart())["svg"].decode()
    assert palette.INK in svg
    dark = render.dark(svg).upper()
    assert [colour for colour in palette.DARK if colour.upper() in dark] == []
    assert palette.DARK[palette.GROUND] in dark


def test_a_picture_is_the_drawing_in_fewer_bytes():
    formats = render.formats(chart())
    picture = render.picture(formats["svg"].decode())
    assert picture[:8] == formats["png"][:8]
    assert picture[16:24] == formats["png"][16:24]  # width and height
    assert len(picture) < 0.7 * len(formats["png"])
