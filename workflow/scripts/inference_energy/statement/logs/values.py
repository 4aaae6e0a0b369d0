"""Conditions on values, units of tokens and notations of numbers, as SQL."""

import re

from inference_energy.common.escaped import sql

WHOLE = r"^\s*-?\d+(\.0{1,2})?\s*$"  # 120.0, but not 1.000, which may be a thousand
DECIMAL = r"^\s*-?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*$"
UNIT = r"(?i)^\s*([0-9,]*)\s*([KM]?)\s*(?:tokens?|units?)?\s*$"
THOUSANDS = {"": 1, "K": 1_000, "M": 1_000_000}


def unit_factor(text: str) -> int | None:
    """Tokens of a unit such as `1K tokens`; null for a text that is no unit."""
    match = re.match(UNIT, text)
    if match is None or not text.strip():
        return None
    count = match[1].replace(",", "") or "1"
    return int(count) * THOUSANDS[match[2].upper()] if count.isdigit() else None


def holds(value: str, word: str, of: object) -> str:
    """One part of a condition on a value."""
    if word == "in":
        return f"lower({value}) IN ({texts(of)})"
    if word == "not":
        return f"(lower({value}) NOT IN ({texts(of)}) OR {value} IS NULL)"
    if word == "stated":
        return f"(coalesce({value}, '') {'<>' if of else '='} '')"
    if word == "matches":
        return f"regexp_matches({value}, {sql(str(of))}, 'i')"
    return f"(TRY_CAST({value} AS DOUBLE) > {of})"  # above


def texts(values: object) -> str:
    """Texts of SQL to compare with, in small letters."""
    return ", ".join(sql(_text(value)) for value in (values if isinstance(values, list) else [values]))


def _text(value: object) -> str:
    return str(value).strip().lower()


def unit_of(value: str) -> str:
    """Tokens of the unit that a text names, as SQL; NULL for a text that is no unit."""
    groups = f"regexp_extract({value}, {sql(UNIT)}, ['count', 'letter'])"
    count = f"coalesce(TRY_CAST(nullif(replace({groups}.count, ',', ''), '') AS BIGINT), 1)"
    letters = " ".join(f"WHEN {sql(letter)} THEN {factor}" for letter, factor in THOUSANDS.items())
    factor = f"{count} * (CASE upper({groups}.letter) {letters} END)"
    return f"(CASE WHEN {is_unit(value)} THEN {factor} END)"


def is_unit(value: str) -> str:
    """Whether a text is a unit of tokens, as SQL."""
    return f"(regexp_full_match({value}, {sql(UNIT)}) AND trim({value}) <> '')"
