"""How long requests and answers are, where it was measured: what every row must look like, and how it is read."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandera.polars as pa
import polars as pl

from inference_energy.csv_tables import read_text
from inference_energy.errors import InputError
from inference_energy.input_tables import InputTable
from inference_energy.origins import read_origin
from inference_energy.validation import AllowedNames, must_be_empty, split


class RequestLengths(InputTable):
    """One bin of the joint distribution of prompt and answer lengths of a service's requests."""

    workload: str = pa.Field(str_matches=r"^[a-z][a-z0-9_]*$", description="name of the workload")
    input_tokens: float = pa.Field(ge=1, le=1e8, description="mean prompt length in the bin, tokens")
    output_tokens: float = pa.Field(ge=1, le=1e8, description="mean answer length in the bin, tokens")
    requests: int = pa.Field(ge=1, le=10**12, description="requests in the bin")
    cached_input_share: float = pa.Field(
        nullable=True, ge=0, le=1, description="share of the prompts' tokens that an earlier request had"
    )

    class Config:
        """A bin is given once."""

        strict = True
        unique = ["workload", "input_tokens", "output_tokens"]  # noqa: RUF012


class OutputLengthQuantiles(InputTable):
    """Quantiles of the answer lengths of one model on one task."""

    task: str = pa.Field(str_length={"min_value": 1}, description="task")
    model: str = pa.Field(str_length={"min_value": 1}, description="model, by its name in resources/models.csv")
    responses: int = pa.Field(ge=1, le=10**12, description="answers behind the quantiles")
    output_tokens_p05: float = pa.Field(ge=1, le=1e8, description="P5 of the answer length, tokens")
    output_tokens_p25: float = pa.Field(ge=1, le=1e8, description="P25, tokens")
    output_tokens_p50: float = pa.Field(ge=1, le=1e8, description="median, tokens")
    output_tokens_p75: float = pa.Field(ge=1, le=1e8, description="P75, tokens")
    output_tokens_p95: float = pa.Field(ge=1, le=1e8, description="P95, tokens")

    class Config:
        """A model is on a task once."""

        strict = True
        unique = ["task", "model"]  # noqa: RUF012

    @pa.dataframe_check(name="ordered", error="output_tokens_p95: quantiles that rise from P5 to P95")
    def ordered(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """Quantiles rise."""
        rising = [
            pl.col(f"output_tokens_{low}") <= pl.col(f"output_tokens_{high}")
            for low, high in (("p05", "p25"), ("p25", "p50"), ("p50", "p75"), ("p75", "p95"))
        ]
        return data.lazyframe.select(pl.all_horizontal(rising))


FORMATS = {"request_lengths_csv": RequestLengths, "output_length_quantiles_csv": OutputLengthQuantiles}


def read_workloads(folder: Path, origin_schema: dict, known: Mapping[str, AllowedNames]) -> dict[str, pl.DataFrame]:
    """The tables of all workload sources by format, each row with its source, file and line.

    Raises:
        InputError: a fault of an origin, of a file or of a row.
    """
    tables: dict[str, list[pl.DataFrame]] = {name: [] for name in FORMATS}
    for source in sorted(path for path in folder.iterdir() if path.is_dir()):
        origin = read_origin(source, origin_schema, FORMATS)
        for name, facts in sorted(origin["files"].items()):
            table = FORMATS[facts["format"]]
            columns = table.to_schema().columns
            optional = frozenset(column for column, spec in columns.items() if spec.nullable)
            good, rejected = split(read_text(source / name, list(columns), optional), table, known)
            must_be_empty(rejected)
            tables[facts["format"]].append(good.with_columns(pl.lit(source.name).alias("source")))
    for name, frames in tables.items():
        if not frames:
            raise InputError(f"{folder}: no file of format {name}; allowed: at least one")
    return {name: pl.concat(frames) for name, frames in tables.items()}


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
