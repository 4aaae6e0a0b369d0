"""Energy of a query with the two kinds of spread apart: by hand where all is known, then what each spread must do."""

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.energy import power, uncertainty
from inference_energy.energy.per_query import energy_per_query
from inference_energy.statistics import quantiles
from inference_energy.statistics.distributions import Beta, Constant, distribution
from inference_energy.studies.study import BOUNDARIES
from inference_energy.throughput.gpu_time import NodeCurve
from inference_energy.throughput.log_linear import fit as fit_curve
from tiny_service import POWER, SECONDS, UNIFORM, WH_PER_GPU_SECOND, curve, exponential, points, tiny_service

QUANTILES = ("p05", "p25", "p50", "p75", "p95", "mean")
NINE_DIGITS = 1e-9  # to which values count as one in quantiles of weighted values
BIN = 1e-3  # no bin of a histogram is wider than this share of its value
PUE = distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4})
LOAD = Beta.from_percentiles(p05=0.45, p95=0.85)
CACHED = Beta.from_percentiles(p05=0.05, p95=0.65)
DOUBLE = power.GpuPower(
    tdp_w=2000.0,
    board_idle=0.1,
    board_saturated=Constant(0.8),
    host_idle_w=200.0,
    host_saturated=Constant(400.0),
)
VARIED = {
    "distributions": {"pue": PUE, "load": LOAD, "boards": UNIFORM, "cached share: traditional": CACHED},
    "weights": {"A": 2, "B": 1, "C": 1},
    "concentration": 4,
    "fit_errors": {"A": 0.1, "B": 0.2, "C": 0.3},
    "gpus": {"G": 0.75, "H": 0.25},
    "lengths": {"traditional": exponential(), "long": exponential(5000.0)},
    "power": {"G": POWER, "H": replace(DOUBLE, host_idle_w=150.0)},
}


def summary(service, borrowed=frozenset(), draws=2000, fleet_draws=2000, seed=1):
    return energy_per_query(service, borrowed=set(borrowed), draws=draws, fleet_draws=fleet_draws, seed=seed)[0]


def row(table, subject="frontier", workload="traditional", boundary="datacenter", spread="untrimmed"):
    return table.row(
        by_predicate=(pl.col("subject") == subject)
        & (pl.col("workload") == workload)
        & (pl.col("boundary") == boundary)
        & (pl.col("spread") == spread),
        named=True,
    )


def energies(found):
    return [found[f"energy_wh_{name}"] for name in QUANTILES]


@pytest.fixture(scope="module")
def varied():
    return summary(tiny_service(**VARIED), draws=100_000, fleet_draws=100_000)


def test_a_known_query_by_hand_whatever_the_spread():
    table = summary(tiny_service(), draws=100, fleet_draws=10)
    assert len(table) == 2 * 2 * 4 * 3  # workloads, the model and its class, boundaries, spreads
    for workload, seconds in SECONDS.items():
        for boundary, wh in WH_PER_GPU_SECOND.items():
            for spread, exactly in {"untrimmed": BIN, "per_query": NINE_DIGITS, "shared": 1e-12}.items():
                for subject in ("A", "frontier"):
                    found = row(table, subject, workload, boundary, spread)
                    assert energies(found) == pytest.approx([seconds * wh] * 6, rel=exactly)
    assert row(table, spread="shared")["energy_wh_mean"] == pytest.approx(2.1)  # 2.625 s x 0.8 Wh/s


def test_draws_say_what_a_number_rests_on_and_what_is_known_has_no_error():
    table = summary(tiny_service(), draws=100, fleet_draws=10)
    assert dict(table.group_by("spread").agg(pl.col("draws").unique().first()).iter_rows()) == {
        "untrimmed": 100,
        "per_query": 1,
        "shared": 10,
    }
    known = table.filter(pl.col("spread") != "untrimmed").select("^.*_se$")
    assert known.select(pl.max_horizontal(pl.all().max())).item() == pytest.approx(0, abs=1e-12)


