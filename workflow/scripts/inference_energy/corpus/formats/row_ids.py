"""Names of rows within their source, from what tells the runs of a file apart."""

import re


def row_id(*parts: tuple[str, object]) -> str:
    """A row id of the values that are plain text or numbers, without white space, each behind its prefix."""
    named = [prefix + re.sub(r"\s+", "_", str(value).strip()) for prefix, value in parts if is_plain(value)]
    return "/".join(filter(None, named)) or "run"


def load_in_id(limit: object, rate: object) -> tuple[str, object]:
    """Part of a row id for the load: the limit of requests in flight, otherwise the rate of requests."""
    return ("concurrency-", limit) if is_plain(limit) else ("rate-", rate)


def is_plain(value: object) -> bool:
    """Whether a value is a number or text that is not empty."""
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def make_unique(records: list[dict]) -> None:
    """Number the second and later records of the same `row_id`, so that appended ones change no earlier id."""
    taken: set[str] = set()
    for record in records:
        name, count = record["row_id"], 1
        while record["row_id"] in taken:
            count += 1
            record["row_id"] = f"{name}/run-{count}"
        taken.add(record["row_id"])
