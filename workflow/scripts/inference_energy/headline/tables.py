"""Schemas of headline values: printed, computed, and the bridge between studies."""

import pandera.polars as pa

from inference_energy.tables.columns import number, text
from inference_energy.tables.inputs import URL, InputTable


class PublishedValue(InputTable):
    """One number that a publication prints, to be reproduced."""

    study: str = pa.Field(description="study that should reproduce it")
    quantity: str = pa.Field(description="name among the computed quantities")
    label: str = pa.Field(description="name for readers")
    unit: str = pa.Field(description="unit")
    published: float = pa.Field(description="value as printed")
    resolution: float = pa.Field(gt=0, description="one unit of the last printed digit")
    published_source: str = pa.Field(str_matches=URL, description="publication")
    locator: str = pa.Field(description="place in it")
    note: str = pa.Field(nullable=True, description="what a reader must know when it does not come back")

    class Config:
        """A value is named once per study."""

        strict = True
        unique = ["study", "quantity"]  # noqa: RUF012


HEADLINE = pa.DataFrameSchema(
    {
        "study": text("study"),
        "quantity": text("name of the number"),
        "label": text("name for readers"),
        "unit": text("unit"),
        "published": number("value as printed", nullable=True),
        "computed": number("value computed here"),
        "computed_p05": number("P5 of what it is the median or mean of", nullable=True),
        "computed_p95": number("P95 of it", nullable=True),
        "spread": text("what that interval is over: single queries, or what the whole fleet shares", nullable=True),
        "relative_difference": number("computed / published - 1", at_least=None, nullable=True),
        "tolerance": number("half the last printed digit + 3 standard errors of the published run", nullable=True),
        "within": pa.Column(
            bool,
            nullable=True,
            description="whether the difference is inside the tolerance; not asked of other methods",
        ),
        "same_digits": pa.Column(bool, nullable=True, description="whether the value rounds to the printed one"),
        "sampling_se": number("standard error in a run of the published size", nullable=True),
        "published_source": text("publication", nullable=True),
        "locator": text("place in it", nullable=True),
        "note": text("what a reader must know", nullable=True),
    },
    strict=True,
    unique=["study", "quantity"],
)

METHOD_BRIDGE = pa.DataFrameSchema(
    {
        "step": pa.Column(int, pa.Check.ge(0), description="order"),
        "study": text("study that the quantity is computed by after the step"),
        "change": text("what the step changes"),
        "quantity": text("what is followed"),
        "unit": text("its unit"),
        "before": number("value before the step"),
        "after": number("value after it"),
        "factor": number("after / before"),
    },
    strict=True,
    unique=["step", "quantity"],
)
