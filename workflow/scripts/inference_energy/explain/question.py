"""The number that a question asks for: by words of its row and column, or by its value."""

import re
from collections import Counter
from functools import reduce
from operator import and_

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.explain.build import Build
from inference_energy.explain.printed_values import UNITS, by_value, likeliest, printing
from inference_energy.explain.searched import (
    DEFAULTS,
    OF_MEANS,
    ROW,
    USUAL,
    WORDS,
    Answer,
    Found,
    TableInWords,
    cell,
    plain,
    tables,
    words_of,
)
from inference_energy.publish.catalogue import BY_NAME

NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?(e[+-]?[0-9]+)?%?")
LISTED = 8
LARGEST = 2000  # rows that are looked at more closely


def ask(build: Build, what: str) -> Answer:
    """The number that a question names.

    It has words in any order, or a printed value.

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
        return by_value(build, numbers[0], others)
    known = tables(build, what)
    for word in what.casefold().split():
        if build.unbuilt(word) and "method_bridge" not in what:
            raise InputError(
                f"WHAT: study {word} is not built; name it under studies in config/config.yaml and run `make`"
            )
    candidates = _all_candidates(known, what)
    if candidates:
        return _best(candidates)
    printing_so = printing(build, numbers[0], others) if numbers else []
    if printing_so:
        return likeliest(printing_so)
    raise InputError(_nothing(known, what))


def _all_candidates(known: list[TableInWords], what: str) -> list[tuple[float, Found]]:
    """What the words fit, the best first: of those that fit as well, in the order of the tables and their rows."""
    numbered = ROW.search(plain(what))
    row, words = int(numbered[1]) if numbered else None, words_of(what)
    found = []
    for table in known:
        found += _candidates(table, words, row, _named_column(table, what)) or _candidates(table, words, row)
    return sorted(found, key=lambda each: -each[0])


def _best(candidates: list[tuple[float, Found]]) -> Answer:
    """The number that fits best.

    Raises:
        InputError: several rows of its table fit as well.
    """
    score, first = candidates[0]
    best = [found for fit, found in candidates if fit == score and found.table == first.table]
    if len(best) > 1:
        raise InputError(_ambiguous(best))
    others: dict[str, Found] = {}
    for _, found in candidates:
        others.setdefault(found.table, found)
    return Answer(best=first, others=tuple(others.values())[1 : LISTED + 1])


def _named_column(table: TableInWords, what: str) -> str | None:
    """The column that a question names as it is written: any with a blank for no `_`, and one at its end."""
    words = what.split()
    written = [word for place, word in enumerate(words, start=1) if "_" in word or place == len(words)]
    return next((word for word in reversed(written) if word in table.columns), None)


def _candidates(
    table: TableInWords, words: list[str], row: int | None = None, named: str | None = None
) -> list[tuple[float, Found]]:
    """Rows that have every word which is not of a column or of the table, each with how well it fits."""
    of_table = set(plain(table.name).split())
    has = {word: _has(table, word) for word in dict.fromkeys(words)}
    elsewhere = of_table.union(*table.columns.values())
    needed = [here for word, here in has.items() if not {word, WORDS.get(word, word)} & elsewhere]
    mask = reduce(and_, needed, pl.repeat(True, len(table.frame), eager=True))
    positions = mask.arg_true()[:LARGEST] if row is None else [row] if row < len(mask) and mask[row] else []
    scored = []
    for position in positions:
        missing = [word for word in has if not has[word][position] and word not in of_table]
        column = _column(table, words, missing, named)
        if column is not None:
            cells = table.frame.row(position, named=True)
            score, assumed = _score(table, cells, words, column)
            each = Found(table=table.name, position=position, row=cells, column=column, assumed=assumed)
            scored.append((score, each))
    return scored


def _has(table: TableInWords, word: str) -> pl.Series:
    found = table.texts.str.contains(f" {word} ", literal=True)
    return found | table.texts.str.contains(f" {WORDS[word]} ", literal=True) if word in WORDS else found


def _column(table: TableInWords, words: list[str], needed: list[str], named: str | None) -> str | None:
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


def _score(table: TableInWords, row: dict, words: list[str], column: str) -> tuple[float, str]:
    """How well a row and column fit: cells of the key that are named in full, less those that are not."""
    asked, score, assumed, text = set(words), 0.0, [], f" {' '.join(words)} "
    usual_boundary = "fleet" if table.name == "scenario_aggregates" else "datacenter"
    left = Counter(words)  # a word names one cell: `gpu_boards` does not name a group `gpu` as well
    cells = {name: plain(cell(row[name])).split() for name in BY_NAME[table.name].key() if row[name] is not None}
    for name in sorted(cells, key=lambda name: -len(cells[name])):
        needed = Counter(cells[name])
        if needed <= left:
            left -= needed
            score += 2.5 if f" {' '.join(cells[name])} " in text else 2
        elif column.endswith("_mean") and row[name] == OF_MEANS.get(name):
            score += 0.5
            assumed.append(f"{name} {row[name]}")
        elif row[name] == (usual_boundary if name == "boundary" else DEFAULTS.get(name)):
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


def _ambiguous(found: list[Found]) -> str:
    table = found[0].table
    names = BY_NAME[table].key() or found[0].row
    differ = {name: list(dict.fromkeys(cell(each.row[name]) for each in found)) for name in names}
    open_keys = [
        f"{name}: {', '.join(values[:6])}{', ...' if len(values) > 6 else ''}"
        for name, values in differ.items()
        if len(values) > 1
    ]
    first = "; such as " + " or ".join(each.command for each in found[:3])
    return f"WHAT: {len(found)} rows of {table} fit; say which: {'; '.join(open_keys)}{first}"


def _nothing(known: list[TableInWords], what: str) -> str:
    words, vocabulary = words_of(what), set()
    for table in known:
        texts = table.texts.unique() if len(table.frame) < 6000 else table.texts.head(1)
        vocabulary.update(*map(str.split, texts), *table.columns.values(), plain(table.name).split())
    for name in what.split():
        for table in known:
            if name in table.frame.columns and name not in table.columns:
                allowed = f"a column of numbers, such as {one_of(list(table.columns)[:6])}"
                return f"WHAT: {table.name}.{name} is text; allowed: {allowed}"
    unknown = sorted((word for word in words if word not in vocabulary), key=lambda word: bool(NUMBER.fullmatch(word)))
    if unknown:
        letters = "[a-z]+" if unknown[0].isalpha() else "[a-z0-9.]*[a-z][a-z0-9.]*"
        alike = [word for word in vocabulary if re.fullmatch(letters, word)]
        return f"WHAT: no table, row or column has the word {unknown[0]!r}; allowed: {like(unknown[0], alike)}"
    for left_out in words:
        rest = [word for word in words if word != left_out]
        found = [found for table in known for found in _candidates(table, rest)]
        if found:
            _, best = max(found, key=lambda each: each[0])
            return f"WHAT: nothing has all of these words; without {left_out!r}, for instance {best.command}"
    return f"WHAT: nothing has all of these words: {what!r}; allowed: those of one row and one column"
