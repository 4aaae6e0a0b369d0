"""Measured runs predicted without their own measurements: exclusions, parts by hand, and errors on the corpus."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.energy.board_evidence import saturated
from inference_energy.statistics.distributions import Beta, Constant, LogNormal, ShiftedLogNormal
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput import borrowing
from inference_energy.throughput.gpu_time import GpuSeconds
from inference_energy.validation import backtest, tables as validation_tables
from inference_energy.validation.backtest import (
    board_share_distribution,
    board_shares,
    host_distribution,
    predicted,
    with_offline,
)
from inference_energy.validation.decode_steps import NETWORK_SERIES, Expected, with_parts
from scipy.special import ndtri

CONFIG = yaml_files.read_yaml(Path(__file__).parents[3] / "config/config.yaml")
SETTINGS, SEED = CONFIG["backtest"], CONFIG["seed"]
KEYS = ["source", "row_id", "target"]
OTHERS = [f"predicted_{q}" for q in (*QUANTILES, "mean")]
SAME_SOURCE = [f"{name}_same_source" for name in OTHERS]
UNSEEN = [f"{name}_unseen" for name in OTHERS]
ENERGY, PER_GPU, THROUGHPUT = "energy_j_per_output_token", "output_tok_per_s_per_gpu", "throughput_tok_per_s"
V3 = pl.col("source") == "mlenergy_v3"
LAST_DIGITS = 1e-12  # sums in another order


@pytest.fixture(scope="module")
def tables(service_tables):
    return {
        "coefficients": service_tables.coefficients,
        "models": service_tables.models,
        "hardware": service_tables.hardware,
        "input_tokens": SETTINGS["input_tokens"],
        "errors": borrowing.borrowed_errors(service_tables.forms),
    }


@pytest.fixture(scope="module")
def attainment(corpus, service_tables, read_configured):
    spec = read_configured("current").attainment
    sources = corpus["measured_energy"]["source"].unique().sort()
    return {source: backtest.attainment_without(source, spec, service_tables.pairs) for source in sources}


@pytest.fixture(scope="module")
def node_power(service_tables):
    return service_tables.node_power


@pytest.fixture(scope="module")
def runs(corpus, tables):
    return with_offline(saturated(corpus["measured_energy"], SETTINGS["saturation"]), **tables)


@pytest.fixture(scope="module")
def found(runs, rows, node_power, attainment):
    """The backtest as the workflow runs it."""
    return backtest.backtest(
        runs, rows, node_power, attainment=attainment, unpredictable=SETTINGS["unpredictable"], seed=SEED
    )


@pytest.fixture(scope="module")
def entering(rows, node_power, attainment):
    """The backtest with what enters every prediction in place of its draws, so that nothing hides and it is quick.

    All that `predicted` is given besides is the run itself, of which it reads nothing measured.
    """

    def run(runs, throughput=rows, node_power=node_power, unpredictable=SETTINGS["unpredictable"]):
        def parameters(row, expected, share, host, seed):
            return np.array([1e3 * expected.seconds, expected.log_sd, share.a, share.b, host.excess.log_mean])

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(backtest, "predicted", parameters)
            return backtest.backtest(
                runs, throughput, node_power, attainment=attainment, unpredictable=unpredictable, seed=SEED
            )

    return run


@pytest.fixture(scope="module")
def some(runs):
    """Runs without those of the source whose power is not predicted, which is tested apart."""
    return runs.filter(pl.col("source") != "mlenergy_v2")


@pytest.fixture(scope="module")
def plain(entering, some):
    return entering(some)


def moved(one, other, columns=OTHERS):
    """Keys of the runs whose prediction differs between two tables."""
    both = one.join(other, on=KEYS, suffix="_there")
    assert len(both) == len(one) == len(other)
    apart = pl.any_horizontal(
        ((pl.col(name) / pl.col(f"{name}_there")).log().abs() > LAST_DIGITS).fill_null(False)
        | (pl.col(name).is_null() != pl.col(f"{name}_there").is_null())
        for name in columns
    )
    return set(both.filter(apart).select(KEYS).rows())


def times_three(runs, where, *columns):
    """Runs with some columns of some rows three times as large, and the parts that follow from them."""
    return with_parts(
        runs.with_columns(pl.when(where).then(pl.col(name) * 3).otherwise(pl.col(name)) for name in columns)
    )


def keys(runs, where):
    return set(runs.filter(where).select("source", "row_id", pl.col("boundary").alias("target")).rows())


def is_run(row):
    return (pl.col("source") == row["source"]) & (pl.col("row_id") == row["row_id"])


def of_configuration(row):
    return pl.all_horizontal(pl.col(name).eq_missing(pl.lit(row[name])) for name in NETWORK_SERIES)


# What may not leak.


def test_predictions_read_nothing_measured_of_their_run():
    row = {"source": "s", "row_id": "r", "boundary": "node_wall", "tdp_w": 1000.0, "power_cap_w_per_gpu": 500.0}
    expected = Expected(seconds=1e-3, log_sd=0.1, basis="")
    host = ShiftedLogNormal(above=0.0, excess=LogNormal.from_percentiles(p05=200, p95=300))
    assert predicted(row, expected, Beta(a=8.0, b=2.0), host, 1).shape == (backtest.DRAWS,)  # all that it asks for


@pytest.mark.parametrize(("source", "place"), [("mlenergy_v3", 0), ("mlenergy_v3", 77), ("mlperf_v5_1", 2)])
def test_energy_of_a_run_does_not_enter_its_prediction(entering, some, plain, source, place):
    row = some.filter(source=source).sort("row_id").row(place, named=True)
    changed = entering(times_three(some, is_run(row), ENERGY))
    for columns in (OTHERS, SAME_SOURCE, UNSEEN):
        assert not moved(plain, changed, columns) & keys(some, is_run(row))
        # Nor that of any run of its network.
        assert not moved(plain, changed, columns) & keys(some, pl.col("network") == row["network"])
    assert moved(plain, changed, SAME_SOURCE)
    assert changed.filter(is_run(row))["measured"].item() == pytest.approx(3 * row[ENERGY])


def test_power_that_a_source_states_does_not_enter_any_prediction(entering, some, plain):
    changed = entering(times_three(some, pl.lit(True), "power_w", "idle_power_w", "duration_s"))
    assert not moved(plain, changed, OTHERS + SAME_SOURCE + UNSEEN)


@pytest.mark.parametrize(("source", "place"), [("mlenergy_v3", 20), ("mlenergy_v3", 90), ("mlenergy_v2", 40)])
def test_throughput_of_a_configuration_does_not_enter_its_prediction(entering, runs, source, place):
    of = runs.filter(V3 | (pl.col("source") == source) | (pl.col("boundary") == "node_wall"))
    known = of.filter(pl.col("offline_s").is_not_null(), source=source)
    row = known.sort("row_id").row(place, named=True)
    plain, changed = entering(of), entering(times_three(of, of_configuration(row), PER_GPU, THROUGHPUT))
    for columns in (OTHERS, SAME_SOURCE, UNSEEN):
        assert not moved(plain, changed, columns) & keys(of, of_configuration(row))
    assert moved(plain, changed, SAME_SOURCE)  # it does enter those of other networks


def test_throughput_of_a_run_does_not_enter_through_its_offline_curve(corpus, runs, tables):
    assert not set(tables["coefficients"]["source"]) & set(runs["source"])
    changed = saturated(corpus["measured_energy"], SETTINGS["saturation"]).with_columns(pl.col(PER_GPU, THROUGHPUT) * 3)
    again = with_offline(changed.head(60), **tables)
    known = ["row_id", "curve", "offline_s", "weights_s", "step_s"]
    assert again.select(known).equals(runs.head(60).select(known))


def test_other_configurations_of_the_same_network_do_enter(entering, some, plain):
    networks = some.filter(V3).group_by("network").agg(pl.struct(NETWORK_SERIES).n_unique().alias("count"))
    network = networks.filter(pl.col("count") > 1).sort("network")["network"][0]
    row = some.filter(V3, network=network).sort("row_id").row(0, named=True)
    changed = entering(times_three(some, of_configuration(row), PER_GPU, THROUGHPUT))
    relatives = keys(some, V3 & (pl.col("network") == network) & ~of_configuration(row))
    assert relatives
    assert relatives <= moved(plain, changed)


def test_energies_of_a_source_do_not_enter_its_predictions(entering, some, plain):
    v3 = keys(some, V3)
    changed = entering(times_three(some, V3, ENERGY))
    assert not moved(plain, changed) & v3
    assert moved(plain, changed, SAME_SOURCE) & v3
    assert moved(plain, changed)  # power of B200 at the wall rests on them
    changed = entering(times_three(some, pl.col("source") == "mlperf_v5_1", ENERGY))
    assert not moved(plain, changed) & keys(some, pl.col("source") == "mlperf_v5_1")


def test_unpredictable_sources_do_not_enter_predictions_of_others(entering, runs, plain):
    changed = entering(times_three(runs, pl.col("source") == "mlenergy_v2", ENERGY, PER_GPU))
    assert not moved(plain, changed.filter(pl.col("source") != "mlenergy_v2"), OTHERS + SAME_SOURCE)


@pytest.mark.parametrize("system", ["v4.1-0049", "5.1-0061", "5.1-0062"])
def test_rows_of_a_system_do_not_enter_its_predictions(entering, some, rows, plain, system):
    of_system = pl.col("row_id").str.starts_with(f"{system}/") & pl.col("source").str.starts_with("mlperf")
    own = keys(some, of_system)
    faster = rows.with_columns(pl.when(of_system).then(pl.col(PER_GPU) * 3).otherwise(PER_GPU).alias(PER_GPU))
    changed = entering(times_three(some, of_system, ENERGY, PER_GPU, THROUGHPUT), faster)
    assert own
    assert not moved(plain, changed) & own


def test_rows_of_other_systems_do_enter(entering, some, rows, plain):
    of_system = pl.col("row_id").str.starts_with("5.1-0061/")
    faster = rows.with_columns(
        pl.when(~of_system & pl.col("source").str.starts_with("mlperf")).then(pl.col(PER_GPU) * 3).otherwise(PER_GPU)
    )
    assert keys(some, of_system) <= moved(plain, entering(some, faster))


# The table.


def test_schema(found):
    validation_tables.BACKTEST.validate(found.select(list(validation_tables.BACKTEST.columns)))


def test_reasons_are_given_exactly_where_there_is_no_prediction(found, runs):
    assert len(found) == len(runs)
    for name in ("predicted_p05", "predicted_mean", "ratio", "inside_50", "inside_90"):
        assert (found[name].is_null() == found["reason"].is_not_null()).all(), name
    assert set(found.filter(source="mlenergy_v2")["ratio"].is_null()) == {True}
    assert found.filter(pl.col("reason").is_null())["throughput_basis"].is_not_null().all()


def test_every_reason(entering, some):
    wall, v3 = pl.col("boundary") == "node_wall", some.filter(V3)
    few = some.filter(wall | (pl.col("network").is_in(sorted(set(v3["network"]))[:3]) & V3))
    assert set(entering(few).filter(V3)["reason"]) == {
        "its batch or format is not known, or too few other networks of its source"
    }
    odd = some.with_columns(gpu=pl.when(pl.col("source") == "mlperf_v4_1").then(pl.lit("nowhere")).otherwise("gpu"))
    assert set(entering(odd).filter(source="mlperf_v4_1")["reason"]) == {
        "no other system ran this benchmark on these GPUs"
    }
    curves = entering(some.with_columns(offline_s=None, offline_tok_per_s_per_gpu=pl.lit(None, pl.Float64)))
    assert set(curves.filter(V3)["reason"]) == {
        "no offline curve of the model or a relative, or prompts of unknown length"
    }
    v5 = some.filter(wall & (pl.col("source") == "mlperf_v5_1"), network="Llama 3.1 405B")
    assert set(entering(pl.concat([v3, v5])).filter(V3)["reason"]) == {"no other source measured power"}
    assert set(entering(some, unpredictable={"mlperf_v5_1": "because"}).filter(source="mlperf_v5_1")["reason"]) == {
        "because"
    }


@pytest.mark.parametrize("source", ["mlenergy_v2", "mlperf_v4_1"])
def test_all_columns_are_there_even_if_nothing_can_be_predicted(entering, runs, source):
    entering(runs.filter(source=source)).select(list(validation_tables.BACKTEST.columns))


def test_ratio_and_intervals_follow(found):
    known = found.filter(pl.col("reason").is_null())
    assert known["ratio"].to_list() == pytest.approx((known["predicted_p50"] / known["measured"]).to_list())
    quantiles = known.select(f"predicted_{name}" for name in ("p05", "p25", "p50", "p75", "p95")).to_numpy()
    assert (np.diff(quantiles, axis=1) > 0).all()
    assert known.filter(pl.col("inside_50") & ~pl.col("inside_90")).is_empty()


def test_order_of_rows_does_not_matter(entering, some, rows, node_power, plain):
    again = entering(
        some.sample(fraction=1, shuffle=True, seed=1),
        rows.sample(fraction=1, shuffle=True, seed=2),
        node_power.reverse(),
    )
    assert again.select(KEYS).equals(plain.select(KEYS))
    for name in OTHERS + SAME_SOURCE:
        known = plain[name].is_not_null()
        assert (again[name].is_not_null() == known).all()
        # to what the solver leaves open
        assert np.abs(np.log((again[name] / plain[name]).drop_nulls().to_numpy())).max() < 1e-5


def test_same_seed_same_bytes(runs, node_power):
    shares, row = board_shares(runs, node_power), runs.filter(V3).row(0, named=True)
    assert len({board_share_distribution(shares, row, same_source=True) for _ in range(40)}) == 1


def test_draws_repeat_and_depend_on_seed_and_run():
    row = {"source": "s", "row_id": "r", "boundary": "gpu_boards", "tdp_w": 1000.0, "power_cap_w_per_gpu": None}
    given = (Expected(seconds=1e-3, log_sd=0.1, basis=""), Beta(a=8.0, b=2.0), None)
    first = predicted(row, *given, 1)
    assert first.tobytes() == predicted(row, *given, 1).tobytes()
    assert first.tobytes() != predicted(row, *given, 2).tobytes()
    assert first.tobytes() != predicted(row | {"row_id": "q"}, *given, 1).tobytes()


@pytest.mark.parametrize("target", validation_tables.TARGETS)
def test_targets(found, target):
    ratio = found.filter(pl.col("ratio").is_not_null(), target=target)
    assert 0.8 <= ratio["ratio"].median() <= 1.25
    assert np.exp(ratio["ratio"].log().std()) <= 1.5
    assert 0.75 <= ratio["inside_90"].mean() <= 0.97
    assert len(ratio) == {"gpu_boards": 114, "node_wall": 12}[target]


# Parts by hand.

RUN = {
    "source": "s",
    "row_id": "x/bench/Offline",
    "boundary": "gpu_boards",
    "model": "A",
    "network": "A",
    "gpu": "G",
    "gpus": 2,
    "precision": "FP8",
    "prompts": "chat",
    "load": "offline",
    "tdp_w": 1000.0,
    "power_cap_w_per_gpu": None,
    ENERGY: 2.0,
    THROUGHPUT: 600.0,
    PER_GPU: 300.0,
}
POWER = pl.DataFrame(
    {
        "gpu": ["G", "H", "I", "J"],
        "basis": ["measured", "measured", "from a like node", "measured"],
        "host_saturated_kw_per_gpu_p05": [0.1, 0.2, 0.01, 0.15],
        "host_saturated_kw_per_gpu_p95": [0.9, 0.3, 9.0, 0.4],
    }
)


def table(*changes):
    return pl.DataFrame(
        [RUN | change for change in changes],
        infer_schema_length=None,
        schema_overrides={"power_cap_w_per_gpu": pl.Float64},
    )


def test_board_shares_by_hand():
    found = board_shares(
        table(
            {},  # 2 J x 300 tokens/s: 600 W of 1,000
            {"boundary": "node_wall"},  # of which sqrt(100 x 900) = 300 W are the host's
            {"boundary": "node_wall", "gpu": "unknown"},
            {ENERGY: 20.0},  # more than it can
            {"power_cap_w_per_gpu": 500.0},
        ),
        POWER,
    )
    assert found["share"].to_list() == pytest.approx([0.6, 0.3, 0.999])


def shares(*rows):
    return pl.DataFrame(rows, schema=["source", "network", "gpu", "share"], orient="row")


def moments(distribution):
    total = distribution.a + distribution.b
    return distribution.a / total, np.sqrt(distribution.a * distribution.b / total**2 / (total + 1))


def test_board_share_distribution_by_hand():
    of = shares(
        *(("t", "B", "G", 0.5), ("t", "B", "G", 0.7), ("t", "C", "G", 0.8)),  # networks: 0.6 and 0.8
        *(("t", "A", "G", 0.1), ("t", "B", "H", 0.1), ("s", "B", "G", 0.1)),  # own network, another GPU, own source
    )
    assert moments(board_share_distribution(of, RUN, same_source=False)) == pytest.approx((0.7, np.sqrt(0.02)))
    # Nothing was measured on the same GPU: 0.6 (two of 0.6 and one of 0.1: 13/30) and 0.8 from the others.
    distribution = board_share_distribution(of, RUN | {"gpu": "Z"}, same_source=False)
    assert moments(distribution)[0] == pytest.approx(((0.5 + 0.7 + 0.1) / 3 + 0.8) / 2)


def test_board_share_distribution_of_the_same_source():
    of = shares(("t", "B", "G", 0.1), ("s", "A", "G", 0.1), ("s", "B", "G", 0.6), ("s", "C", "G", 0.8))
    assert moments(board_share_distribution(of, RUN, same_source=True)) == pytest.approx((0.7, np.sqrt(0.02)))


def test_board_share_distribution_needs_two_networks_and_is_never_too_sure():
    one = shares(("t", "B", "G", 0.6), ("t", "B", "G", 0.8))
    assert board_share_distribution(one, RUN, same_source=False) is None
    same = shares(("t", "B", "G", 0.6), ("t", "C", "G", 0.6))
    assert moments(board_share_distribution(same, RUN, same_source=False)) == pytest.approx((0.6, 0.03))


def test_board_share_distribution_of_very_different_networks_has_draws():
    distribution = board_share_distribution(shares(("t", "B", "G", 0.1), ("t", "C", "G", 0.9)), RUN, same_source=False)
    assert np.isfinite(distribution.quantile(np.array([0.05, 0.5, 0.95]))).all()


def test_host_distribution_is_that_of_measured_nodes_with_other_gpus():
    distribution = host_distribution(RUN, POWER)
    assert distribution.quantile(np.array([0.05, 0.95])) == pytest.approx([150, 400], rel=1e-4)
    changed = POWER.with_columns(
        pl.when(gpu="G").then(5.0).otherwise("host_saturated_kw_per_gpu_p95").alias("host_saturated_kw_per_gpu_p95")
    )
    assert host_distribution(RUN, changed) == distribution


def test_prediction_by_hand():
    # 0.6 of 1,000 W for 2 ms per token; with a host of 300 W at the wall.
    share = Beta.from_moments(mean=0.6, variance=1e-8)
    host = ShiftedLogNormal(above=0.0, excess=LogNormal(log_mean=np.log(300), log_sd=1e-6))
    sure = Expected(seconds=2e-3, log_sd=0.0, basis="")
    assert predicted(RUN, sure, share, host, 1) == pytest.approx(1.2, rel=1e-2)
    assert predicted(RUN | {"boundary": "node_wall"}, sure, share, host, 1) == pytest.approx(1.8, rel=1e-2)
    unsure = np.log(predicted(RUN, Expected(seconds=2e-3, log_sd=0.3, basis=""), share, host, 1))
    assert np.std(unsure) == pytest.approx(0.3, rel=0.03)
    assert np.median(unsure) == pytest.approx(np.log(1.2), abs=0.01)


def test_boards_never_draw_more_than_their_cap():
    # Held at 500 of 900 W, a GPU loses up to 4/9 of its throughput: from 500 W x 2 ms to 900 W x 2 ms.
    share, sure = Beta.from_moments(mean=0.9, variance=1e-8), Expected(seconds=2e-3, log_sd=0.0, basis="")
    capped = RUN | {"power_cap_w_per_gpu": 500.0}
    found = predicted(capped, sure, share, None, 1)
    assert found.min() == pytest.approx(1.0, rel=1e-3)
    assert found.max() == pytest.approx(1.8, rel=1e-2)
    # 1 / (1 - 4/9 u) at u = 1/2 and u = 3/4
    assert np.quantile(found, [0.5, 0.75]) == pytest.approx([1 / (1 - 2 / 9), 1 / (1 - 1 / 3)], rel=0.02)
    loose = predicted(RUN | {"power_cap_w_per_gpu": 950.0}, sure, share, None, 1)
    assert loose == pytest.approx(1.8, rel=1e-2)
    wide = Beta(a=2.0, b=2.0)
    assert (predicted(capped, sure, wide, None, 1) <= predicted(RUN, sure, wide, None, 1) * (1 + 1e-9)).all()


def test_unseen_throughput_by_hand():
    # Half of 1,000 tokens per second; then from e^-1 to 1 of them, evenly in logarithms: a deviation of 1 / sqrt(12).
    run = RUN | {"offline_tok_per_s_per_gpu": 1000.0, "curve_log_sd": 0.3}
    found = backtest._unseen(run, Constant(0.5))
    assert (found.seconds, found.log_sd) == pytest.approx((2e-3, 0.3))

    class Even:
        def quantile(self, shares):
            return np.exp(shares - 1)

    found = backtest._unseen(run, Even())
    assert found.seconds == pytest.approx(1e-3 * np.exp(0.5))
    assert found.log_sd == pytest.approx(np.hypot(0.3, 1 / np.sqrt(12)), rel=1e-5)
    assert backtest._unseen(run | {"offline_tok_per_s_per_gpu": None}, Constant(0.5)) is None


def test_unseen_runs_are_in_no_run_of_their_sources(entering, some, plain):
    changed = entering(times_three(some, V3, ENERGY, PER_GPU, THROUGHPUT))
    assert not moved(plain, changed, UNSEEN) & keys(some, V3)


def test_unseen_runs_are_not_among_the_pairs_behind_their_attainment(read_configured, service_tables):
    spec, pairs = read_configured("current").attainment, service_tables.pairs
    known = backtest.attainment_without("mlenergy_v3", spec, pairs)
    moved = pairs.with_columns(ratio=pl.when(pl.col("source") == "mlenergy_v3").then(0.99).otherwise("ratio"))
    assert backtest.attainment_without("mlenergy_v3", spec, moved) == known
    assert backtest.attainment_without("mlperf_v5_1", spec, moved) != backtest.attainment_without(
        "mlperf_v5_1", spec, pairs
    )


def test_other_systems_by_hand():
    def row(system, tok, source="mlperf_v5_1", accuracy="bench", **changes):
        return RUN | {"source": source, "row_id": f"{system}/{accuracy}/Offline", PER_GPU: tok} | changes

    throughput = pl.DataFrame(
        [
            row("x", 1.0),  # itself, and at another accuracy
            row("x", 1.0, accuracy="bench-99.9"),
            row("xy", 90.0),  # one system at two accuracies: 100
            row("xy", 110.0, accuracy="bench-99.9"),
            row("z", 200.0, source="mlperf_v4_1"),
            row("w", 400.0),
            row("v", 9.0, gpu="H"),
            row("v", 9.0, model="B"),
            row("v", 9.0, load="server"),
            row("v", 9.0, prompts="code"),
            row("v", 9.0, source="vllm"),
        ]
    )
    found = backtest._of_other_systems(row("x", 1.0), throughput)
    assert found.seconds == pytest.approx(1 / 200)
    assert found.log_sd == pytest.approx(np.log(2) * np.sqrt(1 + 1 / 3))
    assert found.basis == "median of 3 other systems"
    alone = backtest._of_other_systems(row("x", 1.0), throughput.filter(pl.col("row_id").str.starts_with("w/")))
    assert (alone.seconds, alone.log_sd) == (pytest.approx(1 / 400), 0.05)
    assert backtest._of_other_systems(row("x", 1.0), throughput.head(2)) is None


def test_offline_throughput_by_hand(runs, tables):
    own = runs.filter(pl.col("curve") == "own_rows", pl.col("model") == "Llama 3.1 8B", gpu="H100 SXM 80GB")
    assert len(own)
    one = own.row(0, named=True)
    fits = tables["coefficients"].filter(pl.col("model").is_in(["Llama 3.1 8B"]), gpu=one["gpu"])
    ends = SETTINGS["input_tokens"][one["prompts"]]
    prompt = np.sqrt(ends["p05"] * ends["p95"])  # the median of a log-normal
    possible = [
        float(GpuSeconds.from_row(fit).tok_per_s(prompt, one["output_tokens"])) for fit in fits.iter_rows(named=True)
    ]
    assert min(abs(one["offline_tok_per_s_per_gpu"] / value - 1) for value in possible) < 1e-9


def test_offline_throughput_is_unknown_where_prompts_or_answers_are(runs, tables):
    few = (
        runs.filter(V3)
        .head(2)
        .select(pl.all().exclude("^.*_s$", "network", "curve", "curve_log_sd", "offline_tok_per_s_per_gpu"))
    )
    measured = few.drop(
        *("architecture", "model_class", "total_parameters_billions", "active_parameters_billions"),
        *("tdp_w", "memory_bandwidth_gb_per_s"),
        strict=False,
    )
    odd = measured.with_columns(prompts=pl.lit("other"))
    none = measured.with_columns(output_tokens=pl.lit(None, pl.Float64))
    for changed in (odd, none):
        assert with_offline(changed.with_columns(duration_s=None), **tables).select(
            "curve", "offline_tok_per_s_per_gpu", "offline_s"
        ).null_count().rows() == [(2, 2, 2)]


def test_interval_of_the_lognormal_part_is_what_it_says():
    share, host = Beta.from_moments(mean=0.6, variance=1e-8), None
    found = predicted(RUN, Expected(seconds=1e-3, log_sd=0.2, basis=""), share, host, 1)
    assert np.quantile(found, [0.05, 0.95]) == pytest.approx(0.6 * np.exp(0.2 * ndtri([0.05, 0.95])), rel=0.02)


def test_same_systems_same_bytes(runs, rows):
    row = runs.filter(row_id="v4.1-0049/llama2-70b-99/Server").row(0, named=True)
    assert len({backtest._of_other_systems(row, rows) for _ in range(60)}) == 1
