"""A service small enough to compute by hand: its serving model has no effects, and its replicas eight requests each.

Model A has 8e9 weights of a byte. GPU G reads 8e12 bytes a second, so that a step takes 1 ms, of eight tokens 0.125 ms
each. It computes 1e15 FLOP a second and reaches 0.16 of them with prompts: 0.1 ms per token. Attention takes 0.1 us per
pair of answer and context token. A prompt of 1,000 tokens and an answer of 500 take 0.1 + 0.0625 + 0.0625 s, an answer
of 2,000 takes 0.25 + 0.4 s. Model B is twice A; GPU H is twice G in everything, its power too.

A GPU is rated 1,000 W. Its board draws half of that with any number of requests and 100 W without. That is half of the
way from idle to saturated, at 900 W, so that the rest of the node draws 150 W. With a PUE of 1.2 and a tenth of
overheads the boundaries hold 500, 650, 780 and 858 W. Every GPU works all day.
"""

from functools import cache

import numpy as np
import polars as pl
from check_rows import hardware, models
from inference_energy.energy import service
from inference_energy.energy.service import Service, Tables
from inference_energy.requests.lengths import Lengths
from inference_energy.serving.operating_point import SPEEDS_TOK_PER_S
from inference_energy.serving.parameters import POWER, POWER_EFFECTS, TIME, TIME_EFFECTS
from inference_energy.serving.step import DECODING_SHARE
from inference_energy.studies import files
from inference_energy.studies.study import NestedStudy
from serving_replicas import NEUTRAL, NONE

SECONDS = {"traditional": 0.225, "long": 0.75}
POWER_W = {"gpu_boards": 500.0, "node": 650.0, "datacenter": 780.0, "fleet": 858.0}
# Wh of a query at the boundary `datacenter`.
WH = {workload: seconds * POWER_W["datacenter"] / 3600 for workload, seconds in SECONDS.items()}

PARAMETERS = NEUTRAL | {
    **{"compute": -NONE, "prefill": np.log(0.16), "key_reading": np.log(4e5)},
    **{"idle_share": np.log(0.5), "bandwidth_power": NONE, "compute_power": NONE},
}
# Cancels what `predict.drawn` adds to every variance before it takes a root.
VARIANCE = -1e-12 * (1 - 1e-9)
MIDDLE_REQUESTS, BATCH_SD = 3200.0, 1.0  # of the prior of the batch: its middle times the speed, its deviation
BUSY, QUIET = 1.5, 0.5  # relative rates of the first and the last twelve hours of workload `day_and_night`

A = {
    **{"model": "A", "model_class": "frontier", "total_parameters_billions": 8, "active_parameters_billions": 8},
    # A layer with a key of one number, so that attention is what `key_reading` makes of it.
    **{"layers": 1, "hidden_size": 1, "key_value_heads": 1, "head_dimension": 1, "released_on": "2020-01-01"},
}
B = A | {"model": "B", "total_parameters_billions": 16, "active_parameters_billions": 16}
G = {
    **{"gpu": "G", "memory_gb": 100, "memory_bandwidth_gb_per_s": 8000, "tdp_w": 1000, "gpus_per_node": 8},
    **{"peak_fp16_tflop_per_s": 1000, "peak_fp8_tflop_per_s": 1000},
}
H = G | {
    **{"gpu": "H", "memory_bandwidth_gb_per_s": 16_000, "tdp_w": 2000, "gpus_per_node": 4},
    **{"peak_fp16_tflop_per_s": 2000, "peak_fp8_tflop_per_s": 2000},
}
NODE = {
    **{"gpu": "G", "board_idle_share_of_tdp": 0.1, "board_evidence": None, "basis": "measured"},
    **{"board_saturated_share_of_tdp_p05": 0.81 / 0.9, "board_saturated_share_of_tdp_p95": 0.9},
    # The median of a log-normal distribution that starts at 0.1 kW: 0.1 + sqrt(0.05 x 0.2) kW.
    **{"host_idle_kw_per_gpu": 0.1, "host_saturated_kw_per_gpu_p05": 0.15, "host_saturated_kw_per_gpu_p95": 0.3},
    **{"derivation": "made up", "source": "https://example.org"},
}
NODES = [NODE, NODE | {"gpu": "H", "basis": "from a like node"}]
NODES[1] |= {name: 2 * value for name, value in NODE.items() if name.startswith("host")}
OVERHEADS = [
    {"overhead": "network", "share_p05": 0.1, "share_p95": 0.1},
    {"overhead": "spares", "share_p05": 0.04, "share_p95": 0.15},
]
SCENARIOS = {
    "traditional": {"label": "All traditional", "long_share": 0, "interventions": False},
    "mixed": {"label": "A tenth long", "long_share": 0.1, "interventions": False},
    "mixed_optimized": {"label": "A tenth long, interventions", "long_share": 0.1, "interventions": True},
    "long": {"label": "All long", "long_share": 1, "interventions": False},
}
STUDY = {
    **{"title": "Tiny", "description": "Made up", "source": "nowhere", "method": "nested"},
    "boundary": {"query": "datacenter", "fleet": "fleet"},
    "serving": {"batch": 8, "replica_gpus": [1]},
    "hardware": [{"gpu": "G", "precision": "FP8", "share": 1}],
    "hardware_concentration": None,
    "power": {"form": "measured"},
    "day": {"headroom": 1, "released_share": 0},
    "pue": 1.2,
    "overheads": ["network"],
    "workloads": {
        "traditional": {"label": "Short", "input_tokens": 1000, "output_tokens": 500},
        "long": {"label": "Long", "input_tokens": 1000, "output_tokens": 2000},
    },
    "classes": {"frontier": {"label": "Frontier", "model_class": "frontier", "weights": {"A": 1}}},
    "interventions": {
        "subject": "frontier",
        "workloads": ["traditional", "long"],
        "levers": {
            "pue": {"label": "Lower PUE", "level": "hardware", "changes": {"pue": 1}, "source": "made up"},
            "cached": {
                **{"label": "Cached", "level": "serving", "evidence": "caching", "source": "made up"},
                "changes": {"workloads": {name: {"cached_share": 0.5} for name in SECONDS}},
            },
        },
    },
    "fleet": {"subject": "frontier", "queries_per_day": 1e9, "levers": ["pue"], "scenarios": SCENARIOS},
    **{"sweeps": None, "grids": None, "compared_estimates": ["made/up"]},
}


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


