"""What services do: their lines, hourly rates over their mean, and tokens of a month."""

import polars as pl

from inference_energy.common.step import Node, listed, number
from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import assumed
from inference_energy.requests import services
from inference_energy.requests.service_tables import KINDS

NAMES = ("workload", "hour", "quantity", "read_on_day", "provider", "model")


def line(asked: Asked) -> Node:
    """A number of `service_lengths`, `service_tokens` or `service_speed`."""
    return asked.same(asked.workload_line(asked.row, (*NAMES, asked.column), value=asked.value))


def rate(asked: Asked) -> Node:
    """A number of `service_rates`."""
    if asked.column != "relative_rate":
        return line(asked)
    key = {name: asked.row[name] for name in ("source", "workload")}
    hours = asked.build.rows("service_rates", **key)
    lines = (
        asked.workload_line(row, (*NAMES, "requests_per_s"), value=row["requests_per_s"], unit="requests/s")
        for row in hours.drop_nulls("requests_per_s").iter_rows(named=True)
    )
    label, children = "mean rate over all hours of the workload", (listed(lines, "hours"),)
    mean = number("mean", label, hours["requests_per_s"].mean(), "requests/s", children=children)
    return asked.of_columns("requests_per_s / mean", mean, *assumed(services.with_relative_rate))


def month(asked: Asked) -> Node:
    """A number of `service_tokens_by_month`."""
    row, column = asked.row, asked.column
    weeks = asked.build.rows("service_tokens", source=row["source"], model=row["model"])
    weeks = weeks.filter(pl.col("read_on_day").str.starts_with(row["month"]))
    if column in KINDS or column == "weeks_by_kind":
        weeks = weeks.drop_nulls("prompt_tokens")
    quoted = "total_tokens" if column.startswith("weeks") else column
    unit = asked.build.unit("service_tokens", quoted, row)
    rows = weeks.iter_rows(named=True)
    lines = [asked.workload_line(week, (*NAMES, quoted), value=week[quoted], unit=unit) for week in rows]
    found = len(weeks) if column.startswith("weeks") else int(weeks[column].sum())
    return asked.stated("weeks of the month, or their sum", found, listed(lines, "weeks"))