def test_cached_prompts_by_hand():
    # A fifth of the prompts: 0.2 s of prefill less; half of each prompt by the trace besides: (1 - 1/2) (1 - 1/5).
    service = tiny_service(distributions={"cached share: traditional": Constant(0.2)})
    assert row(summary(service), spread="shared")["energy_wh_mean"] == pytest.approx(2.425 * 0.8)
    lengths = {"traditional": points(1000, 500, cached=0.5), "long": points(1000, 2000)}
    service = tiny_service(distributions={"cached share: traditional": Constant(0.2)}, lengths=lengths)
    for spread in ("per_query", "shared"):
        assert row(summary(service), spread=spread)["energy_wh_mean"] == pytest.approx((0.4 + 1.625) * 0.8)


def test_published_form_by_hand():
    # A node of 8 GPUs at 1,000 tok/s: 500 tokens are 0.5 s of it, 4 GPU-seconds, prefill inside and no cache.
    form = fit_curve(np.array([1000.0]), np.array([500.0]), np.array([1000.0]), 3)
    service = tiny_service(
        curves={"A": NodeCurve(form=form)}, distributions={"cached share: traditional": Constant(0.2)}
    )
    assert row(summary(service), spread="shared")["energy_wh_mean"] == pytest.approx(4 * 0.8)
    assert row(summary(service), spread="untrimmed")["energy_wh_p50"] == pytest.approx(4 * 0.8, rel=BIN)


def test_two_models_by_hand():
    # B needs twice the GPU time of A and serves a fifth of the queries: 2.1 (4/5 + 2/5) Wh.
    table = summary(tiny_service(weights={"A": 4, "B": 1}))
    for spread in ("untrimmed", "per_query", "shared"):
        assert row(table, "A", spread=spread)["energy_wh_mean"] == pytest.approx(2.1, rel=BIN)
        assert row(table, "B", spread=spread)["energy_wh_mean"] == pytest.approx(4.2, rel=BIN)
        assert row(table, spread=spread)["energy_wh_mean"] == pytest.approx(2.52, rel=BIN)
    one = row(table, spread="per_query")
    assert (one["energy_wh_p05"], one["energy_wh_p95"]) == pytest.approx((2.1, 4.2))


def test_two_lengths_by_hand():
    # Three queries of four have 500 tokens and 2.625 s, the fourth has 2,000 and 9 s.
    lengths = {"traditional": points([1000, 1000], [500, 2000], [3, 1]), "long": points(1000, 2000)}
    table = summary(tiny_service(lengths=lengths), draws=100_000)
    mean = (0.75 * 2.625 + 0.25 * 9) * 0.8
    assert row(table, spread="per_query")["energy_wh_mean"] == pytest.approx(mean)
    assert energies(row(table, spread="shared")) == pytest.approx([mean] * 6)
    found = row(table)
    assert found["energy_wh_mean"] == pytest.approx(mean, rel=0.01)
    assert (found["energy_wh_p50"], found["energy_wh_p95"]) == pytest.approx((2.1, 7.2), rel=BIN)


def test_two_gpus_by_hand():
    # H draws twice the power of G in everything and serves a fifth of the queries.
    table = summary(tiny_service(gpus={"G": 4, "H": 1}, power={"G": POWER, "H": DOUBLE}))
    for spread in ("untrimmed", "per_query", "shared"):
        assert row(table, spread=spread)["energy_wh_mean"] == pytest.approx(2.1 * 1.2, rel=BIN)


def test_boundaries_are_nested(varied):
    wide = varied.pivot(
        "boundary", index=["workload", "subject", "spread"], values=[f"energy_wh_{q}" for q in QUANTILES]
    )
    for name in QUANTILES:
        for inner, outer in itertools.pairwise(BOUNDARIES):
            assert (wide[f"energy_wh_{name}_{inner}"] <= wide[f"energy_wh_{name}_{outer}"]).all()


@pytest.mark.parametrize("spread", ["untrimmed", "per_query"])
def test_class_mean_is_the_weighted_mean_of_its_models(varied, spread):
    means = {subject: row(varied, subject, spread=spread)["energy_wh_mean"] for subject in ("A", "B", "C", "frontier")}
    assert means["frontier"] == pytest.approx(means["A"] / 2 + means["B"] / 4 + means["C"] / 4)


