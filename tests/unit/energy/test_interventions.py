"""Interventions: by hand, changes of nothing, in the limit, together, and beside measured pairs."""

import numpy as np
import polars as pl
import pytest
from inference_energy.energy import interventions
from inference_energy.energy.interventions import ALL, intervention_multipliers
from inference_energy.energy.per_query import energy_per_query
from inference_energy.energy.tables import INTERVENTION_MULTIPLIERS
from inference_energy.studies.study import NestedIntervention
from messages import message_of
from tiny_service import POWER_W, WH, frontier, on, tiny_service
from varied_service import varied_service

PAIRS = pl.DataFrame(
    {
        "lever": ["caching"] * 3 + ["other"],
        "model": ["A", "A", "B", "A"],
        "gpu": ["G"] * 4,
        "measured_multiplier": [2.0, 2.0, 8.0, 9.0],
        "predicted_multiplier": [1.5, 1.5, 1.5, 9.0],
    }
)
WH_PER_S = POWER_W["datacenter"] / 3600


def lever(evidence=None, level="serving", **changes):
    found = {"label": "Own", "level": level, "changes": changes, "source": "made up"}
    return found | ({} if evidence is None else {"evidence": evidence})


def entries_of(levers, workloads=("traditional",)):
    return {"subject": "frontier", "workloads": list(workloads), "levers": levers}


def multipliers(levers, service=tiny_service, workloads=("traditional",), **study):
    """Rows of the table by intervention, of the first workload alone unless told otherwise."""
    found = intervention_multipliers(service(interventions=entries_of(levers, workloads), **study), PAIRS)
    INTERVENTION_MULTIPLIERS.validate(found)
    return {row["lever"]: row for row in found.filter(workload=workloads[0]).iter_rows(named=True)}


# What a change leaves of 0.225 s: 0.1 of the prompt, 0.0625 of weights, 0.0625 of attention; of 780 W; of one GPU.
LEFT = {
    "pue": ({"pue": 1}, WH["traditional"] / 1.2),
    "prompts in the cache": ({"workloads": {"traditional": {"cached_share": 0.5}}}, 0.175 * WH_PER_S),
    "half of the answer": (
        {"workloads": {"traditional": {"output_tokens": 250}}},
        (0.1 + 0.03125 + 250 * 1125e-7) * WH_PER_S,
    ),
    "twice the batch": ({"serving": {"batch": 16}}, (0.1 + 0.03125 + 0.0625) * WH_PER_S),
    "a board at four fifths": ({"power": {"board_factor": 0.8}}, 0.225 * (400 + 150) * 1.2 / 3600),
    "another GPU": ({"hardware": on(H=1)}, 0.225 / 2 * 2 * WH_PER_S),
    "a larger model": ({"classes": frontier(A=0, B=1)}, 0.3875 * WH_PER_S),
    "other hosts": (
        {"power": {"form": "rated", "node_kw": {"default": 8}, "utilisation": 0.5}},
        0.225 * 500 * 1.2 / 3600,
    ),
}


@pytest.mark.usefixtures("known_hosts")
@pytest.mark.parametrize("name", LEFT)
def test_an_intervention_by_hand(name):
    changes, left = LEFT[name]
    found = multipliers({"own": lever(**changes)})
    assert found["own"]["energy_wh_p50"] == pytest.approx(left, rel=1e-6)
    assert found["own"]["energy_wh_mean"] == pytest.approx(left, rel=1e-6)
    assert found["own"]["multiplier_p50"] == pytest.approx(WH["traditional"] / left, rel=1e-6)


@pytest.mark.usefixtures("known_hosts")
def test_together_each_acts_on_what_the_others_leave():
    levers = {
        "cached": lever(workloads={"traditional": {"cached_share": 0.5}}),
        "shorter": lever(workloads={"traditional": {"output_tokens": 250}}),
        "pue": lever(pue=1),
    }
    found = multipliers(levers)
    left = (0.05 + 0.03125 + 250 * 1125e-7) * 650 / 3600
    assert found[ALL]["energy_wh_p50"] == pytest.approx(left, rel=1e-6)
    assert found[ALL]["multiplier_p50"] == pytest.approx(WH["traditional"] / left, rel=1e-6)
    alone = [found[name]["multiplier_p50"] for name in levers]
    assert found[ALL]["multiplier_p50"] > np.prod(alone)  # prompts weigh more in what shorter answers leave
    assert (found[ALL]["combination"], found["pue"]["combination"]) == ("together", "single")
    assert (found[ALL]["level"], found[ALL]["source"], found["pue"]["source"]) == ("combined", None, "made up")


@pytest.mark.usefixtures("known_hosts")
def test_a_later_intervention_has_the_last_word():
    found = multipliers({"one": lever(pue=1.1), "two": lever(pue=1.05)})
    assert found[ALL]["multiplier_p50"] == pytest.approx(1.2 / 1.05)


