"""Many queries at once: as one by one, in polars and pandas, in their order, and what no row may be."""

import numpy as np
import polars as pl
import pytest
from inference_energy import estimate, estimates
from inference_energy.answers import frames
from inference_energy.common.errors import InputError
from tiny_package import tiny_package
from tiny_service import WH, tables
from varied_service import SPREAD, VARIED


@pytest.fixture
def varied(holding):
    return holding(tiny_package(draws=400, of=tables(deviations=SPREAD), **VARIED))


def queries(rows, seed=1):
    generator = np.random.default_rng(seed)
    return pl.DataFrame(
        {"input_tokens": generator.integers(0, 8000, rows), "output_tokens": generator.integers(1, 1500, rows)}
    )


def refused(frame, **given):
    with pytest.raises(InputError) as raised:
        estimates(frame, **given)
    return str(raised.value)


@pytest.mark.usefixtures("tiny")
def test_rows_by_hand_in_their_order():
    frame = pl.DataFrame(
        {
            **{"id": [3, 1, 2], "input_tokens": [1000, 2000, 1000], "output_tokens": [500, 0, 500]},
            **{"model": ["A", "A", "secret-1"], "gpu": ["G", "G", None], "zone": ["ABC", None, None]},
        }
    )
    found = estimates(frame)
    assert found["id"].to_list() == [3, 1, 2]
    expected = [WH["traditional"], 0.2 * 780 / 3600, WH["traditional"]]
    for name in frames.RESULTS:
        assert found[name].to_list() == pytest.approx(expected, rel=1e-6)
    assert found["gco2e_p50"][0] == pytest.approx(0.4 * expected[0], rel=1e-6)
    assert np.isnan(found["gco2e_mean"][1])
    assert found["evidence"].to_list() == ["physics only", "physics only", "not disclosed"]


@pytest.mark.usefixtures("varied")
@pytest.mark.parametrize(("rows", "tolerance"), [(40, 1e-9), (3000, 0.02)])
def test_as_one_by_one(rows, tolerance):
    cached = np.where(np.arange(rows) % 3 == 0, np.nan, 0.25)
    frame = queries(rows).with_columns(pl.Series("cached_share", cached).fill_nan(None))
    found = estimates(frame, model="A", boundary="fleet")
    for row in found[:: max(1, rows // 20)].iter_rows(named=True):
        asked = {name: row[name] for name in ("input_tokens", "output_tokens", "cached_share")}
        one = estimate("A", boundary="fleet", **asked)
        assert row["wh_mean"] == pytest.approx(one.energy_wh.mean, rel=1e-9)
        for name in ("p05", "p50", "p95"):
            assert row[f"wh_{name}"] == pytest.approx(getattr(one.energy_wh, name), rel=tolerance)


@pytest.mark.usefixtures("varied")
def test_many_draws_are_thinned_out(monkeypatch):
    frame = queries(600)
    every = estimates(frame, model="frontier")
    monkeypatch.setattr(frames, "MOST_VALUES", 500)
    fewer = estimates(frame, model="frontier")
    assert fewer["wh_mean"].to_list() == every["wh_mean"].to_list()
    assert fewer["wh_p50"].to_list() == pytest.approx(every["wh_p50"].to_list(), rel=0.05)


@pytest.mark.usefixtures("varied")
def test_a_frame_of_another_library_stays_one():
    class Frame:
        """What this needs of a pandas frame, which the project does not install."""

        def __init__(self, columns):
            self.held = {name: np.array(values) for name, values in columns.items()}
            self.columns = list(self.held)

        def __getitem__(self, name):
            class Column:
                to_numpy = staticmethod(lambda: self.held[name])

            return Column

        def assign(self, **columns):
            return Frame({**self.held, **columns})

    frame = queries(5)
    found = estimates(Frame({**frame.to_dict(as_series=False), "other": [1, 2, 3, 4, 5]}), model="A")
    assert isinstance(found, Frame)
    assert found.columns[:3] == ["input_tokens", "output_tokens", "other"]
    assert found.held["wh_p50"].tolist() == estimates(frame, model="A")["wh_p50"].to_list()
    texts = np.array(["A", "A", float("nan"), None, "B"], dtype=object)  # empty cells: the study's class
    mixed = estimates(Frame({**frame.to_dict(as_series=False), "model": texts}))
    assert mixed.held["wh_p50"][1] == found.held["wh_p50"][1]
    one = estimate("frontier", **frame.row(2, named=True)).wh
    assert mixed.held["wh_p50"][2] == pytest.approx(one, rel=1e-9)


@pytest.mark.usefixtures("tiny")
def test_a_frame_without_rows():
    found = estimates(queries(0), model="A")
    assert found.columns == ["input_tokens", "output_tokens", *frames.RESULTS, "evidence"]
    assert len(found) == 0


@pytest.mark.usefixtures("tiny")
def test_what_no_row_may_be():
    frame = queries(3)
    assert refused([1, 2]) == "frame: found list; allowed: a DataFrame of polars or pandas"
    assert refused(frame.drop("output_tokens")).startswith("frame: found no column 'output_tokens'; allowed: one")
    assert refused(frame, input_tokens=3) == "input_tokens: found both a column and an argument; allowed: one of them"
    assert refused(frame, node="A").startswith("node: found an argument that frames do not have; allowed: batch")
    bad = frame.with_columns(output_tokens=pl.Series([1, -5, 2]))
    assert refused(bad) == "output_tokens: row 1: found -5; allowed: 0 to 10,000,000"
    text = frame.with_columns(output_tokens=pl.Series(["1", "x", "2"]))
    assert refused(text) == "output_tokens: row 1: found 'x'; allowed: 0 to 10,000,000"
    share = frame.with_columns(cached_share=pl.Series([None, 0.5, 1.5]))
    assert refused(share) == "cached_share: row 2: found 1.5; allowed: 0 to 1"
    assert refused(frame.with_columns(model=pl.Series(["A", "AA", "A"]))).startswith("row 1: model: found 'AA'; ")
    empty = pl.DataFrame({"input_tokens": [1, 0], "output_tokens": [1, 0]})
    assert refused(empty) == "output_tokens: row 1: found a query of 0 tokens; allowed: 1 or more"
    long = pl.DataFrame({"input_tokens": [1, 9999], "output_tokens": [1, 100]})
    assert refused(long, model="A").startswith("row 1: input_tokens: found prompt and answer of 10,099 tokens; ")
