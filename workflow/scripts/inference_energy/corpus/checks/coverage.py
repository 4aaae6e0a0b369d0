"""Gaps of the corpus."""

import polars as pl

from inference_energy.corpus.checks.finding import findings


def gaps(throughput: pl.DataFrame, energy: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Models and GPUs without a throughput row; classes measured for throughput on a GPU, but never for energy."""
    throughput, energy = (frame.select("model", "gpu").unique() for frame in (throughput, energy))
    without_rows = [
        findings(
            registry.join(throughput, on=name, how="anti").sort(name),
            check="coverage_gap",
            message=pl.format("no throughput row of {}", name),
        )
        for registry, name in ((models.select("model"), "model"), (hardware.select("gpu"), "gpu"))
    ]
    classes = models.select("model", "model_class")
    pairs = [frame.join(classes, on="model").select("model_class", "gpu").unique() for frame in (throughput, energy)]
    unmeasured = pairs[0].join(pairs[1], on=["model_class", "gpu"], how="anti").sort("model_class", "gpu")
    return pl.concat(
        [
            *without_rows,
            findings(
                unmeasured,
                check="coverage_gap",
                message=pl.format("no measured energy of a {} model on {}", "model_class", "gpu"),
            ),
        ]
    )
