"""Traces and distributions of request lengths, read from files, and their quantiles."""

import numpy as np
import polars as pl

from inference_energy.requests.tables import OutputLengthQuantiles, RequestLengths

FORMATS = {"request_lengths_csv": RequestLengths, "output_length_quantiles_csv": OutputLengthQuantiles}


def weighted_quantiles(lengths: pl.DataFrame, shares: dict[str, float]) -> pl.DataFrame:
    """Quantiles of prompt and answer lengths of every workload, from its binned requests.

    Returns:
        `source, workload, side` (`input` or `output`), `requests`, `cached_input_share` of all prompt tokens (null
        where not known), and `tokens_<name>` per share.
    """
    found = []
    for (source, workload), group in lengths.group_by("source", "workload", maintain_order=True):
        tokens = (pl.col("requests") * pl.col("input_tokens")).sum()
        cached = (pl.col("requests") * pl.col("input_tokens") * pl.col("cached_input_share")).sum() / tokens
        known = group["cached_input_share"].null_count() == 0
        place = {
            "source": source,
            "workload": workload,
            "requests": int(group["requests"].sum()),
            "cached_input_share": group.select(cached).item() if known else None,
        }
        for side in ("input", "output"):
            ordered = group.sort(f"{side}_tokens", "requests")
            requests = ordered["requests"].to_numpy()
            # Half of a bin's requests lie below its mean; between bins the logarithm of the length is linear.
            below = (np.cumsum(requests) - requests / 2) / requests.sum()
            logs = np.interp(list(shares.values()), below, np.log(ordered[f"{side}_tokens"].to_numpy()))
            values = {f"tokens_{name}": float(np.exp(log)) for name, log in zip(shares, logs, strict=True)}
            found.append(place | {"side": side} | values)
    return pl.DataFrame(found, schema_overrides={"cached_input_share": pl.Float64})
