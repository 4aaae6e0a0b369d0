"""Headline numbers as text: missing cells stay empty, values that are not reproduced are marked."""

from inference_energy.headline.page import line, lines_by_study
from inference_energy.headline.tables import HEADLINE

ROW = dict.fromkeys(HEADLINE.columns, "") | {
    "study": "s",
    "label": "Frontier: median",
    "unit": "Wh",
    "published": "0.34",
    "computed": "0.341822",
    "computed_p05": "0.0563841",
    "computed_p95": "1436.34",
    "spread": "queries",
    "relative_difference": "0.00536",
    "within": "false",
}


def test_a_number_with_everything():
    told = line(ROW)
    assert (told["published"], told["computed"], told["interval"]) == ("0.34", "0.3418", "0.05638 to 1,436")
    assert (told["relative_difference"], told["within"], told["spread"]) == ("+0.5%", "no", "queries")


def test_a_number_of_our_own():
    told = line(ROW | dict.fromkeys(("published", "relative_difference", "within", "computed_p05"), ""))
    assert (told["published"], told["relative_difference"], told["within"], told["interval"]) == ("", "", "", "")


def test_studies_in_the_order_of_the_file(tmp_path):
    file = tmp_path / "headline.csv"
    rows = [ROW, ROW | {"study": "a"}, ROW]
    file.write_text("\n".join(",".join(values) for values in (ROW, *(row.values() for row in rows))) + "\n")
    assert {study: len(lines) for study, lines in lines_by_study(file).items()} == {"s": 2, "a": 1}
    assert list(lines_by_study(file)) == ["s", "a"]
