"""Coefficients of a usage from the operating point of its requests: by hand, exact, with marginals of each subject."""

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.energy.operated import QueryMeans
from inference_energy.statement import coefficients, energy, grades, tables
from inference_energy.statement.coefficients import FEATURES, REQUESTS
from tiny_service import POWER_W, SECONDS, frontier, on, points, tiny_service
from usage_logs import making, region, row, table
from varied_service import varied_service

FASTER = {"serving": {"speed_tok_per_s": 1e6, "replica_gpus": [1]}}  # than any replica
PLACES = {"study": "tiny", "place": "u.yaml"}


def serving(rows, **services):
    return coefficients.serving(services, rows, **PLACES)


def units(of, boundary="datacenter", **regions):
    return coefficients.unit_energy(
        of,
        boundary=boundary,
        regions=regions or {"eu": region()},
        onsite_water_l_per_kwh=None,
        gpus_per_node={"G": 8, "H": 4},
        making=making(next(iter(of.values())).shared.draws),
    )


@pytest.mark.parametrize("boundary", POWER_W)
def test_coefficients_are_those_computed_by_hand(boundary):
    """0.1 ms per prompt token, 0.125 ms per answer token, 0.1 us per pair of tokens."""
    rows = table(row(10, 1000, 500, subject="frontier"), row(30, 1000, 2000, cached=None, subject="frontier"))
    service = tiny_service(
        workloads={"traditional": {"label": "", "input_tokens": 1, "output_tokens": 1, "cached_share": 0.25}}
    )
    of = units(serving(rows, frontier=service), boundary)
    seconds = [1e-4, 0.75e-4, 1.25e-4, 1e-7, 0.5e-7]
    for wh, busy, expected in zip(of.wh("frontier", "eu"), of.node_seconds["frontier"], seconds, strict=True):
        assert wh == pytest.approx(expected * POWER_W[boundary] / 3600)
        assert busy == pytest.approx(expected / 8)
    without = seconds[1] * 30 * 1000 - 30 * 1000 * 1e-4  # of what is cached
    total = (10 * SECONDS["traditional"] + 30 * SECONDS["long"] + without) * POWER_W[boundary] / 3600
    assert energy.broken_down(of, rows, [])["energy_kwh_mean"][0] == pytest.approx(total / 1000)


def test_a_region_has_its_own_pue_where_the_building_counts():
    of = serving(table(row(1, 1000, 500, subject="frontier")), frontier=tiny_service())
    places = {"eu": region(), "us": region(pue=1.5, pue_source="operator")}
    for boundary, factor in (("gpu_boards", 1), ("node", 1), ("datacenter", 1.5 / 1.2), ("fleet", 1.5 / 1.2)):
        found = units(of, boundary, **places)
        assert found.wh("frontier", "us") == pytest.approx(found.wh("frontier", "eu") * factor)


def test_nodes_are_those_of_the_gpus_that_serve():
    """GPU H takes half of the time, four of them are a node: as many nodes as with G, eight of which are one."""
    rows = table(row(1, 1000, 500, subject="frontier"))
    g, h = (units(serving(rows, frontier=tiny_service(hardware=on(**{gpu: 1})))) for gpu in "GH")
    assert h.node_seconds["frontier"] == pytest.approx(g.node_seconds["frontier"])
    both = units(serving(rows, frontier=tiny_service(hardware=on(G=1, H=1))))
    assert both.node_seconds["frontier"] == pytest.approx(g.node_seconds["frontier"])


def test_means_follow_from_the_sums_of_unequal_requests():
    lengths = points([100, 1000, 3000], [700, 20, 400], weights=[1, 1, 2])
    rows = table(
        *(
            row(n, int(i), int(o), cached=None)
            for n, i, o in zip((1, 1, 2), lengths.input_tokens, lengths.output_tokens, strict=True)
        )
    )
    cached = np.array([0.0, 0.25])
    sums = rows.select(
        *(pl.col(name).sum().cast(pl.Float64) for name in ("requests", "input_tokens")), *coefficients.features()
    ).row(0, named=True)
    found, expected = coefficients.query_means(sums, cached), QueryMeans.of(lengths, cached)
    for name in vars(expected):
        assert getattr(found, name) == pytest.approx(getattr(expected, name))


def test_requests_without_answers_are_served():
    sums = dict.fromkeys(FEATURES, 0.0) | {"uncached_tokens": 700.0, "requests": 7.0, "input_tokens": 700.0}
    means = coefficients.query_means(sums, np.zeros(2))
    assert (means.input_tokens, means.output_tokens, means.context_tokens2) == (100, 1, 100.5)
    rows = table(row(7, 100, 0, subject="frontier"))
    of = units(serving(rows, frontier=tiny_service()))
    assert energy.broken_down(of, rows, [])["energy_kwh_p50"][0] == pytest.approx(0.07 * 0.78 / 3600)


