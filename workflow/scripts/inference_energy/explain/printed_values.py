"""The number that a question asks for by its printed value."""

import math
from collections.abc import Iterable

import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.explain.build import Build
from inference_energy.explain.searched import DEFAULTS, USUAL, WORDS, Answer, Found, TableInWords, searched, words_of

UNITS = {"wh": "Wh", "gwh": "GWh/day", "gwh/day": "GWh/day", "x": "x", "j": "J per output token", "w": "W", "kw": "kW"}
UNITS |= {"tok/s": "tok/s", "mw": "MW", "ms": "ms", "%": "", "tokens": "tokens"}
# Columns of numbers that name or place a row; a value in them is not looked for.
NAMING = ("line", "draws", "gpus", "nodes", "requests", "responses")
NAMING_ENDS = ("_parallel", "_se")


def by_value(build: Build, number: str, words: list[str]) -> Answer:
    """The public numbers that print as a value at as many digits, headline numbers first.

    The row or column must have the words: units and others.

    Raises:
        InputError: none does.
    """
    found = printing(build, number, words)
    if not found:
        named = f" with {' '.join(words)!r}" if words else ""
        rows, value = build.table("headline"), printed(number, words)[0]
        place = int((rows["computed"] - value).abs().arg_min())
        near = Found(table="headline", position=place, row=rows.row(place, named=True), column="computed")
        raise InputError(
            f"WHAT: no public number{named} prints as {number}; the nearest headline number is {near.value:g}:"
            f" {near.command}"
        )
    return likeliest(found)


def printing(build: Build, number: str, words: list[str]) -> list[tuple[float, Found]]:
    """Every number that prints as a value, with how likely it is meant, the best first."""
    value, half = printed(number, words)
    percent = number.endswith("%") or "%" in words
    units = {UNITS[word.casefold()] for word in words if UNITS.get(word.casefold())}
    further = words_of(" ".join(word for word in words if word.casefold() not in UNITS))
    found: list[tuple[float, int, Found]] = []
    for name in searched(build):
        of, key = TableInWords.of(build, name), build.key(name)
        for column, parts in of.columns.items():
            if column in (*NAMING, *key) or column.endswith(NAMING_ENDS) or (percent and "share" not in parts):
                continue
            near = (of.frame[column].cast(pl.Float64) - value).abs() <= half * (1 + 1e-9)
            for position in near.arg_true():
                row = of.frame.row(position, named=True)
                in_unit = not units or build.unit(name, column, row) in units
                if in_unit and _fits(parts, of.texts[position], further):
                    # The computed value is explained next to the printed one that it reproduces.
                    reproduced = column == "published" and row["within"] is not None
                    each = Found(table=name, position=position, row=row, column="computed" if reproduced else column)
                    found.append((_rank(name, row, column), len(of.frame), each))
    found.sort(key=lambda each: (-each[0], each[1], each[2].position))
    kept: dict[tuple[str, int], tuple[float, Found]] = {}  # the best column of every row
    for rank, _, each in found:
        kept.setdefault((each.table, each.position), (rank, each))
    return list(kept.values())


def likeliest(found: list[tuple[float, Found]]) -> Answer:
    """The first of ranked numbers, unless the second is as likely."""
    numbers = tuple(each for _, each in found)
    if len(found) > 1 and found[0][0] == found[1][0]:
        return Answer(best=None, others=numbers)
    return Answer(best=numbers[0], others=numbers[1:])


def printed(number: str, words: Iterable[str]) -> tuple[float, float]:
    """Value of a printed number and half a unit of its last digit; a percentage is a share."""
    text = number.casefold().replace(",", "").rstrip("%")
    scale = 0.01 if number.endswith("%") or "%" in words else 1.0
    mantissa, _, exponent = text.partition("e")
    power = int(exponent or 0) - len(mantissa.partition(".")[2])
    return float(text) * scale, 0.5 * 10**power * scale


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
