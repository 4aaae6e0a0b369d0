"""Schemas of fleets: grid zones, reference loads, scenarios, capacity plans, sweeps, sensitivities."""

import pandera.polars as pa
import polars as pl

from inference_energy.energy.tables import BOUNDARY, PERCENTILES
from inference_energy.tables.columns import SHARE, number, text
from inference_energy.tables.inputs import URL, InputTable


class ReferenceLoad(InputTable):
    """One familiar load to compare a fleet with."""

    reference: str = pa.Field(unique=True, description="name")
    energy_gwh_per_day: float = pa.Field(gt=0, description="GWh per day")
    label: str = pa.Field(description="name in figures")
    derivation: str = pa.Field(description="how it was computed")
    source: str = pa.Field(description="where it stands")


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
    zone: str = pa.Field(str_matches=r"^[A-Z]{3}$", unique=True, description="ISO 3166-1 alpha-3 code, or WOR: world")
    label: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name in English")
    carbon_gco2e_per_kwh: float = pa.Field(ge=0, le=2000, description="greenhouse gases of generation, gCO2e/kWh")
    carbon_basis: str = pa.Field(
        isin=["life cycle", "direct"], description="whether that counts the whole life cycle or only the power plants"
    )
    water_l_per_kwh: float = pa.Field(
        ge=0, le=200, nullable=True, description="water consumed by generation, off the datacenter's site, L/kWh"
    )
    year: int = pa.Field(ge=1990, le=2100, nullable=True, description="year of the carbon figure (empty: not stated)")
    source: str = pa.Field(str_matches=URL, description="where these figures stand")
    carbon_earlier_gco2e_per_kwh: float = pa.Field(
        ge=0, le=2000, nullable=True, description="the same in an earlier edition, to see how much it moves, gCO2e/kWh"
    )
    earlier_year: int = pa.Field(ge=1990, le=2100, nullable=True, description="year of the earlier figure")
    earlier_source: str = pa.Field(nullable=True, str_matches=URL, description="where the earlier figure stands")


