"""Requests that stand in several files, or in one file twice: overlapping exports, copies, files put together.

Times, models and lengths of the requests are compared. Of large logs those of a random part of the times are taken,
the same part in every file, so that a request is in it in all its files or in none.
"""

import math
from collections.abc import Collection

import duckdb
import polars as pl

from inference_energy.common.errors import InputError

MARKS = 16_384  # requests that are compared, about; in a smaller log all of them
REQUEST = ["time_us", "model", "input_tokens", "output_tokens"]
MARK = "STRUCT(file VARCHAR, time_us BIGINT, input_tokens BIGINT, output_tokens BIGINT)[]"
# Share of the requests of two files in their common time from which they are repeats of each other: times of whole
# seconds and short answers make some requests alike by chance.
OF_SECONDS, OF_FINER = 0.5, 0.05


def every(rows: int) -> int:
    """The power of two that leaves about `MARKS` of some rows."""
    return 2 ** max(0, math.ceil(math.log2(max(rows, 1) / MARKS)))


def marked(of: int, file: str, prompt: str) -> str:
    """The requests of a group that are compared, of every so-many-th time, as an aggregate of SQL."""
    struct = (
        f"{{'file': {file}, 'time_us': us, 'input_tokens': {prompt}::BIGINT, 'output_tokens': output_tokens::BIGINT}}"
    )
    return f"list({struct}) FILTER (hash(us) & {of - 1} = 0)"


def alike(marks: pl.DataFrame) -> pl.DataFrame:
    """Marks of several jobs, reduced to the times that all of them took."""
    if marks["every"].n_unique() < 2:
        return marks
    with duckdb.connect() as connection:
        times = marks["time_us"].unique().to_list()
        query = f"SELECT us FROM (SELECT unnest(?::BIGINT[]) AS us) WHERE hash(us) & {marks['every'].max() - 1} = 0"
        taken = [us for (us,) in connection.execute(query, [times]).fetchall()]
    return marks.filter(pl.col("time_us").is_in(taken))


def check(marks: pl.DataFrame, kept: Collection[str] = ()) -> None:
    """Compare the requests of all files.

    `kept` are sources whose usage file says that equal requests are different ones.

    Raises:
        InputError: two files with the same requests, or one that has all of its own twice.
    """
    marks = marks.filter(~pl.col("source").is_in(list(kept)))
    if marks.is_empty():
        return
    _check_within(marks)
    spans = marks.group_by("file").agg(pl.col("time_us").min().alias("first"), pl.col("time_us").max().alias("last"))
    one = marks.select("file", *REQUEST)
    # Requests that stand in very many files are no sign of a copy, and pairs of those files would be too many.
    shared = one.filter(pl.len().over(REQUEST).is_between(2, 50))
    pairs = shared.join(shared, on=REQUEST, nulls_equal=True).filter(pl.col("file") < pl.col("file_right"))
    common = pairs.group_by("file", "file_right").agg(
        pl.len().alias("common"), (pl.col("time_us") % 1_000_000 == 0).all().alias("seconds")
    )
    for first, second, number, seconds in common.sort(
        "common", "file", "file_right", descending=[True, False, False]
    ).iter_rows():
        both = spans.filter(pl.col("file").is_in([first, second]))
        within = pl.col("time_us").is_between(both["first"].max(), both["last"].min())
        fewest = min(one.filter(within & (pl.col("file") == file)).height for file in (first, second))
        if number > (OF_SECONDS if seconds else OF_FINER) * fewest:
            raise InputError(
                f"{second}: found {_told(number, marks)} that {first} has too, with the same times, models and lengths;"
                " allowed: every request once (export again, name a column of request ids under `unique`, or write"
                " `repeats: keep` if they are different requests)"
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
