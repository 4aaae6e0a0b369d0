"""Schemas of the tables of a usage, with the meaning of their columns."""

from collections.abc import Iterable

import pandera.polars as pa
import polars as pl

from inference_energy.energy.tables import ENERGY_BY_BOUNDARY
from inference_energy.statement.coefficients import FEATURES, QUANTITIES
from inference_energy.statement.grades import GRADES
from inference_energy.statement.model_names import BY_DEFAULT, CLASS, LEFT_OUT, MODEL, NOT_ESTIMATED
from inference_energy.statement.supplied import CATEGORY_1, SCOPE_2, SUPPLIES
from inference_energy.tables.columns import INTERVAL, column, count, number, quantiles, share, table, text, texts
from inference_energy.tables.public import PublicTable
from inference_energy.tables.units import COUNT, FACTOR, OF_ROW

# Breakdowns of a statement, with the columns that each restricts to one value.
BREAKDOWNS = {
    "total": [],
    "month": ["month"],
    "model": ["model"],
    "month and model": ["month", "model"],
    "tenant": ["tenant"],
    "region": ["region"],
    "source": ["source"],
    "supply": ["supply"],
    "scope": ["scope"],
}
LABELS = {
    "energy_kwh": "energy within the boundary",
    "emissions_location_kgco2e": "greenhouse gases of its electricity at the average of the grid (location-based)",
    "emissions_market_kgco2e": "greenhouse gases of its electricity by contracts (market-based)",
    "embodied_kgco2e": "greenhouse gases of making the servers, by share of their lifetime",
    "water_m3": "water of cooling and of power plants",
    "water_onsite_m3": "water of cooling, on site",
    "water_offsite_m3": "water of power plants, off site",
}
NULLABLE = ("embodied_kgco2e", "water_m3", "water_onsite_m3", "water_offsite_m3")  # quantities that may be unknown


def _exact(meaning: str, unit: str, *, nullable: bool = False) -> pa.Column:
    return column(pl.Decimal(38, 0), meaning, unit, nullable=nullable)


def _quantity(name: str, *, nullable: bool = False) -> dict[str, pa.Column]:
    return quantiles(f"{name}_{{}}", f"{{}} of {LABELS[name]}", QUANTITIES[name], INTERVAL, nullable=nullable)


_COUNTS = {
    "requests": number("requests; estimated from mean lengths for a bill that does not state them", COUNT),
    "input_tokens": number("prompt tokens, cached ones included", "tokens"),
    "cached_tokens": number(
        "prompt tokens that were in the cache; null where some rows do not state it", "tokens", nullable=True
    ),
    "output_tokens": number("answer tokens", "tokens"),
}
TOKENS = {
    "input_tokens": _exact("prompt tokens, cached ones included", "tokens"),
    "cached_tokens": _exact("prompt tokens that were in the cache; null where not stated", "tokens", nullable=True),
    "output_tokens": _exact("answer tokens", "tokens"),
}
KEYS = {
    "model": text("name of the model in the log", nullable=True),
    "tenant": text("tenant", nullable=True),
    "region": text("region", nullable=True),
}

# What a row of a file may be.
KIND_LABELS = {
    "request": "requests, estimated",
    "batch": "requests of batches, estimated among them",
    "other tokens": "tokens of audio or images of these requests, not estimated",
    "embedding": "embeddings, not estimated",
    "rerank": "rankings, not estimated",
    "moderation": "moderations, not estimated",
    "image": "images, not estimated",
    "audio": "audio, not estimated",
    "failure": "failures, not estimated",
    "cache_hit": "answers from the cache of a gateway, which no model computed",
    "other": "other requests, not estimated",
    "repeated": "further rows of a request, counted once",
    "no request": "rows that are no requests",
}

