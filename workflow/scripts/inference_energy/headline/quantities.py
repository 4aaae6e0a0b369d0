"""Values of headline quantities: each declaration evaluated on the result tables."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from inference_energy.headline.declarations import (
    KEYS,
    OWN,
    Cell,
    Count,
    Difference,
    Extreme,
    Quantity,
    Ratio,
    Source,
    StudyKey,
    declared,
)
from inference_energy.studies.study import PublishedStudy, Study


class Results:
    """Numbers of one study by declaration.

    Args:
        tables: its rows of some of the tables in `declarations.KEYS`.
        errors: whether sampling errors are asked for: of a study that reproduces a publication.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame], errors: bool = False):
        self.errors = errors
        self._rows = {
            table: {tuple(row[name] for name in KEYS[table]): row for row in frame.iter_rows(named=True)}
            for table, frame in tables.items()
        }

    def value(self, source: Source) -> float:
        """The number that a declaration says."""
        match source:
            case Cell():
                return self._rows[source.table][source.key][source.column]
            case StudyKey():
                return source.value
            case Extreme():
                return self.value(source.chosen(self.value))
            case Count():
                return float(len(source.cells))
            case Difference():
                return self.value(source.above) - self.value(source.below)
            case Ratio():
                return self.value(source.above) / self.value(source.below)

    def error(self, source: Source) -> float:
        """Its standard error in a run with as many draws per model as the publication used.

        Numbers of one ratio or difference count as independent. Where they rise and fall together, as a fleet with and
        without interventions, the error is smaller: it is an upper bound.
        """
        match source:
            case Cell(error=None) | StudyKey() | Count():
                return 0.0
            case Cell():
                return self._rows[source.table][source.key][source.error]
            case Extreme():
                return self.error(source.chosen(self.value))
            case Difference():
                return np.hypot(self.error(source.above), self.error(source.below))
            case Ratio():
                parts = (source.above, source.below)
                return self.value(source) * np.hypot(*(self.error(part) / self.value(part) for part in parts))


def of_study(study: Study, tables: Sequence[pl.DataFrame], common: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The headline numbers of a study, see `evaluated`.

    Args:
        study: its entries.
        tables: its own, in the order of `declarations.OWN`.
        common: those of `declarations.COMMON` by name.
    """
    read = dict(zip(OWN, tables, strict=False)) | common
    return evaluated(declared(study, read).values(), Results(read, isinstance(study, PublishedStudy)))


def evaluated(quantities: Iterable[Quantity], results: Results) -> pl.DataFrame:
    """One row per quantity: its declaration, value, interval and, where it is asked for, sampling error."""
    numbers = ("computed", "computed_p05", "computed_p95", "sampling_se")
    texts = ("quantity", "label", "unit", "printed_as", "spread")
    return pl.DataFrame(
        [
            {
                "quantity": quantity.id,
                "label": quantity.label,
                "unit": quantity.unit,
                "printed_as": quantity.printed_as,
                "spread": quantity.over,
                "computed": results.value(quantity.source),
                "computed_p05": quantity.over and results.value(quantity.end("p05")),
                "computed_p95": quantity.over and results.value(quantity.end("p95")),
                "sampling_se": results.error(quantity.source) if results.errors else None,
            }
            for quantity in quantities
        ],
        schema=dict.fromkeys(texts, pl.String) | dict.fromkeys(numbers, pl.Float64),
    )
