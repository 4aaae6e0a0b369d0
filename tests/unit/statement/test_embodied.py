"""Making of servers: by hand, by the ranges of the table, unknown where a footprint is."""

import numpy as np
import polars as pl
import pytest
from inference_energy.statement import coefficients, embodied, energy
from tiny_service import on, tiny_service
from usage_logs import SERVERS, making, region, row, table

YEAR_S = 365 * 86_400


def test_a_busy_node_takes_its_share_of_its_lifetime():
    """Eight GPUs of 164 kg and 5,700 kg of host are 7,012 kg; an hour of 4 years at 40 % utilisation is 1/14,016."""
    node = embodied.node_making_kg(gpu_kg=164, gpus_per_node=8, host_kg=5700)
    assert node == 7012
    found = embodied.embodied_kg(busy_node_seconds=3600, kg_per_node=node, lifetime_years=4, utilisation=0.4)
    assert found == pytest.approx(7012 / 14_016)


def test_medians_are_the_geometric_means_of_the_ranges():
    drawn = making(draws=4001)
    in_node = np.array([8, 4])
    kg = np.median(drawn.kg_per_node(["G", "H"], in_node), axis=0)
    # Medians of 200 kg a GPU and 2,000 kg a host; the median of their sum is near the sum of medians.
    assert kg == pytest.approx([8 * 200 + 2000, 4 * 200 + 2000], rel=0.06)
    low, high = np.quantile(drawn.lifetime_years(["G"]), [0.05, 0.95])
    assert (low, high) == pytest.approx((3, 6), rel=0.01)
    # What is not known of one GPU is not known of another: the same share of probability for both.
    assert np.corrcoef(drawn.kg_per_node(["G", "H"], np.array([8, 8])).T)[0, 1] == pytest.approx(1)


def test_what_a_usage_file_states_takes_the_place_of_a_range():
    stated = making(lifetime_years=5, utilisation=0.25)
    assert (stated.lifetime_years(["G", "H"]) == 5).all()
    assert stated.utilisation == 0.25
    assert making().utilisation is None


def units(service, rows, **usage):
    found = coefficients.serving({"frontier": service}, rows, study="tiny", place="u.yaml")
    return coefficients.unit_energy(
        found,
        boundary="datacenter",
        regions={"eu": region()},
        onsite_water_l_per_kwh=None,
        gpus_per_node={"G": 8, "H": 4},
        making=usage.pop("making", making(**usage)),
    )


def test_requests_have_the_making_of_the_nodes_that_serve_them():
    rows = table(row(10, 1000, 500, subject="frontier"))
    of = units(tiny_service(), rows, lifetime_years=4, utilisation=0.5)
    busy = energy.over_time(of, rows, step_minutes=60, peak_load=1)[0]["busy_nodes_mean"][0] * 3600
    kg = making().kg_per_node(["G"], np.array([8]))[:, 0]
    expected = (busy * kg / (4 * YEAR_S * 0.5)).mean()
    total = energy.broken_down(of, rows, []).row(0, named=True)
    assert total["embodied_kgco2e_mean"] == pytest.approx(expected)
    # Half the utilisation is twice the share of each request; the energy does not change.
    idle = energy.broken_down(units(tiny_service(), rows, lifetime_years=4, utilisation=0.25), rows, [])
    assert idle["embodied_kgco2e_mean"][0] == pytest.approx(2 * expected)
    assert idle["energy_kwh_mean"][0] == total["energy_kwh_mean"]


def test_without_a_footprint_of_a_gpu_that_serves_nothing_is_known():
    rows = table(row(10, 1000, 500, subject="frontier"))
    alone = making()
    alone = embodied.Making(
        servers=SERVERS.filter(pl.col("gpu") == "G"), gpu=alone.gpu, host=alone.host, life=alone.life
    )
    known = units(tiny_service(), rows, making=alone)
    unknown = units(tiny_service(hardware=on(G=1, H=1)), rows, making=alone)
    assert energy.broken_down(known, rows, [])["embodied_kgco2e_p50"].null_count() == 0
    assert energy.broken_down(unknown, rows, [])["embodied_kgco2e_p50"].null_count() == 1
    told = energy.per_request(unknown, rows)["quantity"].to_list()
    assert told == ["energy_per_request", "energy_per_1000_output_tokens"]


def test_parts_by_gpu_add_up_to_the_whole():
    rows = table(row(10, 1000, 500, subject="frontier"))
    of = units(tiny_service(hardware=on(G=3, H=1)), rows)
    parts = of.of_gpu["frontier"]
    assert set(parts) == {"G", "H"}
    assert sum(wh for wh, _ in parts.values()) == pytest.approx(of.energy_wh["frontier"])
    assert sum(share for _, share in parts.values()) == pytest.approx(np.ones(of.draws))
