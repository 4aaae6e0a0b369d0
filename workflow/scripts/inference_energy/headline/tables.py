"""Schemas of headline values: printed, computed, and the bridge between studies."""

from inference_energy.tables.columns import count, flag, number, table, text, texts
from inference_energy.tables.inputs import URL, InputTable, cell
from inference_energy.tables.units import FACTOR, OF_ROW, POSITION, SHARE


class PublishedValue(InputTable):
    """One number that a publication prints, to be reproduced."""

    study: str = cell("study that should reproduce it")
    quantity: str = cell("name among the computed quantities")
    label: str = cell("name for readers")
    unit: str = cell("unit")
    published: float = cell("value as printed", OF_ROW)
    resolution: float = cell("one unit of the last printed digit", OF_ROW, gt=0)
    published_source: str = cell("publication", str_matches=URL)
    locator: str = cell("place in it")
    note: str = cell("what a reader must know when it is not reproduced", nullable=True)

    class Config:
        """A value is named once per study."""

        strict = True
        unique = ["study", "quantity"]  # noqa: RUF012


HEADLINE = table(
    ["study", "quantity"],
    **texts(study="study", quantity="name of the number", label="name for readers", unit="unit"),
    published=number("value as printed", OF_ROW, nullable=True),
    computed=number("value computed here", OF_ROW),
    computed_p05=number("P5 of what it is the median or mean of", OF_ROW, nullable=True),
    computed_p95=number("P95 of it", OF_ROW, nullable=True),
    spread=text("what that interval is over: single queries, or what the whole fleet shares", nullable=True),
    relative_difference=number("computed / published - 1", SHARE, at_least=None, nullable=True),
    tolerance=number("half the last printed digit + 3 standard errors of the published run", OF_ROW, nullable=True),
    within=flag("whether the difference is inside the tolerance; not asked of other methods", nullable=True),
    same_digits=flag("whether the value rounds to the printed one", nullable=True),
    sampling_se=number("standard error in a run of the published size", OF_ROW, nullable=True),
    published_source=text("publication", nullable=True),
    locator=text("place in it", nullable=True),
    note=text("what a reader must know", nullable=True),
)

METHOD_BRIDGE = table(
    ["step", "quantity"],
    step=count("order", POSITION),
    **texts(
        study="study that the quantity is computed by after the step",
        change="what the step changes",
        quantity="what is followed",
        unit="its unit",
    ),
    before=number("value before the step", OF_ROW),
    after=number("value after it", OF_ROW),
    factor=number("after / before", FACTOR),
)