SUMS = table(
    ["source", "step_start_us", "model", "tenant", "region"],
    source=text("logs of the usage file"),
    step_start_us=column(int, "start of the step in time, since 1970 in UTC", "microseconds"),
    **KEYS,
    requests=_exact("requests", COUNT),
    **TOKENS,
    input_output_tokens2=_exact("sum over requests of prompt tokens times answer tokens", "tokens squared"),
    output_tokens2=_exact("sum over requests of answer tokens squared", "tokens squared"),
)
BILLS = table(
    ["source", "month", "model", "tenant", "region"],
    source=text("bills of the usage file"),
    month=text("month", like=r"^\d{4}-\d{2}$"),
    **KEYS,
    requests=_exact("requests; null where the bill does not state them", COUNT, nullable=True),
    **TOKENS,
)
FILES = table(
    ["file"],
    **texts(source="logs or bills of the usage file", file="path of the file"),
    bytes=count("size; null for a file that was not read", "bytes", nullable=True),
    rows=count("rows"),
    rows_left_out=count("rows with a fault, left out of all sums"),
    first_day=text("first day of its rows, in UTC; of bills as they state it; null without rows", nullable=True),
    last_day=text("last day of its rows, likewise", nullable=True),
    sha256=text("SHA-256 of the content; null for a file that was not read", like=r"^[0-9a-f]{64}$", nullable=True),
    not_read=text("why a file or folder beside the others was not read; null for one that was", nullable=True),
)
KINDS = table(
    ["source", "kind", "model", "currency"],
    source=text("logs or bills of the usage file"),
    kind=text("what the rows were", allowed=list(KIND_LABELS)),
    model=text("name of the model; null where not stated, and for rows that are no requests", nullable=True),
    rows=number("rows; of bills requests, null where they do not state them", COUNT, nullable=True),
    input_tokens=number("prompt tokens, cached ones included", "tokens"),
    output_tokens=number("answer tokens", "tokens"),
    largest_tokens=number(
        "tokens of the largest request, prompt and answer; null where not known", "tokens", nullable=True
    ),
    currency=text("currency of a row of costs, which counts no rows; null for a row of counts", nullable=True),
    cost=number(
        "what the rows cost in this currency, as the files state it",
        "currency of the row",
        at_least=None,
        nullable=True,
    ),
)
MARKS = table(
    ["file", "id", "time_us", "model", "input_tokens", "output_tokens"],
    source=text("logs of the usage file"),
    file=text("path of the file"),
    id=column(int, "checksum of an id of a request; null for a request by its time", nullable=True),
    time_us=column(int, "time of a request, since 1970 in UTC; null for an id", "microseconds", nullable=True),
    model=text("name of the model", nullable=True),
    input_tokens=count("prompt tokens, cached ones included; null for an id", "tokens", nullable=True),
    output_tokens=count("answer tokens; null for an id", "tokens", nullable=True),
    rows=count("rows that are such a request", at_least=1),
    every=count("one in so many times, or ids, was taken", at_least=1),
)
STATEMENT = table(
    ["breakdown", "month", "model", "tenant", "region", "source", "supply", "scope"],
    breakdown=text("columns that the row is restricted to one value of; total for none", allowed=list(BREAKDOWNS)),
    month=text("month in UTC", nullable=True),
    **KEYS | {"model": text("model of the registry, or class that stands for it", nullable=True)},
    source=text("logs or bills of the usage file", nullable=True),
    supply=text("how the service is supplied", allowed=list(SUPPLIES), nullable=True),
    scope=text("scope of the electricity by the GHG Protocol", allowed=[SCOPE_2, CATEGORY_1], nullable=True),
    **_COUNTS,
    **{column: of for name in QUANTITIES for column, of in _quantity(name, nullable=name in NULLABLE).items()},
)
STEPS = table(
    ["step_start_utc"],
    step_start_utc=text("start of the step in time"),
    requests=number("requests", COUNT),
    **quantiles("power_kw_{}", "{} of mean power in the step", "kW", INTERVAL),
    **quantiles("busy_nodes_{}", "{} of nodes busy in the step", COUNT, INTERVAL),
)
METERED = table(
    ["month", "step_start_utc", "model", "tenant", "region"],
    month=text("month in UTC"),
    step_start_utc=text("start of the step in time; null for bills", nullable=True),
    **texts(model="model of the registry, or class that stands for it", tenant="tenant", region="region"),
    **_COUNTS,
    **_quantity("energy_kwh"),
)
CAPACITY = table(
    ["quantity"],
    **texts(quantity="quantity", unit="unit"),
    **quantiles("{}", "{} over the shared uncertainty", OF_ROW, INTERVAL),
)
NAMES = table(
    ["name"],
    name=text("name of a model in logs and bills"),
    requests=number("requests", COUNT, nullable=True),
    token_share=share("share of all tokens"),
    treatment=text("how it was understood", allowed=[MODEL, CLASS, BY_DEFAULT, LEFT_OUT, NOT_ESTIMATED]),
    subject=text("model of the registry or class of the study; null where left out", nullable=True),
)
_OPERATION = ("served_share", "reached_share", "batch_p50", "replica_gpus_p50")
SERVED = table(
    ["subject"],
    subject=text("model of the registry or class of the study"),
    input_tokens_mean=number("mean prompt of its requests", "tokens"),
    output_tokens_mean=number("mean answer of its requests", "tokens"),
    **{name: ENERGY_BY_BOUNDARY.columns[name] for name in _OPERATION},
)
EVIDENCE = table(
    ["grade"],
    grade=text("quality of the evidence, best first", allowed=list(GRADES)),
    meaning=text("description of the grade"),
    token_share=share("share of all tokens"),
)
QUALITY = table(
    ["aspect"],
    **texts(aspect="aspect of quality", meaning="in words"),
    share=share("share of the amount that the meaning names"),
)
FACTORS = table(
    ["region"],
    region=text("region"),
    energy_share=share("share of the mean energy"),
    grid_zone=text("zone of the grid"),
    location_gco2e_per_kwh=number("of the grid, weighted with the energy where it is over time", "gCO2e/kWh"),
    **texts(location_basis="coverage of the average", location_source="source of the average"),
    carbon_hours=text("file of carbon intensity over time; null where the average is of a year", nullable=True),
    market_gco2e_per_kwh=number("of contracts or the residual mix; the grid's where none is given", "gCO2e/kWh"),
    market_source=text("source of the market-based factor; null where it is the grid's", nullable=True),
    offsite_water_l_per_kwh=number("water of power plants", "L/kWh", nullable=True),
    pue=number("known PUE of the region; null where it is the study's", FACTOR, nullable=True),
    pue_source=text("source of the PUE", nullable=True),
)

