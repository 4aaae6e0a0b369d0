"""Schemas of request lengths: what is read, and what is summarised."""

from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.tables.columns import count, quantiles, share, table, text, texts
from inference_energy.tables.inputs import InputTable, cell, filled, optional, rising
from inference_energy.tables.units import COUNT, POSITION, SHARE


class RequestLengths(InputTable, unique=["workload", "input_tokens", "output_tokens"]):
    """One bin of the joint distribution of prompt and answer lengths of a service's requests."""

    workload: str = cell("name of the workload", str_matches=r"^[a-z][a-z0-9_]*$")
    input_tokens: float = cell("mean prompt length in the bin", "tokens", ge=1, le=1e8)
    output_tokens: float = cell("mean answer length in the bin", "tokens", ge=1, le=1e8)
    requests: int = cell("requests in the bin", COUNT, ge=1, le=10**12)
    cached_input_share: float = optional("share of the prompts' tokens that an earlier request had", SHARE, ge=0, le=1)


RISING = rising(f"output_tokens_{name}" for name in QUANTILES)


class OutputLengthQuantiles(
    InputTable, unique=["task", "model"], rules={"output_tokens_p95: quantiles that rise from P5 to P95": RISING}
):
    """Quantiles of the answer lengths of one model on one task."""

    task: str = filled("task")
    model: str = filled("model, by its name in resources/models.csv")
    responses: int = cell("answers behind the quantiles", COUNT, ge=1, le=10**12)
    output_tokens_p05: float = cell("P5 of the answer length", "tokens", ge=1, le=1e8)
    output_tokens_p25: float = cell("P25", "tokens", ge=1, le=1e8)
    output_tokens_p50: float = cell("median", "tokens", ge=1, le=1e8)
    output_tokens_p75: float = cell("P75", "tokens", ge=1, le=1e8)
    output_tokens_p95: float = cell("P95", "tokens", ge=1, le=1e8)


READ_FROM = {
    "source": text("folder of the source in resources/workloads"),
    "file": text("file the row was read from"),
    "line": count("line in that file", POSITION, at_least=2),
}
REQUEST_LENGTHS = RequestLengths.to_schema().add_columns(READ_FROM)
OUTPUT_LENGTH_QUANTILES = OutputLengthQuantiles.to_schema().add_columns(READ_FROM)

REQUEST_LENGTH_QUANTILES = table(
    ["workload", "side"],
    **texts(source="folder of the source in resources/workloads", workload="name of the workload"),
    side=text("prompts or answers", allowed=["input", "output"]),
    requests=count("requests behind the quantiles", at_least=1),
    cached_input_share=share("share of all prompt tokens that an earlier request had", nullable=True),
    **quantiles("tokens_{}", "{} of the length", "tokens", QUANTILES, at_least=1),
)
