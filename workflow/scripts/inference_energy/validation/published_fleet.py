"""The published day of a service predicted by the serving model: nodes that its tokens need."""

import numpy as np
import polars as pl

from inference_energy.common.conversions import SECONDS_PER_DAY
from inference_energy.serving import operating_point, predict
from inference_energy.serving.fit import ServingModel
from inference_energy.serving.operating_point import BatchPrior
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.runs import of_service, year

NODE_GPUS = 8
# Benchmarks say nothing of the batches of replicas as large as those of a fleet.
ANY_BATCH = BatchPrior(intercept=0.0, slope=0.0, sd=float("inf"))


def nodes(
    services: pl.DataFrame,
    model: ServingModel,
    models: pl.DataFrame,
    hardware: pl.DataFrame,
    *,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Nodes that services needed on the average of a day, stated and predicted: a row per service.

    The service is predicted from its tokens, its speed and its GPUs alone; nothing of it is in the fit. Prompts and
    answers have GPUs of their own there; the model has them on the same.

    Args:
        services: registry of `tables.PublishedFleet`.
        model: the fitted serving model.
        models: model registry.
        hardware: hardware registry.
        draws: how many.
        seed: seed of the stream.
    """
    found = []
    for row in services.iter_rows(named=True):
        output = row["output_tokens_per_day"]
        # Mean context of an output token is the prompt and half of the answer.
        answer = row["context_tokens"] / (row["input_tokens_per_day"] / output + 0.5)
        asked = pl.DataFrame([{name: row[name] for name in ("model", "gpu", "precision")}])
        frame = of_service(asked, models, hardware, year(row["day"])).with_columns(
            gpus=pl.lit(float(NODE_GPUS)),
            attention_data_parallel=1.0,
            input_tokens=answer * row["input_tokens_per_day"] / output,
            output_tokens=answer,
            cached_share=row["cached_share"],
            engine=pl.lit(row["service"]),
            campaign=pl.lit(row["service"]),
        )
        uncertain = predict.drawn(model, frame, draws, seed, "published fleet", row["service"])
        point = operating_point.at_speed(
            Replicas.of(frame), uncertain, row["speed_tok_per_s"], ANY_BATCH, [row["replica_gpus"]]
        )
        drawn = point.resampled()
        needed = output / SECONDS_PER_DAY * drawn.energy.seconds[:, 0] * drawn.gpus[:, 0] / NODE_GPUS
        low, middle, high = np.quantile(needed, [0.05, 0.5, 0.95])
        found.append(
            {
                "service": row["service"],
                "quantity": "nodes on the average of the day",
                "stated": row["nodes_mean"],
                "predicted_p05": low,
                "predicted_p50": middle,
                "predicted_p95": high,
                "ratio": middle / row["nodes_mean"],
                "inside_90": bool(low <= row["nodes_mean"] <= high),
                "reached_share": float(point.reached[0]),
                "batch_p50": float(np.median(drawn.batch)),
                "replica_gpus_p50": float(np.median(drawn.gpus)),
                "source": row["source"],
            }
        )
    return pl.DataFrame(found)