class DatacenterEfficiency(InputTable):
    """One statement on the PUE or on-site WUE of an operator's datacenters."""

    operator: str = pa.Field(str_length={"min_value": 1}, description="who runs, rents or surveys the datacenters")
    covers: str = pa.Field(str_length={"min_value": 1}, description="the datacenters that the figures stand for")
    pue: float = pa.Field(ge=1, le=5, nullable=True, description="facility energy per IT energy (low end of a range)")
    pue_high: float = pa.Field(ge=1, le=5, nullable=True, description="high end, if the PUE is a range")
    wue_l_per_kwh: float = pa.Field(
        ge=0, le=20, nullable=True, description="water used on site per kWh of IT energy, L/kWh (low end of a range)"
    )
    wue_high_l_per_kwh: float = pa.Field(
        ge=0, le=20, nullable=True, description="high end, if the WUE is a range, L/kWh"
    )
    year: int = pa.Field(ge=2000, le=2100, nullable=True, description="year of the figures (empty: not stated)")
    source: str = pa.Field(str_matches=URL, description="where the statement stands")

    class Config:
        """A source states a year's figures for an operator once."""

        strict = True
        unique = ["operator", "year", "source"]  # noqa: RUF012

    @pa.dataframe_check(name="some_figure", error="pue: a number, as there is none for the WUE")
    def some_figure(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A row without a figure states nothing."""
        return data.lazyframe.select(pl.col("pue").is_not_null() | pl.col("wue_l_per_kwh").is_not_null())

    @pa.dataframe_check(name="pue_range", error="pue_high: no less than pue, or empty")
    def pue_range(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range has a low end and does not run backwards."""
        return data.lazyframe.select(_is_range("pue", "pue_high"))

    @pa.dataframe_check(name="wue_range", error="wue_high_l_per_kwh: no less than wue_l_per_kwh, or empty")
    def wue_range(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range has a low end and does not run backwards."""
        return data.lazyframe.select(_is_range("wue_l_per_kwh", "wue_high_l_per_kwh"))


def _is_range(low: str, high: str) -> pl.Expr:
    return pl.col(high).is_null() | (pl.col(low) <= pl.col(high)).fill_null(False)


VARIANCE_SHARES = pa.DataFrameSchema(
    {
        "study": text("study"),
        "subject": text("class of models"),
        "label": text("name in figures"),
        "workload": text("workload"),
        "boundary": BOUNDARY,
        "spread": text(
            "untrimmed: of a single query; shared: of the mean over queries", allowed=["untrimmed", "shared"]
        ),
        "ingredient": text("where the spread comes from; interplay: what no ingredient explains alone"),
        "variance_share": number("share of the variance of ln energy; they sum to 1", at_least=None),
        "log_variance": number("that variance"),
    },
    strict=True,
    unique=["study", "subject", "workload", "spread", "ingredient"],
)

SCENARIO_AGGREGATES = pa.DataFrameSchema(
    {
        "study": text("study"),
        "scenario": text("scenario"),
        "label": text("name in figures"),
        "boundary": BOUNDARY,
        "queries_per_day": number("queries per day"),
        "long_share": pa.Column(float, SHARE, description="share of long queries"),
        "interventions": pa.Column(bool, description="whether the study's levers are pulled"),
        "overhead_traditional": number("mean overhead factor of traditional queries", at_least=1),
        "overhead_long": number("mean overhead factor of long queries", at_least=1),
        **{
            f"energy_gwh_per_day_{q}": number(f"{q.upper()} over what the fleet shares, GWh/day")
            for q in (*PERCENTILES, "mean")
        },
        "energy_gwh_per_day_mean_traditional": number("of the mean traditional queries"),
        "energy_gwh_per_day_mean_long": number("of the mean long queries"),
        "energy_gwh_per_day_mean_se": number("Monte Carlo standard error of the mean"),
    },
    strict=True,
    unique=["study", "scenario"],
)

FLEET_PLAN = pa.DataFrameSchema(
    {
        "study": text("study"),
        "scenario": text("scenario"),
        "label": text("name in figures"),
        "quantity": text("what a planner asks"),
        "unit": text("its unit"),
        **{q: number(f"{q.upper()} over what the fleet shares") for q in (*PERCENTILES, "mean")},
        "basis": text("what it rests on"),
    },
    strict=True,
    unique=["study", "scenario", "quantity"],
)

MEAN_OVER_SHARED = {
    q: number(f"{q.upper()} of the mean energy over what else the fleet shares") for q in (*PERCENTILES, "mean")
}
SWEEPS = pa.DataFrameSchema(
    {
        "study": text("study"),
        "parameter": text("assumption that is varied"),
        "value": number("its value"),
        "workload": text("workload, or all of a fleet's day"),
        "unit": text("unit of the energy"),
        **MEAN_OVER_SHARED,
    },
    strict=True,
    unique=["study", "parameter", "value", "workload"],
)

MODEL_SWEEPS = pa.DataFrameSchema(
    {
        "study": text("study"),
        "model": text("model that serves every query"),
        "model_class": text("size class of the model"),
        "parameter": text("assumption that is varied"),
        "value": number("its value"),
        "workload": text("workload"),
        "unit": text("unit of the energy"),
        **MEAN_OVER_SHARED,
    },
    strict=True,
    unique=["study", "model", "parameter", "value", "workload"],
)

TORNADO = pa.DataFrameSchema(
    {
        "study": text("study"),
        "quantity": text("headline number"),
        "unit": text("its unit"),
        "ingredient": text("what is moved alone"),
        "label": text("name in figures"),
        "at_low": number("the quantity with it at P5, or at its first alternative"),
        "at_high": number("the quantity with it at P95, or at its other alternative"),
        "central": number("the quantity with everything at its median"),
    },
    strict=True,
    unique=["study", "quantity", "ingredient"],
)
