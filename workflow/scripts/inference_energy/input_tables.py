"""What every registry and table of assumptions must look like: columns, types, allowed values, meaning."""

import pandera.polars as pa
import polars as pl

CONFIDENCE = ["high", "medium", "low"]
URL = r"^https?://\S+"
NAME = r"^[^\s\x00-\x1f\x7f]+$"
DATE = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"


# What the patterns mean to a reader of an error.
PATTERN_WORDS = {
    DATE: "a date such as 2025, 2025-06 or 2025-06-30",
    URL: "an address that begins with http:// or https://",
    NAME: "a name without blanks",
}


class InputTable(pa.DataFrameModel):
    """Base of all input tables: exactly the named columns, every number finite."""

    class Config:
        """No columns beyond those named."""

        strict = True

    @pa.dataframe_check(name="finite", error="a finite number")
    def finite(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """NaN and infinity pass comparisons with null handling, so they are looked for by name."""
        floats = [name for name, dtype in data.lazyframe.collect_schema().items() if dtype == pl.Float64]
        if not floats:
            return data.lazyframe.select(pl.lit(True))
        return data.lazyframe.select(pl.all_horizontal(pl.col(floats).is_finite().fill_null(True)))


class Model(InputTable):
    """One language model."""

    model: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name used throughout")
    aliases: str = pa.Field(nullable=True, description="other names, separated by |")
    developer: str = pa.Field(str_length={"min_value": 1}, description="who made it")
    architecture: str = pa.Field(
        isin=["dense", "moe", "hybrid"], description="dense, mixture of experts, or attention mixed with state space"
    )
    total_parameters_billions: float = pa.Field(gt=0, le=1e6, description="all parameters, billions")
    active_parameters_billions: float = pa.Field(gt=0, le=1e6, description="parameters used per token, billions")
    model_class: str = pa.Field(
        isin=["frontier", "large", "medium", "small"],
        description="size class by total parameters: frontier > 200 B, large > 60 B, medium > 20 B, small",
    )
    same_network_as: str = pa.Field(
        nullable=True, description="model with the same shape of network, so with the same throughput"
    )
    released_on: str = pa.Field(str_matches=DATE, description="date of release")
    source: str = pa.Field(str_matches=URL, description="where these facts stand")


class Hardware(InputTable):
    """One GPU and the node it is sold in."""

    gpu: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name used throughout")
    aliases: str = pa.Field(nullable=True, description="other names, separated by |")
    vendor: str = pa.Field(str_length={"min_value": 1}, description="who makes it")
    memory_gb: float = pa.Field(gt=0, le=1e5, description="memory, GB")
    tdp_w: float = pa.Field(gt=0, le=1e5, description="thermal design power, W")
    memory_bandwidth_gb_per_s: float = pa.Field(gt=0, le=1e7, description="memory bandwidth, GB/s")
    peak_fp16_tflop_per_s: float = pa.Field(
        gt=0, le=1e7, nullable=True, description="peak dense FP16 and BF16, TFLOP/s"
    )
    peak_fp8_tflop_per_s: float = pa.Field(gt=0, le=1e7, nullable=True, description="peak dense FP8, TFLOP/s")
    peak_fp4_tflop_per_s: float = pa.Field(gt=0, le=1e7, nullable=True, description="peak dense FP4, TFLOP/s")
    peak_int8_tflop_per_s: float = pa.Field(gt=0, le=1e7, nullable=True, description="peak dense INT8, TOP/s")
    gpus_per_node: int = pa.Field(ge=1, le=1000, description="GPUs in a node")
    node: str = pa.Field(nullable=True, description="name of that node")
    node_rated_power_kw: float = pa.Field(gt=0, le=1e4, nullable=True, description="rated maximum of the node, kW")
    node_idle_power_kw: float = pa.Field(gt=0, le=1e4, nullable=True, description="measured at the wall, idle, kW")
    node_saturated_power_kw: float = pa.Field(
        gt=0, le=1e4, nullable=True, description="measured at the wall, saturated with LLM inference, kW"
    )
    source: str = pa.Field(str_matches=URL, description="where the GPU's figures stand")
    node_source: str = pa.Field(nullable=True, str_matches=URL, description="where the node's figures stand")


class Correction(InputTable):
    """One known error of a published row."""

    source: str = pa.Field(str_matches=NAME, description="folder of the source in resources/benchmarks")
    row_id: str = pa.Field(str_matches=NAME, description="row of that source")
    column: str = pa.Field(str_length={"min_value": 1}, description="column of the throughput table")
    published: str = pa.Field(nullable=True, description="value as published (empty: none)")
    corrected: str = pa.Field(nullable=True, description="value that is right (empty: unknown)")
    reason: str = pa.Field(str_length={"min_value": 1}, description="what is wrong")
    evidence: str = pa.Field(str_length={"min_value": 1}, description="how it is known")
    url: str = pa.Field(str_matches=URL, description="where the evidence stands")

    class Config:
        """A cell is corrected once."""

        strict = True
        unique = ["source", "row_id", "column"]  # noqa: RUF012


class Overhead(InputTable):
    """Energy that a fleet uses beyond its serving nodes, as a share of theirs."""

    overhead: str = pa.Field(str_matches=r"^[a-z][a-z0-9_]*$", unique=True, description="name used in studies")
    share_p05: float = pa.Field(ge=0, le=10, description="P5 of the share")
    share_p95: float = pa.Field(ge=0, le=10, description="P95 of the share; the same as P5 where it is one number")
    meaning: str = pa.Field(description="what it stands for")
    source: str = pa.Field(str_matches=URL, description="where it stands")

    @pa.dataframe_check(name="range", error="share_p05: above 0 and below share_p95, or the same as it")
    def is_range(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range does not run backwards, and its lower end is above nothing."""
        low, high = pl.col("share_p05"), pl.col("share_p95")
        return data.lazyframe.select((low == high) | ((low > 0) & (low < high)))


class ReferenceLoad(InputTable):
    """One familiar load to compare a fleet with."""

    reference: str = pa.Field(unique=True, description="name")
    energy_gwh_per_day: float = pa.Field(gt=0, description="GWh per day")
    label: str = pa.Field(description="name in figures")
    derivation: str = pa.Field(description="how it was computed")
    source: str = pa.Field(description="where it stands")


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