INVENTORY = table(
    ["supply", "emissions", "method"],
    supply=text("how the service is supplied", allowed=list(SUPPLIES)),
    **texts(
        scope="scope and category of the GHG Protocol, by operational control",
        emissions="what emits: electricity, or making of the servers",
        method="how it is counted; methods of the same electricity are alternatives and do not add up",
    ),
    **quantiles("kgco2e_{}", "{} of greenhouse gases", "kg CO2e", INTERVAL, nullable=True),
)
DISCLOSURES = table(
    ["standard", "datapoint", "label"],
    **texts(standard="reporting standard", datapoint="paragraph or disclosure", label="what is disclosed", unit="unit"),
    **quantiles("{}", "{} over the shared uncertainty; null where not known", OF_ROW, INTERVAL, nullable=True),
    note=text("remark"),
)
COSTS = table(
    ["source", "currency"],
    source=text("logs or bills of the usage file"),
    supply=text("how the service is supplied", allowed=list(SUPPLIES)),
    cost=number("what was paid, as the usage file or the files state it", "currency of the row", at_least=None),
    currency=text("currency of the cost"),
    requests=number("requests", COUNT),
    energy_kwh_mean=number("mean of the energy", "kWh"),
    emissions_location_kgco2e_mean=number("mean of greenhouse gases of the electricity, location-based", "kg CO2e"),
)
_UNIT = {name: "Wh per token squared" if name.endswith("tokens2") else "Wh per token" for name in FEATURES}
DRIVERS = table(
    ["month", "subject", "region"],
    month=text("month in UTC"),
    **texts(subject="model of the registry or class of the study", region="region"),
    requests=number("requests", COUNT),
    uncached_tokens=number("prompt tokens that were not in the cache", "tokens"),
    prompt_tokens_of_unknown_cache=number("prompt tokens of rows that do not state what was in the cache", "tokens"),
    output_tokens=number("answer tokens", "tokens"),
    input_output_tokens2=number("sum over requests of prompt tokens times answer tokens", "tokens squared"),
    output_tokens2=number("sum over requests of answer tokens squared", "tokens squared"),
    pue=number("energy within the boundary over that of the IT", FACTOR, at_least=1),
    location_gco2e_per_kwh=number("carbon intensity of the electricity, location-based", "gCO2e/kWh"),
    energy_kwh_mean=number("mean of the energy within the boundary", "kWh"),
    emissions_location_kgco2e_mean=number("mean of greenhouse gases of the electricity, location-based", "kg CO2e"),
)
UNIT_ENERGY = table(
    ["subject", "gpu"],
    **texts(subject="model of the registry or class of the study", gpu="GPU that serves it"),
    request_share=share("share of the requests that the GPU serves, mean over the shared uncertainty"),
    **{
        f"wh_per_{name}": number(f"mean energy of the IT per unit of {name}, on this GPU", unit)
        for name, unit in _UNIT.items()
    },
)

