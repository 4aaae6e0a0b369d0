"""Which number somebody asks for: by the words of a row and column, or by the value itself."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.explain.build import Evidence
from inference_energy.publish.catalogue import BY_NAME, PUBLIC_TABLES

# Columns that a row is taken at where the question does not say; stated in the answer.
DEFAULTS = {"spread": "untrimmed", "grouped_by": "all", "group": "all", "combination": "independent"}
# The column of a table that is meant where the question names none, the first that it has.
USUAL = (
    *("computed", "energy_wh_p50", "energy_gwh_per_day_p50", "multiplier_p50", "predicted_p50", "p50", "ratio"),
    *("geometric_error", "energy_wh", "factor", "factor_p50", "variance_share", "after", "central", "cost", "cost_p50"),
    *("energy_j_per_output_token", "output_tok_per_s_per_gpu", "decode_s_per_token", "tokens_p50", "tok_per_s"),
    *("ratio_geometric_sd", "output_tokens_p50", "output_tokens", "found", "rows_accepted", "tdp_w"),
    *("total_parameters_billions", "density_per_e_fold", "predicted", "requests", "energy_over_best"),
)
# Words that people use for parts of column names.
WORDS = {"median": "p50", "average": "mean", "p5": "p05", "watthours": "wh", "multiplier": "multiplier"}
UNITS = {"wh": "Wh", "gwh": "GWh/day", "gwh/day": "GWh/day", "x": "x", "j": "J per output token", "w": "W", "kw": "kW"}
UNITS |= {"tok/s": "tok/s", "mw": "MW", "ms": "ms", "%": "", "tokens": "tokens"}
NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?(e[+-]?[0-9]+)?%?")
ROW = re.compile(r"row ([0-9]+)")
# Columns of numbers that name or place a row; a value in them is not looked for.
NAMING = ("line", "draws", "gpus", "nodes", "requests", "responses")
NAMING_ENDS = ("_parallel", "_se")
LISTED = 8
LARGEST = 2000  # rows that are looked at more closely


@dataclass(frozen=True, kw_only=True)
class Found:
    """A number that a question names.

    Attributes:
        table: name of a public table.
        position: of the row in the table.
        row: the row.
        column: of the number.
        assumed: what the question left open, and how it was taken.
    """

    table: str
    position: int
    row: dict
    column: str
    assumed: str = ""

    @property
    def words(self) -> str:
        """A question that names this number and no other."""
        return question_for(self.table, self.position, self.row, self.column)

    @property
    def command(self) -> str:
        """The command that explains it."""
        return f'make explain WHAT="{self.words}"'

    @property
    def value(self) -> float | int | None:
        """The number."""
        return self.row[self.column]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The number that is explained, and others that may have been meant; none where they are equally likely."""

    best: Found | None
    others: tuple[Found, ...] = ()


def question_for(table: str, position: int, row: dict, column: str) -> str:
    """A question that names one number: its table, the cells of its key, its column."""
    names = BY_NAME[table].key()
    cells = [_cell(row[name]) for name in names if row.get(name) is not None] if names else [f"row {position}"]
    return " ".join([table, *cells, column])


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(text: str) -> str:
    """Text as it is compared: small letters, anything but letters, digits, dots and percent signs as blanks."""
    return " ".join(re.sub(r"[^a-z0-9.%+]+", " ", text.casefold()).split())


def ask(evidence: Evidence, what: str) -> Answer:
    """The number that a question names.

    Args:
        evidence: of a finished build.
        what: words in any order, or a value as somebody printed it.

    Raises:
        InputError: nothing is asked, a word that nothing has, several rows that the words fit, a value that nothing
            prints as.
    """
    if not what.strip():
        raise InputError(
            'WHAT: found nothing; allowed: words such as WHAT="current long frontier", or a value: WHAT=4.32'
        )
    numbers = [word for word in what.split() if NUMBER.fullmatch(word.casefold())]
    others = [word for word in what.split() if word not in numbers]
    if numbers and all(word.casefold() in UNITS for word in others):
        return by_value(evidence, numbers[0], others)
    tables = _tables(evidence, what)
    for word in what.casefold().split():
        if evidence.unbuilt(word) and "method_bridge" not in what:
            raise InputError(
                f"WHAT: study {word} is not built; name it under studies in config/config.yaml and run `make`"
            )
    candidates = _all_candidates(tables, what)
    if candidates:
        return _best(candidates)
    if numbers:
        found = _values(evidence, numbers[0], others)
        if found:
            return _of_values(found)
    raise InputError(_nothing(evidence, tables, what))


# By words


