"""Pages of one file each, from templates of HTML or Markdown: all text is escaped, addresses in it become links."""

import inspect
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from inference_energy.common import files
from inference_energy.common.escaped import markdown
from inference_energy.common.links import LINK, address, web_address

CODE = re.compile(r"`([^`]+)`")


def write(path: Path, template: Path, **content: object) -> None:
    """Write a page from its template; templates that it extends lie in the same folder."""
    environment = _environment(template.parent, marked=template.name.endswith(".md.j2"))
    files.write(path, environment.get_template(template.name).render(**content))


def _environment(folder: Path, *, marked: bool) -> Environment:
    """Where templates of HTML, or of Markdown, are read: both escape all text but what they make themselves."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        finalize=(lambda text: text if isinstance(text, Markup) else Markup(markdown(str(text)))) if marked else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {of.__name__: of for of in (inline, paragraphs, breakable, web_address)}
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
