"""Runs predicted by the serving model without their source, network, GPU or version: refitted for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.common.conversions import W_PER_KW
from inference_energy.energy.service import OF_ANY_SERVICE
from inference_energy.serving import operating_point
from inference_energy.serving.fit import ServingModel, fit_model
from inference_energy.serving.predict import Working, drawn, drawn_step, energy
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.step import speed_tok_per_s
from inference_energy.statistics.draws import stream
from inference_energy.statistics.quantiles import Z_P95

COLUMN = {"source": "campaign", "model": "network", "gpu": "gpu"}
PLACE = ("source", "row_id", "network", "gpu", "vendor", "precision", "engine", "prompts", "campaign")
LIMIT_MS_OF_OFFLINE = 1e9


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What predictions need besides the runs."""

    draws: int  # per run
    seed: int  # seed of all streams
    replica_gpus: Sequence[int]  # that a service may choose
    # by GPU, P5 and P95 of the power of the rest of a node per GPU, from nodes with other GPUs
    host_w: Mapping[str, tuple[float, float]]


def host_power_w(node_power: pl.DataFrame, gpus: Sequence[str]) -> dict[str, tuple[float, float]]:
    """By GPU, the range of the saturated host power per GPU of measured nodes with other GPUs, W."""
    measured = node_power.filter(pl.col("basis") == "measured")
    found = {}
    for gpu in gpus:
        others = measured.filter(pl.col("gpu") != gpu)
        ends = (others["host_saturated_kw_per_gpu_p05"].min(), others["host_saturated_kw_per_gpu_p95"].max())
        found[gpu] = (ends[0] * W_PER_KW, ends[1] * W_PER_KW)
    return found


def left_out(
    kind: str, runs: pl.DataFrame, fitted_to: pl.DataFrame, full: ServingModel, names: Mapping[str, str], of: Setting
) -> pl.DataFrame:
    """Every prediction of runs without what they belong to: a row per score and run, see `tables.HELD_OUT`.

    The values `names`, each of a column, are left out one at a time. When nothing is, the model learns from the runs
    `fitted_to`; each refit starts from that `full` fit.
    """
    found = []
    for value, column in names.items():
        learnt = fitted_to.filter(pl.col(column).ne_missing(value))
        model = fit_model(learnt, fitted_to, full)
        scored = runs.filter(pl.col(column) == value)
        parts = offline(model, scored, of) if kind == "version" else predictions(model, scored, learnt, of)
        found.append(parts.with_columns(left_out=pl.lit(kind), value=pl.lit(value)))
    return pl.concat(found)


def predictions(model: ServingModel, runs: pl.DataFrame, learnt: pl.DataFrame, of: Setting) -> pl.DataFrame:
    """Energy of runs whose boards or nodes were metered: at their batch, at their speed, as a service, at the wall.

    The fit is without these runs; from those that it learnt from comes the prior of the batch.
    """
    boards = runs.filter(pl.col("board_share").is_not_null()).drop_nulls("batch")
    wall = runs.filter(pl.col("boundary") == "node_wall")
    none = runs.clear()
    parts = [_rows("", none, none["energy_j_per_output_token"], np.empty((1, 0)))]  # the columns, where nothing follows
    if len(boards):
        prior = operating_point.batch_prior(learnt)
        replicas, batch = Replicas.of(boards), boards["batch"].to_numpy()
        uncertain = drawn(model, boards, of.draws, of.seed, "batch")
        measured = boards["energy_j_per_output_token"]
        at_batch = energy(replicas, batch, uncertain).j_per_token
        parts.append(_rows("energy_at_batch", boards, measured, at_batch))
        speed = speed_tok_per_s(batch, boards["seconds_per_token"].to_numpy())
        point = operating_point.at_speed(
            operating_point.candidates(replicas, Working.of(replicas, uncertain)), speed, prior
        )
        parts.append(_rows("energy_at_speed", boards, measured, point.resampled().energy.j_per_token, point.reached))
        services = operating_point.services(boards).with_columns(
            engine=pl.lit(OF_ANY_SERVICE), attention_data_parallel=pl.lit(0.0)
        )
        if len(services):
            parts.append(_of_services(model, services, prior, of))
    if len(wall):
        parts.append(_rows("energy_at_wall", wall, wall["energy_j_per_output_token"], at_wall(model, wall, of)))
    return pl.concat(parts)