@dataclass(frozen=True, kw_only=True)
class _Table:
    """One table as words.

    Attributes:
        name: of the table.
        frame: its rows.
        texts: every row as words, with a blank at both ends.
        columns: of numbers, each as words.
    """

    name: str
    frame: pl.DataFrame
    texts: pl.Series
    columns: dict[str, list[str]]

    @classmethod
    def of(cls, evidence: Evidence, name: str) -> "_Table":
        frame = evidence.table(name)
        keys = BY_NAME[name].key()
        cells = [
            pl.col(column).cast(pl.String) if frame.schema[column] == pl.String else _number_text(column)
            for column in dict.fromkeys([*keys, *_texts(frame, name)])
        ]
        joined = frame.select(pl.concat_str(cells, separator=" ", ignore_nulls=True).alias("text"))["text"]
        simple = joined.str.to_lowercase().str.replace_all(r"[^a-z0-9.%+]+", " ").str.strip_chars()
        columns = {column: column.split("_") for column, dtype in frame.schema.items() if dtype.is_numeric()}
        return cls(name=name, frame=frame, texts=" " + simple + " ", columns=columns)


def _number_text(column: str) -> pl.Expr:
    """A number of a key as people write it: 50, not 50.0."""
    text = pl.col(column).cast(pl.String)
    return text.str.strip_suffix(".0")


# Text that names nothing: sentences, addresses, checksums.
PROSE = {"note", "notes", "message", "reason", "basis", "citation", "url", "source_url", "sha256", "previous_sha256"}
PROSE |= {"licence", "file", "published_source", "locator", "evidence", "confidence", "read_on", "version", "query"}
PROSE |= {"throughput_basis", "aliases", "node_source", "published_on", "previous_read_on", "format", "title"}


def _texts(frame: pl.DataFrame, name: str) -> list[str]:
    return [column for column, dtype in frame.schema.items() if dtype == pl.String and column not in PROSE]


def _tables(evidence: Evidence, what: str) -> list[_Table]:
    """The tables that a question names, else all but those that are drawn."""
    named = [table.name for table in PUBLIC_TABLES if _names_table(table.name, what)]
    return [_Table.of(evidence, name) for name in named or _searched(evidence)]


def _searched(evidence: Evidence) -> list[str]:
    """Tables that are searched where none is named: those of numbers to cite that are built."""
    evidence.table("headline")  # it is always made: without it there is no finished build
    return [table.name for table in PUBLIC_TABLES if not table.drawn and evidence.is_built(table.name)]


def _words(what: str) -> list[str]:
    numbered = ROW.search(plain(what))
    return plain(ROW.sub("", plain(what)) if numbered else what).split()


def _all_candidates(tables: list[_Table], what: str) -> list[tuple[float, int, Found]]:
    numbered = ROW.search(plain(what))
    row, words = int(numbered[1]) if numbered else None, _words(what)
    found = []
    for order, table in enumerate(tables):
        found += _candidates(table, words, order, row, _named_column(table, what)) or _candidates(
            table, words, order, row
        )
    return sorted(found, key=lambda each: (-each[0], each[1], each[2].position))


def _best(candidates: list[tuple[float, int, Found]]) -> Answer:
    """The number that fits best.

    Raises:
        InputError: several rows of its table fit as well.
    """
    score, _, first = candidates[0]
    best = [found for fit, _, found in candidates if fit == score and found.table == first.table]
    if len(best) > 1:
        raise InputError(_ambiguous(best))
    others = _distinct([found for _, _, found in candidates[1:] if found.table != first.table])
    return Answer(best=first, others=tuple(others[:LISTED]))


def _names_table(name: str, what: str) -> bool:
    """Whether a question begins with the name of a table, or holds one that is more than a plain word."""
    words = what.split()
    return name in words and ("_" in name or words[0] == name)


def _distinct(found: Iterable[Found]) -> list[Found]:
    kept: dict[str, Found] = {}
    for each in found:
        kept.setdefault(each.table, each)
    return list(kept.values())


def _named_column(table: _Table, what: str) -> str | None:
    """The column that a question names as it is written: any with a blank for no `_`, and one at its end."""
    words = what.split()
    written = [word for place, word in enumerate(words, start=1) if "_" in word or place == len(words)]
    return next((word for word in reversed(written) if word in table.columns), None)