def test_the_energy_of_a_subject_is_its_mean_energy_times_its_requests():
    rows = table(row(4, 1000, 500, subject="frontier"), row(4, 200, 90, subject="frontier", cached=None))
    found = serving(rows, frontier=varied_service())["frontier"]
    (means, weights), pue = found.mean_wh("frontier", REQUESTS), found.shared.values["pue"]
    assert np.std(weights) > 0
    (values,) = energy._groups(rows, [])[1][0][3] @ units({"frontier": found}, "node").wh("frontier", "eu")
    expected = 8 * means["node"]
    # As often as they are probable.
    counts = np.array([np.isclose(values, each, rtol=1e-12).sum() for each in expected])
    assert counts.sum() == len(values)
    assert np.abs(counts - weights / weights.mean()).max() < 1
    # What a draw shares stands in its place.
    kept = counts > 0
    assert values[kept] == pytest.approx(expected[kept], rel=1e-12)
    (facility,) = energy._groups(rows, [])[1][0][3] @ units({"frontier": found}).wh("frontier", "eu")
    assert facility == pytest.approx(values * pue, rel=1e-12)


def test_the_energy_of_a_subject_does_not_depend_on_the_others():
    one, two = row(4, 1000, 500, subject="A"), row(9, 3000, 2000, subject="B")
    of = {name: varied_service(classes={name: frontier(**{name: 1})["frontier"] | {"label": name}}) for name in "AB"}
    alone = units(serving(table(one), A=of["A"])).wh("A", "eu")
    for rows in (table(one, two), table(two, one)):
        assert np.array_equal(units(serving(rows, **of)).wh("A", "eu"), alone)


def test_requests_that_nothing_serves_are_reported():
    rows = table(row(2, 1000, 500, subject="frontier"))
    told = (
        "u.yaml: study: nothing of 'tiny' serves 'frontier' at its operating point, prompts of 1,000 and answers of"
        " 500 tokens; allowed: a study with a lower serving.speed_tok_per_s"
    )
    with pytest.raises(InputError, match=told) as error:
        serving(rows, frontier=tiny_service(**FASTER))
    assert "\n" not in str(error.value)


def test_where_subjects_run_is_told():
    rows = table(row(2, 1000, 500, subject="frontier"), row(2, 1000, 1500, subject="frontier"))
    found = coefficients.served_table(serving(rows, frontier=tiny_service()))
    assert found.to_dicts() == [
        {"subject": "frontier", "input_tokens_mean": 1000, "output_tokens_mean": 1000}
        | {"served_share": 1, "reached_share": 1, "batch_p50": pytest.approx(8), "replica_gpus_p50": pytest.approx(1)}
    ]
    tables.SERVED.validate(found)


EFFECTS = pl.DataFrame(
    [
        ("roofline_network", "A", 5),
        ("roofline_network", "B", 0),
        ("roofline_gpu", "G", 5),
        ("time_network_gpu", "A / G", 5),
        ("power_gpu", "G", 5),
        ("power_gpu", "H", 0),
    ],
    schema=["effect", "level", "rows"],
    orient="row",
)


def named(*treated):
    """Names of models with equal shares of the tokens."""
    rows = [(name, treatment, name, 1 / len(treated)) for name, treatment in treated]
    return pl.DataFrame(rows, schema=["name", "treatment", "subject", "token_share"], orient="row")


def test_tokens_are_graded_by_the_runs_of_model_and_gpu():
    """GPU H serves twice as many requests as G: two thirds of those of a model on both."""
    rows = table(row(1, 1000, 500, subject="A"), row(1, 1000, 500, subject="B"), row(1, 1000, 500, subject="frontier"))
    both = {
        name: tiny_service(hardware=on(G=1, H=1), classes={name: frontier(**{name: 1})["frontier"]}) for name in "AB"
    }
    of = serving(rows, **both, frontier=tiny_service(hardware=on(G=1, H=1)))
    known = named(("A", "model"), ("B", "model"), ("frontier", "class"))
    found = dict(grades.graded(known, of, EFFECTS).select("grade", "token_share").iter_rows())
    third = 1 / 3
    assert found == pytest.approx(
        {"own_runs": third * third, "other_models": third * third, "no_runs": 4 * third * third, "class": third}
    )
    assert grades.unmetered_share(known, of, EFFECTS) == pytest.approx(2 / 3)
    elsewhere = EFFECTS.filter(pl.col("effect") != "time_network_gpu")
    found = dict(grades.graded(known, of, elsewhere).select("grade", "token_share").iter_rows())
    assert found["other_gpus"] == pytest.approx(third * third)


def test_names_left_out_have_no_power():
    of = serving(table(row(1, 1000, 500, subject="frontier")), frontier=tiny_service())
    known = named(("frontier", "class"), ("who", "left out"))
    known = known.with_columns(subject=pl.when(pl.col("treatment") != "left out").then("subject"))
    assert grades.unmetered_share(known, of, EFFECTS.clear()) == pytest.approx(0.5)
    assert grades.graded(known, of, EFFECTS)["grade"].to_list() == ["class", "left out"]
