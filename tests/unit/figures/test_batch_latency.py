"""The figure of batches and latency says what its tables say, whatever they have or lack."""

import json

import polars as pl
import pytest
from inference_energy.figures import render
from inference_energy.figures.throughput.batch_latency import MOST, draw

GPUS = ("H100 SXM 80GB", "B200 180GB")


def runs(classes=("frontier", "small"), gpus=GPUS):
    return pl.DataFrame(
        [
            {"source": "s", "model": f"Model {name}", "prompts": "chat", "gpu": gpu, "row_id": f"{name}{batch}"}
            | {"concurrency": batch + 0.2, "inter_token_latency_ms": ms * (1 + position)}
            | {"energy_j_per_output_token": joules * 10**position, "pareto": pareto}
            for position, name in enumerate(classes)
            for gpu in gpus
            for batch, ms, joules, pareto in (
                (8, 10.0, 4.0, True),
                (16, 20.0, 2.0, True),
                (32, 25.0, 3.0, False),
                (64, 30.0, 1.0, True),
            )
        ]
    )


def summary(at_20=(2.34, 5.67), at_50=(1.0, 1.21), at_20_p95=None, gpus=GPUS):
    return pl.DataFrame(
        [
            {"source": "s", "gpu": gpu, "target_ms": target, "models": 20, "models_that_meet": met}
            | {"cost_p05": low, "cost_p50": middle, "cost_p95": high}
            for gpu, fast, slow in zip(gpus, at_20, at_50, strict=False)
            for target, met, low, middle, high in (
                (5.0, 0, None, None, None),
                (20.0, 13, 1.5, fast, at_20_p95),
                (50.0, 20, 1.0, slow, 3.0),
            )
        ],
        schema_overrides={f"cost_{name}": pl.Float64 for name in ("p05", "p50", "p95")},
    )


MODELS = pl.DataFrame(
    {"model": f"Model {name}", "model_class": name} for name in ("frontier", "large", "medium", "small")
)


def drawn(runs, summary):
    others = [rows.with_columns(source=pl.lit("another")) for rows in (runs, summary)]
    runs, summary = (pl.concat(pair) for pair in zip((runs, summary), others, strict=True))
    return draw(runs=runs, summary=summary, models=MODELS, source="s")


def title(chart):
    return " ".join(chart.to_dict()["title"]["text"]).replace("\u00a0", " ")


def values(chart):
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def test_title_holds_the_costs_of_the_table():
    told = title(drawn(runs(), summary()))
    assert told == (
        "A token every 20 ms costs the median model 2.3× its least energy on H100 and 5.7× on B200;"
        " every 50 ms, 1.0× and 1.2×"
    )


def test_title_says_where_fewer_than_half_of_the_models_meet_the_target():
    told = title(drawn(runs(), summary(at_20=(None, 5.67))))
    assert "an unknown multiple of its least energy on H100 and 5.7× on B200" in told


def test_one_gpu_and_one_class_are_enough():
    told = title(drawn(runs(("large",), GPUS[:1]), summary(gpus=GPUS[:1])))
    assert told == "A token every 20 ms costs the median model 2.3× its least energy on H100; every 50 ms, 1.0×"


def test_ends_of_the_line_carry_their_batches_and_targets_the_models_that_meet_them():
    said = [row["said"] for row in values(drawn(runs(), summary())) if "said" in row]
    assert sorted(set(said)) == ["0/20", "13/20", "20/20", "64", "8"]


@pytest.mark.parametrize(("p95", "end"), [(None, MOST), (7.0, 7.0)])
def test_band_is_open_at_the_top_where_its_end_is_unknown(p95, end):
    found = values(drawn(runs(), summary(at_20_p95=p95)))
    band = [row for row in found if "cost_p95" in row and row["target_ms"] == 20 and "said" not in row]
    assert end in {row["cost_p95"] for row in band}


def test_renders(tmp_path):
    outputs = [str(tmp_path / f"figure.{ending}") for ending in ("json", "svg", "png")]
    render.save(drawn(runs(), summary()), outputs)
    assert json.loads((tmp_path / "figure.json").read_text())["hconcat"]
    assert (tmp_path / "figure.png").stat().st_size > 10_000
