"""The tables of `results/inference_energy.duckdb`, and views that answer the questions asked most."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from inference_energy.statistics.quantiles import PERCENTILES
from inference_energy.tables.columns import comments, count, number, quantiles
from inference_energy.tables.database import Meaning
from inference_energy.tables.public import PublicTable
from inference_energy.tables.units import FACTOR, POSITION, SHARE
from inference_energy.tables.views import read_views

# Columns of views that no table has.
COMPUTED = comments(
    {
        **quantiles(
            "query_wh_{}", "{} over single queries, all variability and uncertainty together", "Wh", PERCENTILES
        ),
        **quantiles("mean_wh_{}", "{} of the mean over queries, over the shared uncertainty", "Wh", PERCENTILES),
        "expected_wh": number("mean over variability and uncertainty", "Wh"),
        "mean_power_mw": number("expected energy of a day over 24 hours", "MW"),
        "saved_share": number("1 - 1 / median multiplier, saved", SHARE),
        "swing": number("larger over smaller of the two", FACTOR),
        "order_in_quantity": count("order of the assumption by its swing, 1 the widest", POSITION),
        "measured_j_per_output_token": number("measured", "J per output token"),
        **quantiles("predicted_j_per_output_token_{}", "{} of the prediction", "J per output token", PERCENTILES),
        "left_out_ratio": number("predicted without this row / observed", FACTOR),
        "ratio": number("predicted / measured", FACTOR),
    }
)


def meanings(tables: Mapping[str, PublicTable], views: Iterable[str | Path]) -> dict[str, Meaning]:
    """Meaning and unit of every table, every view and every column of them."""
    found = {name: Meaning(table.meaning, table.comments()) for name, table in tables.items()}
    return found | read_views(views, found, COMPUTED)
