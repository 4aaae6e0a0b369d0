"""Each peer's formula against its printed values, its own package, its limits, and what it may see of a run."""

import math

import pytest
from hypothesis import given, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.fleet.planning import water_l_per_kwh
from inference_energy.oviedo import energy
from inference_energy.studies.study import BOUNDARIES
from inference_energy.throughput.log_linear import ThroughputModel
from inference_energy.validation.peers import ecologits, epoch, jegham, published
from inference_energy.validation.peers.peer import Peer, by_boundary

PEERS = (ecologits, jegham, epoch, published)
BILLIONS = st.floats(0.1, 2000)
TOKENS = st.floats(1, 1e5)
PUE = st.floats(1, 3)
SPEED = st.floats(0.1, 1e4)
POSITIVE = st.floats(1e-3, 1e3)

# The inputs of one query, per peer, for what must hold of all of them.
QUERY = {
    "ecologits": {"active_b": 37, "total_b": 671, "output_tokens": 300, "pue": 1.2},
    "jegham": {"size_class": "Large", "output_tokens": 300, "tok_per_s": 60, "ttft_s": 1, "pue": 1.12},
    "epoch": {"active_b": 100, "output_tokens": 300, "utilisation": 0.1, "pue": 1.2},
    "published": {"node_power_kw": 10.2, "utilisation": 0.6, "pue": 1.3, "output_tokens": 300, "tok_per_s": 1300},
}
THROUGHPUT = ThroughputModel(
    form="log_linear", intercept=9.0, slope_input=-0.1, slope_output=-0.05, cap_tok_per_s=3000.0
)
RUN = {
    "model": "Llama 3.1 405B",
    "active_b": 405,
    "total_b": 405,
    "gpu": "H100 SXM 80GB",
    "gpus": 8,
    "output_tokens": 302.0,
    "throughput": THROUGHPUT,
}


def published_wh(peer, **query):
    """The figure that a method publishes."""
    return peer.energy_by_boundary_wh(**query)[peer.PEER.boundaries[-1]]


