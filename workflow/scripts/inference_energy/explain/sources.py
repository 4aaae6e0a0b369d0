"""Steps that a derivation ends in: benchmark rows, resources, study keys, assumptions, published values, results."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

from inference_energy.common import comments
from inference_energy.common.files import ROOT, lines
from inference_energy.common.links import first_url
from inference_energy.explain.build import BENCHMARKS, WORKLOADS, Evidence
from inference_energy.explain.step import RESULT, Node, Place, Value, digits

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


def benchmark(
    evidence: Evidence,
    row: dict,
    *,
    value: Value = None,
    unit: str = "",
    symbol: str = "",
    label: str = "",
    columns: Iterable[str] = QUOTED,
) -> Node:
    """A row of the corpus: what its line says, and where it was published.

    Args:
        evidence: of the build.
        row: with `source, row_id, file, line`.
        value: what is taken from it.
        unit: of that.
        symbol: its name in the formula above.
        label: what it is; by default its name.
        columns: that are quoted.
    """
    origin = evidence.origin(BENCHMARKS, row["source"])
    return Node(
        label=label or f"{row['source']} {row['row_id']}",
        symbol=symbol,
        value=value,
        unit=unit,
        place=Place(
            kind="benchmark",
            file=row["file"],
            line=row["line"],
            key=row["row_id"],
            quote=quoted(evidence.cells(row["file"], row["line"]), columns),
            url=row.get("url") or origin["url"],
            origin=origin_text(origin),
        ),
    )


def corpus_row(evidence: Evidence, source: str, row_id: str, table: str = "throughput", **facts: Value) -> Node:
    """`benchmark` by the row's name."""
    return benchmark(evidence, evidence.row(table, source=source, row_id=row_id), **facts)


def workload_line(evidence: Evidence, row: dict, columns: Iterable[str], **facts: Value) -> Node:
    """A row of a workload's table: what its line says, and where it was published."""
    origin = evidence.origin(WORKLOADS, row["source"])
    place = Place(
        kind="workload",
        file=row["file"],
        line=row["line"],
        quote=quoted(evidence.cells(row["file"], row["line"]), columns),
        url=origin["url"],
        origin=origin_text(origin),
    )
    return Node(**{"label": f"{row['source']} line {row['line']}", "place": place} | facts)


def resource(
    evidence: Evidence,
    file: str,
    key: dict[str, str],
    column: str,
    *,
    source: str = "source",
    note: str = "",
    **facts: Value,
) -> Node:
    """A cell of a registry in `resources`, with the source that its row names.

    Args:
        evidence: of the build.
        file: name without folder.
        key: cells that name the row.
        column: of the cell.
        source: column that says where the row stands.
        note: column with what a reader must know.
        facts: further attributes of the node.
    """
    path = f"resources/{file}"
    line, cells = evidence.registry_row(path, **key)
    text = cells.get(column, "")
    value = float(text) if re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", text) else text
    names = [*key, column]
    place = Place(
        kind="resource",
        file=path,
        line=line,
        key=", ".join(key.values()),
        quote=quoted(cells, names),
        url=first_url(cells.get(source)),
        origin=cells.get(source, ""),
    )
    given = {"label": column.replace("_", " "), "value": value, "place": place, "note": cells.get(note, "")}
    return Node(**given | facts)


def study_key(evidence: Evidence, study: str, keys: Iterable[str], value: Value = None, **facts: Value) -> Node:
    """A key of a study: its value, the file and line where it is set, and the comments that stand there."""
    keys = [str(key) for key in keys]
    file, line, comment = evidence.study_line(study, keys)
    place = Place(
        kind="study",
        file=file,
        line=line,
        key=".".join(keys),
        quote=lines(evidence.root / file)[line - 1].strip(),
        url=first_url(comment) or evidence.study(study).get("source", ""),
        origin=evidence.study(study)["title"],
    )
    given = {"label": keys[-1].replace("_", " "), "value": value, "note": comment, "place": place}
    return Node(**given | facts)


def config_key(evidence: Evidence, keys: Iterable[str], value: Value, **facts: Value) -> Node:
    """A key of `config/config.yaml`."""
    keys = [str(key) for key in keys]
    path = evidence.root / "config/config.yaml"
    line, comment = comments.about(path.read_text(encoding="utf-8"), tuple(keys))
    text = lines(path)[line - 1].strip()
    place = Place(kind="configuration", file="config/config.yaml", line=line, key=".".join(keys), quote=text)
    return Node(**{"label": ".".join(keys), "value": value, "place": place, "note": comment} | facts)


def assumed(*code: Callable | ModuleType) -> tuple[Node, ...]:
    """The assumptions that stand beside some code, each with file and line.

    Raises:
        LookupError: code without any.
    """
    found = []
    for of in code:
        here = comments.beside(of)
        if not here:
            raise LookupError(f"{of.__name__} has no # ASSUME:")
        found += [
            Node(
                label="Assumption",
                note=one.text,
                place=Place(kind="assumption", file=one.file, line=one.line, url=first_url(one.text)),
            )
            for one in here
        ]
    return tuple(dict.fromkeys(found))


def constant(module: object, name: str, value: float, label: str, *, unit: str = "", symbol: str = "") -> Node:
    """A constant of the code that stands for something published.

    Args:
        module: that has it.
        name: of the constant.
        value: what is taken from it.
        label: what it is.
        unit: of it.
        symbol: its name in the formula above.
    """
    file = Path(module.__file__).resolve().relative_to(ROOT)
    text = lines(Path(module.__file__))
    line = next(place for place, line in enumerate(text, start=1) if re.match(rf"{name}\b", line))
    peer = getattr(module, "PEER", None)
    source = peer.source if peer else first_url(module.__doc__)
    place = Place(kind="constant", file=file.as_posix(), line=line, key=name, quote=text[line - 1].strip(), url=source)
    return Node(label=label, symbol=symbol, value=value, unit=unit, place=place)


def result(evidence: Evidence, table: str, row: dict, column: str, key: Iterable[str], **facts: Value) -> Node:
    """A number of another public table, as a step whose own derivation is given elsewhere or below."""
    names = ", ".join(f"{name} {_named(row[name])}" for name in key if row.get(name) is not None)
    place = Place(kind=RESULT, file=evidence.file_of(table, row.get("study")), key=f"{names}; {column}")
    return Node(**{"label": column, "value": row[column], "place": place} | facts)


def _named(value: Value) -> str:
    return digits(value) if isinstance(value, float) else str(value)
