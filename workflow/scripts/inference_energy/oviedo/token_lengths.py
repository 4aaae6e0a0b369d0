"""How long the queries of a study are, as tables."""

import numpy as np
import polars as pl

from inference_energy.statistics.distributions import output_tokens
from inference_energy.studies.study import PublishedStudy, Workload

NAMED_SHARES = {"P5": 0.05, "median": 0.5, "P95": 0.95}


def token_lengths(study: PublishedStudy) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Distribution of output tokens per workload.

    Returns:
        Share of queries per factor of e in length (`workload, label, output_tokens, density_per_e_fold`); and P5,
        median and P95 (`workload, label, name, output_tokens`).
    """
    density, quantiles = [], []
    for workload, spec in study.workloads.items():
        cumulative = _cumulative(spec)
        low, high = bins(len(cumulative))
        shares = cumulative[high - 2] - np.where(low > 1, cumulative[np.maximum(low - 2, 0)], 0.0)
        place = {"workload": workload, "label": spec.label}
        density.append(
            pl.DataFrame(
                {
                    "output_tokens": np.sqrt(low * (high - 1.0)),
                    "density_per_e_fold": shares / np.log(high / low),
                }
            ).with_columns(**{key: pl.lit(value) for key, value in place.items()})
        )
        for name, tokens in _quantiles(cumulative, NAMED_SHARES).items():
            quantiles.append(place | {"name": name, "output_tokens": tokens})
    return pl.concat(density), pl.DataFrame(quantiles)


def _cumulative(spec: Workload) -> np.ndarray:
    """Share of answers with at most 1, 2, 3, ... tokens."""
    return np.cumsum(output_tokens(spec.output_tokens).probabilities())


def _quantiles(cumulative: np.ndarray, shares: dict[str, float]) -> dict[str, float]:
    """Fewest tokens that a share of the answers does not exceed, by name."""
    return {name: float(np.searchsorted(cumulative, share) + 1) for name, share in shares.items()}


def bins(longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Shortest length of every bin that a distribution is drawn in, and the shortest beyond it: low ... high - 1."""
    edges = np.unique(np.rint(np.geomspace(1, longest + 1, 160)).astype(int))
    return edges[:-1], edges[1:]


def assumed_lengths(study: PublishedStudy, shares: dict[str, float]) -> pl.DataFrame:
    """Quantiles of prompt and answer lengths that a study assumes: `label, side, tokens_<name>`, a row per side."""
    found = []
    for spec in study.workloads.values():
        answer = {f"tokens_{name}": tokens for name, tokens in _quantiles(_cumulative(spec), shares).items()}
        prompt = dict.fromkeys(answer, float(spec.input_tokens))
        found += [{"label": spec.label, "side": side} | row for side, row in (("input", prompt), ("output", answer))]
    return pl.DataFrame(found)