# What the package `ecologits` 0.11.3 gives (impacts/llm.py, compute_llm_impacts_dag; kWh times 1000; WUE 0.5 L/kWh on
# site and 3.1 off site): active_b, total_b, output_tokens, pue, tokens_per_s, ttft_s, then gpus, latency_s, gpu_boards,
# node and datacenter in Wh, water_l.
ECOLOGITS_0_11_3 = """
1,1,1,1,,,1,0.04011581238,4.109869535e-05,6.721576071e-05,6.721576071e-05,2.419767386e-07
1,1,300,1.2,,,1,12.03474372,0.01232960861,0.02016472821,0.02419767386,8.509515306e-05
1,1,5000,1.09,,,1,200.5790619,0.2054934768,0.3360788035,0.3663258959,0.001303649679
1,1,777.5,1.5,60,0.7,1,13.65833333,0.03195423564,0.04084637974,0.0612695696,0.0002103588556
7,7,1,1,,,1,0.04418686524,4.451517868e-05,7.328266907e-05,7.328266907e-05,2.638176086e-07
7,7,300,1.2,,,1,13.25605957,0.0133545536,0.02198480072,0.02638176086,9.277585904e-05
7,7,5000,1.09,,,1,220.9343262,0.2225758934,0.3664133453,0.3993905464,0.001421317367
7,7,777.5,1.5,60,0.7,1,13.65833333,0.03461055142,0.04350269552,0.06525404328,0.0002240388819
8,8,1,1,,,1,0.04486537405,4.508459256e-05,7.429382046e-05,7.429382046e-05,2.674577537e-07
8,8,300,1.2,,,1,13.45961221,0.01352537777,0.02228814614,0.02674577537,9.40559767e-05
8,8,5000,1.09,,,1,224.3268702,0.2254229628,0.3714691023,0.4049013215,0.001440928648
8,8,777.5,1.5,60,0.7,1,13.65833333,0.03505327072,0.04394541482,0.06591812222,0.0002263188863
33.3,33.3,1,1,,,1,0.06203164693,5.949076391e-05,9.987595071e-05,9.987595071e-05,3.595534226e-07
33.3,33.3,300,1.2,,,1,18.60949408,0.01784722917,0.02996278521,0.03595534226,0.0001264429536
33.3,33.3,5000,1.09,,,1,310.1582346,0.2974538195,0.4993797535,0.5443239314,0.001937094064
33.3,33.3,777.5,1.5,60,0.7,1,13.65833333,0.04625406894,0.05514621303,0.08271931955,0.0002840029971
34,34,1,1,,,2,0.0625066031,0.0001197787073,0.0002011675134,0.0002011675134,7.242030481e-07
34,34,300,1.2,,,2,18.75198093,0.03593361218,0.06035025401,0.07242030481,0.0002546780719
34,34,5000,1.09,,,2,312.5330155,0.5988935363,1.005837567,1.096362948,0.003901643922
34,34,777.5,1.5,60,0.7,2,13.65833333,0.09312794489,0.1109122331,0.1663683496,0.0005711980004
70,70,1,1,,,4,0.08693292023,0.0003215530142,0.0005479408274,0.0005479408274,1.972586979e-06
70,70,300,1.2,,,4,26.07987607,0.09646590427,0.1643822482,0.1972586979,0.0006936930874
70,70,5000,1.09,,,4,434.6646012,1.607765071,2.739704137,2.986277509,0.01062731235
70,70,777.5,1.5,60,0.7,4,13.65833333,0.2500074686,0.285576045,0.4283640675,0.001470716632
123,123,1,1,,,4,0.1228938871,0.0004422687583,0.0007623049227,0.0007623049227,2.744297722e-06
123,123,300,1.2,,,4,36.86816614,0.1326806275,0.2286914768,0.2744297722,0.0009650780322
123,123,5000,1.09,,,4,614.4694357,2.211343792,3.811524614,4.154561829,0.01478490398
123,123,777.5,1.5,60,0.7,4,13.65833333,0.3438639596,0.379432536,0.569148804,0.00195407756
405,405,1,1,,,16,0.3142333714,0.004338270492,0.007611534777,0.007611534777,2.74015252e-05
405,405,300,1.2,,,16,94.27001142,1.301481148,2.283460433,2.74015252,0.009636203028
405,405,5000,1.09,,,16,1571.166857,21.69135246,38.05767389,41.48286454,0.147625717
405,405,777.5,1.5,60,0.7,16,13.65833333,3.373005307,3.515279613,5.272919419,0.01810369001
37,671,1,1,,,32,0.06454212952,0.001971123049,0.003315750748,0.003315750748,1.193670269e-05
37,671,300,1.2,,,32,19.36263886,0.5913369148,0.9947252243,1.193670269,0.004197740447
37,671,5000,1.09,,,32,322.7106476,9.855615246,16.57875374,18.07084157,0.06430898575
37,671,777.5,1.5,60,0.7,32,13.65833333,1.532548171,1.817096782,2.725645173,0.009358048427
39,141,1,1,,,8,0.06589914714,0.0005018913845,0.0008451161092,0.0008451161092,3.042417993e-06
39,141,300,1.2,,,8,19.76974414,0.1505674154,0.2535348328,0.3042417993,0.001069916994
39,141,5000,1.09,,,8,329.4957357,2.509456923,4.225580546,4.605882795,0.01639102694
39,141,777.5,1.5,60,0.7,8,13.65833333,0.3902205515,0.4613577042,0.6920365563,0.002375992177
5.1,116.8,1,1,,,4,0.0428976985,0.0001737331692,0.0002854459257,0.0002854459257,1.027605332e-06
5.1,116.8,300,1.2,,,4,12.86930955,0.05211995075,0.0856337777,0.1027605332,0.0003613745419
5.1,116.8,5000,1.09,,,4,214.4884925,0.8686658458,1.427229628,1.555680295,0.005536223729
5.1,116.8,777.5,1.5,60,0.7,4,13.65833333,0.135077539,0.1706461154,0.2559691731,0.0008788274944
32,1000,1,1,,,32,0.06114958548,0.001880016827,0.003153966525,0.003153966525,1.135427949e-05
32,1000,300,1.2,,,32,18.34487564,0.5640050482,0.9461899574,1.135427949,0.00399292162
32,1000,5000,1.09,,,32,305.7479274,9.400084137,15.76983262,17.18911756,0.06117118075
32,1000,777.5,1.5,60,0.7,32,13.65833333,1.461713083,1.746261694,2.619392542,0.008993247726
70,70,0,1.2,,,4,0,0,0,0,0
17,400,300,1.2,,2.5,16,17.791586,0.2410047242,0.4263337451,0.5116004941,0.001799128404
22,235,1000,1.14,120,,8,8.333333333,0.4244510959,0.4678538736,0.533353416,0.001887322526
3.3,30.5,20000,1.16,33,12,1,618.0606061,0.8481669459,1.250550153,1.450638177,0.005122253427
"""
ECOLOGITS_ROWS = [
    tuple(float(value) if value else None for value in line.split(",")) for line in ECOLOGITS_0_11_3.split()
]