def test_shared_class_mean_is_the_weighted_mean_of_its_models_where_the_mix_is_known():
    table = summary(tiny_service(**VARIED | {"concentration": None}))
    means = {s: row(table, s, spread="shared")["energy_wh_mean"] for s in ("A", "B", "C", "frontier")}
    assert means["frontier"] == pytest.approx(means["A"] / 2 + means["B"] / 4 + means["C"] / 4)


@pytest.mark.parametrize("subject", ["A", "C", "frontier"])
@pytest.mark.parametrize("workload", ["traditional", "long"])
def test_mean_of_single_queries_is_the_mean_of_means(varied, subject, workload):
    single, shared = (row(varied, subject, workload, spread=spread) for spread in ("untrimmed", "shared"))
    # Three models are no more independent than their common draws: the largest error of one of them is taken.
    error = max(row(varied, model, workload)["energy_wh_mean_se"] for model in ("A", "B", "C"))
    assert abs(single["energy_wh_mean"] - shared["energy_wh_mean"]) < 5 * error
    assert error < 0.02 * single["energy_wh_mean"]


def test_shared_interval_does_not_shrink_with_draws():
    service = tiny_service(**VARIED)
    errors = {"few": [], "many": []}
    for seed in (1, 2, 3):
        drawn = {"few": 2_000, "many": 20_000}
        found = {
            name: row(summary(service, draws=20_000, fleet_draws=draws, seed=seed), spread="shared")
            for name, draws in drawn.items()
        }
        for name in ("p05", "p50", "p95"):
            few, many = (found[of][f"energy_wh_{name}"] for of in ("few", "many"))
            assert few == pytest.approx(many, abs=6 * found["few"][f"energy_wh_{name}_se"])
        for of, summarised in found.items():
            errors[of].append([summarised[f"energy_wh_{name}_se"] for name in ("p05", "p50", "p95")])
        assert found["many"]["energy_wh_p95"] / found["many"]["energy_wh_p05"] > 2
        # The error of the mean, which the publication takes for the interval of the fleet, does shrink.
        assert found["few"]["energy_wh_mean_se"] / found["many"]["energy_wh_mean_se"] == pytest.approx(10**0.5, rel=0.1)
    assert np.mean(errors["few"], axis=0) / np.mean(errors["many"], axis=0) == pytest.approx([10**0.5] * 3, rel=0.4)


def test_shared_interval_of_one_factor_by_hand():
    # Energy is linear in PUE: its interval is that of PUE, 1.08 to 1.40 times 2.625 s of 600 W / 900 s.
    found = row(summary(tiny_service(distributions={"pue": PUE}), draws=100_000, fleet_draws=100_000), spread="shared")
    assert (found["energy_wh_p05"], found["energy_wh_p95"]) == pytest.approx((1.75 * 1.08, 1.75 * 1.40), rel=3e-3)


def test_fit_error_by_hand():
    # exp(0.2 x 1.64485) = 1.38954 at P95; the mean is exp(0.02) of the median; models err on their own.
    service = tiny_service(fit_errors={"A": 0.2})
    table = summary(service, draws=200_000, fleet_draws=200_000)
    for spread in ("untrimmed", "shared"):
        found = row(table, spread=spread)
        assert found["energy_wh_p95"] / 2.1 == pytest.approx(1.38954, rel=4e-3)
        assert found["energy_wh_p05"] * 1.38954 == pytest.approx(2.1, rel=4e-3)
        assert found["energy_wh_mean"] == pytest.approx(2.1 * np.exp(0.02), rel=4e-3)
    assert row(table, spread="per_query")["energy_wh_mean"] == pytest.approx(2.1)


def test_each_spread_holds_its_own_kind_only():
    lengths = {"traditional": exponential(), "long": points(1000, 2000)}
    only_lengths = summary(tiny_service(lengths=lengths), draws=50_000)
    assert len({round(value, 9) for value in energies(row(only_lengths, spread="shared"))}) == 1
    for name in QUANTILES:
        single, fixed = (row(only_lengths, spread=spread)[f"energy_wh_{name}"] for spread in ("untrimmed", "per_query"))
        assert single == pytest.approx(fixed, rel=0.02)
    only_shared = summary(tiny_service(distributions={"pue": PUE}), draws=50_000, fleet_draws=50_000)
    assert len({round(value, 9) for value in energies(row(only_shared, spread="per_query"))}) == 1
    for name in QUANTILES:
        single, shared = (row(only_shared, spread=spread)[f"energy_wh_{name}"] for spread in ("untrimmed", "shared"))
        assert single == pytest.approx(shared, rel=BIN)


