"""Schemas of headline values: printed, computed, and the bridge between studies."""

import polars as pl

from inference_energy.studies.study import BOUNDARIES
from inference_energy.tables.columns import count, flag, number, table, text, texts
from inference_energy.tables.inputs import URL, InputTable, cell, optional
from inference_energy.tables.units import FACTOR, OF_ROW, POSITION, SHARE


class PublishedValue(
    InputTable,
    unique=["study", "quantity"],
    rules={
        # A printed value without its resolution would have no verdict.
        "resolution: a number if a value is printed, else none": pl.col("published").is_null()
        == pl.col("resolution").is_null(),
    },
):
    """One number that a publication prints, to be reproduced, or one claim that it makes in words.

    A claim that two quantities are alike ("similar", "consistent") is printed as a ratio of 1 with a resolution of 1:
    0.5 to 1.5, and the sampling error, count as reproduced. Any other claim in words has no number and no verdict.
    """

    study: str = cell("study that should reproduce it")
    quantity: str = cell("name among the computed quantities")
    label: str = cell("name for readers")
    unit: str = cell("unit")
    published: float = optional("value as printed; 1 for a claim that two are alike", OF_ROW)
    resolution: float = optional("one unit of the last printed digit", OF_ROW, gt=0)
    published_source: str = cell("publication", str_matches=URL)
    locator: str = cell("place in it")
    note: str = optional("what a reader must know when it is not reproduced")


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

DIFFERENCE = table(
    ["study", "quantity"],
    **texts(study="study", quantity="name of the number", label="name for readers", unit="unit"),
    before=number("value in the study that it extends", OF_ROW),
    before_p05=number("P5 of what that is the median or mean of", OF_ROW, nullable=True),
    before_p95=number("P95 of it", OF_ROW, nullable=True),
    after=number("value in the study", OF_ROW),
    after_p05=number("P5 of what that is the median or mean of", OF_ROW, nullable=True),
    after_p95=number("P95 of it", OF_ROW, nullable=True),
    spread=text("what the intervals are over: single queries, or what the whole fleet shares", nullable=True),
    factor=number("after / before", FACTOR),
)

OVERSTATEMENT_PAIRS = table(
    ["study", "source", "row_id"],
    **texts(
        study="study of method published",
        source="source of the estimate",
        row_id="the estimate",
        model="its model, which the study has a throughput curve for",
        kind="kind of estimate",
    ),
    boundary=text("what both include", allowed=list(BOUNDARIES)),
    input_tokens=number("prompt length of both", "tokens"),
    output_tokens=number("answer length of both", "tokens"),
    extrapolated=flag("whether these lengths lie outside the benchmarks behind the study's curve"),
    energy_wh=number("what the estimate states", "Wh"),
    study_wh=number("median of the study for the same model, tokens and boundary", "Wh"),
    factor=number("estimate over the study's median", FACTOR),
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