def digits(value, places):
    return f"{value:.{places}f}"


def run(**changes):
    return RUN | changes


# EcoLogits.


def ecologits_water_l(*, node_energy_wh, pue, **wue):
    """E_node (WUE_onsite + PUE x WUE_offsite), `request_usage_wcf`, is that of E_node x PUE in this work."""
    return node_energy_wh * pue / 1000 * water_l_per_kwh(pue=pue, **wue)


@pytest.mark.parametrize(
    ("active_b", "total_b", "gpus", "short", "long"),
    [
        (70, 70, 4, "0.1973", "3.2876"),
        (405, 405, 16, "2.7402", "45.6692"),
        (37, 671, 32, "1.1937", "19.8945"),
        (39, 141, 8, "0.3042", "5.0707"),
        (5.1, 117, 4, "0.1028", "1.7127"),
    ],
)
def test_ecologits_as_printed(active_b, total_b, gpus, short, long):
    assert ecologits.gpus_needed(total_b=total_b) == gpus
    for tokens, printed in ((300, short), (5000, long)):
        found = published_wh(ecologits, active_b=active_b, total_b=total_b, output_tokens=tokens, pue=1.2)
        assert digits(found, 4) == printed


def ecologits_latency_s(active_b, output_tokens, tokens_per_s=None, ttft_s=None):
    """Time of a request: by the regression, or at the speed of an answer where that is known."""
    token_s = ecologits.s_per_token(active_b=active_b) if tokens_per_s is None else 1 / tokens_per_s
    return ecologits.answer_s(output_tokens=output_tokens, s_per_token=token_s, ttft_s=ttft_s or 0.0)


def ecologits_wh(seconds, *, active_b, total_b, output_tokens, pue):
    """Energy of a request that takes some time, at every boundary."""
    gpus = ecologits.gpus_needed(total_b=total_b)
    boards_wh = gpus * ecologits.gpu_energy_wh(active_b=active_b, output_tokens=output_tokens)
    node_wh = ecologits.server_energy_wh(latency_s=seconds, gpus=gpus) + boards_wh
    return by_boundary(gpu_boards=boards_wh, node=node_wh, pue=pue)