def _candidates(
    table: _Table, words: list[str], order: int, row: int | None, named: str | None = None
) -> list[tuple[float, int, Found]]:
    """Rows that have every word which is not of a column or of the table, each with how well it fits."""
    of_table = set(plain(table.name).split())
    has = {word: _has(table, word) for word in dict.fromkeys(words)}
    of_columns = {part for parts in table.columns.values() for part in parts}
    elsewhere = {word for word in has if {word, WORDS.get(word, word)} & (of_columns | of_table)}
    if any(not has[word].any() and word not in elsewhere for word in has):
        return []
    mask = pl.repeat(True, len(table.frame), eager=True)
    for word, here in has.items():
        if word not in elsewhere:
            mask = mask & here
    if row is not None:
        mask = mask & (pl.int_range(len(table.frame), eager=True) == row)
    scored = []
    for position in mask.arg_true()[:LARGEST]:
        missing = [word for word in has if not has[word][position] and word not in of_table]
        column = _column(table, words, missing, named)
        if column is not None:
            cells = table.frame.row(position, named=True)
            score, assumed = _score(table, cells, words, column)
            each = Found(table=table.name, position=position, row=cells, column=column, assumed=assumed)
            scored.append((score, order, each))
    return scored


def _has(table: _Table, word: str) -> pl.Series:
    found = table.texts.str.contains(f" {word} ", literal=True)
    return found | table.texts.str.contains(f" {WORDS[word]} ", literal=True) if word in WORDS else found


def _column(table: _Table, words: list[str], needed: list[str], named: str | None) -> str | None:
    """The column that has all the words that nothing else has; the usual one where there are none."""
    wanted, asked = {WORDS.get(word, word) for word in needed}, {*words, *(WORDS.get(word, word) for word in words)}
    fitting = [name for name, parts in table.columns.items() if {*needed} <= {*parts} or wanted <= {*parts}]
    if named:
        return named if named in fitting else None
    exact = [name for name in fitting if set(table.columns[name]) <= asked]
    if exact:
        return max(exact, key=lambda name: len(table.columns[name]))
    usual = [name for name in USUAL if name in fitting]
    return next(iter(usual), None) or min(fitting, key=lambda name: len(table.columns[name]), default=None)


def _score(table: _Table, row: dict, words: list[str], column: str) -> tuple[float, str]:
    """How well a row and column fit: cells of the key that are named in full, less those that are not."""
    asked, score, assumed, text = set(words), 0.0, [], f" {' '.join(words)} "
    left = Counter(words)  # a word names one cell: `gpu_boards` does not name a group `gpu` as well
    cells = {name: plain(_cell(row[name])).split() for name in BY_NAME[table.name].key() if row[name] is not None}
    for name in sorted(cells, key=lambda name: -len(cells[name])):
        needed = Counter(cells[name])
        if needed <= left:
            left -= needed
            score += 2.5 if f" {' '.join(cells[name])} " in text else 2
        elif row[name] == DEFAULTS.get(name, _usual_boundary(table.name) if name == "boundary" else None):
            assumed.append(f"{name} {row[name]}")
        else:
            score -= 1 if set(needed) & asked else 1.5
    if column in USUAL and not set(table.columns[column]) <= asked:
        assumed.append(f"column {column}")
    elif set(table.columns[column]) <= asked:
        score += 2 + len(table.columns[column]) / 4
    if set(plain(table.name).split()) <= asked:
        score += 3
    return score - (2 if BY_NAME[table.name].drawn else 0), ", ".join(assumed)


def _usual_boundary(table: str) -> str:
    return "fleet" if table == "scenario_aggregates" else "datacenter"


def _ambiguous(found: list[Found]) -> str:
    table = found[0].table
    names = [name for name in (BY_NAME[table].key() or list(found[0].row)) if isinstance(name, str)]
    differ = {name: list(dict.fromkeys(_cell(each.row[name]) for each in found)) for name in names}
    open_keys = [
        f"{name}: {', '.join(values[:6])}{', ...' if len(values) > 6 else ''}"
        for name, values in differ.items()
        if len(values) > 1
    ]
    first = "; such as " + " or ".join(each.command for each in found[:3])
    return f"WHAT: {len(found)} rows of {table} fit; say which: {'; '.join(open_keys)}{first}"


def _nothing(evidence: Evidence, tables: list[_Table], what: str) -> str:
    words, vocabulary = _words(what), set()
    for table in tables:
        unique = table.texts.unique().to_list() if len(table.frame) < 6000 else table.texts.head(1).to_list()
        vocabulary |= {word for text in unique for word in text.split()}
        vocabulary |= {part for parts in table.columns.values() for part in parts} | set(plain(table.name).split())
    for name in what.split():
        text = [table for table in tables if name in table.frame.columns and name not in table.columns]
        if text:
            rows = f"{text[0].name}.{name}"
            return f"WHAT: {rows} is text; allowed: a column of numbers, such as {one_of(list(text[0].columns)[:6])}"
    unknown = sorted((word for word in words if word not in vocabulary), key=lambda word: bool(NUMBER.fullmatch(word)))
    if unknown:
        letters = "[a-z]+" if unknown[0].isalpha() else "[a-z0-9.]*[a-z][a-z0-9.]*"
        known = [word for word in vocabulary if re.fullmatch(letters, word)]
        return f"WHAT: no table, row or column has the word {unknown[0]!r}; allowed: {like(unknown[0], known)}"
    for left_out in words:
        rest = [word for word in words if word != left_out]
        found = [found for table in tables for found in _candidates(table, rest, 0, None)]
        if found:
            best = max(found, key=lambda each: each[0])[2]
            return f"WHAT: nothing has all of these words; without {left_out!r}, for instance {best.command}"
    return f"WHAT: nothing has all of these words: {what!r}; allowed: those of one row and one column"


