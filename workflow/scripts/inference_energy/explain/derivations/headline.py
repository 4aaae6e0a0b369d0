"""Headline numbers: their declared cells of result tables, next to the published values."""

import numpy as np

from inference_energy.common.step import Node, Place, computed, listed, number
from inference_energy.explain.asked import Asked, shared
from inference_energy.explain.sources import constant, quoted
from inference_energy.explain.trace import Traced, leaf, named
from inference_energy.headline import declarations, printed as headline_printed
from inference_energy.headline.declarations import Cell, Count, Difference, Extreme, Quantity, Ratio, Source, StudyKey
from inference_energy.headline.printed import REFERENCE_EDITION

FILE = "published_values.csv"


def explained(asked: Asked) -> Node:
    """A number of `headline`."""
    quantity = _declared(asked, asked.study)[asked.row["quantity"]]
    match asked.column:
        case "published":
            return asked.same(_printed(asked))
        case "computed":
            return _computed(asked, quantity.source)
        case "computed_p05" | "computed_p95":
            return _computed(asked, quantity.end(asked.column.removeprefix("computed_")))
        case "relative_difference":
            return asked.of_columns("computed / published - 1", _printed(asked))
        case "tolerance":
            errors = constant(headline_printed, "STANDARD_ERRORS", "standard errors allowed", symbol="k")
            resolution = _printed(asked, "resolution")
            return asked.of_columns("resolution / 2 + k * sampling_se", resolution, errors)
    return _sampling_error(asked, quantity.source)


@shared
def _declared(asked: Asked, study: str) -> dict[str, Quantity]:
    own = {name: asked.build.rows(name, study=study) for name in declarations.OWN}
    common = (asked.build.table(declarations.ESTIMATES), asked.build.reference_loads)
    tables = own | dict(zip(declarations.COMMON, common, strict=True))
    return declarations.declared(asked.build.typed_study(study), tables)


def _printed(asked: Asked, column: str = "published") -> Node:
    """What a publication prints for a headline number, or its resolution, with the place in it."""
    row, name = asked.row, _declared(asked, asked.study)[asked.row["quantity"]].printed_as
    names = {"study": asked.study, "quantity": row["quantity"]}
    if name is not None:
        names = {"study": REFERENCE_EDITION, "quantity": name}
    line, cells = asked.build.registry_row(FILE, **names)
    origin = f"{row['published_source']}, {row['locator']}"
    place = Place(
        kind="published",
        file=f"resources/{FILE}",
        line=line,
        key=", ".join(names.values()),
        quote=quoted(cells, ("published", "resolution", "unit", "locator")),
        url=row["published_source"] or "",
        origin=origin,
    )
    facts = {"unit": row["unit"], "place": place, "note": cells.get("note", "")}
    return number(column, f"as printed by {origin}", float(cells[column]), **facts)


def _computed(asked: Asked, source: Source) -> Node:
    beside = [_printed(asked)] if asked.row["published"] is not None else []
    if isinstance(source, Ratio):
        formula, terms = " / ".join(source.names), [node for part in _parts(source) for node in _nodes(asked, *part)]
    else:
        formula, terms = "x", _nodes(asked, source, "x")
    return asked.node(formula, [*beside, *terms], note=asked.row["note"] or "")


def _parts(ratio: Ratio) -> list[tuple[Source, str]]:
    return list(zip((ratio.above, ratio.below), ratio.names, strict=True))


def _nodes(asked: Asked, source: Source, symbol: str) -> list[Node]:
    """The number that a declaration says, and the key of the study that chose it."""
    match source:
        case Cell():
            return [_cell(asked, source, source.column, symbol)]
        case StudyKey():
            return [asked.entry(*source.keys, symbol=symbol, unit=source.unit)]
        case Count():
            compared = listed((_cell(asked, cell, cell.column, "") for cell in source.cells), "estimates")
            return [number(symbol, "estimates compared", len(source.cells), children=[compared])]
        case Difference():
            ends = [_cell(asked, cell, cell.column, name) for cell, name in _ends(source)]
            return [computed(source.name.replace("_", " "), "before - after", ends, symbol=symbol, unit=ends[0].unit)]
    cell = source.chosen(lambda cell: _row(asked, cell)[cell.column])
    found = _nodes(asked, cell, symbol)
    if source.listed:
        keys, label = [source.listed, source.cells.index(cell)], source.listed.replace("_", " ")
        found.append(asked.entry(*keys, value=cell.key[-1], label=label))
    return found


def _ends(difference: Difference) -> tuple[tuple[Cell, str], ...]:
    return (difference.above, "before"), (difference.below, "after")


def _row(asked: Asked, cell: Cell) -> dict:
    study = {} if cell.table == declarations.ESTIMATES else {"study": asked.study}
    return asked.build.row(cell.table, **study, **cell.names)


def _cell(asked: Asked, cell: Cell, column: str, symbol: str) -> Node:
    if cell.table == declarations.REFERENCES:
        facts = {"symbol": symbol, "unit": "GWh/day", "note": "derivation"}
        return asked.resource("reference_loads.csv", cell.names, column, **facts)
    return asked.of(cell.table, _row(asked, cell), column, symbol)


def _sampling_error(asked: Asked, source: Source) -> Node:
    """Standard error of a headline number in a run of the size that was published."""
    published = asked.entry("as_published", "draws_per_model", symbol="n")

    def error(of: Source) -> Traced | None:
        """The error of what is drawn; none of what is known exactly."""
        match of:
            case Cell(error=str()):
                return leaf(_cell(asked, of, of.error, "se"))
            case Extreme():
                return error(of.chosen(lambda cell: _row(asked, cell)[cell.column]))
            case Difference():
                terms = [named(error(cell), f"error {name}", name) for cell, name in _ends(of)]
                return np.sqrt(sum(term**2 for term in terms))
            case Ratio():
                errors = [(part, name, error(part)) for part, name in _parts(of)]
                terms = [
                    named(found / leaf(_nodes(asked, part, "E")[0]), f"relative error of {name}", name)
                    for part, name, found in errors
                    if found is not None
                ]
                whole = leaf(asked.beside("computed", "ratio"))
                return whole * np.sqrt(sum(term**2 for term in terms)) if terms else None
        return None

    found = error(source)
    if found is not None:
        return asked.follows(found)
    return asked.node("0 * n", [published], note="known exactly: it is not drawn")