def test_single_queries_spread_at_least_as_widely_as_either_kind(varied):
    width = {
        spread: row(varied, spread=spread)["energy_wh_p95"] / row(varied, spread=spread)["energy_wh_p05"]
        for spread in ("untrimmed", "per_query", "shared")
    }
    assert width["untrimmed"] > max(width["per_query"], width["shared"])


def test_weighted_quantiles_by_hand():
    # Half of each weight lies below its value: shares 1/8, 1/2 and 7/8 at 1, 10 and 100.
    found = quantiles.of_weighted(np.array([100.0, 1.0, 10.0]), np.array([1.0, 1.0, 2.0]))
    assert found["p05"] == pytest.approx(1.0)
    assert found["p25"] == pytest.approx(10 ** (1 / 3))  # a third of the way from 1/8 to 1/2
    assert found["p50"] == pytest.approx(10.0)
    assert found["p75"] == pytest.approx(10 ** (5 / 3))
    assert found["p95"] == pytest.approx(100.0)
    assert found["mean"] == pytest.approx((1 + 20 + 100) / 4)
    assert list(quantiles.of_weighted(np.array([3.0]), np.array([0.2])).values()) == pytest.approx([3.0] * 6)


def test_a_value_that_is_there_twice_counts_once_with_both_weights():
    split = quantiles.of_weighted(np.array([1.0, 10.0, 10.0, 100.0]), np.array([1.0, 0.5, 1.5, 1.0]))
    whole = quantiles.of_weighted(np.array([1.0, 10.0, 100.0]), np.array([1.0, 2.0, 1.0]))
    assert split == pytest.approx(whole)
    # What differs in the last digit alone, because another machine computed it, is the same value.
    nearly = quantiles.of_weighted(np.array([1.0, 10.0, 10.0 * (1 + 1e-15), 100.0]), np.array([1.0, 0.5, 1.5, 1.0]))
    assert nearly == pytest.approx(whole)


def test_standard_errors_of_a_class_are_no_smaller_than_the_scatter_over_seeds():
    # Five equal models whose errors are computed from the same draws of load and PUE: they do not average out.
    service = tiny_service(
        distributions={"pue": PUE, "load": LOAD, "attainment": Beta.from_percentiles(p05=0.3, p95=0.8)},
        weights=dict.fromkeys("ABCDE", 1),
        concentration=5,
        fit_errors=dict.fromkeys("ABCDE", 0.1),
        lengths={"traditional": exponential(), "long": points(1000, 2000)},
    )
    seeds = [summary(service, draws=4000, fleet_draws=4000, seed=seed) for seed in range(25)]
    for spread in ("untrimmed", "shared"):
        rows = [row(table, spread=spread) for table in seeds]
        for name in ("p05", "p50", "p95", "mean"):
            scatter = np.std([of[f"energy_wh_{name}"] for of in rows], ddof=1)
            error = np.mean([of[f"energy_wh_{name}_se"] for of in rows])
            # A scatter over 25 seeds is known to 14 %: two of that below, and no more than three times too careful.
            assert 0.72 * scatter < error < 3 * scatter, (spread, name)


@given(
    st.dictionaries(st.integers(1, 1000), st.floats(1e-3, 1.0), min_size=1, max_size=20),
    st.sampled_from([0.25, 0.5, 3.0, 1000.0]),
)
def test_weighted_quantiles_rise_stay_inside_and_scale(weight_of, factor):
    values, weights = np.array(list(weight_of), float), np.array(list(weight_of.values()))
    found = quantiles.of_weighted(values, weights)
    mean = found.pop("mean")
    rising = np.array(list(found.values()))
    assert (np.diff(rising) >= -1e-9 * rising[:-1]).all()
    assert values.min() * (1 - 1e-9) <= min(rising[0], mean) <= max(rising[-1], mean) <= values.max() * (1 + 1e-9)
    scaled = quantiles.of_weighted(values * factor, weights * 7)
    assert [scaled[name] for name in found] == pytest.approx(list(rising * factor))


