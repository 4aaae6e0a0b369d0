"""Steps that a derivation ends in: benchmark rows, resources, study keys, assumptions, published values, results."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from operator import getitem
from pathlib import Path
from types import ModuleType

from inference_energy.common import comments
from inference_energy.common.files import ROOT, lines
from inference_energy.common.links import first_url
from inference_energy.common.step import Node, Place, Value
from inference_energy.explain.build import Build

# What is quoted of a benchmark row, where it has it.
QUOTED = (
    *("row_id", "model", "gpu", "gpus", "precision", "engine", "engine_version", "load", "input_tokens"),
    *("output_tokens", "concurrency", "throughput_tok_per_s", "throughput_scope", "energy_j_per_output_token"),
    *("power_w", "energy_wh", "subject", "boundary"),
)


def quoted(cells: dict[str, str] | str, columns: Iterable[str] = QUOTED) -> str:
    """Cells of a row as text: `column=cell`, those that are not empty."""
    if isinstance(cells, str):
        return cells.strip()
    return ", ".join(f"{name}={cells[name]}" for name in columns if cells.get(name))


def origin_text(origin: dict) -> str:
    """Publisher, title and licence."""
    return f"{origin['publisher']}: {origin['title']} ({origin['licence']})"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Ends of derivations, each a step with its place."""

    build: Build = field(repr=False)  # the finished build that is explained

    def benchmark(self, row: dict, columns: Iterable[str] = QUOTED, label: str = "", **facts: Value) -> Node:
        """A row of the corpus, with `source, row_id, file, line`: its line, and where it was published.

        `facts` are further attributes of the node, such as the value that is taken from the row.
        """
        label = label or f"{row['source']} {row['row_id']}"
        place = replace(self._line("benchmark", row, columns), key=row["row_id"])
        return Node(label=label, place=replace(place, url=row.get("url") or place.url), **facts)

    def corpus_row(self, row: dict, table: str = "throughput", **facts: Value) -> Node:
        """The row of the corpus that another one names."""
        return self.benchmark(self.build.row(table, source=row["source"], row_id=row["row_id"]), **facts)

    def workload_line(self, row: dict, columns: Iterable[str] | None = None, **facts: Value) -> Node:
        """A row of a table of workloads or services: its line, quoted in full or by columns, and where it stood."""
        label = f"{row['source']} line {row['line']}"
        return Node(**{"label": label, "place": self._line("workload", row, columns)} | facts)

    def _line(self, kind: str, row: dict, columns: Iterable[str] | None) -> Place:
        origin, cells = self.build.origin(row["file"]), self.build.cells(row["file"], row["line"])
        quote = quoted(cells, cells if columns is None else columns)
        facts = {"url": origin["url"], "origin": origin_text(origin)}
        return Place(kind=kind, file=row["file"], line=row["line"], quote=quote, **facts)

    def resource(
        self, file: str, key: dict[str, str], column: str, source: str = "source", note: str = "", **facts: Value
    ) -> Node:
        """A cell of a registry in `resources`, with the source that its row names.

        `key` has the cells that name the row, `source` the column that says where the row stands, and `note` the column
        with what a reader must know; `facts` are further attributes of the node.
        """
        line, cells = self.build.registry_row(file, **key)
        text = cells.get(column, "")
        place = Place(
            kind="resource",
            file=f"resources/{file}",
            line=line,
            key=", ".join(key.values()),
            quote=quoted(cells, [*key, column]),
            url=first_url(cells.get(source)),
            origin=cells.get(source, ""),
        )
        value = float(text) if re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", text) else text
        given = {"label": column.replace("_", " "), "value": value, "place": place, "note": cells.get(note, "")}
        return Node(**given | facts)

    def study_entry(self, study: str, keys: Iterable[str | int], **facts: Value) -> Node:
        """An entry of a study with its comments; a mapping or list as text."""
        file, line, comment = self.build.study_line(study, *map(str, keys))
        entries = self.build.study(study)
        place = Place(
            kind="study",
            file=file,
            line=line,
            key=".".join(map(str, keys)),
            quote=lines(self.build.root / file)[line - 1].strip(),
            url=first_url(comment) or first_url(entries.get("source")),
            origin=entries["title"],
        )
        value, label = reduce(getitem, keys, entries), str(keys[-1]).replace("_", " ")
        if isinstance(value, Mapping):
            value = [f"{name} {part}" for name, part in value.items()]
        shown = value if isinstance(value, int | float | str) else ", ".join(map(str, value))
        return Node(**{"label": label, "value": shown, "note": comment, "place": place} | facts)

    def setting(self, *keys: str | int, **facts: Value) -> Node:
        """A key of `config/config.yaml` with its comments."""
        return self._configured("config/config.yaml", keys, facts)

    def protocol(self, *keys: str | int, **facts: Value) -> Node:
        """A key of `config/validation.yaml` with its comments."""
        return self._configured("config/validation.yaml", keys, facts)

    def _configured(self, file: str, keys: Iterable[str | int], facts: dict[str, Value]) -> Node:
        path = self.build.root / file
        line, comment = comments.about(path.read_text(encoding="utf-8"), tuple(map(str, keys)))
        text, name = lines(path)[line - 1].strip(), ".".join(map(str, keys))
        place = Place(kind="configuration", file=file, line=line, key=name, quote=text)
        value = reduce(getitem, keys, self.build.yaml(file))
        return Node(**{"label": name, "value": value, "place": place, "note": comment} | facts)


def assumed(*code: Callable | ModuleType) -> tuple[Node, ...]:
    """The `# ASSUME:` comments next to some code, each with file and line.

    Raises:
        LookupError: code without any.
    """
    for of in code:
        if not comments.beside(of):
            raise LookupError(f"{of.__name__} has no # ASSUME:")
    return assumptions_of(*code)


def assumptions_of(*code: Callable | ModuleType) -> tuple[Node, ...]:
    """The `# ASSUME:` comments next to some code, if any."""
    places = {
        one.text: Place(kind="assumption", file=one.file, line=one.line, url=first_url(one.text))
        for of in code
        for one in comments.beside(of)
    }
    return tuple(Node(label="Assumption", note=text, place=place) for text, place in places.items())


def constant(module: ModuleType, name: str, label: str, **facts: Value) -> Node:
    """A constant of the code that stands for something published.

    `facts` are further attributes of the node, such as the value that is taken from a constant of several.
    """
    place = place_in(module, name, rf"{name}\b", module.__doc__)
    return Node(**{"label": label, "value": getattr(module, name), "place": place} | facts)


@cache
def place_in(module: ModuleType, name: str, pattern: str, source: str) -> Place:
    """The first line of a module that begins with a pattern, where it declares a name; `source` may have an address."""
    file = Path(module.__file__).resolve()
    line, text = next((line, text) for line, text in enumerate(lines(file), start=1) if re.match(pattern, text))
    path = file.relative_to(ROOT).as_posix()
    return Place(kind="constant", file=path, line=line, key=name, quote=text.strip(), url=first_url(source))
