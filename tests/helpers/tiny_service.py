"""A service small enough to compute by hand: every number is round and, unless a test says otherwise, known.

A GPU has 1,000 W of TDP; its board draws 100 W idle and 800 W saturated, its part of the host 100 W and 200 W. Half
busy, that is 450 W of boards and 150 W of host: 600 W per node and GPU, 720 W with a PUE of 1.2, 792 W with a tenth
of overheads. At a load of 1/2 and an attainment of 1/2 a GPU-second of work takes 4 s: with 600 W, 2/3 Wh.

Model A spends 1 ms per prompt token, 2 ms per answer token and 1 us per pair of answer and context token.
"""

import numpy as np
from inference_energy.energy.assumptions import Assumptions, cached_name
from inference_energy.energy.power import GpuPower
from inference_energy.energy.service import Service
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics.distributions import Beta, Constant
from inference_energy.studies.study import NestedStudy
from inference_energy.throughput.gpu_time import GpuSeconds, SecondsCurve

UNIFORM = Beta(a=1.0, b=1.0)  # any share of probability is as likely as any other
POWER = GpuPower(
    tdp_w=1000.0,
    board_idle=0.1,
    board_saturated=Constant(0.8),
    host_idle_w=100.0,
    host_saturated=Constant(200.0),
)
# Wh per GPU-second: P / (1/2 x 1/2 x 3600 s), so 450, 600, 720 and 792 W over 900 s.
WH_PER_GPU_SECOND = {"gpu_boards": 0.5, "node": 600 / 900, "datacenter": 0.8, "fleet": 0.88}
# Prompts of 1,000 tokens: 1 s. Answers of 500: 1 s + 1e-6 (500,000 + 500^2 / 2) = 0.625 s; of 2,000: 4 s + 4 s.
SECONDS = {"traditional": 2.625, "long": 9.0}
SCENARIOS = {
    "traditional": {"label": "All traditional", "long_share": 0, "interventions": False},
    "mixed": {"label": "A tenth long", "long_share": 0.1, "interventions": False},
    "long": {"label": "All long", "long_share": 1, "interventions": False},
    "long_optimized": {"label": "All long, interventions applied", "long_share": 1, "interventions": True},
}


def curve(times=1.0):
    return SecondsCurve(
        form=GpuSeconds(prefill=1e-3 * times, decode=2e-3 * times, attention=1e-6 * times, kv_growth=0.5)
    )


def points(inputs, outputs, weights=None, cached=0.0):
    """Queries of some lengths, equally many of each unless told otherwise."""
    inputs, outputs = np.broadcast_arrays(np.atleast_1d(np.asarray(inputs, float)), np.asarray(outputs, float))
    weights = np.ones(len(inputs)) if weights is None else np.asarray(weights, float)
    return Lengths(
        input_tokens=np.array(inputs),
        output_tokens=np.array(outputs),
        cached_share=np.full(len(inputs), cached),
        weights=weights / weights.sum(),
    )


def exponential(median=500.0, count=400):
    """Answers of very different length to prompts of 1,000 tokens."""
    shares = (np.arange(count) + 0.5) / count
    return points(1000.0, np.maximum(-np.log1p(-shares) * median / np.log(2), 1.0))


def tiny_service(
    *,
    distributions=None,
    weights=None,
    gpus=None,
    concentration=None,
    overheads=("network",),
    lengths=None,
    curves=None,
    fit_errors=None,
    power=None,
    rated_w=None,
    query_boundary="datacenter",
    fleet_boundary="fleet",
    name="tiny",
    **study,
):
    """A service of the class `frontier`: model A on GPU G, both workloads of one length, nothing uncertain.

    Args:
        distributions: replace the constants, by ingredient.
        weights: of the models; A alone.
        gpus: share of every GPU, each in FP8; G alone. Entries of a study's `hardware` are taken as they are.
        concentration: of the mix of models.
        overheads: that are switched on.
        lengths: by workload.
        curves: by model; B needs twice the GPU time of A, C three times, and so on.
        fit_errors: log deviation of what the curve misses, by model.
        power: by GPU.
        rated_w: rated power by model, in place of measured power.
        query_boundary: of queries.
        fleet_boundary: of fleets.
        name: of the study, which its random streams depend on.
        study: more entries of the study.
    """
    weights, gpus = weights or {"A": 1}, gpus or {"G": 1.0}
    hardware = (
        [{"gpu": gpu, "precision": "FP8", "share": share} for gpu, share in gpus.items()]
        if isinstance(gpus, dict)
        else gpus
    )
    workloads = lengths or {"traditional": points(1000, 500), "long": points(1000, 2000)}
    given = {
        "load": Constant(0.5),
        "attainment": Constant(0.5),
        "pue": Constant(1.2),
        "overhead: network": Constant(0.1),
        "boards": Constant(0.5),
        "host": Constant(0.5),
        "utilisation": Constant(1.0),
        **{cached_name(workload): Constant(0.0) for workload in workloads},
        **{f"fit error: {model}": UNIFORM for model in fit_errors or {}},
    } | (distributions or {})
    of_curve = {chr(ord("A") + i): curve(1.0 + i) for i in range(9)} | (curves or {})
    members = [(model, entry["gpu"], entry["precision"]) for model in weights for entry in hardware]
    counted = {model: weight / sum(weights.values()) for model, weight in weights.items()}
    return Service(
        name=name,
        study=NestedStudy.of(
            {
                "boundary": {"query": query_boundary, "fleet": fleet_boundary},
                "hardware": hardware,
                "classes": {
                    "frontier": {"label": "Frontier", "model_class": "frontier", "weights": weights}
                    | ({"mix_concentration": concentration} if concentration else {})
                },
                "interventions": {"subject": "frontier", "workloads": ["traditional"], "overlap": 0.5, "levers": []},
                "fleet": {"subject": "frontier", "queries_per_day": 1e9, "levers": [], "scenarios": SCENARIOS},
                "sweeps": None,
            }
            | study
        ),
        given=Assumptions(
            distributions=given,
            power={} if rated_w else (power or {entry["gpu"]: POWER for entry in hardware}),
            rated_w=rated_w or {},
            mix={"frontier": (counted, concentration)},
            overheads=tuple(overheads),
        ),
        curves={member: (of_curve[member[0]], (fit_errors or {}).get(member[0], 0.0)) for member in members},
        lengths=workloads,
        ranges=dict.fromkeys(members, ((1.0, 2000.0), (1.0, 1000.0))),
    )
