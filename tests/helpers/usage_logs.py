"""Small logs of requests in every format, the metering of them, and sums and regions as statements have them."""

import json
import logging
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from inference_energy.statement.coefficients import UnitEnergy
from inference_energy.statement.embodied import Making
from inference_energy.statement.logs import files as statement_files, metering
from inference_energy.statement.logs.metering import SUMS
from inference_energy.statement.regions import Region

PLACE = "config/usage/mine.yaml"
COLUMNS = {
    "time": "time",
    "model": "model",
    "input_tokens": "prompt",
    "cached_tokens": "cached",
    "output_tokens": "answer",
    "tenant": "team",
    "region": "place",
}
# Time, model, prompt, cached, answer, tenant, region: two hours, two models.
ROWS = [
    ("2026-01-01T00:10:00Z", "A", 1000, 0, 500, "x", "eu"),
    ("2026-01-01T00:59:59Z", "A", 2000, 500, 100, "x", "eu"),
    ("2026-01-01T01:00:00Z", "A", 10, 10, 1, "x", "eu"),
    ("2026-01-01T01:30:00Z", "B", 7, 0, 0, "y", "us"),
]


def frame(rows=ROWS) -> pl.DataFrame:
    """Rows as a table with times of text."""
    return pl.DataFrame(rows, schema=["time", "model", "prompt", "cached", "answer", "team", "place"], orient="row")


def spec(**changes) -> dict:
    """An entry of `logs`; columns that are None are not there."""
    columns = {role: name for role, name in (COLUMNS | changes.pop("columns", {})).items() if name}
    return {"files": ["*"], "columns": columns} | changes


def write(rows: pl.DataFrame, path: Path) -> Path:
    """Rows as Parquet (times become time stamps in UTC), CSV or JSON lines, by the ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        rows.write_csv(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.iter_rows(named=True)))
    else:
        if rows.schema["time"] == pl.String:
            rows = rows.with_columns(pl.col("time").str.to_datetime(time_zone="UTC"))
        rows.write_parquet(path)
    return path


def tables(folder: Path, entry: dict | None = None, *, leave_out=False, step_minutes=60, files=None):
    """All tables of the logs in a folder, by name."""
    usage = {"folder": str(folder), "logs": {"log": entry or spec()}}
    read = statement_files.files_of(usage, "logs", PLACE) if files is None else files
    return metering.metered(
        read,
        usage["logs"],
        place=PLACE,
        step_minutes=step_minutes,
        leave_out=leave_out,
        threads=2,
        folder=folder.parent,
        logger=logging.getLogger("test"),
    )


def metered(folder: Path, entry: dict | None = None, **options) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sums and files of all logs in a folder."""
    found = tables(folder, entry, **options)
    return found["sums"], found["files"]


def parquet_with(path: Path, select: str) -> Path:
    """A Parquet file of one query, for types that other writers do not have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


SCHEMA = {
    "month": pl.String,
    "step_start_utc": pl.String,
    "subject": pl.String,
    "model": pl.String,
    "tenant": pl.String,
}
SCHEMA |= {"region": pl.String, "region_name": pl.String} | dict.fromkeys(SUMS, pl.Decimal(38, 0))

GRID = pl.DataFrame(
    {
        "zone": ["AAA"],
        "label": ["Aland"],
        "carbon_gco2e_per_kwh": [500.0],
        "carbon_basis": ["life cycle"],
        "source": ["s"],
        "water_l_per_kwh": [3.0],
    }
)


def region(**changes) -> Region:
    """Factors of a region, made up."""
    return Region(
        **{
            "grid_zone": "Aland (AAA)",
            "location_gco2e_per_kwh": 500.0,
            "location_basis": "life cycle",
            "location_source": "somewhere",
            "market_gco2e_per_kwh": 100.0,
            "market_source": "a contract",
            "offsite_water_l_per_kwh": 3.0,
            "pue": None,
            "pue_source": None,
            "by_default": False,
        }
        | changes
    )


SERVERS = pl.DataFrame(
    [(gpu, 100.0, 400.0, 1000.0, 4000.0, 3.0, 6.0) for gpu in "GH"],
    schema=[
        "gpu",
        *(f"{name}_{q}" for name in ("gpu_kgco2e", "host_kgco2e_per_node", "lifetime_years") for q in ("p05", "p95")),
    ],
    orient="row",
).with_columns(
    basis=pl.lit("published"), source=pl.lit("https://s.example"), lifetime_source=pl.lit("https://l.example")
)
CLOUDS = pl.DataFrame(
    {
        "cloud_region": ["aws:eu-x-1", "gcp:europe-y1"],
        "location": ["Town", "City"],
        "grid_zone": ["AAA", "AAA"],
        "carbon_gco2e_per_kwh": [None, 50.0],
        "carbon_basis": [None, "direct"],
        "source": ["https://a.example", "https://g.example"],
    }
)


def making(draws: int = 4, **usage) -> Making:
    """Making of servers, with the entry `servers` of a usage file."""
    return Making.drawn(SERVERS, usage={"servers": usage} if usage else {}, draws=draws, seed=1)


def row(requests, prompt, answer, *, cached=0, subject="A", step="2026-01-01T00:00:00Z", place="eu", tenant="x"):
    """Sums of equal requests."""
    sums = (requests, requests * prompt, None if cached is None else requests * cached, requests * answer)
    sums += (requests * prompt * answer, requests * answer**2)
    exact = [None if value is None else Decimal(value) for value in sums]
    month = "2026-01" if step is None else step[:7]
    return (month, step, subject, subject, tenant, place, place, *exact)


def table(*rows):
    """Rows of sums as `grades.labelled` gives them."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


DRAWS = 200
# GPU-seconds of a prompt token, one of which a quarter may be cached, an answer token, and a pair of tokens.
SECONDS = np.array([1e-3, 0.75e-3, 2e-3, 1e-6, 0.5e-6])
KG_PER_GPU_SECOND = 1e-5  # of making servers
WH_PER_GPU_SECOND = {"gpu_boards": 0.5, "node": 2 / 3, "datacenter": 0.8, "fleet": 0.88}  # with a PUE of 1.2


def usage(*, boundary="datacenter", regions=None, water=1.2, factors=None):
    """Coefficients of made-up models on nodes of eight GPUs.

    Args:
        boundary: what is metered.
        regions: by name; one by default.
        water: of cooling, L/kWh.
        factors: on the GPU time, by subject; a number or one per draw.
    """
    pue = 1.2 if boundary in ("datacenter", "fleet") else 1.0
    seconds = {name: np.outer(SECONDS, factor * np.ones(DRAWS)) for name, factor in (factors or {"A": 1}).items()}
    return UnitEnergy(
        boundary=boundary,
        energy_wh={name: of * WH_PER_GPU_SECOND[boundary] / pue for name, of in seconds.items()},
        node_seconds={name: of / 8 for name, of in seconds.items()},
        embodied_kg={name: of * KG_PER_GPU_SECOND for name, of in seconds.items()},
        of_gpu={name: {"G": (of * WH_PER_GPU_SECOND[boundary] / pue, np.ones(DRAWS))} for name, of in seconds.items()},
        pue=np.full(DRAWS, 1.2),
        onsite_water_l_per_kwh=None if water is None else np.full(DRAWS, water),
        regions=regions or {"eu": region()},
    )