@settings(deadline=None, max_examples=30)
@given(
    st.floats(1, 20_000),
    st.floats(1, 20_000),
    st.floats(1.0, 3.0),
    st.floats(1.0, 3.0),
    st.floats(0.0, 1.0),
)
def test_longer_queries_never_need_less_and_cached_ones_never_more(inputs, outputs, longer, more, cached):
    def mean(prompt, answer, share):
        service = tiny_service(lengths={"traditional": points(prompt, answer)})
        shared = uncertainty.central(service.given).replaced("cached share: traditional", share)
        return service.mean_wh(shared, "frontier", "traditional", service.per_gpu_second(shared))["datacenter"]

    base = mean(inputs, outputs, cached)
    assert mean(inputs * longer, outputs, cached) >= base * (1 - 1e-12)
    assert mean(inputs, outputs * more, cached) >= base * (1 - 1e-12)
    assert mean(inputs, outputs, 0.0) >= base >= mean(inputs, outputs, 1.0)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 10.0))
def test_energy_is_linear_in_the_coefficients(factor):
    once, times = (summary(tiny_service(curves={"A": curve(by)}), draws=50, fleet_draws=5) for by in (1.0, factor))
    for name in QUANTILES:
        ratio = times[f"energy_wh_{name}"] / once[f"energy_wh_{name}"]
        assert ratio.to_list() == pytest.approx([factor] * len(once), rel=2 * BIN)


def test_extrapolated_share_by_hand():
    # Ranges 1-2,000 in and 1-1,000 out: the second and third point lie outside, with weights 2 and 1 of 8.
    lengths = {"traditional": points([100, 3000, 100], [500, 500, 1001], [5, 2, 1]), "long": points(2000, 1000)}
    service = tiny_service(lengths=lengths, weights={"A": 1, "B": 3})
    assert service.extrapolated_share("frontier", "traditional") == pytest.approx(3 / 8)
    assert service.extrapolated_share("frontier", "long") == 0  # the ends belong to the range
    service.ranges["B", "G", "FP8"] = ((1.0, 4000.0), (1.0, 1000.0))
    assert service.extrapolated_share("B", "traditional") == pytest.approx(1 / 8)
    assert service.extrapolated_share("frontier", "traditional") == pytest.approx((3 + 3 * 1) / 8 / 4)


def test_borrowed_share_by_hand():
    service = tiny_service(weights={"A": 2, "B": 3}, gpus={"G": 0.6, "H": 0.4})
    borrowed = {("B", "H", "FP8")}
    assert service.borrowed_share("frontier", borrowed) == pytest.approx(0.6 * 0.4)
    assert service.borrowed_share("B", borrowed) == pytest.approx(0.4)
    assert service.borrowed_share("A", borrowed) == 0
    table = summary(service, borrowed, draws=50, fleet_draws=5)
    assert set(table["borrowed_share"].unique().round(9)) == {0, 0.24, 0.4}


def test_weights_sum_to_one_as_in_the_study_and_as_drawn():
    service = tiny_service(**VARIED)
    shared = uncertainty.shared_draws(service.given, "tiny", 100, seed=1)
    for subject in ("A", "frontier"):
        assert sum(service.weights(subject).values()) == pytest.approx(1)
        assert sum(service.weights(subject, shared).values()) == pytest.approx(np.ones(100))


def test_order_of_models_and_gpus_does_not_matter():
    known = VARIED | {"concentration": None}
    turned = {key: dict(reversed(VARIED[key].items())) for key in ("weights", "gpus", "lengths", "fit_errors")}
    place = ["workload", "subject", "boundary", "spread"]
    one, other = (summary(tiny_service(**arguments)).sort(place) for arguments in (known, known | turned))
    assert one.select(place).equals(other.select(place))
    for spread, exactly in {"untrimmed": 0.01, "per_query": 2e-3, "shared": 1e-9}.items():
        for name in QUANTILES:
            first, second = (t.filter(pl.col("spread") == spread)[f"energy_wh_{name}"].to_list() for t in (one, other))
            assert first == pytest.approx(second, rel=exactly)