def _of_services(model: ServingModel, services: pl.DataFrame, prior, of: Setting) -> pl.DataFrame:
    uncertain = drawn(model, services, of.draws, of.seed, "service")
    speed = services["speed_tok_per_s"].to_numpy()
    replicas = Replicas.of(services)
    candidates = operating_point.candidates(replicas, Working.of(replicas, uncertain), of.replica_gpus)
    point = operating_point.at_speed(candidates, speed, prior)
    predicted = point.resampled().energy.j_per_token
    named = services.with_columns(
        row_id=pl.format("{} at {} tok/s", "row_id", pl.col("speed_tok_per_s").cast(pl.Int64))
    )
    return _rows("energy_of_service", named, named["energy_j_per_output_token"], predicted, point.reached)


def at_wall(model: ServingModel, runs: pl.DataFrame, of: Setting) -> np.ndarray:
    """Draws of the energy per output token at the wall of a node, J; its throughput is not used.

    Boards run at the batch that memory holds, or that the latency limit of the run allows; a cap of the boards' power
    costs a share of the throughput between none and the share of power that it takes.
    """
    replicas, uncertain = Replicas.of(runs), drawn(model, runs, of.draws, of.seed, "wall")
    limit = runs["time_per_token_limit_ms"].fill_null(LIMIT_MS_OF_OFFLINE).to_numpy()
    batch, _ = operating_point.batch_at_speed(drawn_step(replicas, uncertain), 1000 / limit)
    drawn_energy = energy(replicas, batch, uncertain)
    boards_w = drawn_energy.board_share * replicas.tdp_w
    cap = runs["power_cap_w_per_gpu"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    generator = stream(of.seed, "serving", "power cap and host")
    # ASSUME: see above; nobody measured the same run with and without a cap.
    lost = generator.random(boards_w.shape) * (1 - np.minimum(cap / boards_w, 1.0))
    low, high = np.array([of.host_w[gpu] for gpu in runs["gpu"]]).T
    host_w = np.exp(
        (np.log(low) + np.log(high)) / 2
        + (np.log(high) - np.log(low)) / (2 * Z_P95) * generator.standard_normal((of.draws, 1))
    )
    power_w = np.minimum(boards_w, cap) + host_w
    return replicas.gpus * power_w * drawn_energy.seconds / (1 - lost)


def offline(model: ServingModel, runs: pl.DataFrame, of: Setting) -> pl.DataFrame:
    """Time per output token of offline runs, whose batch is what memory holds."""
    return _time("offline_time", "offline", model, runs.filter(pl.col("load") == "offline"), of)


def time_at_batch(model: ServingModel, runs: pl.DataFrame, of: Setting) -> pl.DataFrame:
    """Time per output token of every run with a batch, metered or not.

    The batch is stated, follows from the time per token, or is what memory holds where the run is offline.
    """
    return _time("time_at_batch", "batch", model, runs, of)


def _time(score: str, name: str, model: ServingModel, runs: pl.DataFrame, of: Setting) -> pl.DataFrame:
    chosen = runs.drop_nulls("batch")
    time = energy(Replicas.of(chosen), chosen["batch"].to_numpy(), drawn(model, chosen, of.draws, of.seed, name))
    return _rows(score, chosen, chosen["seconds_per_token"], time.seconds)


def _rows(
    score: str, runs: pl.DataFrame, measured: pl.Series, values: np.ndarray, reached: np.ndarray | None = None
) -> pl.DataFrame:
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
    return runs.select(
        *PLACE,
        pl.lit(score).alias("score"),
        measured.cast(pl.Float64).alias("measured"),
        predicted_p05=pl.Series(low),
        predicted_p50=pl.Series(middle),
        predicted_p95=pl.Series(high),
        reached=pl.Series(np.ones(len(runs)) if reached is None else reached),
    )