@pytest.mark.parametrize("row", ECOLOGITS_ROWS)
def test_ecologits_as_its_package(row):
    active_b, total_b, tokens, pue, tokens_per_s, ttft_s, gpus, latency_s, boards_wh, node_wh, energy_wh, water_l = row
    query = {"active_b": active_b, "total_b": total_b, "output_tokens": tokens, "pue": pue}
    assert ecologits.gpus_needed(total_b=total_b) == gpus
    seconds = ecologits_latency_s(active_b, tokens, tokens_per_s, ttft_s)
    assert seconds == pytest.approx(latency_s, rel=1e-9)
    found = ecologits_wh(seconds, **query)
    if tokens_per_s is None and ttft_s is None:
        assert found == ecologits.energy_by_boundary_wh(**query)
    assert found == by_boundary(
        gpu_boards=pytest.approx(boards_wh, rel=1e-9),
        node=pytest.approx(node_wh, rel=1e-9),
        datacenter=pytest.approx(energy_wh, rel=1e-9),
    )
    assert gpus * ecologits.gpu_energy_wh(active_b=active_b, output_tokens=tokens) == pytest.approx(boards_wh, rel=1e-9)
    assert ecologits_water_l(
        node_energy_wh=node_wh, pue=pue, onsite_l_per_kwh=0.5, offsite_l_per_kwh=3.1
    ) == pytest.approx(water_l, rel=1e-9)


@given(BILLIONS, BILLIONS, TOKENS, PUE, st.none() | SPEED, st.none() | st.floats(0, 60))
def test_ecologits_as_its_live_package(active_b, total_b, tokens, pue, tokens_per_s, ttft_s):
    llm = pytest.importorskip("ecologits.impacts.llm")
    theirs = llm.compute_llm_impacts_dag(
        model_active_parameter_count=active_b,
        model_total_parameter_count=total_b,
        output_token_count=tokens,
        request_latency=math.inf,
        if_electricity_mix_adpe=0,
        if_electricity_mix_pe=0,
        if_electricity_mix_gwp=0,
        if_electricity_mix_wue=3.1,
        datacenter_pue=pue,
        datacenter_wue=0.5,
        tps=tokens_per_s,
        ttft=ttft_s,
    )
    gpus = theirs["gpu_required_count"]
    query = {"active_b": active_b, "total_b": total_b, "output_tokens": tokens, "pue": pue}
    ours = ecologits_wh(ecologits_latency_s(active_b, tokens, tokens_per_s, ttft_s), **query)
    if tokens_per_s is None and not ttft_s:
        assert ours == ecologits.energy_by_boundary_wh(**query)
    assert ecologits.gpus_needed(total_b=total_b) == gpus
    assert ours["gpu_boards"] == pytest.approx(1000 * gpus * theirs["gpu_energy"])
    assert ours["node"] == pytest.approx(1000 * theirs["request_it_energy"])
    assert ours["datacenter"] == pytest.approx(1000 * theirs["request_energy"])
    assert ecologits_water_l(
        node_energy_wh=ours["node"], pue=pue, onsite_l_per_kwh=0.5, offsite_l_per_kwh=3.1
    ) == pytest.approx(theirs["request_usage_wcf"])


def test_ecologits_water_of_older_versions_counts_pue_twice():
    # Since 0.11.0: 1 kWh of IT x (0.5 + 1.2 x 3 L/kWh) = 4.1 L; up to 0.10.0 of the facility's 1.2 kWh: 4.92 L.
    factors = {"pue": 1.2, "onsite_l_per_kwh": 0.5, "offsite_l_per_kwh": 3}
    assert ecologits_water_l(node_energy_wh=1000, **factors) == pytest.approx(4.1)
    assert ecologits_water_l(node_energy_wh=1200, **factors) == pytest.approx(4.92)


@pytest.mark.parametrize(
    # 1.2 x 2 bytes x P over 80 GB: 33.3 B need 79.92 GB.
    ("total_b", "gpus"),
    [(0.1, 1), (33.3, 1), (33.4, 2), (66.6, 2), (66.7, 4), (133.3, 4), (133.4, 8), (1000, 32)],
)
def test_ecologits_gpus_double(total_b, gpus):
    assert ecologits.gpus_needed(total_b=total_b) == gpus


@given(BILLIONS, BILLIONS, BILLIONS)
def test_ecologits_grows_with_parameters(active_b, one, other):
    few, many = sorted((one, other))
    tokens = {"output_tokens": 300, "pue": 1.2}
    assert published_wh(ecologits, active_b=few, total_b=500, **tokens) <= published_wh(
        ecologits, active_b=many, total_b=500, **tokens
    )
    assert published_wh(ecologits, active_b=active_b, total_b=few, **tokens) <= published_wh(
        ecologits, active_b=active_b, total_b=many, **tokens
    )


