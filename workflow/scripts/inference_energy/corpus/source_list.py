"""Every benchmark source with its age, rows and findings, and how it is refreshed: what `make sources` prints."""

import datetime

import polars as pl

from inference_energy.common.aligned import aligned

HEAD = ("source", "read on", "days", "throughput", "energy", "apart", "estimates", "errors", "warnings", "obtained")
NOT_SAID = "not said in its origin.yaml"


def source_lines(counts: pl.DataFrame, files: pl.DataFrame, today: datetime.date) -> list[str]:
    """A table of sources, the oldest reading first, and how each is refreshed.

    `counts` are rows and findings as in `tables.BENCHMARK_SOURCES`, `files` is table `source`; ages count to `today`.
    """
    told = files.group_by("source").agg(
        pl.col("obtained").first().fill_null("original"), pl.col("url").first(), pl.col("refresh").first()
    )
    sources = counts.join(told, on="source", how="left").sort("read_on", "source")
    rows = [
        (
            row["source"],
            row["read_on"],
            (today - datetime.date.fromisoformat(row["read_on"])).days,
            *(row[name] for name in ("throughput_rows", "measured_energies", "energies_set_apart")),
            *(row[name] for name in ("published_estimates", "errors", "warnings")),
            row["obtained"].replace("_", " "),
        )
        for row in sources.iter_rows(named=True)
    ]
    lines = aligned([HEAD, *rows])
    lines += ["", "How a source is refreshed"]
    lines += [f"{row['source']}: {row['refresh'] or NOT_SAID} ({row['url']})" for row in sources.iter_rows(named=True)]
    lines += ["", "A newer file of a source: make new-source NAME=the source FILE=the file"]
    return lines
