"""Pages of one file each, from templates: in HTML all text is escaped, addresses in it become links."""

import inspect
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from inference_energy.common import files
from inference_energy.common.links import LINK, address

CODE = re.compile(r"`([^`]+)`")


def write(path: Path, template: Path, **content: object) -> None:
    """Write a page from its template; templates that it extends lie in the same folder."""
    text = _environment(template.parent).get_template(template.name).render(**content)
    files.write(path, text)


def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=lambda template: template is None or not template.endswith(".md.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"inline": inline, "paragraphs": paragraphs, "breakable": breakable, "cell": cell}
    return environment


def inline(text: str) -> Markup:
    """Text with its addresses as links and text between backticks as code."""
    parts = CODE.split(text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if number % 2 else _linked(part) for number, part in enumerate(parts)
    )


def _linked(text: str) -> Markup:
    found, end = Markup(), 0
    for match in LINK.finditer(text):
        found += escape(text[end : match.start()]) + Markup('<a href="{}">{}</a>').format(address(match), match[0])
        end = match.end()
    return found + escape(text[end:])


def paragraphs(text: str) -> Markup:
    """A docstring as paragraphs; indented text stays as it is written."""
    found = Markup()
    for block in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if block.startswith(" "):
            found += Markup("<pre>{}</pre>\n").format(inspect.cleandoc(block))
        else:
            found += Markup("<p>{}</p>\n").format(inline(" ".join(block.split())))
    return found


def breakable(name: str) -> Markup:
    """A long name that may go on in the next line behind a dot, an underscore or a slash."""
    return Markup("<wbr>").join(re.split(r"(?<=[._/])", name))


def cell(text: str) -> str:
    """Text in a table of Markdown: bars and tags are escaped, and all text is in one line."""
    return re.sub(r"([\\|<>*_`\[\]])", r"\\\1", " ".join(text.split()))