def test_ecologits_known_time_replaces_its_own():
    query = QUERY["ecologits"]
    own_s = ecologits_latency_s(37, 300)
    same = ecologits_wh(ecologits_latency_s(37, 300, tokens_per_s=300 / own_s, ttft_s=0), **query)
    assert same == pytest.approx(ecologits.energy_by_boundary_wh(**query))
    assert ecologits_latency_s(37, 300, tokens_per_s=60, ttft_s=2) == pytest.approx(7)


# Jegham et al.


@pytest.mark.parametrize(
    ("size_class", "short", "long"),
    [
        ("Large", "1.2161", "17.093"),
        ("Medium", "0.6603", "9.281"),
        ("Small", "0.3569", "5.017"),
        ("Micro", "0.1792", "2.519"),
        ("Nano", "0.1557", "2.189"),
    ],
)
def test_jegham_as_printed(size_class, short, long):
    for tokens, printed, places in ((300, short, 4), (5000, long, 3)):
        found = published_wh(
            jegham, size_class=size_class, output_tokens=tokens, tok_per_s=60, ttft_s=1, pue=jegham.HOST_PUE["Azure"]
        )
        assert digits(found, places) == printed


def test_jegham_parts_by_hand():
    # 3,600 tokens at 1 tok/s are one hour: 5.6 kW x 0.065 = 364 W of GPUs and 4.6 kW x 0.0625 = 287.5 W of the rest.
    found = jegham.energy_by_boundary_wh(size_class="Large", output_tokens=3600, tok_per_s=1, ttft_s=0, pue=2)
    assert found == by_boundary(
        gpu_boards=pytest.approx(364), node=pytest.approx(651.5), datacenter=pytest.approx(1303)
    )
    # A100: 3.2 kW x 0.06625 = 212 W and 3.3 kW x 0.0312 = 102.96 W.
    found = jegham.energy_by_boundary_wh(
        size_class="Medium", output_tokens=3600, tok_per_s=1, ttft_s=0, pue=1, node="DGX A100"
    )
    assert found["gpu_boards"] == pytest.approx(212)
    assert found["datacenter"] == pytest.approx(314.96)


def test_jegham_first_token_costs_without_any():
    query = QUERY["jegham"] | {"output_tokens": 0}
    assert published_wh(jegham, **query) == pytest.approx(1000 * 0.6515 * 1.12 / 3600)
    assert published_wh(jegham, **query | {"ttft_s": 0}) == 0


@given(SPEED, SPEED, st.floats(0, 60))
def test_jegham_falls_with_speed(one, other, ttft_s):
    slow, fast = sorted((one, other))
    query = QUERY["jegham"] | {"ttft_s": ttft_s}
    assert published_wh(jegham, **query | {"tok_per_s": slow}) >= published_wh(jegham, **query | {"tok_per_s": fast})


def test_jegham_larger_classes_draw_more():
    query = QUERY["jegham"]
    energies = [published_wh(jegham, **query | {"size_class": name}) for name in jegham.SIZE_CLASSES]
    assert energies == sorted(energies)
    assert len(set(energies)) == 5


@pytest.mark.parametrize(
    ("total_b", "found"),
    # The models that the authors list, by their parameters.
    [
        (1, "Nano"),
        (3, "Nano"),
        (8, "Micro"),
        (11, "Micro"),
        (24, "Small"),
        (70, "Medium"),
        (90, "Large"),
        (671, "Large"),
    ],
)
def test_jegham_classes_are_the_authors(total_b, found):
    assert jegham.size_class(total_b=total_b) == found