# By value


def by_value(evidence: Evidence, number: str, words: list[str]) -> Answer:
    """The public numbers that print as a value at as many digits, headline numbers first.

    Args:
        evidence: of a finished build.
        number: as it was printed.
        words: units and further words that the row or column must have.

    Raises:
        InputError: none does.
    """
    found = _values(evidence, number, words)
    if not found:
        named = f" with {' '.join(words)!r}" if words else ""
        near = _nearest(evidence, _printed(number, words)[0])
        raise InputError(
            f"WHAT: no public number{named} prints as {number}; the nearest headline number is {near.value:g}:"
            f" {near.command}"
        )
    return _of_values(found)


def _values(evidence: Evidence, number: str, words: list[str]) -> list[tuple[float, Found]]:
    """Every number that prints as a value, with how likely it is meant, the best first."""
    value, half = _printed(number, words)
    percent = number.endswith("%") or "%" in words
    units = {UNITS[word.casefold()] for word in words if UNITS.get(word.casefold())}
    further = _words(" ".join(word for word in words if word.casefold() not in UNITS))
    found: list[tuple[float, int, Found]] = []
    for name in _searched(evidence):
        of, key = _Table.of(evidence, name), evidence.key(name)
        for column, parts in of.columns.items():
            if column in (*NAMING, *key) or column.endswith(NAMING_ENDS) or (percent and "share" not in parts):
                continue
            near = (of.frame[column].cast(pl.Float64) - value).abs() <= half * (1 + 1e-9)
            for position in near.arg_true():
                row = of.frame.row(position, named=True)
                in_unit = not units or evidence.unit(name, column, row) in units
                if in_unit and _fits(parts, of.texts[position], further):
                    # What a study reproduces is explained beside what is printed.
                    reproduced = column == "published" and row["within"] is not None
                    each = Found(table=name, position=position, row=row, column="computed" if reproduced else column)
                    found.append((_rank(name, row, column), len(of.frame), each))
    found.sort(key=lambda each: (-each[0], each[1], each[2].position))
    kept: dict[tuple[str, int], tuple[float, Found]] = {}  # the best column of every row
    for rank, _, each in found:
        kept.setdefault((each.table, each.position), (rank, each))
    return list(kept.values())


def _of_values(found: list[tuple[float, Found]]) -> Answer:
    ranks, numbers = [rank for rank, _ in found], [each for _, each in found]
    if len(found) > 1 and ranks[0] == ranks[1]:
        return Answer(best=None, others=tuple(numbers))
    return Answer(best=numbers[0], others=tuple(numbers[1:]))


def _nearest(evidence: Evidence, value: float) -> Found:
    rows = evidence.table("headline")
    position = int((rows["computed"] - value).abs().arg_min())
    return Found(table="headline", position=position, row=rows.row(position, named=True), column="computed")


def _printed(number: str, words: Iterable[str]) -> tuple[float, float]:
    """Value of a printed number and half a unit of its last digit; a percentage is a share."""
    text = number.casefold().replace(",", "").rstrip("%")
    scale = 0.01 if number.endswith("%") or "%" in words else 1.0
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    power = int(exponent or 0)
    return float(text) * scale, 0.5 * 10 ** (power - decimals) * scale


def _fits(parts: list[str], text: str, further: list[str]) -> bool:
    return all(f" {word} " in text or {word, WORDS.get(word, word)} & {*parts} for word in further)


def _rank(table: str, row: dict, column: str) -> float:
    """Headline numbers that are both printed and computed so, then computed, printed, of all runs, usual, others."""
    if table == "headline":
        computed, published = row["computed"], row["published"]
        both = published is not None and computed is not None and math.isclose(computed, published, rel_tol=0.02)
        return {"computed": 30.0, "published": 20.0}.get(column, 10.0) + (5.0 if both else 0.0)
    whole = any(row.get(name) == value for name, value in DEFAULTS.items() if value == "all")
    return (5.0 if column in USUAL else 1.0) + (1.0 if whole else 0.0)
