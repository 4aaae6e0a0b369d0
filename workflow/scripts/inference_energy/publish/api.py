"""Documentation of the installed package: its reference, from docstrings, and a guide whose examples are run."""

import contextlib
import inspect
import io
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import typer

import inference_energy
from inference_energy.answers.tables import FACTORS
from inference_energy.embedding.command import app
from inference_energy.tables.columns import columns_of, comment, unit_of

HEAD = """# Python and command line

Written by `make api` from the code; [estimates.md](estimates.md) has examples.

The package answers single questions without a build. It holds the fitted tables of one, with their version and a hash
of their contents (`inference-energy --version`). Everything public is imported from `inference_energy`:
"""
FIELD = re.compile(r"^    (\w+): [^#\n]*# (.*)$", re.MULTILINE)  # of a dataclass, with its comment
CODE = re.compile(r"(?P<code>```python\n(?P<source>.*?)```\n)(\n```text\n.*?```\n)?", re.DOTALL)


def reference() -> str:
    """Every public name with its signature and docstring, every command, every column of the factor table."""
    names = [part for name in inference_energy.__all__ for part in _name(name, getattr(inference_energy, name))]
    return "\n".join([HEAD, *names, *_commands(), *_columns()]) + "\n"


def _name(name: str, of: Any) -> Iterator[str]:
    signature = str(inspect.signature(of)) if callable(of) else ""
    signature = re.sub(r"\b(?:inference_energy|polars|typing|collections\.abc)(?:\.\w+)*\.(\w+)", r"\1", signature)
    yield f"## `{name}`\n"
    if not (inspect.isclass(of) and issubclass(of, Exception)):
        lines = textwrap.wrap(name + signature, 100, subsequent_indent="    ", break_long_words=False)
        yield "\n".join(["```python", *lines, "```", ""])
    yield _markdown(inspect.cleandoc(of.__doc__ or "")) + "\n"
    if inspect.isclass(of):
        lines = FIELD.findall(inspect.getsource(of))
        lines = [f"- `{field}`: {meaning}" for field, meaning in lines] + [
            f"- `.{part}`: {inspect.cleandoc(what.__doc__)}"
            for part, what in vars(of).items()
            if not part.startswith("_") and getattr(what, "__doc__", None) and (callable(what) or _computed(what))
        ]
        yield "\n".join([*lines, ""]) if lines else ""


def _markdown(doc: str) -> str:
    """A docstring with its sections as lists."""
    sections = re.split(r"^(Args|Returns|Raises):\n", doc, flags=re.MULTILINE)
    parts = [sections[0].rstrip()]
    for head, body in zip(sections[1::2], sections[2::2], strict=True):
        lines = re.sub(r"\n {8,}", " ", body.rstrip()).splitlines()
        words = [re.sub(r"^ {4}(\w+): ", r"- `\1`: ", line).strip() for line in lines]
        parts.append("\n".join([f"**{head}**", "", *words]))
    return "\n\n".join(parts)


def _computed(what: Any) -> bool:
    return isinstance(what, property) or type(what).__name__ == "cached_property"


def _commands() -> Iterator[str]:
    group = typer.main.get_command(app)
    yield f"## The command\n\n{group.help}\n"
    yield "| command | what it does |\n|---|---|"
    for name, command in group.commands.items():
        yield f"| `{name}` | {' '.join(command.help.split())} |"
    yield "\nOptions of `estimate`, which most other commands share:\n\n| option | meaning |\n|---|---|"
    for option in group.commands["estimate"].params:
        names = option.opts if option.opts[0].startswith("-") else [option.metavar]
        yield f"| {', '.join(f'`{name}`' for name in names)} | {option.help} |"
    yield f"\n{group.epilog}\n"


FACTORS_TOLD = """## The factor table

`results/factors.csv`, `.parquet` and `.json`, and `factor_table()`: one row per model, GPU, number format, context,
speed and boundary. A query takes uncached prompt tokens, cached prompt tokens and answer tokens, each times its factor
over 1,000; for the lengths of the row's context this is exact. Emissions and water are proportional to the energy:
multiply by the zone's `gco2e_per_wh`, which `factors.json` holds beside the rows. The document follows
`docs/factors.schema.json`. `factor_id` stays the same as long as the names that it consists of do.

| column | meaning |
|---|---|"""


def _columns() -> Iterator[str]:
    yield FACTORS_TOLD
    for name, of in columns_of(FACTORS).items():
        yield f"| `{name}` | {comment(of.description, unit_of(of))} |"


def with_outputs(text: str) -> str:
    """A guide whose blocks of Python have been run, one after the other, each with what it printed below it."""
    names: dict[str, Any] = {}

    def run(found: re.Match) -> str:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            exec(compile(found["source"], "estimates.md", "exec"), names)
        output = told.getvalue().rstrip()
        return found["code"] + (f"\n```text\n{output}\n```\n" if output else "")

    return CODE.sub(run, text)