def test_jegham_classes_that_no_size_tells(models):
    table, _ = models
    sizes = dict(table.select("model", "total_parameters_billions").iter_rows())
    for model, found in jegham.CLASS_OF_MODEL.items():
        assert jegham.size_class(total_b=sizes[model]) != found
        assert jegham.size_class(total_b=sizes[model], model=model) == found


def test_jegham_names_what_it_has():
    with pytest.raises(InputError, match=r"size_class of DGX A100: found 'Nano'; allowed: Large or Medium"):
        published_wh(jegham, **QUERY["jegham"] | {"size_class": "Nano"}, node="DGX A100")
    with pytest.raises(InputError, match="node: found 'DGX B200'"):
        published_wh(jegham, **QUERY["jegham"], node="DGX B200")


# Epoch AI.


@pytest.mark.parametrize(
    ("utilisation", "pue", "active_b", "tokens", "printed", "places"),
    # The five columns of its spreadsheet: the default case, and its pessimistic one.
    [
        (epoch.UTILISATION, epoch.PUE, 100, 500, "0.301", 3),
        (epoch.UTILISATION, epoch.PUE, 100, 1500, "0.902", 3),
        (epoch.UTILISATION, epoch.PUE, 20, 500, "0.06", 2),
        (0.05, 1.3, 200, 500, "1.304", 3),
        (0.05, 1.3, 200, 1500, "3.911", 3),
    ],
)
def test_epoch_as_printed(utilisation, pue, active_b, tokens, printed, places):
    found = published_wh(epoch, active_b=active_b, output_tokens=tokens, utilisation=utilisation, pue=pue)
    assert digits(found, places) == printed


@given(POSITIVE, st.floats(0.01, 1), st.floats(0.1, 10))
def test_epoch_goes_with_parameters_over_utilisation(active_b, utilisation, factor):
    query = {"output_tokens": 300, "pue": 1.2}
    one = published_wh(epoch, active_b=active_b, utilisation=utilisation, **query)
    assert published_wh(epoch, active_b=factor * active_b, utilisation=utilisation, **query) == pytest.approx(
        factor * one
    )
    assert published_wh(epoch, active_b=active_b, utilisation=factor * utilisation, **query) == pytest.approx(
        one / factor
    )


# The published method.


def test_published_as_printed():
    found = published_wh(published, node_power_kw=10.2, utilisation=0.6, pue=1.3, output_tokens=300, tok_per_s=1300)
    assert digits(found, 3) == "0.510"
    assert digits(published.UTILISATION, 6) == "0.600000"
    assert digits(published.PUE, 3) == "1.296"


@pytest.mark.parametrize(
    ("gpu", "total_b", "kw"),
    [
        ("H100 SXM 80GB", 640, 10.2),  # what 8 x 80 GB hold, one byte each
        ("H100 SXM 80GB", 640.5, 12.8),
        ("H200 SXM 141GB", 671, 10.2),
    ],
)
def test_published_node_of_weights_that_eight_gpus_do_not_hold(gpu, total_b, kw):
    assert published.node_power_kw(gpu=gpu, total_b=total_b) == kw


@given(POSITIVE, st.floats(0, 1), PUE, st.floats(0, 1e5), SPEED)
def test_published_is_the_formula(node_power_kw, utilisation, pue, tokens, tok_per_s):
    found = published_wh(
        published,
        node_power_kw=node_power_kw,
        utilisation=utilisation,
        pue=pue,
        output_tokens=tokens,
        tok_per_s=tok_per_s,
    )
    assert found == pytest.approx(pue * node_power_kw * utilisation * tokens / (3.6 * tok_per_s), rel=1e-12)


def test_published_prediction_is_the_pipeline_at_its_medians():
    speed = THROUGHPUT.tok_per_s(500, 302.0)
    unit = energy.unit_energy_wh(node_power_kw=10.2, output_tokens=302.0, tok_per_s=speed)
    query = energy.energy_wh(unit_energy_wh=unit, utilisation=published.UTILISATION, pue=published.PUE)
    assert published.PEER.j_per_output_token(RUN, "datacenter") == pytest.approx(query * 3600 / 302)


