"""What the tables of a usage must look like, and what their columns mean."""

import pandera.polars as pa
import polars as pl

from inference_energy.statement.coefficients import QUANTITIES
from inference_energy.statement.grades import GRADES
from inference_energy.statement.metering import SUMS
from inference_energy.statement.model_names import BY_DEFAULT, CLASS, LEFT_OUT, MODEL
from inference_energy.tables.columns import SHARE, number, text
from inference_energy.tables.dictionary import Entry, data_dictionary
from inference_energy.tables.public import PublicTable

INTERVAL = {"p05": "P5", "p50": "median", "p95": "P95", "mean": "mean"}
BREAKDOWNS = ["total", "month", "model", "month and model", "tenant", "region"]
LABELS = {
    "energy_kwh": "energy within the boundary",
    "emissions_location_kgco2e": "greenhouse gases of its electricity, Scope 2 location-based",
    "emissions_market_kgco2e": "greenhouse gases of its electricity, Scope 2 market-based",
    "water_m3": "water of cooling and of power plants",
}
_EXACT = pl.Decimal(38, 0)


def _exact(meaning: str, *, nullable: bool = False) -> pa.Column:
    return pa.Column(_EXACT, nullable=nullable, description=meaning)


def _whole(meaning: str) -> pa.Column:
    return pa.Column(int, pa.Check.ge(0), description=meaning)


def _quantity(name: str, *, nullable: bool = False) -> dict[str, pa.Column]:
    return {
        f"{name}_{q}": number(f"{words} of {LABELS[name]}, {QUANTITIES[name]}", nullable=nullable)
        for q, words in INTERVAL.items()
    }


_COUNTS = {
    "requests": number("requests; of a bill that does not say them, as many as its answers have at the mean length"),
    "input_tokens": number("prompt tokens, cached ones included"),
    "cached_tokens": number("prompt tokens that were in the cache; null where some rows do not say", nullable=True),
    "output_tokens": number("answer tokens"),
}
MODEL_LABEL = text("model of the registry, or class that stands for it")
EXACT_SUMS = {
    name: _exact(
        {
            "requests": "requests",
            "input_tokens": "prompt tokens, cached ones included",
            "cached_tokens": "prompt tokens that were in the cache; null where the log does not say",
            "output_tokens": "answer tokens",
            "input_output_tokens2": "sum over requests of prompt tokens times answer tokens",
            "output_tokens2": "sum over requests of answer tokens squared",
        }[name],
        nullable=name == "cached_tokens",
    )
    for name in SUMS
}
KEYS = {
    "model": text("name of the model in the log", nullable=True),
    "tenant": text("tenant", nullable=True),
    "region": text("region", nullable=True),
}

