"""Synthetic request logs: the same rows on any machine, as many as asked for."""

from pathlib import Path

import duckdb

PARTITION_ROWS = 10_000_000
BYTES_PER_ROW = {"parquet": 12, "csv": 90, "jsonl": 190}
FORMATS = {"parquet": "FORMAT parquet", "csv": "FORMAT csv, HEADER", "jsonl": "FORMAT json"}
START_US = 1_767_225_600_000_000  # 2026-01-01, in UTC
STEP_US = 2592  # between requests: 1e9 of them take 30 days
TENANTS = 20
REGIONS = ("eu", "us", "asia")
# The first is asked most, and known to EcoLogits by the same name.
MODELS = (
    "meta-llama/Meta-Llama-3.1-70B-Instruct",
    "meta-llama/Meta-Llama-3.1-8B-Instruct",
    "meta-llama/Meta-Llama-3.1-405B-Instruct",
    "openai/gpt-oss-120b",
    "Qwen/Qwen3-32B",
    "deepseek-ai/DeepSeek-R1",
)
COLUMNS = {
    "time": "time",
    "model": "model",
    "input_tokens": "prompt_tokens",
    "cached_tokens": "cached_tokens",
    "output_tokens": "completion_tokens",
    "tenant": "tenant",
    "region": "region",
}


def partitions(folder: Path, rows: int, threads: int) -> list[str]:
    """Parquet files of the first rows, in order of time; those that are there already stay."""
    found = []
    for first in range(0, rows, PARTITION_ROWS):
        count = min(PARTITION_ROWS, rows - first)
        path = folder / f"{first:012d}-{count}.parquet"
        if not path.is_file():
            write(path, first, count, threads)
        found.append(str(path))
    return found


def write(path: Path, first: int, rows: int, threads: int) -> None:
    """Some requests as a file, in the format of its ending.

    Prompts are log-normal and answers exponential, some models and tenants are asked more than others, and 56 % of
    prompts have a part in the cache. Every value comes from a hash of the number of its row, not from a stream, so
    that neither threads nor partitions change it.
    """
    prompt = f"least(exp(6.2 + 1.2 * {_normal(0, 1)}), 120000)::INTEGER"
    query = f"""
        SELECT make_timestamp({START_US} + row * {STEP_US} + floor({STEP_US} * {_uniform(2)})::BIGINT) AS time,
            {_one_of(MODELS, 3)} AS model, 'tenant-' || floor({TENANTS} * {_uniform(4)} ** 2)::INTEGER AS tenant,
            {_one_of(REGIONS, 5)} AS region, prompt AS prompt_tokens,
            floor(prompt * greatest(0, 1.6 * {_uniform(6)} - 0.7))::INTEGER AS cached_tokens,
            floor(1 - 300 * ln({_uniform(7)}))::INTEGER AS completion_tokens
        FROM (SELECT range AS row, {prompt.replace("row", "range")} AS prompt FROM range({first}, {first + rows}))"""
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"COPY ({query}) TO '{path}' ({FORMATS[path.suffix[1:]]})")


def first_of(model: str, rows: int, source: str, path: Path) -> None:
    """The first requests of one model as a file of their own."""
    with duckdb.connect() as connection:
        query = f"SELECT * FROM read_parquet('{source}') WHERE model = '{model}' ORDER BY time LIMIT {rows}"
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def _uniform(salt: int) -> str:
    """Between 0 and 1, neither of them: the upper 53 bits of a hash."""
    return f"(((hash(row * 8 + {salt}) >> 11) + 0.5::DOUBLE) / {2**53})"


def _normal(salt: int, other: int) -> str:
    return f"(sqrt(-2 * ln({_uniform(salt)})) * cos(2 * pi() * {_uniform(other)}))"


def _one_of(names: tuple[str, ...], salt: int) -> str:
    """One of some names, the first ones more often."""
    return f"{list(names)}[1 + floor({len(names)} * {_uniform(salt)} ** 2)::INTEGER]"
