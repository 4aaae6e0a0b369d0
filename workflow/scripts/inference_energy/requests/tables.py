"""Schemas of request lengths: what is read, and what is summarised."""

import pandera.polars as pa
import polars as pl

from inference_energy.tables.columns import QUANTILES, SHARE, number, text
from inference_energy.tables.inputs import InputTable


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


READ_FROM = {
    "source": text("folder of the source in resources/workloads"),
    "file": text("file the row was read from"),
    "line": pa.Column(int, pa.Check.ge(2), description="line in that file"),
}
REQUEST_LENGTHS = RequestLengths.to_schema().add_columns(READ_FROM)
OUTPUT_LENGTH_QUANTILES = OutputLengthQuantiles.to_schema().add_columns(READ_FROM)

REQUEST_LENGTH_QUANTILES = pa.DataFrameSchema(
    {
        "source": text("folder of the source in resources/workloads"),
        "workload": text("name of the workload"),
        "side": text("prompts or answers", allowed=["input", "output"]),
        "requests": pa.Column(int, pa.Check.ge(1), description="requests behind the quantiles"),
        "cached_input_share": pa.Column(
            float, SHARE, nullable=True, description="share of all prompt tokens that an earlier request had"
        ),
        **{f"tokens_{q}": number(f"{q.upper()} of the length, tokens", at_least=1) for q in QUANTILES},
    },
    strict=True,
    unique=["workload", "side"],
)
