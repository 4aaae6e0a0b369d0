"""What services state of a day or of their queries, predicted without it: nodes, and energy per query."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common.conversions import SECONDS_PER_DAY
from inference_energy.energy.per_query import operation, random_queries
from inference_energy.energy.service import Service
from inference_energy.serving import operating_point, predict
from inference_energy.serving.fit import ServingModel
from inference_energy.serving.operating_point import BatchPrior
from inference_energy.serving.replicas import Registries, Replicas
from inference_energy.serving.runs import of_service, year
from inference_energy.statistics import quantiles
from inference_energy.studies.study import NODE_GPUS
from inference_energy.tables.units import COUNT
from inference_energy.validation.statements import METERED_BY_STATEMENT, UNSTATED

# Benchmarks say nothing of the batches of replicas as large as those of a fleet.
ANY_BATCH = BatchPrior(intercept=0.0, slope=0.0, sd=float("inf"))
OF_FLEETS = ("provider_measurement", "executive_statement")  # kinds of estimates of all queries of a service
NODES_MEAN, NODES_PEAK = "nodes on the average of the day", "nodes in the busiest hour"
RANDOM_QUERY, MEAN_QUERY = "energy of a random query", "mean energy of its queries"
ENERGY = "Wh"


def nodes(
    fleets: pl.DataFrame,
    model: ServingModel,
    models: pl.DataFrame,
    hardware: pl.DataFrame,
    rates: np.ndarray,
    *,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Nodes that services needed on the average of a day and in its busiest hour: two rows per service.

    The service is predicted from its tokens, its speed and its GPUs alone; nothing of it is in the fit. Prompts have
    GPUs of their own: they do not slow those that decode, and their time is added. `rates` are the requests of every
    hour of a day over their mean.
    """
    found, registries = [], Registries(models=models, hardware=hardware)
    for row in fleets.iter_rows(named=True):
        output = row["output_tokens_per_day"]
        # Mean context of an output token is the prompt and half of the answer.
        answer = row["context_tokens"] / (row["input_tokens_per_day"] / output + 0.5)
        asked = pl.DataFrame([{name: row[name] for name in ("model", "gpu", "precision")}])
        frame = of_service(asked, registries, year(row["day"])).with_columns(
            gpus=pl.lit(float(row["replica_gpus"])),
            attention_data_parallel=1.0,
            input_tokens=answer * row["input_tokens_per_day"] / output,
            output_tokens=answer,
            cached_share=row["cached_share"],
            engine=pl.lit(row["service"]),
            campaign=pl.lit(row["service"]),
        )
        uncertain = predict.drawn(model, frame, draws, seed, "published fleet", row["service"])
        replicas = Replicas.of(frame)
        decoding = replace(replicas, cached_share=np.ones(1))
        point = operating_point.at_speed(
            operating_point.candidates(decoding, predict.Working.of(decoding, uncertain)),
            row["speed_tok_per_s"],
            ANY_BATCH,
        )
        both = predict.energy(replicas, point.batch, uncertain)
        seconds = point.energy.seconds + both.prefill_share * both.seconds
        needed = output / SECONDS_PER_DAY * (seconds * replicas.gpus)[:, 0] / NODE_GPUS
        weights = point.weight[:, 0]
        facts = {
            "reached_share": float(point.reached[0]),
            "batch_p50": quantiles.of_weighted(point.batch[:, 0], weights)["p50"],
            "replica_gpus_p50": float(row["replica_gpus"]),
            "source": row["source"],
        }
        for quantity, stated, factor in (
            (NODES_MEAN, row["nodes_mean"], 1.0),
            (NODES_PEAK, row["nodes_peak"], rates.max()),
        ):
            place = row["service"], quantity, "node", COUNT
            found.append(_row(place, stated, factor * needed, weights) | facts)
    return pl.DataFrame(found)


def queries(service: Service, estimates: pl.DataFrame) -> pl.DataFrame:
    """Energy of a service's queries as it states it and as a study has it: two rows per statement.

    Compared with a random traditional query of the study's fleet, about which nothing is known, and with the mean of
    these queries, both within the boundary that the statement names.
    """
    subject = service.study.fleet.subject
    alone = service.narrowed(subject)
    quantities = {
        RANDOM_QUERY: random_queries(alone, subject, UNSTATED),
        MEAN_QUERY: alone.mean_wh(subject, UNSTATED),
    }
    known = operation(alone, subject, UNSTATED)
    facts = {name: known[name] for name in ("reached_share", "batch_p50", "replica_gpus_p50")}
    found = []
    for row in estimates.filter(pl.col("kind").is_in(OF_FLEETS)).sort("source", "row_id").iter_rows(named=True):
        boundary = METERED_BY_STATEMENT[row["boundary"]]
        for quantity, (energies, weights) in quantities.items():
            place = row["subject"], quantity, boundary, ENERGY
            found.append(_row(place, row["energy_wh"], energies[boundary], weights) | facts | {"source": row["url"]})
    return pl.DataFrame(found)


def _row(place: Sequence[str], stated: float, values: np.ndarray, weights: np.ndarray) -> dict:
    """What is stated next to weighted draws of it; `place` is service, quantity, boundary and unit."""
    of = quantiles.of_weighted(values, weights, quantiles.PERCENTILES)
    return dict(zip(("service", "quantity", "boundary", "unit"), place, strict=True)) | {
        "stated": stated,
        **{f"predicted_{name}": of[name] for name in quantiles.PERCENTILES},
        "ratio": of["p50"] / stated,
        "inside_90": bool(of["p05"] <= stated <= of["p95"]),
    }
