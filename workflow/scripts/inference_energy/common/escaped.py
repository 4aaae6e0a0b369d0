"""Text from outside, escaped for the place that it goes to: one function for every place.

Pages are escaped by their templates (`html.py`); addresses that become links go through `links.web_address`.
"""

import json
import re
import shlex
import sys
import unicodedata
from pathlib import Path
from typing import Any, TextIO

import polars as pl

from inference_energy.common.links import ADDRESS

# Code, addresses, signs that mean something anywhere, and those that do at the beginning of a line.
_MARKDOWN = re.compile(
    rf"(?P<code>`[^`|]+`)|(?P<url>{ADDRESS.pattern})|(?P<number>^\d+(?=[.)](\s|$)))"
    r"|[\\`*_{}\[\]<|~$]|&(?=[#\w])|^[#>]|^[-+=](?=[-=\s]|$)"
)
# Texts that programs of spreadsheets take for formulas, and those that begin with an apostrophe on that account.
_FORMULA = "('*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])"


def terminal(text: str) -> str:
    """Text in one line of a terminal or of a drawing: what cannot be printed is shown as its escape in JSON."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or unicodedata.category(sign) == "Zs" else json.dumps(sign)[1:-1] for sign in text
    )


def show(*lines: str, file: TextIO | None = None) -> None:
    """Print lines."""
    print("".join(f"{terminal(line)}\n" for line in lines), end="", file=file or sys.stdout, flush=True)


def markdown(text: str) -> str:
    """Text in Markdown, inside and outside of tables, in one line; addresses are links, text between backticks code."""
    return _MARKDOWN.sub(_in_markdown, terminal(" ".join(text.split())))


def _in_markdown(found: re.Match) -> str:
    if found["url"]:
        return f"<{found[0]}>".replace("|", "%7C")
    return found[0] if found["code"] else f"{found[0]}\\" if found["number"] else f"\\{found[0]}"


def write_csv(frame: pl.DataFrame, path: Path | str) -> None:
    """Write a table that spreadsheets take for no formula: texts that look like one get an apostrophe in front."""
    frame.with_columns(pl.selectors.string().str.replace(f"^{_FORMULA}", "'${1}")).write_csv(path)


def read_csv(path: Path | str, **options: Any) -> pl.DataFrame:
    """A table that `write_csv` wrote, with the texts as they were."""
    return pl.read_csv(path, **options).with_columns(pl.selectors.string().str.replace(f"^'{_FORMULA}", "${1}"))


def shell(text: str) -> str:
    """Text as one word of a command to copy."""
    text = terminal(" ".join(text.split()))
    return shlex.quote(text) if re.search(r'["$`\\!]', text) else f'"{text}"'


def sql(text: str) -> str:
    """Text as SQL."""
    return "'" + text.replace("'", "''") + "'"