def on(**shares):
    """Entries of `hardware`: shares of GPUs by name, all in FP8."""
    return [{"gpu": gpu, "precision": "FP8", "share": share} for gpu, share in shares.items()]


def frontier(concentration=None, **weights):
    """Entries of `classes`: one class of the given models."""
    mix = {} if concentration is None else {"mix_concentration": concentration}
    return {"frontier": {"label": "Frontier", "model_class": "frontier", "weights": weights} | mix}


def entries(**changes):
    """Entries of the tiny study; each change replaces what is there."""
    return STUDY | changes


@cache
def _runs():
    """Runs of two services: the faster, the smaller their batch and the more energy they need."""
    distance = BATCH_SD * np.sqrt(0.8)  # ten logarithms around their mean, and eight degrees of freedom
    rows = [
        {"row_id": f"{name} {speed}", "network": name, "batch": MIDDLE_REQUESTS / speed * np.exp(side * distance)}
        | {"energy_j_per_output_token": float(speed), "speed": 1.001 * speed}
        for name, side in (("one", -1), ("two", 1))
        for speed in SPEEDS_TOK_PER_S
    ]
    return pl.DataFrame(rows).with_columns(
        seconds_per_token=1 / (DECODING_SHARE * pl.col("batch") * pl.col("speed")),
        **{"campaign": pl.lit("c"), "gpu": pl.lit("G"), "precision": pl.lit("FP8"), "prompts": pl.lit("p")},
        **{"input_tokens": 1.0, "speculative": 0.0, "board_share": 0.5, "software_years": 0.0},
    )


def tables(parameters=None, deviations=None, **replaced):
    """What the tiny study draws on.

    Args:
        parameters: of the serving model, in place of some of `PARAMETERS`.
        deviations: standard deviations of random effects by name; the others are none.
        replaced: tables in place of these.
    """
    given, spread = PARAMETERS | (parameters or {}), deviations or {}
    fixed, effects, covariance = [], [], []
    for part, of, random in (("time", TIME, TIME_EFFECTS), ("power", POWER, POWER_EFFECTS)):
        fixed += [{"part": part, "parameter": each.name, "fitted": float(given[each.name])} for each in of]
        effects += [
            # No service has an engine, GPU or network of this name: all draw from the deviation.
            {"effect": each.name, "level": "none", "fitted": 0.0, "deviation": float(spread.get(each.name, 0.0))}
            for each in random
        ]
        root = VARIANCE * np.eye(len(of) + len(random))
        covariance.append(
            pl.DataFrame({"covariance": root[np.tril_indices(len(root))]}).with_columns(part=pl.lit(part))
        )
    hours = [(hour, BUSY if hour < 12 else QUIET) for hour in range(24)]
    return Tables(
        **{
            "parameters": pl.DataFrame(fixed),
            "effects": pl.DataFrame(effects),
            "covariance": pl.concat(covariance),
            "errors": pl.DataFrame({"part": ["time", "power"], "cell_sd": 0.0, "row_sd": 0.0}),
            "runs": _runs(),
            "models": models(A, B).with_columns(native_precision=pl.lit("FP8")),
            "hardware": hardware(G, H),
            "lengths": pl.DataFrame(schema=["workload", "input_tokens", "output_tokens"]),
            "answers": pl.DataFrame(schema=["task", "model"]),
            "rates": pl.DataFrame(
                [("day_and_night", *of) for of in hours], schema=["workload", "hour", "relative_rate"], orient="row"
            ),
            "node_power": pl.DataFrame(NODES),
            "overheads": pl.DataFrame(OVERHEADS),
        }
        | replaced
    )


def tiny_service(*, draws=4, seed=1, name="tiny", host=0.5, lengths=None, of=None, **study) -> Service:
    """The service of the tiny study.

    Args:
        draws: of the shared uncertainty; there is none but of hosts.
        seed: of the draws.
        name: of the study, which its random streams depend on.
        host: share of nodes whose hosts draw less; none: drawn.
        lengths: by workload, in place of those of the study.
        of: what it draws on, in place of `tables()`.
        study: entries in place of those of the study.
    """
    found = service.resolved(name, NestedStudy.of(entries(**study)), of or tables(), draws=draws, seed=seed)
    if host is not None:
        found = found.sharing(found.shared.replaced("host", host))
    return found.with_lengths(lengths or {})


def changed(**changes):
    """The tiny study with changes as a study that extends it has them."""
    return files.merge(STUDY, changes)
