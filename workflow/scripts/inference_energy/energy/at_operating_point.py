"""Energy of a query where a service runs at a stated speed, time per token or batch, by the serving model."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common.conversions import J_PER_WH, W_PER_KW
from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy import gpu_second, uncertainty
from inference_energy.energy.ground import NODE_COLUMNS, Ground, members, node_power
from inference_energy.energy.power import board_power_w, host_power_w, node_power_w
from inference_energy.requests.lengths import Lengths
from inference_energy.serving import operating_point, predict
from inference_energy.serving.operating_point import Point
from inference_energy.serving.predict import Drawn
from inference_energy.serving.replicas import Replicas
from inference_energy.statistics import quantiles
from inference_energy.statistics.distributions import distribution, draw
from inference_energy.statistics.draws import stream
from inference_energy.studies.study import BOUNDARIES, OperatingPoint

DISAGGREGATED_LOG_SD = 0.5  # throughput with GPUs of their own for prompts over one set of GPUs: median 1.11 to 1.26
DISAGGREGATED_LOG_MEAN = -np.log(1.18)


@formula(unit="Wh", source="arithmetic")
def query_energy_wh(
    *, gpus: Quantity, power_w: Quantity, seconds_per_token: Quantity, output_tokens: Quantity, load: Quantity
) -> Quantity:
    """Energy of a query: power of a replica's GPUs, idle time included, over the time that its tokens take.

    Args:
        gpus: GPUs of the replica.
        power_w: mean power per GPU, busy for a share `load` of the time and idle else, W.
        seconds_per_token: time of the replica per output token, prompts included.
        output_tokens: answer length.
        load: share of the time that the replica is busy.
    """
    return gpus * power_w * seconds_per_token * output_tokens / (load * J_PER_WH)


def energies(ground: Ground, draws: int, seed: int) -> pl.DataFrame:
    """Energy of a query at every operating point: a row per workload, subject, boundary and spread.

    `shared` is the mean over queries with its uncertainty, `untrimmed` a random query. A model on a GPU counts only
    where at least a tenth of the draws reach the speed; `served_share` says how much of the study's mix that is. Where
    it is nothing, there is no energy.
    """
    shared = uncertainty.shared_draws(ground.given, ground.name, draws, seed)
    uncertain = _uncertain(ground, draws, seed)
    found = []
    for name, point in ground.study.serving.operating_points.items():
        for workload in ground.lengths:
            share = point.speculative_share or 0.0
            parts = [
                (weight, *_at(ground, point, workload, speculative, shared, uncertain, seed))
                for speculative, weight in ((False, 1 - share), (True, share))
                if weight > 0
            ]
            place = {"study": ground.name, "operating_point": name, "label": point.label, "workload": workload}
            found += [place | row for row in _rows(ground, workload, parts, shared, draws, seed)]
    return pl.DataFrame(found, infer_schema_length=None)


def _uncertain(ground: Ground, draws: int, seed: int) -> Drawn:
    """Draws of what is uncertain of every member, whatever its workload: points differ by what they are alone."""
    frame = members(ground, next(iter(ground.lengths)), speculative=False)
    uncertain = predict.drawn(ground.model, frame, draws, seed, ground.name, "operating point")
    if not ground.study.serving.disaggregated:
        return uncertain
    generator = stream(seed, ground.name, "disaggregated")
    factor = DISAGGREGATED_LOG_MEAN + DISAGGREGATED_LOG_SD * generator.standard_normal((draws, 1))
    effects = {**uncertain.time_effects, "time": uncertain.time_effects["time"] + factor}
    return replace(uncertain, time_effects=effects)


def _at(ground, point: OperatingPoint, workload, speculative, shared, uncertain, seed) -> tuple[Replicas, Point]:
    frame, draws = members(ground, workload, speculative), len(uncertain.power_effect)
    shared_cache = np.broadcast_to(uncertainty.cached_share(shared, workload), (draws,))[:, None]
    # What a trace says of every prompt, and on top of it what the study says of all.
    cached = 1 - (1 - shared_cache) * _uncached(ground.lengths[workload]) / ground.lengths[workload].mean(
        ground.lengths[workload].input_tokens
    )
    replicas = replace(Replicas.of(frame), cached_share=cached)
    sizes = ground.study.serving.replica_gpus
    if point.batch is not None:
        return replicas, operating_point.at_batch(replicas, uncertain, point.batch, sizes)
    speed = point.speed_tok_per_s if point.time_per_token_ms is None else 1000 / point.time_per_token_ms
    drawn = draw(distribution(speed), stream(seed, ground.name, "speed"), draws)
    speeds = np.broadcast_to(drawn, (draws,))[:, None]
    return replicas, operating_point.at_speed(replicas, uncertain, speeds, ground.prior, sizes)


def _uncached(of: Lengths) -> float:
    """Mean prompt tokens of a query that are not in the cache as measured."""
    return of.mean(of.input_tokens * (1 - of.cached_share))


def _powers_w(ground: Ground, replicas: Replicas, point: Point, shared, gpus: list[str], seed: int):
    """Power per GPU by boundary, W: a row per draw, a column per member."""
    load = np.broadcast_to(shared.values["load"], (len(point.batch),))[:, None]
    nodes = [node_power(gpu, ground.node_power) for gpu in gpus]
    column = {name: np.array([node[name] for node in nodes]) for name in NODE_COLUMNS}
    boards = board_power_w(
        tdp_w=replicas.tdp_w,
        idle_share=column["board_idle_share_of_tdp"],
        saturated_share=point.energy.board_share,
        load=load,
    )
    low, high = (column[f"host_saturated_kw_per_gpu_{end}"] * W_PER_KW for end in ("p05", "p95"))
    score = stream(seed, ground.name, "host").standard_normal((len(point.batch), 1))
    saturated = np.sqrt(low * high) * (high / low) ** (score / (2 * quantiles.Z_P95))
    host = host_power_w(idle_w=column["host_idle_kw_per_gpu"] * W_PER_KW, saturated_w=saturated, load=load)
    node = node_power_w(boards_w=boards, host_w=host)
    overheads = _column(gpu_second.overhead_share(ground.given, shared), node)
    return gpu_second.by_boundary_w(boards, node, _column(shared.values["pue"], node), overheads), load


def _column(values: np.ndarray, like_rows: np.ndarray) -> np.ndarray:
    return np.broadcast_to(values, (len(like_rows),))[:, None]


def _rows(ground: Ground, workload: str, parts, shared, draws: int, seed: int) -> list[dict]:
    of = ground.lengths[workload]
    order = ground.study.members()
    mean_out = of.mean(of.output_tokens)
    random = of.drawn(stream(seed, ground.name, "operating point", workload), draws)
    weight, reached, batch, gpus, prefill, parts_reached = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    energy = dict.fromkeys(BOUNDARIES, 0.0)
    for share, replicas, point in parts:
        # Queries with and without speculative decoding: each kind counts where its own draws reach the point.
        counted = share * (point.weight > 0)
        powers, load = _powers_w(ground, replicas, point, shared, [gpu for _, gpu, _ in order], seed)
        for boundary, power in powers.items():
            energy[boundary] = energy[boundary] + counted * query_energy_wh(
                gpus=point.gpus,
                power_w=power,
                seconds_per_token=point.energy.seconds,
                output_tokens=mean_out,
                load=load,
            )
        weight = weight + share * point.weight
        reached = reached + share * point.reached
        batch, gpus = batch + counted * point.batch, gpus + counted * point.gpus
        prefill = prefill + counted * point.energy.prefill_share
        parts_reached = parts_reached + counted
    some = np.maximum(parts_reached, np.finfo(float).tiny)
    batch, gpus, prefill = batch / some, gpus / some, prefill / some
    energy = {boundary: total / some for boundary, total in energy.items()}
    uncached = of.input_tokens * (1 - of.cached_share)
    ratio_out, ratio_in = of.output_tokens[random] / mean_out, uncached[random] / max(_uncached(of), 1.0)
    one_query = (1 - prefill) * ratio_out[:, None] + prefill * ratio_in[:, None]
    served = reached >= operating_point.FEWEST_REACHED
    found = []
    for subject, (kind, model_class) in ground.study.subjects().items():
        models = {subject: 1.0} if kind == "model" else ground.study.classes[subject].model_shares()
        shares = ground.study.by_member(model_class, models)
        mix = np.array([shares.get(member, 0.0) for member in order]) * served
        served_share = float(mix.sum() / sum(shares.values()))
        facts = {"subject_kind": kind, "subject": subject, "served_share": served_share}
        each = np.where(weight > 0, mix, 0.0)
        total = each.sum(axis=1)
        # What a draw weighs: how probable its batches are, on the average of the members that serve.
        normal = weight / np.maximum(weight.mean(axis=0), np.finfo(float).tiny)
        weights = (each * normal).sum(axis=1) / max(float(mix.sum()), np.finfo(float).tiny)
        good = (total > 0) & (weights > 0)
        facts |= {
            "reached_share": float((reached * mix).sum() / mix.sum()) if mix.sum() else 0.0,
            "batch_p50": _weighted_middle(batch, each, normal),
            "replica_gpus_p50": _weighted_middle(gpus, each, normal),
        }
        for boundary in BOUNDARIES:
            for spread, values in (("shared", energy[boundary]), ("untrimmed", energy[boundary] * one_query)):
                row = facts | {"boundary": boundary, "spread": spread}
                if not good.any():
                    found.append(row | dict.fromkeys(_columns()))
                    continue
                mean = (np.where(each > 0, values, 0.0) * each).sum(axis=1)[good] / total[good]
                found.append(row | quantiles.columns("energy_wh", quantiles.of_weighted(mean, weights[good])))
    return found


def _columns() -> list[str]:
    return [f"energy_wh_{name}" for name in (*quantiles.QUANTILES, "mean")]


def _weighted_middle(values: np.ndarray, each: np.ndarray, normal: np.ndarray) -> float | None:
    weights = (each * normal).ravel()
    if weights.sum() == 0:
        return None
    full = np.broadcast_to(values, each.shape).ravel()
    return quantiles.of_weighted(full[weights > 0], weights[weights > 0])["p50"]
