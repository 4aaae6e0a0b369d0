"""Schemas of tables that statements draw on: making of servers, cloud regions, generation of electricity."""

import polars as pl

from inference_energy.tables.inputs import DATE, URL, InputTable, cell, filled, optional, rising


def _range(name: str) -> pl.Expr:
    return rising([f"{name}_p05", f"{name}_p95"], strictly=True)


class EmbodiedServer(
    InputTable,
    rules={
        "gpu_kgco2e_p95: more than gpu_kgco2e_p05": _range("gpu_kgco2e"),
        "host_kgco2e_per_node_p95: more than host_kgco2e_per_node_p05": _range("host_kgco2e_per_node"),
        "lifetime_years_p95: more than lifetime_years_p05": _range("lifetime_years"),
    },
):
    """Greenhouse gases of making one GPU and the node around it, and how long both are used.

    The ranges are P5–P95. Use, end of life, racks, network and the building are left out.
    """

    # ASSUME: assessments of like hardware differ by method as those of an A100 do, 1.42 from cradle to gate to the
    # whole life cycle without use; making a GPU without a published footprint scales with its memory, which is 42 % of
    # an H100 baseboard. Sources: arXiv 2509.00093; https://data.hubblo.org; NVIDIA, HGX H100 PCF summary.
    gpu: str = filled("GPU of the hardware registry", unique=True)
    gpu_kgco2e_p05: float = cell("making one GPU with its share of the baseboard", "kg CO2e per GPU", gt=0, le=1e5)
    gpu_kgco2e_p95: float = cell("the same", "kg CO2e per GPU", gt=0, le=1e5)
    host_kgco2e_per_node_p05: float = cell("making the rest of the node", "kg CO2e per node", gt=0, le=1e6)
    host_kgco2e_per_node_p95: float = cell("the same", "kg CO2e per node", gt=0, le=1e6)
    lifetime_years_p05: float = cell("how long the node is used", "years", gt=0, le=50)
    lifetime_years_p95: float = cell("the same", "years", gt=0, le=50)
    basis: str = cell("published: a footprint of this GPU; derived: of a like one", isin=["published", "derived"])
    derivation: str = filled("how the range follows from the sources")
    source: str = cell("where the footprints stand", str_matches=URL)
    lifetime_source: str = cell("where the lifetimes stand", str_matches=URL)
    checked_on: str = cell("date on which the sources were last read", str_matches=DATE)


class CloudRegion(
    InputTable,
    rules={
        "carbon_basis: given with carbon_gco2e_per_kwh": pl.col("carbon_basis").is_not_null()
        == pl.col("carbon_gco2e_per_kwh").is_not_null()
    },
):
    """A region of a cloud provider, and the zone of the grid that it lies in."""

    # ASSUME: the electricity of a cloud region is that of the country it lies in, unless its provider publishes the
    # carbon intensity of its own grid. Source: GHG Protocol Scope 2 Guidance, location-based method.
    cloud_region: str = cell(
        "provider and the name that it gives the region", str_matches=r"^(aws|azure|gcp):[a-z0-9-]+$", unique=True
    )
    location: str = filled("where it lies")
    grid_zone: str = cell("zone of resources/grid.csv", str_matches=r"^[A-Z]{3}$")
    carbon_gco2e_per_kwh: float = optional(
        "of the region's own grid, as its provider publishes it; empty: that of the zone", "gCO2e/kWh", ge=0, le=2000
    )
    carbon_basis: str = optional(
        "whether that counts the whole life cycle or only the power plants", isin=["life cycle", "direct"]
    )
    year: int = optional("year of that figure", "year", ge=1990, le=2100)
    source: str = cell("where the region stands", str_matches=URL)


class GenerationFactor(InputTable):
    """Greenhouse gases of a kWh from one technology over the life cycle."""

    # ASSUME: power plants of one technology have the median footprint of the literature, wherever they stand. Source:
    # IPCC AR5 WG III, Annex III, table A.III.2; the note of a row says where the annex has no such technology.
    technology: str = filled("name", unique=True)
    entsoe_types: str = filled("production types of ENTSO-E that it is, separated by |")
    eia_types: str = optional("fuel types of the EIA that it is, separated by |")
    carbon_gco2e_per_kwh: float = cell("over the life cycle", "gCO2e/kWh", ge=0, le=2000)
    note: str = optional("what stands for it, and why")
    source: str = cell("where the figure stands", str_matches=URL)
