"""Headline numbers: their declared cells of result tables, next to the published values."""

from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import constant, quoted
from inference_energy.explain.step import Node, Place, computed, number
from inference_energy.headline import declarations, printed as headline_printed
from inference_energy.headline.declarations import Cell, Extreme, Quantity, Ratio, Source, StudyKey
from inference_energy.headline.printed import REFERENCE_EDITION

FILE = "resources/published_values.csv"


def explained(asked: Asked) -> Node:
    """A number of `headline`."""
    quantity = _declared(asked)
    match asked.column:
        case "published":
            return asked.node("x", [printed(asked, "x")])
        case "computed":
            return _computed(asked, quantity.source)
        case "computed_p05" | "computed_p95":
            return _computed(asked, quantity.end(asked.column.removeprefix("computed_")))
        case "relative_difference":
            parts = [asked.beside("computed", "computed"), printed(asked, "published")]
            return asked.node("computed / published - 1", parts)
        case "tolerance":
            _line, cells = asked.build.registry_row(FILE, **_published_row(asked))
            resolution = printed(asked, "resolution", float(cells["resolution"]))
            errors = constant(headline_printed, "STANDARD_ERRORS", "standard errors allowed", symbol="k")
            return asked.node("resolution / 2 + k * se", [resolution, errors, asked.beside("sampling_se", "se")])
    return _sampling_error(asked, quantity.source)


def _declared(asked: Asked) -> Quantity:
    build, study = asked.build, asked.study

    def read() -> dict[str, Quantity]:
        own = {name: build.rows(name, study=study) for name in declarations.KEYS if name != declarations.ESTIMATES}
        tables = own | {declarations.ESTIMATES: build.table(declarations.ESTIMATES)}
        return declarations.declared(build.typed_study(study), tables)

    return build.once("declared", study, read=read)[asked.row["quantity"]]


def _published_row(asked: Asked) -> dict[str, str]:
    """What names the row of `FILE` that a headline number is compared with."""
    name = _declared(asked).printed_as
    if name is None:
        return {"study": asked.study, "quantity": asked.row["quantity"]}
    return {"study": REFERENCE_EDITION, "quantity": name}


def printed(asked: Asked, symbol: str, value: float | None = None) -> Node:
    """What a publication prints for a headline number, with the place in it."""
    row, names = asked.row, _published_row(asked)
    line, cells = asked.build.registry_row(FILE, **names)
    place = Place(
        kind="published",
        file=FILE,
        line=line,
        key=f"{names['study']}, {names['quantity']}",
        quote=quoted(cells, ("published", "resolution", "unit", "locator")),
        url=row["published_source"] or "",
        origin=f"{row['published_source']}, {row['locator']}",
    )
    label = f"as printed by {row['published_source']}, {row['locator']}"
    shown = float(cells["published"]) if value is None else value
    return Node(label=label, symbol=symbol, value=shown, unit=row["unit"], place=place, note=cells.get("note", ""))


def _computed(asked: Asked, source: Source) -> Node:
    beside = [printed(asked, "")] if asked.row["published"] is not None else []
    note = asked.row["note"] or ""
    if isinstance(source, Ratio):
        terms = [node for part, name in _parts(source) for node in _nodes(asked, part, name)]
        return asked.node(" / ".join(source.names), [*beside, *terms], note=note)
    return asked.node("x", [*beside, *_nodes(asked, source, "x")], note=note)


def _parts(ratio: Ratio) -> list[tuple[Source, str]]:
    return list(zip((ratio.above, ratio.below), ratio.names, strict=True))


def _nodes(asked: Asked, source: Source, symbol: str, column: str | None = None) -> list[Node]:
    """The number that a declaration says, and the key of the study that chose it.

    Args:
        asked: the headline number.
        source: the declaration.
        symbol: name of the number in the formula.
        column: another column of the same row.
    """
    match source:
        case Cell():
            return [asked.of(source.table, _row(asked, source), column or source.column, symbol)]
        case StudyKey():
            facts = {"symbol": symbol, "unit": source.unit}
            return [asked.entry(*source.keys, **facts)]
    cell = _chosen(asked, source)
    found = _nodes(asked, cell, symbol, column)
    if source.listed:
        keys, label = [source.listed, source.cells.index(cell)], source.listed.replace("_", " ")
        found.append(asked.entry(*keys, value=cell.key[-1], label=label))
    return found


def _chosen(asked: Asked, extreme: Extreme) -> Cell:
    return extreme.chosen(lambda cell: _row(asked, cell)[cell.column])


def _row(asked: Asked, cell: Cell) -> dict:
    study = {} if cell.table == declarations.ESTIMATES else {"study": asked.study}
    return asked.build.row(cell.table, **study, **cell.names)


def _sampling_error(asked: Asked, source: Source) -> Node:
    """Standard error of a headline number in a run of the size that was published."""
    size = [
        number("n", "draws of this run", asked.build.config["draws"]),
        asked.entry("as_published", "draws_per_model", symbol="n_published"),
    ]
    match source:
        case Cell(error=str(), of_run=False):
            return asked.node("x", _nodes(asked, source, "x", source.error))
        case Cell(error=str()):
            return asked.node("se * sqrt(n / n_published)", [*_nodes(asked, source, "se", source.error), *size])
        case Ratio():
            terms = [
                computed(
                    f"relative error of {name}",
                    "se * sqrt(n / n_published) / E",
                    [*_nodes(asked, part, "se", part.error), *_nodes(asked, part, "E"), *size],
                    symbol=name,
                )
                for part, name in _parts(source)
                if isinstance(part, Cell)
            ]
            if terms:
                squares = " + ".join(f"{term.symbol} ** 2" for term in terms)
                return asked.node(f"ratio * sqrt({squares})", [asked.beside("computed", "ratio"), *terms])
    return asked.node("0 * n", size, note="known exactly: it is not drawn")
