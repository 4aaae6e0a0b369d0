"""Documents of the project as sources of the site: copied as they lie, with what they link to."""

import re
import shutil
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

DOCUMENTS = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "config/README.md", "results/README.md", "docs/*.md")
# Pages of a build that the site shows as they are.
PAGES = ("results/dashboard.html", "results/headline.html", "results/explanations.html", "results/methods.html")
HOME = "README.md"  # whose place the first page of the site takes
LINK = re.compile(r"(?P<before>\]\()(?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def staged(root: Path, stage: Path) -> list[str]:
    """Copy the documents, and every file that they link to, to the same places in another folder.

    Returns:
        Their paths, sorted.
    """
    found = sorted(str(path.relative_to(root)) for pattern in DOCUMENTS for path in root.glob(pattern))
    for name in found:
        text = (root / name).read_text(encoding="utf-8")
        target = stage / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(LINK.sub(lambda match, name=name: _link(match, name), text), encoding="utf-8")
        for linked in _linked(text, name):
            if linked not in (*found, HOME) and (root / linked).is_file():
                _copied(root / linked, stage / linked)
    return found


def _link(match: re.Match, document: str) -> str:
    """A link of a document, to the first page of the site where it is to README.md."""
    target, anchor = match["target"], match["anchor"] or ""
    if not OUTSIDE.match(target) and _resolved(target, document) == HOME:
        target = target.removesuffix(HOME) + "index.md"
    return f"{match['before']}{target}{anchor})"


def _linked(text: str, document: str) -> Iterator[str]:
    for match in LINK.finditer(text):
        if not OUTSIDE.match(match["target"]):
            yield _resolved(match["target"], document)


def _resolved(target: str, document: str) -> str:
    """Where a link of a document leads, from the folder of the project."""
    parts: list[str] = []
    for part in (PurePosixPath(document).parent / target).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def with_what_they_link(root: Path, pages: Iterable[str], site: Path) -> None:
    """Copy pages of a build to the same places in the site, and every file of the project that they link to.

    A folder that is linked becomes a page that lists its files.
    """
    waiting, seen = list(pages), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        source = root / name
        if source.is_dir():
            files = sorted(str(path.relative_to(source)) for path in source.rglob("*") if path.is_file())
            _listed(site / name / "index.html", name, files)
            waiting += [f"{name}/{file}" for file in files]
        elif source.is_file():
            if source.suffix == ".html":
                waiting += _of_page(root, source, name, site)
            else:
                _copied(source, site / name)


def _of_page(root: Path, source: Path, name: str, site: Path) -> list[str]:
    """Copy a page; folders that it links to get the name of the page that lists them.

    Returns:
        What it links to inside the project.
    """
    text = source.read_text(encoding="utf-8")
    inside = {href: _resolved(href.split("#")[0], name) for href in links(text) if not OUTSIDE.match(href)}
    inside = {href: target for href, target in inside.items() if href.split("#")[0]}
    for href, target in inside.items():
        if (root / target).is_dir():
            text = text.replace(f'href="{href}"', f'href="{href.rstrip("/")}/index.html"')
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text(text, encoding="utf-8")
    return sorted(inside.values())


def _listed(path: Path, name: str, files: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    items = "".join(f'<li><a href="{file}">{file}</a></li>\n' for file in files)
    path.write_text(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"></head>\n'
        f"<body><main><h1>{name}</h1>\n<ul>\n{items}</ul></main></body></html>\n",
        encoding="utf-8",
    )


def _copied(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.named: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key in ("href", "src") and value:
                self.found.append(value)
            if key in ("id", "name") and value:
                self.named.add(value)


def links(html: str) -> list[str]:
    """Every address that a page links to or loads, in its order."""
    return _parsed(html).found


def anchors(html: str) -> set[str]:
    """Every place of a page that a link can name."""
    return _parsed(html).named


def _parsed(html: str) -> _Links:
    parser = _Links()
    parser.feed(html)
    return parser