def test_published_gives_more_power_to_what_eight_h100_cannot_hold(study):
    power = study.node_power_kw
    assert published.node_power_kw(gpu="H100 SXM 80GB", total_b=405) == power.default
    assert published.node_power_kw(gpu="H100 SXM 80GB", total_b=671) == power.by_model["DeepSeek-R1"]
    assert published.node_power_kw(gpu="H200 SXM 141GB", total_b=671) == power.default


# All of them.


@pytest.mark.parametrize("peer", PEERS)
def test_described(peer):
    assert isinstance(peer.PEER, Peer)
    assert peer.PEER.name == peer.__name__.split(".")[-1]
    assert set(peer.PEER.boundaries) <= set(BOUNDARIES)
    assert set(peer.PEER.facts) <= set(RUN)


@pytest.mark.parametrize("peer", PEERS)
def test_published_figure_is_the_widest_boundary(peer):
    found = peer.energy_by_boundary_wh(**QUERY[peer.PEER.name])
    assert tuple(found) == BOUNDARIES
    assert found[peer.PEER.boundaries[-1]] == published_wh(peer, **QUERY[peer.PEER.name])
    known = [name for name in BOUNDARIES if found[name] is not None]
    assert known[-1] == peer.PEER.boundaries[-1]
    energies = [found[name] for name in known]
    assert energies == sorted(energies)


@pytest.mark.parametrize("peer", PEERS)
def test_without_pue_node_and_datacenter_agree(peer):
    found = peer.energy_by_boundary_wh(**QUERY[peer.PEER.name] | {"pue": 1})
    assert found["node"] == found["datacenter"]


@pytest.mark.parametrize("peer", PEERS)
@given(tokens=TOKENS, factor=st.floats(0.1, 100))
def test_proportional_to_tokens(peer, tokens, factor):
    # Jegham's time to the first token and the package's own are set to nothing here.
    query = QUERY[peer.PEER.name] | ({"ttft_s": 0} if peer is jegham else {})
    one = published_wh(peer, **query | {"output_tokens": tokens})
    assert published_wh(peer, **query | {"output_tokens": factor * tokens}) == pytest.approx(factor * one)


@pytest.mark.parametrize("peer", PEERS)
@given(pue=PUE, factor=st.floats(1, 3))
def test_proportional_to_pue(peer, pue, factor):
    query = QUERY[peer.PEER.name]
    one = published_wh(peer, **query | {"pue": pue})
    assert published_wh(peer, **query | {"pue": factor * pue}) == pytest.approx(factor * one)


@pytest.mark.parametrize("peer", [ecologits, epoch, published])
def test_nothing_is_made_of_nothing(peer):
    found = peer.energy_by_boundary_wh(**QUERY[peer.PEER.name] | {"output_tokens": 0})
    assert {value for value in found.values() if value is not None} == {0}


@pytest.mark.parametrize("peer", PEERS)
def test_one_token(peer):
    query = QUERY[peer.PEER.name]
    assert 0 < published_wh(peer, **query | {"output_tokens": 1}) < published_wh(peer, **query)


# Predictions of runs.


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_prediction_where_the_formula_reaches(peer, boundary):
    reached = peer.energy_by_boundary_wh(**QUERY[peer.PEER.name])[boundary] is not None
    found, reason = peer.PEER.j_per_output_token(RUN, boundary), peer.PEER.cannot_say(RUN, boundary)
    assert (found is not None) == (reason is None) == reached
    if reached:
        assert found > 0
    else:
        assert reason.startswith(f"its formula has no part for {boundary}, only for ")


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_nothing_measured_is_read(peer, boundary):
    read = set()

    class Watched(dict):
        def get(self, key, default=None):
            read.add(key)
            return super().get(key, default)

        def __getitem__(self, key):
            read.add(key)
            return super().__getitem__(key)

    measured = {"power_w": 1.0, "energy_j_per_token": 1.0, "output_tok_per_s": 1.0, "batch": 64, "latency_s": 1.0}
    watched = Watched(RUN | measured)
    assert peer.PEER.j_per_output_token(watched, boundary) == peer.PEER.j_per_output_token(RUN, boundary)
    assert not read & set(measured)


