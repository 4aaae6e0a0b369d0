"""How numbers read in figures, and where titles break."""

import polars as pl
from inference_energy.figures import axes, theme, words


def test_numbers_ranges_and_factors_have_two_digits():
    assert words.number(0.3414) == "0.34"
    assert words.number(1299.6) == "1,300"
    assert words.interval(0.1119, 0.8391) == "0.11–0.84"
    assert words.times(1.4949) == "1.5×"
    row = {"gwh_p05": 0.525, "gwh_mean": 1.04, "gwh_p95": 3.24}
    assert words.mean_and_range(row, "gwh", "GWh") == "1.0 GWh (0.53–3.2)"


def test_numbers_beside_printed_ones_have_three_digits():
    assert [words.precise(value) for value in (0.3414, 4.318, 131.6, 1299.6)] == ["0.341", "4.32", "132", "1,300"]


def test_labels_of_studies_are_set_as_other_text():
    assert words.label_of("Large (60-200 B)") == "Large (60–200 B)"
    assert words.label_of("10 % long + interventions") == "10% long + interventions"
    assert words.label_of("test-time scaling") == "test-time scaling"


def test_a_title_never_parts_a_number_from_its_unit_or_sign():
    chart = theme.message("none", finding="x " * 38 + "0.5 Wh", conditions="x " * 55 + "(node × PUE)")
    assert chart.title.text[-1] == "0.5\u00a0Wh"
    assert chart.title.subtitle[-1].endswith("×\u00a0PUE)")


def test_ticks_are_dense_on_short_axes():
    assert axes.ticks(0.8, 30) == [1, 2, 5, 10, 20]
    assert axes.ticks(0.009, 30) == [0.01, 0.1, 1, 10]


def test_estimates_of_this_project_have_one_name_and_others_their_own():
    table = pl.DataFrame({"method": ["current", "epoch"], "label": ["this row", "Epoch AI"]})
    assert table.with_columns(words.named())["label"].to_list() == ["This work", "Epoch AI"]
