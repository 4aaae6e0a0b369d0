"""Requests that stand in several files, or in one file twice: overlapping exports, copies, files put together.

Times, models and lengths of the requests are compared, between the logs of two sources without the models, whose names
differ between formats; and ids of requests where the usage file names them. Of large logs those of a random part of the
times, and of the ids, are taken, the same part in every file, so that a request is in it in all its files or in none.
"""

import math
from collections.abc import Collection

import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.statement.logs.layout import FILE
from inference_energy.statement.logs.reading import Rows

# Bits of a time that are the same in all whole seconds: the others decide whether a time is taken. A checksum of the
# time would take longer.
FINEST = 6
MARKS = 16_384  # requests that are compared, about; in a smaller log all of them
TIMED = ["time_us", "input_tokens", "output_tokens"]
SHORTEST_ID = 12  # characters; shorter ones, such as numbers, may be those of other requests elsewhere
REQUEST = ["time_us", "model", "input_tokens", "output_tokens"]
MARK = "STRUCT(time_us BIGINT, input_tokens BIGINT, output_tokens BIGINT)[]"
# Share of the requests of two files in their common time from which they are repeats of each other: times of whole
# seconds and short answers make some requests alike by chance.
OF_SECONDS, OF_FINER = 0.5, 0.05


def every(rows: int) -> int:
    """The power of two that leaves about `MARKS` of some rows."""
    return 2 ** max(0, math.ceil(math.log2(max(rows, 1) / MARKS)))


def marked(of: int, prompt: str) -> str:
    """The requests of a group that are compared, of every so-many-th time, as an aggregate of SQL."""
    return f"list(row(us, {prompt}, output_tokens)) FILTER (us >> {FINEST} & {of - 1} = 0)"


def ids(rows: Rows, of: int) -> list[str]:
    """Queries of the ids of requests that are compared, as `file, id`; none where the files state none."""
    unique = rows.spec.get("unique", {})
    if rows.relation is None or unique.get("within_file"):
        return []
    found = []
    for place in range(len(unique.get("columns", []))):
        text = f"trim(unique_{place})"
        number = f"(hash({text}) >> 1)::BIGINT"
        found.append(
            f"SELECT DISTINCT {FILE} AS file, {number} AS id FROM {rows.relation}"
            f" WHERE length({text}) >= {SHORTEST_ID} AND {number} & {of - 1} = 0"
        )
    return found


def alike(marks: pl.DataFrame) -> pl.DataFrame:
    """Marks of several jobs, reduced to the times that all of them took."""
    if marks["every"].n_unique() < 2:
        return marks
    most = marks["every"].max()
    return marks.filter((pl.col("time_us") // 2**FINEST % most == 0) | (pl.col("id") % most == 0))


def check(marks: pl.DataFrame, kept: Collection[str] = ()) -> None:
    """Compare the requests of all files.

    `kept` are sources whose usage file says that equal requests are different ones.

    Raises:
        InputError: two files with the same requests, or one that has all of its own twice.
    """
    marks = marks.filter(~pl.col("source").is_in(list(kept)))
    _check_ids(marks.filter(pl.col("id").is_not_null()))
    marks = marks.filter(pl.col("id").is_null())
    if marks.is_empty():
        return
    _check_within(marks)
    one = marks.select("source", "file", *REQUEST)
    spans = one.group_by("file").agg(pl.col("time_us").min().alias("first"), pl.col("time_us").max().alias("last"))
    # Requests that stand in very many files are no sign of a copy, and pairs of those files would be too many.
    shared = one.filter(pl.len().over(TIMED).is_between(2, 50))
    same = pl.col("model").eq_missing(pl.col("model_right")) | (pl.col("source") != pl.col("source_right"))
    pairs = shared.join(shared, on=TIMED).filter(pl.col("file") < pl.col("file_right"), same)
    # Without its model a request may stand in a file more than once.
    pairs = pairs.unique(["file", "file_right", "model", *TIMED], keep="first", maintain_order=True)
    common = pairs.group_by("file", "file_right").agg(
        pl.len().alias("common"),
        (pl.col("time_us") % 1_000_000 == 0).all().alias("seconds"),
        (pl.col("source") != pl.col("source_right")).any().alias("across"),
        pl.col("model").eq_missing(pl.col("model_right")).any().alias("named"),
        pl.struct("input_tokens", "output_tokens").n_unique().alias("lengths"),
    )
    # Of other names, and all of a few lengths, are the steady loads of two services.
    common = common.filter(pl.col("named") | (pl.col("lengths") > pl.col("common") / 2))
    for first, second, number, seconds, across, *_ in common.sort(
        "common", "file", "file_right", descending=[True, False, False]
    ).iter_rows():
        both = spans.filter(pl.col("file").is_in([first, second]))
        within = pl.col("time_us").is_between(both["first"].max(), both["last"].min())
        fewest = min(one.filter(within & (pl.col("file") == file)).height for file in (first, second))
        if number > (OF_SECONDS if seconds else OF_FINER) * fewest:
            raise InputError(
                f"{second}: found {_told(number, marks)} that {first} has too, with the same"
                f" {'times' if across else 'times, models'} and lengths; allowed: every request once (export again,"
                " name a column of request ids under `unique`, or write `repeats: keep` if they are different requests)"
            )


def _check_ids(marks: pl.DataFrame) -> None:
    """Ids that files of two sources have: within one source a request is counted once."""
    pairs = marks.join(marks, on="id").filter(pl.col("source") < pl.col("source_right"))
    common = pairs.group_by("file", "file_right").agg(pl.col("id").n_unique()).sort("id", "file", "file_right")
    if not common.is_empty():
        first, second, number = common.row(-1)
        raise InputError(
            f"{second}: found {_told(number, marks)} with ids that {first} has too, in other logs of the usage file;"
            " allowed: every request once (one of the files, or `repeats: keep` if they are different requests)"
        )


def _check_within(marks: pl.DataFrame) -> None:
    of_file = marks.group_by("file").agg(
        (pl.col("rows") > 1).all().alias("all"),
        pl.len().alias("requests"),
        pl.struct("input_tokens", "output_tokens").n_unique().alias("lengths"),
        (pl.col("time_us") % 1_000_000 == 0).all().alias("seconds"),
    )
    varied = ~pl.col("seconds") | (pl.col("lengths") > pl.col("requests") / 2)
    twice = of_file.filter(pl.col("all") & (pl.col("requests") > 2) & varied).sort("file")
    if not twice.is_empty():
        raise InputError(
            f"{twice['file'][0]}: found every request at least twice; allowed: every request once (name a column of"
            " request ids under `unique`, or write `repeats: keep` if they are different requests)"
        )


def _told(number: int, marks: pl.DataFrame) -> str:
    part = marks["every"].max()
    return f"{number:,} requests" if part == 1 else f"about {number * part:,} requests"