def test_order_of_models_does_not_matter_where_the_mix_is_drawn():
    place = ["workload", "subject", "boundary", "spread"]
    turned = {key: dict(reversed(VARIED[key].items())) for key in ("weights", "fit_errors")}
    one, other = (summary(tiny_service(**arguments)).sort(place) for arguments in (VARIED, VARIED | turned))
    assert one.select(place).equals(other.select(place))
    # In the tails of a histogram lie empty bins, anywhere in which a quantile may be.
    for spread, exactly in {"untrimmed": 5e-3, "per_query": NINE_DIGITS, "shared": NINE_DIGITS}.items():
        for name in QUANTILES:
            first, second = (t.filter(spread=spread)[f"energy_wh_{name}"].to_list() for t in (one, other))
            assert first == pytest.approx(second, rel=exactly)


def test_seed_decides_the_numbers():
    service = tiny_service(**VARIED | {"weights": {"A": 1, "B": 1}, "gpus": {"G": 1}})
    first, again, other = (summary(service, seed=seed) for seed in (1, 1, 2))
    assert first.equals(again)
    for spread, same in {"untrimmed": False, "shared": False, "per_query": True}.items():
        assert (row(first, spread=spread) == row(other, spread=spread)) is same


def test_chunks_of_draws_do_not_matter(monkeypatch):
    service = tiny_service(distributions={"pue": PUE})
    whole = summary(service, draws=1000, fleet_draws=100)
    monkeypatch.setattr("inference_energy.energy.per_query.CHUNK_DRAWS", 300)
    assert summary(service, draws=1000, fleet_draws=100).equals(whole)


def test_density_is_of_the_studys_boundary_and_sums_to_one():
    service = tiny_service(**VARIED, query_boundary="node")
    table, density = energy_per_query(service, borrowed=set(), draws=20_000, fleet_draws=100, seed=1)
    of = density.filter(pl.col("workload") == "traditional", pl.col("subject") == "frontier")
    width = np.log(2) / 16  # sixteen bins per octave, on the average
    assert of["density_per_e_fold"].sum() * width == pytest.approx(1, rel=0.01)
    mean = (of["density_per_e_fold"] * of["energy_wh"]).sum() * width
    assert mean == pytest.approx(row(table, boundary="node")["energy_wh_mean"], rel=0.02)


def test_narrowed_service_gives_the_same_energies_of_what_is_left():
    whole = tiny_service(
        **VARIED,
        classes={
            "small": {"label": "Small", "weights": {"C": 1}},
            "frontier": {"label": "Frontier", "weights": VARIED["weights"], "mix_concentration": 4},
        },
    )
    narrow = whole.narrowed("frontier", ["traditional"], ["datacenter", "node", "datacenter"])
    assert list(narrow.study.classes) == ["frontier"]
    assert list(narrow.lengths) == ["traditional"]
    assert narrow.boundaries == ("datacenter", "node")
    assert narrow.curves.keys() == {(model, gpu, "FP8") for model in "ABC" for gpu in "GH"}
    shared = uncertainty.shared_draws(whole.given, "tiny", 50, seed=1)
    all_of_it, part = (
        service.mean_wh(shared, "frontier", "traditional", service.per_gpu_second(shared))
        for service in (whole, narrow)
    )
    assert part.keys() == {"datacenter", "node"}
    for boundary, energy in part.items():
        assert energy == pytest.approx(all_of_it[boundary])
    assert list(whole.lengths) == ["traditional", "long"]  # what was given stays as it was
    assert set(summary(narrow, draws=100, fleet_draws=50)["boundary"]) == {"datacenter", "node"}


def test_a_model_of_two_classes_takes_the_hardware_of_the_first():
    on_g, on_h = ([{"gpu": gpu, "precision": "FP8", "share": 2}] for gpu in "GH")
    service = tiny_service(
        classes={
            "small": {"label": "Small", "weights": {"A": 1}, "hardware": on_g},
            "all": {"label": "All", "weights": {"A": 1, "B": 0, "C": 3}, "hardware": on_h},
        },
    )
    assert service.subjects() == {
        "A": ("model", "small"),
        "C": ("model", "all"),
        "small": ("class", "small"),
        "all": ("class", "all"),
    }
    assert service.weights("A") == {("A", "G", "FP8"): 1}
    assert service.weights("all") == {("A", "H", "FP8"): 0.25, ("C", "H", "FP8"): 0.75}
