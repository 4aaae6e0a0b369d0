"""Schemas of fleets: grid zones, reference loads, scenarios, capacity plans, sweeps, sensitivities."""

from inference_energy.energy.tables import BOUNDARY
from inference_energy.tables.columns import INTERVAL, count, flag, number, quantiles, share, table, text, texts
from inference_energy.tables.inputs import URL, InputTable, cell, filled, optional
from inference_energy.tables.units import FACTOR, OF_PARAMETER, OF_ROW, SHARE


class ReferenceLoad(InputTable):
    """One familiar load to compare a fleet with."""

    reference: str = cell("name", unique=True)
    energy_gwh_per_day: float = cell("its energy per day", "GWh/day", gt=0)
    label: str = cell("name in figures")
    derivation: str = cell("how it was computed")
    source: str = cell("where it stands")


class EverydayUse(InputTable):
    """One everyday use of electricity to compare a query with."""

    use: str = cell("name", unique=True)
    energy_wh: float = cell("its energy", "Wh", gt=0)
    label: str = filled("name in figures")
    derivation: str = filled("how it was computed")
    source: str = cell("where it stands", str_matches=URL)


class GridZone(InputTable):
    """Carbon and water of one kWh of electricity generated in a country or in the world.

    Both carbon figures are Ember's yearly average, by way of Our World in Data: greenhouse gases over the life cycle
    (fuel supply, building and burning) per kWh generated in the zone. Sources: https://ember-energy.org,
    https://ourworldindata.org/grapher/carbon-intensity-electricity.
    """

    # ASSUME: a datacenter's kWh is an average kWh generated in its zone: imports, losses between power plant and
    # meter, hours of the day and contracts for clean power are left out. Source: GHG Protocol Scope 2 Guidance,
    # location-based method.
    # ASSUME: the water of a kWh is what power plants consume (evaporate), reservoirs included, not what they withdraw.
    # Source: WRI, Guidance for Calculating Water Use Embedded in Purchased Electricity.
    zone: str = cell("ISO 3166-1 alpha-3 code, or WOR: world", str_matches=r"^[A-Z]{3}$", unique=True)
    label: str = filled("name in English", unique=True)
    carbon_gco2e_per_kwh: float = cell("greenhouse gases of generation", "gCO2e/kWh", ge=0, le=2000)
    carbon_basis: str = cell(
        "whether that counts the whole life cycle or only the power plants", isin=["life cycle", "direct"]
    )
    water_l_per_kwh: float = optional("water consumed by generation, off the datacenter's site", "L/kWh", ge=0, le=200)
    year: int = optional("year of the carbon figure (empty: not stated)", "year", ge=1990, le=2100)
    source: str = cell("where these figures stand", str_matches=URL)
    carbon_earlier_gco2e_per_kwh: float = optional(
        "the same in an earlier edition, to see how much it moves", "gCO2e/kWh", ge=0, le=2000
    )
    earlier_year: int = optional("year of the earlier figure", "year", ge=1990, le=2100)
    earlier_source: str = optional("where the earlier figure stands", str_matches=URL)


VARIANCE_SHARES = table(
    ["study", "subject", "workload", "spread", "ingredient"],
    **texts(study="study", subject="class of models", label="name in figures", workload="workload"),
    boundary=BOUNDARY,
    spread=text("untrimmed: of a single query; shared: of the mean over queries", allowed=["untrimmed", "shared"]),
    ingredient=text("where the spread comes from; serving model: what no other ingredient explains alone"),
    variance_share=number("share of the variance of ln energy; they sum to 1", SHARE, at_least=None),
    log_variance=number("that variance", "log ratio squared"),
)

SCENARIO_AGGREGATES = table(
    ["study", "scenario"],
    **texts(study="study", scenario="scenario", label="name in figures"),
    boundary=BOUNDARY,
    queries_per_day=number("queries per day", "queries per day"),
    long_share=share("share of long queries"),
    interventions=flag("whether the study's interventions are applied"),
    overhead_traditional=number("mean overhead factor of traditional queries", FACTOR, at_least=1),
    overhead_long=number("mean overhead factor of long queries", FACTOR, at_least=1),
    **quantiles("energy_gwh_per_day_{}", "{} over the shared uncertainty", "GWh/day", INTERVAL),
    energy_gwh_per_day_mean_traditional=number("of the mean traditional queries", "GWh/day"),
    energy_gwh_per_day_mean_long=number("of the mean long queries", "GWh/day"),
    energy_gwh_per_day_mean_se=number("standard error of the mean, from the scatter of 16 replicates", "GWh/day"),
)

FLEET_HOURS = table(
    ["study", "scenario", "hour"],
    **texts(study="study", scenario="scenario"),
    hour=count("hour of the day", "hour"),
    relative_rate=number("requests of the hour over their mean", FACTOR),
    **quantiles("power_mw_{}", "{} of the power at the fleet boundary", "MW", INTERVAL),
    **quantiles("gpus_on_{}", "{} of the GPUs that are on", "GPUs", INTERVAL),
)

FLEET_PLAN = table(
    ["study", "scenario", "quantity"],
    **texts(study="study", scenario="scenario", label="name in figures"),
    **texts(quantity="what a planner asks", unit="its unit"),
    **quantiles("{}", "{} over the shared uncertainty", OF_ROW, INTERVAL),
    basis=text("what it rests on"),
)

PARAMETER = {
    "parameter": text("assumption that is varied"),
    "value": number("its value", OF_PARAMETER),
}
SWEPT = {
    "unit": text("unit of the energy"),
    **quantiles("{}", "{} of the mean energy over what else the fleet shares", OF_ROW, INTERVAL),
}
SWEEPS = table(
    ["study", "parameter", "value", "workload"],
    study=text("study"),
    **PARAMETER,
    workload=text("workload, or all of a fleet's day"),
    **SWEPT,
)

SWEEP_GRIDS = table(
    ["study", "grid", "x", "y", "workload"],
    **texts(study="study", grid="name of the pair", x_parameter="first assumption", y_parameter="second assumption"),
    x=number("value of the first", OF_PARAMETER),
    y=number("value of the second", OF_PARAMETER),
    workload=text("workload, or all of a fleet's day"),
    **SWEPT,
)

MODEL_SWEEPS = table(
    ["study", "model", "parameter", "value", "workload"],
    **texts(study="study", model="model that serves every query", model_class="size class of the model"),
    **PARAMETER,
    workload=text("workload"),
    **SWEPT,
)

TORNADO = table(
    ["study", "quantity", "ingredient"],
    **texts(study="study", quantity="headline number", unit="its unit"),
    **texts(ingredient="what is moved alone", label="name in figures"),
    at_low=number("the quantity with it at P5, or at its first alternative", OF_ROW),
    at_high=number("the quantity with it at P95, or at its other alternative", OF_ROW),
    central=number("expected value of the quantity with nothing set", OF_ROW),
)