SUMS_TABLE = pa.DataFrameSchema(
    {
        "source": text("logs of the usage file"),
        "step_start_us": pa.Column(int, description="start of the step in time, microseconds since 1970 in UTC"),
        **KEYS,
        **EXACT_SUMS,
    },
    strict=True,
    unique=["source", "step_start_us", "model", "tenant", "region"],
)
BILLS_TABLE = pa.DataFrameSchema(
    {
        "source": text("bills of the usage file"),
        "month": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d{2}$"), description="month"),
        **KEYS,
        "requests": _exact("requests; null where the bill does not say", nullable=True),
        "input_tokens": _exact("prompt tokens, cached ones included"),
        "cached_tokens": _exact("prompt tokens that were in the cache; null where not said", nullable=True),
        "output_tokens": _exact("answer tokens"),
    },
    strict=True,
    unique=["source", "month", "model", "tenant", "region"],
)
FILES_TABLE = pa.DataFrameSchema(
    {
        "source": text("logs of the usage file"),
        "file": text("path of the file"),
        "bytes": _whole("size"),
        "rows": _whole("rows"),
        "rows_left_out": _whole("rows with a fault, left out of all sums"),
        "sha256": pa.Column(str, pa.Check.str_matches(r"^[0-9a-f]{64}$"), description="SHA-256 of the content"),
    },
    strict=True,
    unique=["file"],
)
STATEMENT = pa.DataFrameSchema(
    {
        "breakdown": text("what the row is about: everything, or one value of each column named", allowed=BREAKDOWNS),
        "month": text("month in UTC", nullable=True),
        "model": text("model of the registry, or class that stands for it", nullable=True),
        "tenant": text("tenant", nullable=True),
        "region": text("region", nullable=True),
        **_COUNTS,
        **{column: of for name in QUANTITIES for column, of in _quantity(name, nullable=name == "water_m3").items()},
    },
    strict=True,
    unique=["breakdown", "month", "model", "tenant", "region"],
)
STEPS = pa.DataFrameSchema(
    {
        "step_start_utc": text("start of the step in time"),
        "requests": number("requests"),
        **{f"power_kw_{q}": number(f"{words} of mean power in the step, kW") for q, words in INTERVAL.items()},
        **{f"busy_nodes_{q}": number(f"{words} of nodes busy in the step") for q, words in INTERVAL.items()},
    },
    strict=True,
    unique=["step_start_utc"],
)
METERED = pa.DataFrameSchema(
    {
        "month": text("month in UTC"),
        "step_start_utc": text("start of the step in time; null for bills", nullable=True),
        "model": MODEL_LABEL,
        "tenant": text("tenant"),
        "region": text("region"),
        **_COUNTS,
        **_quantity("energy_kwh"),
    },
    strict=True,
    unique=["month", "step_start_utc", "model", "tenant", "region"],
)
CAPACITY = pa.DataFrameSchema(
    {
        "quantity": text("quantity"),
        "unit": text("unit"),
        **{q: number(f"{words} over what requests share") for q, words in INTERVAL.items()},
    },
    strict=True,
    unique=["quantity"],
)
NAMES = pa.DataFrameSchema(
    {
        "name": text("name of a model in logs and bills"),
        "requests": number("requests", nullable=True),
        "token_share": pa.Column(float, SHARE, description="share of all tokens"),
        "treatment": text("how it was understood", allowed=[MODEL, CLASS, BY_DEFAULT, LEFT_OUT]),
        "subject": text("model of the registry or class of the study; null where left out", nullable=True),
    },
    strict=True,
    unique=["name"],
)
EVIDENCE = pa.DataFrameSchema(
    {
        "grade": text("quality of the evidence, best first", allowed=list(GRADES)),
        "meaning": text("what it is"),
        "token_share": pa.Column(float, SHARE, description="share of all tokens"),
    },
    strict=True,
    unique=["grade"],
)
QUALITY = pa.DataFrameSchema(
    {
        "aspect": text("what the share says"),
        "meaning": text("in words"),
        "share": pa.Column(float, SHARE, description="share of what the meaning names"),
    },
    strict=True,
    unique=["aspect"],
)
FACTORS = pa.DataFrameSchema(
    {
        "region": text("region"),
        "energy_share": pa.Column(float, SHARE, description="share of the mean energy"),
        "grid_zone": text("zone of the grid"),
        "location_gco2e_per_kwh": number("average of the grid, gCO2e/kWh"),
        "location_basis": text("what it covers"),
        "location_source": text("where it stands"),
        "market_gco2e_per_kwh": number("of contracts or the residual mix, gCO2e/kWh; the grid's where none is given"),
        "market_source": text("where it stands; null where it is the grid's", nullable=True),
        "offsite_water_l_per_kwh": number("water of power plants, L/kWh", nullable=True),
        "pue": number("known PUE of the region, a factor; null where it is the study's", nullable=True),
        "pue_source": text("who states it", nullable=True),
    },
    strict=True,
    unique=["region"],
)

FILE_TYPES = {name: column.dtype.type for name, column in FILES_TABLE.columns.items()}
MEANINGS = {
    "statement": "One breakdown of a usage: tokens, energy, emissions and water",
    "capacity": "One quantity of the whole usage: power, nodes, energy per request",
    "steps": "One step in time: mean power and busy nodes",
    "metered": "One step in time, model, tenant and region",
    "names": "One name of a model in logs and bills, and how it was understood",
    "evidence": "One quality of evidence, and the tokens that rest on it",
    "quality": "One share that says how good the data are",
    "factors": "One region: factors of its electricity, with sources",
    "files": "One file of requests that was read",
}
SCHEMAS = {
    "statement": STATEMENT,
    "capacity": CAPACITY,
    "steps": STEPS,
    "metered": METERED,
    "names": NAMES,
    "evidence": EVIDENCE,
    "quality": QUALITY,
    "factors": FACTORS,
    "files": FILES_TABLE,
}


def entries() -> dict[str, list[Entry]]:
    """Every column of every table: type, unit, meaning."""
    return data_dictionary(
        PublicTable(name=name, path=f"{name}.parquet", meaning=MEANINGS[name], schemas={"": schema})
        for name, schema in SCHEMAS.items()
    )