SERVERS = table(
    ["gpu"],
    gpu=text("GPU that serves requests of the usage"),
    **{
        name: number(meaning, unit)
        for name, meaning, unit in (
            ("gpu_kgco2e_p05", "P5 of making one GPU", "kg CO2e per GPU"),
            ("gpu_kgco2e_p95", "P95 of making one GPU", "kg CO2e per GPU"),
            ("host_kgco2e_per_node_p05", "P5 of making the rest of the node", "kg CO2e per node"),
            ("host_kgco2e_per_node_p95", "P95 of making the rest of the node", "kg CO2e per node"),
            ("lifetime_years_p05", "P5 of the time that the node is used", "years"),
            ("lifetime_years_p95", "P95 of the time that the node is used", "years"),
        )
    },
    **texts(basis="published, or derived from a like GPU", source="source of the footprints"),
    lifetime_source=text("source of the lifetime"),
)


def stacked(schema: pa.DataFrameSchema, paths: Iterable[str]) -> pl.DataFrame:
    """Files of one schema as one table; an empty one for no file."""
    types = {name: column.dtype.type for name, column in schema.columns.items()}
    return pl.concat([pl.DataFrame(schema=types), *map(pl.read_parquet, paths)])


TABLES = {
    name: PublicTable(name=name, path=f"usage/<name>/{name}.parquet", meaning=meaning, schemas={"": schema})
    for name, schema, meaning in (
        ("statement", STATEMENT, "One breakdown of a usage: tokens, energy, emissions and water"),
        ("inventory", INVENTORY, "One line of a greenhouse gas inventory: scope, category and method"),
        ("disclosures", DISCLOSURES, "One datapoint of ESRS E1 or GRI, with what this usage adds to it"),
        ("costs", COSTS, "One log or bill and currency: cost that the usage file or the files state"),
        ("capacity", CAPACITY, "One quantity of the whole usage: power, nodes, energy and emissions per request"),
        ("steps", STEPS, "One step in time: mean power and busy nodes"),
        ("metered", METERED, "One step in time, model, tenant and region"),
        ("names", NAMES, "One name of a model in logs and bills, and how it was understood"),
        ("served", SERVED, "One model or class where it serves its requests: lengths, batch, GPUs of a replica"),
        ("drivers", DRIVERS, "One month, model or class, and region: what its energy and emissions follow from"),
        ("unit_energy", UNIT_ENERGY, "One model or class on one GPU: energy per token, and share of the requests"),
        ("evidence", EVIDENCE, "One grade of evidence, and the share of tokens that rest on it"),
        ("quality", QUALITY, "One share that measures the quality of the data"),
        ("factors", FACTORS, "One region: factors of its electricity, with sources"),
        ("servers", SERVERS, "One GPU that serves requests: making of it and of its node, with sources"),
        ("kinds", KINDS, "One kind of rows of logs or bills and one model: what is estimated, and what is not"),
        ("files", FILES, "One file of requests or bills that was read, or one beside them that was not"),
    )
}
