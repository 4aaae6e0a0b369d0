"""A service in which everything varies."""

from tiny_service import frontier, on, tables, tiny_service

SPREAD = {"roofline_network": 0.3, "time_network_gpu": 0.1, "power_gpu": 0.2, "overhead_network": 0.2}
VARIED = {
    "serving": {
        **{"speed_tok_per_s": {"family": "lognormal", "p05": 23, "p95": 80}, "replica_gpus": [1, 2]},
        "speculative_share": 0.5,
    },
    "hardware": on(G=3, H=1),
    "hardware_concentration": 2,
    "day": {
        **{"arrivals": "day_and_night", "headroom": {"family": "shifted_lognormal", "above": 1, "p05": 1.1, "p95": 2}},
        "released_share": {"family": "beta", "p05": 0.05, "p95": 0.9},
    },
    "pue": {"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4},
    "overheads": ["network", "spares"],
    "workloads": {
        "traditional": {
            **{"label": "Short", "input_tokens": 1000, "output_tokens": {"family": "lognormal", "p05": 60, "p95": 900}},
            "cached_share": {"family": "beta", "p05": 0.05, "p95": 0.65},
        },
        "long": {"label": "Long", "input_tokens": 1000, "output_tokens": {"family": "exponential", "median": 2000}},
    },
    "classes": frontier(2, A=1, B=1),
}


def varied_service(draws=200, **changes):
    """The tiny service with everything uncertain.

    Args:
        draws: of the shared uncertainty.
        changes: entries of the study, or arguments of `tiny_service`.
    """
    return tiny_service(**{"draws": draws, "host": None, "of": tables(deviations=SPREAD)} | VARIED | changes)