@pytest.mark.parametrize(
    ("peer", "boundary", "joules"),
    # By hand for Llama 3.1 405B on H100, 302 output tokens:
    # EcoLogits: 16 GPUs, in Wh for one token from its package; Jegham: (1 + 302/60) s x 364 W / 302;
    # Epoch: 2 x 405e9 / 9.89e13 s x 1275 W x 0.7; published: 3,000 tok/s at most, 10.2 kW x 0.6.
    [
        (ecologits, "gpu_boards", 0.004338270492 * 3600),
        (jegham, "gpu_boards", (1 + 302 / 60) * 364 / 302),
        (epoch, "node", 2 * 405e9 / 9.89e13 * 1275 * 0.7),
        (published, "node", 10200 * 0.6 / 3000),
    ],
)
def test_predictions_by_hand(peer, boundary, joules):
    assert peer.PEER.j_per_output_token(RUN, boundary) == pytest.approx(joules, rel=1e-6)


def test_predictions_are_the_estimate_over_its_tokens():
    query = {"active_b": 405, "total_b": 405, "output_tokens": 302.0, "pue": 1.2}
    assert ecologits.PEER.j_per_output_token(RUN, "datacenter") == pytest.approx(
        published_wh(ecologits, **query) * 3600 / 302
    )
    query = {"size_class": "Large", "output_tokens": 302.0, "tok_per_s": 60, "ttft_s": 1, "pue": 1.12}
    assert jegham.PEER.j_per_output_token(RUN, "datacenter") == pytest.approx(
        published_wh(jegham, **query) * 3600 / 302
    )
    query = {"active_b": 405, "output_tokens": 302.0, "utilisation": 0.1, "pue": 1.2}
    assert epoch.PEER.j_per_output_token(RUN, "datacenter") == pytest.approx(published_wh(epoch, **query) * 3600 / 302)


@pytest.mark.parametrize(
    ("peer", "boundary", "changes", "reason"),
    [
        (ecologits, "node", {"active_b": None}, "needs active_b, which is not known"),
        (ecologits, "node", {"total_b": math.nan}, "needs total_b, which is not known"),
        (ecologits, "node", {"output_tokens": 0}, "the run has no output tokens"),
        (jegham, "node", {"gpu": None}, "needs gpu, which is not known"),
        (
            jegham,
            "node",
            {"gpu": "B200 180GB"},
            "has no constants for B200 180GB, only for "
            "A100 SXM 40GB, A100 SXM 80GB, H100 SXM 80GB, H200 SXM 141GB or H800 80GB",
        ),
        (
            jegham,
            "node",
            {"gpu": "A100 SXM 80GB", "total_b": 8},
            "has no constants for Micro models on DGX A100, only for Large or Medium",
        ),
        (
            epoch,
            "node",
            {"gpu": "B200 180GB"},
            "has no constants for B200 180GB, only for H100 SXM 80GB or H200 SXM 141GB",
        ),
        (published, "node", {"throughput": None}, "needs throughput, which is not known"),
    ],
)
def test_reasons(peer, boundary, changes, reason):
    assert peer.PEER.j_per_output_token(run(**changes), boundary) is None
    assert peer.PEER.cannot_say(run(**changes), boundary) == reason


@pytest.mark.parametrize("peer", PEERS)
def test_unknown_boundary(peer):
    with pytest.raises(InputError, match="boundary: found 'node_wall'; allowed: datacenter, fleet, gpu_boards or node"):
        peer.PEER.j_per_output_token(RUN, "node_wall")


def test_gpus_are_those_of_the_registry(hardware):
    table, _ = hardware
    names = set(table["gpu"])
    for named in (jegham.NODE_OF_GPU, epoch.GPUS, published.NODE_POWER_KW):
        assert set(named) <= names
