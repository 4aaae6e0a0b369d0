"""Schemas of what services do: how many requests and tokens, of which lengths, at which speed."""

import polars as pl

from inference_energy.requests.tables import READ_FROM
from inference_energy.tables.columns import count, number, share, table, text
from inference_energy.tables.inputs import InputTable, cell, filled, optional, rising
from inference_energy.tables.units import COUNT, FACTOR, OF_ROW, POSITION, SHARE

DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
WORKLOAD = r"^[a-z][a-z0-9_]*$"
WINDOWS = 6  # of ten minutes in an hour
UNITS = {"input_tokens": "tokens", "output_tokens": "tokens", "reasoning_share": "share"}
PERCENTS = ("p01", "p05", "p10", "p25", "p50", "p75", "p90", "p95", "p99")
KINDS = ("prompt_tokens", "cached_prompt_tokens", "completion_tokens", "reasoning_tokens", "requests")
ROUNDING = 0.01  # totals may be rounded to three digits


class ServiceRates(
    InputTable,
    unique=["workload", "hour"],
    rules={
        # An hour that the trace lacks has no rate: no requests were not measured there.
        "requests_per_s: a number if the trace has a window, else none": (pl.col("windows") > 0)
        == pl.col("requests_per_s").is_not_null(),
    },
):
    """Requests that a service got in one hour."""

    workload: str = cell("name of the workload", str_matches=WORKLOAD)
    hour: int = cell("hours since the trace began", POSITION, ge=0, le=100_000)
    windows: int = cell("ten-minute windows of the hour that the trace has", COUNT, ge=0, le=WINDOWS)
    requests_per_s: float = optional("requests per second, mean over these windows", "requests/s", ge=0)
    active_clients: float = optional("clients with requests, likewise", COUNT, ge=0)


class ServiceLengths(
    InputTable,
    unique=["workload", "quantity"],
    rules={
        "p99: quantiles that rise from P1 to P99": rising(PERCENTS),
        "unit: tokens of lengths, share of the share of reasoning": pl.col("unit") == pl.col("quantity").replace(UNITS),
        "p99: at most 1 where the unit is share": (pl.col("unit") != "share") | (pl.col("p99") <= 1),
        "clients_with_lengths: at most the clients of the workload": pl.col("clients_with_lengths")
        <= pl.col("clients"),
    },
):
    """Quantiles of one length over the requests of a service."""

    workload: str = cell("name of the workload", str_matches=WORKLOAD)
    quantity: str = cell("prompt, answer, or the answer's share of reasoning", isin=list(UNITS))
    unit: str = cell("unit of the quantiles", isin=sorted(set(UNITS.values())))
    clients_with_lengths: int = cell("clients whose lengths are known", COUNT, ge=1)
    clients: int = cell("clients of the workload", COUNT, ge=1)
    requests_covered_share: float = cell("share of all requests that these clients sent", SHARE, gt=0, le=1)
    mean: float = cell("mean", OF_ROW, gt=0, le=1e8)
    p01: float = cell("P1", OF_ROW, ge=0, le=1e8)
    p05: float = cell("P5", OF_ROW, ge=0, le=1e8)
    p10: float = cell("P10", OF_ROW, ge=0, le=1e8)
    p25: float = cell("P25", OF_ROW, ge=0, le=1e8)
    p50: float = cell("median", OF_ROW, ge=0, le=1e8)
    p75: float = cell("P75", OF_ROW, ge=0, le=1e8)
    p90: float = cell("P90", OF_ROW, ge=0, le=1e8)
    p95: float = cell("P95", OF_ROW, ge=0, le=1e8)
    p99: float = cell("P99", OF_ROW, ge=0, le=1e8)


KINDS_STATED = pl.sum_horizontal(pl.col(name).is_not_null() for name in KINDS)


class ServiceTokens(
    InputTable,
    unique=["read_on_day", "model"],
    rules={
        "prompt_tokens: all kinds of tokens and the requests, or none of them": KINDS_STATED.is_in([0, len(KINDS)]),
        "cached_prompt_tokens: at most the prompt tokens": pl.col("cached_prompt_tokens") <= pl.col("prompt_tokens"),
        "reasoning_tokens: at most the completion tokens": pl.col("reasoning_tokens") <= pl.col("completion_tokens"),
        "total_tokens: at least prompt and completion tokens, but for rounding": pl.col("prompt_tokens")
        + pl.col("completion_tokens")
        <= pl.col("total_tokens") * (1 + ROUNDING),
    },
):
    """Tokens of one model in one week, by kind."""

    read_on_day: str = cell("day on which the sums of the week were read", str_matches=DAY)
    rank: int = cell("rank of the model by tokens in that week", POSITION, ge=1)
    model: str = filled("model by its name at the service")
    model_name: str = filled("the same as the service displays it")
    total_tokens: int = cell("tokens of the week as ranked", "tokens", ge=1)
    prompt_tokens: int = optional("prompt tokens, cached ones included", "tokens", ge=0)
    cached_prompt_tokens: int = optional("prompt tokens read from a cache", "tokens", ge=0)
    completion_tokens: int = optional("answer tokens, reasoning included", "tokens", ge=0)
    reasoning_tokens: int = optional("answer tokens of reasoning", "tokens", ge=0)
    requests: int = optional("requests", COUNT, ge=1)


class ServiceSpeed(InputTable, unique=["provider", "model"]):
    """Speed of one model at a public interface, as one user sees it."""

    provider: str = filled("whose interface it is")
    model: str = filled("model by its name there")
    output_tok_per_s_per_request: float = cell("output speed of a request", "tok/s per request", gt=0, le=1e5)
    time_to_first_token_s: float = cell("time to first token", "s", gt=0, le=1e5)


RELATIVE_RATE = number("requests per second over their mean over all hours of the workload", FACTOR, nullable=True)
SERVICE_RATES = ServiceRates.to_schema().add_columns({"relative_rate": RELATIVE_RATE} | READ_FROM)
SERVICE_LENGTHS = ServiceLengths.to_schema().add_columns(READ_FROM)
SERVICE_TOKENS = ServiceTokens.to_schema().add_columns(READ_FROM)
SERVICE_SPEED = ServiceSpeed.to_schema().add_columns(READ_FROM)

SERVICE_TOKENS_BY_MONTH = table(
    ["source", "month", "model"],
    source=text("folder of the source in resources/services"),
    month=text("month in which the sums of the weeks were read", like=r"^[0-9]{4}-(0[1-9]|1[0-2])$"),
    model=text("model by its name at the service"),
    weeks=count("weeks of the month with the model among the most used ones", at_least=1),
    weeks_by_kind=count("weeks of these whose tokens are split by kind"),
    total_tokens=count("tokens of all weeks", "tokens", at_least=1),
    prompt_tokens=count("prompt tokens of the weeks by kind, cached ones included", "tokens", nullable=True),
    cached_prompt_tokens=count("prompt tokens read from a cache", "tokens", nullable=True),
    completion_tokens=count("answer tokens, reasoning included", "tokens", nullable=True),
    reasoning_tokens=count("answer tokens of reasoning", "tokens", nullable=True),
    requests=count("requests", nullable=True),
    cached_prompt_share=share("share of prompt tokens read from a cache", nullable=True),
    reasoning_share=share("share of answer tokens of reasoning", nullable=True),
    prompt_tokens_per_request=number("prompt tokens over requests", "tokens per request", nullable=True),
    completion_tokens_per_request=number("answer tokens over requests", "tokens per request", nullable=True),
)