@pytest.mark.parametrize("workload", ["traditional", "long"])
def test_a_change_of_nothing_leaves_the_energy_of_the_table(workload):
    found = multipliers({"none": lever(title="Same")}, service=varied_service, workloads=[workload])
    service = varied_service(interventions=entries_of({"none": lever(title="Same")}))
    shared = energy_per_query(service)[0].filter(
        subject="frontier", workload=workload, boundary="datacenter", spread="shared"
    )
    for row in found.values():
        assert (row["multiplier_p05"], row["multiplier_p95"]) == pytest.approx((1, 1))
        for name in ("p05", "p50", "p95", "mean"):
            assert row[f"energy_wh_{name}"] == pytest.approx(shared[f"energy_wh_{name}"].item(), rel=1e-9)


def test_before_and_after_have_the_same_draws():
    # Whatever else is uncertain, a lower PUE divides by the same factor.
    found = multipliers({"half": lever(pue=1.25)}, service=varied_service, pue=2.5)["half"]
    assert (found["multiplier_p05"], found["multiplier_p95"]) == pytest.approx((2, 2))
    assert found["energy_wh_p95"] > 1.5 * found["energy_wh_p05"]


def test_draws_count_by_the_geometric_mean_of_before_and_after():
    before = varied_service(serving={"speed_tok_per_s": 450, "replica_gpus": [1]}, hardware=on(G=1))
    after = before.changed({"serving": {"speed_tok_per_s": 200}})
    _, saved, weights = interventions.compared(before, after, "frontier", "traditional")
    (was, probable), (now, still) = (each.mean_wh("frontier", "traditional") for each in (before, after))
    counts = (probable > 0) & (still > 0)
    assert not counts.all()
    assert weights == pytest.approx(np.sqrt(probable * still)[counts])
    assert saved == pytest.approx(was["datacenter"][counts] / now["datacenter"][counts])


@pytest.mark.usefixtures("known_hosts")
def test_energies_are_at_the_boundary_of_queries():
    found = multipliers({"pue": lever(pue=1)}, boundary={"query": "node", "fleet": "fleet"})["pue"]
    assert (found["boundary"], found["multiplier_p50"]) == ("node", pytest.approx(1))
    assert found["energy_wh_p50"] == pytest.approx(WH["traditional"] / 1.2, rel=1e-6)


def test_every_workload_and_intervention_has_a_row():
    levers = {"a": lever(pue=1), "b": lever(pue=1.1)}
    service = tiny_service(interventions=entries_of(levers, ["traditional", "long"]))
    found = intervention_multipliers(service, PAIRS)
    assert found.select("lever", "workload").rows() == [
        (name, workload) for name in ("a", "b", ALL) for workload in ("traditional", "long")
    ]


def test_formula_of_a_saving():
    assert interventions.saving(before_wh=3.0, after_wh=2.0) == 1.5


def test_chosen_and_applied():
    service = tiny_service()
    found = interventions.chosen(service, ["pue"], "here")
    assert found["pue"].changes == {"pue": 1}
    assert interventions.applied(service, found.values()).study.pue == 1
    assert interventions.chosen(service, [], "here") == {}
    assert message_of(interventions.chosen, service, ["peu"], "here") == "here: found 'peu'; allowed: cached or pue"


# Pairs of measured rows.


def test_pairs_stand_beside_the_intervention_that_names_them():
    found = multipliers({"seen": lever(evidence="caching", pue=1.1)})["seen"]
    assert (found["evidence"], found["pairs"]) == ("caching", 3)
    assert found["measured_mean"] == pytest.approx((2 + 8) / 2)  # two models, each with the same weight
    assert found["predicted_p50"] == pytest.approx(1.5)


def test_an_intervention_without_evidence_has_none():
    found = multipliers({"own": lever(pue=1), "seen": lever(evidence="caching", pue=1.1)})
    assert (found["own"]["evidence"], found["own"]["pairs"], found["own"]["measured_p50"]) == (None, None, None)
    assert (found["seen"]["evidence"], found["seen"]["pairs"]) == ("caching", 3)
    assert found[ALL]["evidence"] is None


def test_unknown_evidence():
    service = tiny_service(name="mine", interventions=entries_of({"own": lever(evidence="sorcery", pue=1)}))
    assert message_of(intervention_multipliers, service, PAIRS) == (
        "config/studies/mine.yaml: interventions.levers.own.evidence: found 'sorcery'; allowed: caching or other, of"
        " table intervention_pairs"
    )


def test_a_change_after_which_nothing_is_served():
    fast = {"own": lever(serving={"speed_tok_per_s": 1e6})}
    service = tiny_service(name="mine", interventions=entries_of(fast))
    assert message_of(intervention_multipliers, service, PAIRS) == (
        "config/studies/mine.yaml: interventions.levers.own: found this change after which no model of frontier runs at"
        " the operating point; allowed: one that some reach"
    )


@pytest.mark.parametrize(("text", "changes"), [("'Z'", {"classes": frontier(Z=1)}), ("'K'", {"hardware": on(K=1)})])
def test_a_change_to_what_is_not_there(text, changes):
    service = tiny_service(name="mine", interventions=entries_of({"own": lever(**changes)}))
    found = message_of(intervention_multipliers, service, PAIRS)
    assert found.startswith("config/studies/mine.yaml: ") and f"found {text}; " in found.replace(", which", "; which")


def test_interventions_are_plain_again():
    of = lever("caching", pue=1)
    assert NestedIntervention.of(of).plain() == of
