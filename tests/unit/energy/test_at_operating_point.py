"""Energy of queries at a stated speed, time per token or batch."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.energy import ground as grounds
from inference_energy.energy.assumptions import Assumptions
from inference_energy.energy.at_operating_point import energies, query_energy_wh
from inference_energy.energy.ground import Ground
from inference_energy.energy.power import host_power_w
from inference_energy.requests.lengths import Lengths
from inference_energy.serving.operating_point import BatchPrior
from inference_energy.statistics.distributions import Constant
from inference_energy.studies.study import NestedStudy
from serving_replicas import GPUS, NETWORKS, model

ONE_LENGTH = {name: np.array([value]) for name, value in {"input_tokens": 1000.0, "output_tokens": 200.0}.items()}
NODES = pl.DataFrame(
    {
        "gpu": ["H", "elsewhere"],
        "basis": ["measured", "measured"],
        "board_idle_share_of_tdp": [0.1, 0.2],
        "host_idle_kw_per_gpu": [0.2, 0.4],
        "host_saturated_kw_per_gpu_p05": [0.3, 0.5],
        "host_saturated_kw_per_gpu_p95": [0.3, 0.5],
    }
)
POINTS = {"slow": {"label": "slow", "speed_tok_per_s": 10}, "fast": {"label": "fast", "speed_tok_per_s": 40}}


def ground(points=POINTS, gpu="H", weights=None, load=1.0, pue=1.0, lengths=ONE_LENGTH, cached=0.0, **serving):
    study = NestedStudy.of(
        {
            "classes": {"all": {"label": "all", "weights": weights or {"small": 1, "sparse": 1}}},
            "hardware": [{"gpu": gpu, "precision": "FP8", "share": 1}],
            "serving": {"replica_gpus": [1, 2, 4, 8], "operating_points": points} | serving,
        }
    )
    known = {"load": Constant(load), "pue": Constant(pue), "cached share: chat": Constant(cached)}
    return Ground(
        name="mine",
        study=study,
        given=Assumptions(distributions=known, power={}, rated_w={}, mix={}, overheads=()),
        lengths={
            "chat": Lengths(**lengths, cached_share=np.zeros(len(lengths["input_tokens"])), weights=np.array([1.0]))
        },
        model=model(),
        prior=BatchPrior(intercept=6.0, slope=-1.0, sd=2.0),
        newest_year=2026.0,
        models=NETWORKS.with_columns(released_on=pl.lit("2024-01")),
        hardware=GPUS,
        node_power=NODES,
    )


def found(of, draws=200, **where):
    where = {"subject": "all", "boundary": "datacenter", "spread": "shared"} | where
    return energies(of, draws, 1).filter(**where)


def test_energy_of_a_query_by_hand():
    # 8 GPUs of 500 W for 0.01 s per token and 90 tokens are 3,600 J, half of the time idle doubles them.
    given = {"gpus": 8, "power_w": 500, "seconds_per_token": 0.01, "output_tokens": 90}
    assert query_energy_wh(**given, load=1) == pytest.approx(1)
    assert query_energy_wh(**given, load=0.5) == pytest.approx(2)


def test_power_at_a_load_by_hand():
    assert host_power_w(idle_w=100, saturated_w=500, load=0.25) == pytest.approx(200)


def test_a_faster_service_needs_more_energy_and_smaller_batches():
    slow, fast = (found(ground(), operating_point=name).row(0, named=True) for name in ("slow", "fast"))
    assert fast["energy_wh_p50"] > slow["energy_wh_p50"]
    assert fast["batch_p50"] < slow["batch_p50"]
    assert fast["reached_share"] <= slow["reached_share"]


def test_a_time_per_token_is_the_speed_it_allows():
    by_time = {"fast": {"label": "fast", "time_per_token_ms": 25}}
    assert found(ground(by_time)).equals(found(ground(), operating_point="fast"))


def test_boundaries_widen():
    of = ground(pue=1.25)
    boards, node, datacenter = (
        found(of, operating_point="slow", boundary=name)["energy_wh_mean"][0]
        for name in ("gpu_boards", "node", "datacenter")
    )
    assert boards < node
    assert datacenter == pytest.approx(1.25 * node)


def test_idle_time_is_charged_to_queries():
    busy, half = (found(ground(load=load), operating_point="slow")["energy_wh_mean"][0] for load in (1, 0.5))
    assert busy < half < 2 * busy


def test_a_batch_that_memory_cannot_hold_has_no_energy():
    of = ground({"huge": {"label": "huge", "batch": 1e7}})
    row = found(of).row(0, named=True)
    assert (row["energy_wh_p50"], row["served_share"], row["reached_share"]) == (None, 0, 0)


def test_a_speed_that_nothing_reaches_has_no_energy():
    row = found(ground({"too fast": {"label": "too fast", "speed_tok_per_s": 1e6}})).row(0, named=True)
    assert (row["energy_wh_p50"], row["served_share"]) == (None, 0)


def test_larger_batches_need_less_energy():
    points = {name: {"label": name, "batch": batch} for name, batch in (("one", 1), ("some", 16), ("many", 64))}
    means = [found(ground(points), operating_point=name)["energy_wh_p50"][0] for name in points]
    assert means == sorted(means, reverse=True)


def test_a_cached_prompt_saves_energy():
    nothing, most = (found(ground(cached=share), operating_point="slow")["energy_wh_p50"][0] for share in (0, 0.9))
    assert most < nothing


def test_a_class_lies_between_its_models():
    of = ground({"point": {"label": "point", "batch": 16}})
    small, sparse, both = (found(of, subject=name)["energy_wh_p50"][0] for name in ("small", "sparse", "all"))
    assert min(small, sparse) < both < max(small, sparse)


def test_queries_of_one_length_vary_by_what_is_shared_alone():
    of = ground({"point": {"label": "point", "batch": 16}})
    shared, query = (found(of, spread=spread) for spread in ("shared", "untrimmed"))
    assert shared["energy_wh_p95"][0] == pytest.approx(query["energy_wh_p95"][0])


def test_the_same_seed_gives_the_same_energies():
    assert energies(ground(), 100, 3).equals(energies(ground(), 100, 3))


def test_half_speculative_lies_between_none_and_all():
    def energy(share):
        point = {"point": {"label": "point", "batch": 16, "speculative_share": share}}
        return found(ground(point))["energy_wh_mean"][0]

    none, half, every = map(energy, (0, 0.5, 1))
    assert min(none, every) < half < max(none, every)


def test_gpus_without_a_node_have_the_middle_of_measured_nodes():
    assert grounds.node_power("H", NODES)["host_idle_kw_per_gpu"] == 0.2
    assert grounds.node_power("B", NODES)["host_idle_kw_per_gpu"] == pytest.approx(0.3)
    assert found(ground(gpu="B"), operating_point="slow")["energy_wh_p50"][0] > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gpu": "Z"}, "config/studies/mine.yaml: found 'Z'; allowed: "),
        ({"weights": {"smallest": 1}}, "config/studies/mine.yaml: found 'smallest'; allowed: .*small"),
    ],
)
def test_unknown_names_are_told(changes, message):
    with pytest.raises(InputError, match=message):
        energies(ground(**changes), 10, 1)


@pytest.mark.parametrize(("column", "told"), [("tdp_w", "tdp_w"), ("memory_gb", "memory, bandwidth or peak")])
def test_gpus_that_state_too_little_are_told(column, told):
    of = ground()
    empty = of.hardware.with_columns(pl.when(pl.col("gpu") != "H").then(column).alias(column))
    with pytest.raises(InputError, match=f"'H', whose {told}"):
        energies(replace(of, hardware=empty), 10, 1)


def test_speculative_decoding_counts_where_the_rest_does_not_reach_a_speed():
    """Without speculative decoding few draws reach the speed; those that do not are not counted at a batch of one."""
    point = {"point": {"label": "point", "speed_tok_per_s": 150}}
    none, half = (
        found(ground({"point": point["point"] | {"speculative_share": share}})).row(0, named=True) for share in (0, 0.5)
    )
    assert half["reached_share"] > none["reached_share"]
    assert half["energy_wh_p95"] < 2 * none["energy_wh_p95"]
