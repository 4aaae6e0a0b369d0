"""Numbers of the page for a question about one query."""

from inference_energy.answers import points
from inference_energy.dashboard.asked import asked
from tiny_package import tiny_package


def test_models_classes_and_closed_models():
    package = tiny_package()
    study = package.studies["current"]
    table = points.points(study, package.tables, draws=4, seed=1)
    found = asked(table, study, package.tables, package.closed_models, draws=4, seed=1)
    assert list(found["models"]) == ["A", "B", "frontier"]
    assert list(found["models"]["A"]) == ["G", "H", ""]
    of = found["models"]["A"]["G"]
    assert (of["precision"], of["evidence"]) == ("FP8", "physics only")
    assert of["decode_s"].shape == (points.POINTS,)
    assert found["classes"] == {"frontier": "Frontier"}
    assert found["closed"]["Secret"]["classes"] == ["frontier"]
    assert found["closed"]["Secret"]["note"].startswith("not disclosed: a model of class frontier is assumed")
    assert set(found["beyond"]) == {"pue", "overhead_share", "uncached_share"}
    # A class that the study does not have answers nothing.
    other = package.closed_models.with_columns(smallest_class="largest_class").vstack(package.closed_models[:0])
    small = other.with_columns(smallest_class=other["smallest_class"].replace("frontier", "small"))
    small = small.with_columns(largest_class=small["smallest_class"])
    assert asked(table, study, package.tables, small, draws=4, seed=1)["closed"] == {}
