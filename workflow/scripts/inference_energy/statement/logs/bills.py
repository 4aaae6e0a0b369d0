"""Monthly bills: tokens per model and month, and the distribution of lengths that a bill does not state."""

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.common.escaped import sql
from inference_energy.corpus.names import key
from inference_energy.requests.lengths import Lengths
from inference_energy.statement.logs import shapes
from inference_energy.statement.logs.faults import Check, stop_at_first, token_checks
from inference_energy.statement.logs.files import UsageFile
from inference_energy.statement.logs.layout import FILE, NAMED
from inference_energy.statement.logs.metering import (
    EXACT,
    KINDS,
    SUMS,
    accounted,
    add_counted,
    check_lines,
    database,
    facts,
    fingerprint,
    row_counts,
)
from inference_energy.statement.logs.reading import NAMES, TOKENS, Rows, shortened, unreadable
from inference_energy.tables.database import frame

LISTED = 5  # overlaps that are told, a line each
TELLING_TOKENS = 1_000  # of a row that is not the same as another by chance
TOKENS_BELOW = 10**16  # a thousand times the tokens of the largest services in a month
MONTH = r"^\d{4}-(0[1-9]|1[0-2])(-|$)"
COLUMNS = ("requests", *TOKENS)


def billed(
    files: list[UsageFile], bills: dict[str, dict], *, place: str, folder: Path
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The rows of all bills, added up: one per source, month, model, tenant and region.

    `bills` are the entries of the usage file by source; `folder` is for intermediate files.

    Returns:
        `source, month, model, tenant, region, requests, input_tokens, cached_tokens, output_tokens`, where requests and
        cached tokens are null if a bill does not state them; what all rows of the bills were, by source, kind and
        model; and the list of the files, as of `metering.metered`.

    Raises:
        InputError: a file that cannot be read or lacks a column, a row with a fault, or one that two files have.
    """
    keys = ["source", "month", *NAMES]
    found = [pl.DataFrame(schema=dict.fromkeys(keys, pl.String) | dict.fromkeys(COLUMNS, pl.Decimal(38, 0)))]
    with database(1, folder) as connection:
        connection.execute(f"CREATE TABLE kinds ({KINDS})")
        compared: dict[str, list[Rows]] = {}
        read = {file.path: fingerprint(Path(file.path)) for file in files}
        counts: dict[str, int] = dict.fromkeys(read, 0)
        days: dict[str, tuple[str, str]] = {}
        for source, spec in bills.items():
            own = [file for file in files if file.source == source]
            opened = shapes.opened(connection, own, spec, f"{place}: bills.{source}")
            add_counted(connection, source, opened)
            for rows in opened.rows:
                try:
                    stop_at_first(connection, rows, _checks(rows))
                    for path, count in row_counts(connection, rows).items():
                        check_lines(path, rows.layout, read[path].lines, count)
                        counts[path] += count
                    days |= _days(connection, rows)
                except duckdb.Error as error:
                    raise InputError(unreadable(rows, error)) from None
                connection.execute(_counted(rows, source))
                names = ", ".join(f"{shortened(rows.name(role))} AS {role}" for role in NAMES)
                sums = ", ".join(
                    f"sum({rows.whole(role)})::{EXACT} AS {role}" if rows.has(role) else f"NULL::{EXACT} AS {role}"
                    for role in COLUMNS
                )
                month = f"left(CAST({rows.raw('month')} AS VARCHAR), 7) AS month"
                query = f"SELECT {month}, {names}, {sums} FROM {rows.table()}"
                part = frame(connection, f"{query} GROUP BY ALL ORDER BY ALL NULLS FIRST", folder)
                if rows.has("cached_tokens") and not spec.get("cached_in_input", True):
                    part = part.with_columns(pl.col("input_tokens") + pl.col("cached_tokens"))
                if "token_types" in spec:  # no row that counts requests is no number of them
                    part = part.with_columns(pl.when(pl.col("requests") != 0).then("requests"))
                found.append(part.select(pl.lit(source).alias("source"), "month", *NAMES, *COLUMNS))
            if spec.get("repeats") != "keep":
                compared[source] = opened.rows
        check_repeats(connection, compared)
        kinds = frame(connection, accounted("kinds"), folder)
    # A sum with an unknown part is unknown.
    sums = [
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name) for name in COLUMNS
    ]
    added = pl.concat(found).group_by(keys).agg(sums).sort(keys, nulls_last=False)
    _check_requests(added, place)
    return added, kinds, facts(files, read, counts, {}, days)


def _counted(rows: Rows, source: str) -> str:
    """What the estimated rows of a bill were, by model, added to the table of kinds."""
    requests = f"sum({rows.whole('requests')})" if rows.has("requests") else "NULL"
    prompt = rows.whole("input_tokens")
    if rows.has("cached_tokens") and not rows.spec.get("cached_in_input", True):
        prompt = f"({prompt} + {rows.whole('cached_tokens')})"
    return (
        f"INSERT INTO kinds SELECT {sql(source)}, 'request', {shortened(rows.name('model'))} AS model, {requests},"
        f" sum({prompt}), sum({rows.whole('output_tokens')}), NULL, NULL, NULL FROM {rows.table()} GROUP BY ALL"
    )


def _days(connection: duckdb.DuckDBPyConnection, rows: Rows) -> dict[str, tuple[str, str]]:
    """The first and the last day, or month, of every file."""
    day = f"left(CAST({rows.raw('month')} AS VARCHAR), 10)"
    query = f"SELECT {FILE}, min({day}), max({day}) FROM {rows.table(NAMED)} GROUP BY ALL"
    return {path: (first, last) for path, first, last in connection.execute(query).fetchall()}


class RepeatedError(InputError):
    """Two sources with the same usage: `first` and `second`, which has fewer tokens."""

    def __init__(self, message: str, first: str, second: str, whole: bool):
        super().__init__(message)
        self.first, self.second = first, second
        self.whole = whole  # whether the first has all sums of the second


def check_repeats(connection: duckdb.DuckDBPyConnection, groups: dict[str, list[Rows]]) -> None:
    """Compare the rows of all bills, by source, with each other.

    Rows of two files with the same time, names and many tokens are counted twice. So are sums of two sources with the
    same tokens in the same day or month, of a model or of all; names of models are not compared, as they differ between
    formats.

    Raises:
        InputError: rows that two files of a source have; for sums of two sources a `RepeatedError`.
    """
    parts = []
    for source, own in groups.items():
        for rows in own:
            names = ", ".join(f"{rows.name(role)} AS {role}" for role in NAMES)
            prompt, cached = rows.whole("input_tokens"), rows.has("cached_tokens")
            if cached and not rows.spec.get("cached_in_input", True):
                prompt = f"({prompt} + {rows.whole('cached_tokens')})"
            parts.append(
                f"SELECT {sql(source)} AS source, left(CAST({rows.raw('month')} AS VARCHAR), 19) AS month, {names},"
                f" {prompt}::HUGEINT AS input_tokens, {rows.whole('output_tokens')}::HUGEINT AS output_tokens,"
                f" {FILE} AS file"
                f" FROM {rows.table(NAMED)}"
            )
    if not parts:
        return
    connection.execute(f"CREATE OR REPLACE TEMP TABLE compared AS {' UNION ALL '.join(parts)}")
    number, first, second = connection.execute(
        "SELECT count(*), min(files[1]), min_by(files[2], files[1])"
        " FROM (SELECT list_sort(list(DISTINCT file)) AS files"
        f" FROM compared WHERE input_tokens + output_tokens >= {TELLING_TOKENS}"
        " GROUP BY source, month, model, tenant, region, input_tokens, output_tokens) WHERE len(files) > 1"
    ).fetchone()
    if number:
        raise InputError(_repeated(first, second, number, "rows", "names and tokens"))
    for length, of in ((10, "a day"), (7, "a month")):
        for model in ("model", "NULL"):
            sums = connection.execute(
                f"SELECT source, left(month, {length}), sum(input_tokens)::DOUBLE, sum(output_tokens)::DOUBLE,"
                f" min(file) FROM compared GROUP BY source, left(month, {length}), {model} ORDER BY ALL"
            ).fetchall()
            _check_sums(sums, f"sums of {of}")


def _check_sums(sums: list[tuple[str, str, float, float, str]], what: str) -> None:
    """Compare sums (source, time, prompt and answer tokens, file) of two sources each."""
    having: dict[tuple, set[str]] = {}
    groups: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for source, time, prompt, answer, _ in sums:
        groups[source] += prompt + answer > 0
        tokens[source] += prompt + answer
        if prompt + answer >= TELLING_TOKENS:
            having.setdefault((time, prompt, answer), set()).add(source)
    pairs = Counter(pair for of in having.values() for pair in combinations(sorted(of), 2))
    if not pairs:
        return
    (one, other), number = min(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    first, second = (one, other) if tokens[one] >= tokens[other] else (other, one)
    files = {source: file for source, *_, file in reversed(sums)}
    raise RepeatedError(
        _repeated(files[first], files[second], number, what, "tokens"), first, second, number >= groups[second]
    )


def _repeated(first: str, second: str, number: int, what: str, same: str) -> str:
    return (
        f"{second}: found {number:,} {what} that {first} has too, with the same time, {same}; allowed: every row"
        " once (or `repeats: keep` in the usage file if they are different ones)"
    )


def check_logged(bills: pl.DataFrame, sums: pl.DataFrame, kept: Collection[str] = ()) -> None:
    """Compare bills with the sums of logs (of `metering.gathered`), but for sources in `kept`.

    Raises:
        InputError: a bill whose tokens of a month and model, or of a month, are exactly those of logs.
    """
    month = pl.from_epoch("step_start_us", time_unit="us").dt.strftime("%Y-%m").alias("month")
    logged = sums.filter(~pl.col("source").is_in(list(kept))).with_columns(month)
    billed = bills.filter(~pl.col("source").is_in(list(kept)))
    tokens = ["input_tokens", "output_tokens"]
    for keys in (["source", "month", "model"], ["source", "month"]):
        ours, theirs = (of.group_by(keys).agg(pl.col(tokens).sum()) for of in (billed, logged))
        found = ours.join(theirs, on=["month", *tokens], suffix="_of_logs")
        found = found.filter(pl.sum_horizontal(tokens) >= TELLING_TOKENS).sort("month", "source", "source_of_logs")
        if not found.is_empty():
            row = found.row(0, named=True)
            raise InputError(
                f"bills.{row['source']}: found the tokens of logs.{row['source_of_logs']} in {row['month']}:"
                f" {int(row['input_tokens']):,} of prompts and {int(row['output_tokens']):,} of answers; allowed: every"
                " request once, in logs or in bills (or `repeats: keep` in the usage file if they are different ones)"
            )


def overlaps(
    bills: pl.DataFrame,
    sums: pl.DataFrame,
    files: pl.DataFrame,
    supplies: Mapping[str, str],
    kept: Collection[str] = (),
) -> pl.DataFrame:
    """Bills that have a month and a model in common with logs or with another bill: one may hold the other in part.

    Names of models are compared by their keys. Two sources are different services if their supply differs, or if both
    name tenants, or regions, and none in common; and their files must have days in common. `bills` is of `billed`,
    `sums` of `metering.gathered`, `files` lists the files of both, and `supplies` has the supply of every source.
    `kept` are sources whose usage file says that equal rows are different ones.

    Returns:
        A row per month, model and pair of sources: `month, model, first, first_file, first_tokens, second, second_file,
        second_tokens`. The second is a bill, which names the model so.
    """
    month = pl.from_epoch("step_start_us", time_unit="us").dt.strftime("%Y-%m").alias("month")
    keys = {name: key(name) for of in (bills, sums) for name in of["model"].drop_nulls().unique()}
    columns = ["source", "month", "model", "tenant", "region"]
    tokens = (pl.col("input_tokens") + pl.col("output_tokens")).cast(pl.Float64).alias("tokens")
    rows = pl.concat(
        [
            of.select(*columns, tokens, pl.lit(is_bill).alias("billed"))
            for of, is_bill in ((bills, True), (sums.with_columns(month), False))
        ]
    )
    sources = (
        rows.filter(pl.col("model").is_not_null(), ~pl.col("source").is_in(list(kept)))
        .with_columns(key=pl.col("model").replace(keys))
        .group_by("month", "key", "source", "billed")
        .agg(pl.col("tokens").sum(), pl.col("model").min(), pl.col("tenant", "region").unique().drop_nulls())
        .filter(pl.col("tokens") >= TELLING_TOKENS)
        .sort("month", "key", "billed", "source")
    )
    found = []
    for (of_month, _), group in sources.group_by("month", "key", maintain_order=True):
        for one, other in combinations(group.to_dicts(), 2):
            names = [(set(one[name]), set(other[name])) for name in ("tenant", "region")]
            apart = supplies[one["source"]] != supplies[other["source"]]
            apart |= any(ours and theirs and not ours & theirs for ours, theirs in names)
            spans = [_span(files, of["source"], of_month) for of in (one, other)]
            if apart or not other["billed"] or max(first for first, *_ in spans) > min(last for _, last, _ in spans):
                continue
            told = [(of["source"], file, of["tokens"]) for of, (*_, file) in zip((one, other), spans, strict=True)]
            found.append((of_month, other["model"], *told[0], *told[1]))
    schema = {"month": pl.String, "model": pl.String}
    for place in ("first", "second"):
        schema |= {place: pl.String, f"{place}_file": pl.String, f"{place}_tokens": pl.Float64}
    return pl.DataFrame(found, schema, orient="row")


def _span(files: pl.DataFrame, source: str, month: str) -> tuple[str, str, str]:
    """The first and last day of a source in a month, and the first of its files that have them."""
    own = files.filter(
        pl.col("source") == source,
        pl.col("first_day").str.head(7) <= month,
        pl.col("last_day").str.head(7) >= month,
    ).sort("file")
    first = own["first_day"].min()
    last = max(day if len(day) > len(month) else f"{day}-31" for day in own["last_day"])
    return max(first, month), min(last, f"{month}-31"), own["file"][0]


def check_overlaps(found: pl.DataFrame, told: Collection[str] = ()) -> list[str]:
    """Lines about overlaps of `overlaps` with bills of some sources, whose usage file says that they are to be told.

    The largest bills come first, and the last line says how many overlaps are not listed.

    Raises:
        InputError: an overlap of another bill.
    """
    lines = []
    for row in found.sort("second_tokens", "month", "model", descending=[True, False, False]).to_dicts():
        line = (
            f"{row['second_file']}: found {row['model']} in {row['month']}, which {row['first_file']} has too:"
            f" {row['second_tokens']:,.0f} and {row['first_tokens']:,.0f} tokens, of which some may be the same"
        )
        if not {row["first"], row["second"]} & set(told):
            raise InputError(
                f"{line}; allowed: every request once, in logs or in bills (or `overlaps: tell` for"
                f" bills.{row['second']} in the usage file if they are different ones)"
            )
        lines.append(f"{line}; they are counted as different ones (`overlaps: tell`)")
    more = [f"and {len(lines) - LISTED} more overlaps of bills"] if len(lines) > LISTED else []
    return lines[:LISTED] + more


def most_twice(found: pl.DataFrame) -> float:
    """The most tokens that overlaps may count twice: of every month and model all but those of the largest source."""
    sides = [
        found.select("month", "model", pl.col(place).alias("source"), pl.col(f"{place}_tokens").alias("tokens"))
        for place in ("first", "second")
    ]
    groups = pl.concat(sides).unique().group_by("month", "model").agg(pl.col("tokens").sum() - pl.col("tokens").max())
    return float(groups["tokens"].sum())


def _check_requests(added: pl.DataFrame, place: str) -> None:
    """Tokens without a request, or more requests than prompt tokens: their number would decide the energy."""
    prompts, answers = pl.col("input_tokens"), pl.col("output_tokens")
    faults = {
        "the number of requests, or no column for it": pl.col("requests") == 0,
        "a prompt token for each request at least (are columns exchanged?)": pl.col("requests") > prompts,
    }
    for allowed, fault in faults.items():
        wrong = added.filter(fault & (prompts + answers > 0))
        if not wrong.is_empty():
            row = wrong.row(0, named=True)
            raise InputError(
                f"{place}: bills.{row['source']}: requests: found {int(row['requests']):,} with"
                f" {int(row['input_tokens']):,} prompt and {int(row['output_tokens']):,} answer tokens of"
                f" {row['model'] or 'no model'} in {row['month']}; allowed: {allowed}"
            )


def _checks(rows: Rows) -> list[Check]:
    month = f"CAST({rows.raw('month')} AS VARCHAR)"
    wrong = f"NOT coalesce(regexp_matches({month}, '{MONTH}'), false)"
    hint = "" if "time_unit" in rows.spec else ", or numbers with time_unit"
    months = Check("month", wrong, "not such", f"months as 2026-01{hint}")
    return [months, *token_checks(rows, TOKENS_BELOW, COLUMNS)]


def with_spread(bills: pl.DataFrame, lengths: dict[str, Lengths]) -> pl.DataFrame:
    """Bills with the sums that their energy needs, from the distribution of a workload's lengths.

    A workload's mean of prompt times answer and of answer squared, scaled to the mean prompt and answer of the bill.
    Where a bill does not state its requests, answers have the workload's mean length; without answers, prompts do.
    The `lengths` are those of the workload, by source.

    Returns:
        The bills with `requests` and all of `metering.SUMS`, as numbers that are not whole any more.
    """
    # ASSUME: request lengths behind a bill vary around their means as those of the named workload do.
    factors = {source: _spread(of) for source, of in lengths.items()}

    def of(name: str) -> pl.Expr:
        return pl.col("source").replace_strict({source: found[name] for source, found in factors.items()}, default=None)

    whole = bills.with_columns(pl.col(*COLUMNS).cast(pl.Float64))
    by_answers, by_prompts = pl.col("output_tokens") / of("output"), pl.col("input_tokens") / of("input")
    estimated = pl.when(pl.col("output_tokens") > 0).then(by_answers).otherwise(by_prompts)
    whole = whole.with_columns(requests=pl.coalesce("requests", estimated))
    product = pl.col("input_tokens") * pl.col("output_tokens") / pl.col("requests")
    square = pl.col("output_tokens") ** 2 / pl.col("requests")
    served = pl.col("requests") > 0
    return whole.with_columns(
        pl.when(served).then(product * of("product")).otherwise(0.0).alias("input_output_tokens2"),
        pl.when(served).then(square * of("square")).otherwise(0.0).alias("output_tokens2"),
    ).select("source", "month", *NAMES, *SUMS)


def _spread(of: Lengths) -> dict[str, float]:
    weights = of.weights / of.weights.sum()
    means = {name: float(weights @ getattr(of, name)) for name in ("input_tokens", "output_tokens")}
    product = float(weights @ (of.input_tokens * of.output_tokens))
    return {
        "input": means["input_tokens"],
        "output": means["output_tokens"],
        "product": product / (means["input_tokens"] * means["output_tokens"]),
        "square": float(weights @ np.square(of.output_tokens)) / means["output_tokens"] ** 2,
    }
