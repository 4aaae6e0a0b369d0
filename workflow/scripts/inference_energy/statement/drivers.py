"""What the energy and emissions of a usage follow from: requests and lengths, energy per token by GPU, PUE, carbon."""

import numpy as np
import polars as pl

from inference_energy.common.conversions import G_PER_KG, WH_PER_KWH
from inference_energy.statement import energy
from inference_energy.statement.coefficients import FEATURES, UnitEnergy, features
from inference_energy.statement.grades import NONE

KEYS = ["month", "subject", "region"]


def drivers(of: UnitEnergy, kept: pl.DataFrame) -> pl.DataFrame:
    """Sums, PUE and carbon intensity of every month, model or class, and region.

    Returns:
        A row per key: `requests`, the sums of `FEATURES`, what the energy of the IT is multiplied with (`pue`, 1
        within a boundary without the building), `location_gco2e_per_kwh`, and the mean energy and emissions that
        follow.
    """
    rows = kept.with_columns(region=pl.col("region_name").fill_null(NONE))
    quantities = ["energy_kwh", "emissions_location_kgco2e"]
    summed = rows.group_by(*KEYS, "region_name").agg(*features())
    results = energy.broken_down(of, rows, [*KEYS, "region_name"], quantities)
    found = []
    joined = results.join(summed, on=[*KEYS, "region_name"], nulls_equal=True).sort(KEYS)
    for row in joined.iter_rows(named=True):
        kwh, kg = row["energy_kwh_mean"], row["emissions_location_kgco2e_mean"]
        sums = np.array([row[name] for name in FEATURES])
        of_it = float((sums @ of.energy_wh[row["subject"]]).mean()) / WH_PER_KWH
        factor = of.regions[row["region_name"]].location_gco2e_per_kwh
        found.append(
            {name: row[name] for name in (*KEYS, "requests", *FEATURES)}
            | {
                "pue": kwh / of_it if of_it else 1.0,
                "location_gco2e_per_kwh": kg / kwh * G_PER_KG if kwh else factor,
                "energy_kwh_mean": kwh,
                "emissions_location_kgco2e_mean": kg,
            }
        )
    return pl.DataFrame(found)


def unit_energies(of: UnitEnergy) -> pl.DataFrame:
    """Mean energy of the IT per unit of every sum, by model or class and GPU, with the share of requests it serves.

    The energy of a GPU is per unit that the GPU itself serves: its part of all requests over its share of them.
    """
    rows = []
    for subject, gpus in of.of_gpu.items():
        for gpu, (wh, share) in gpus.items():
            served = float(share.mean())
            values = wh.mean(axis=1) / served
            rows.append(
                {"subject": subject, "gpu": gpu, "request_share": served} | dict(zip(unit_names(), values, strict=True))
            )
    return pl.DataFrame(rows).sort("subject", "gpu")


def unit_names() -> list[str]:
    """Columns of the energy per unit of `FEATURES`."""
    return [f"wh_per_{name}" for name in FEATURES]
