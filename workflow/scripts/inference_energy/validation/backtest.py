"""Measured runs predicted without their own measurements: energy per output token, of GPU boards and at the wall."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from inference_energy.common.conversions import W_PER_KW
from inference_energy.common.errors import InputError
from inference_energy.corpus.registries import network
from inference_energy.energy.assumptions import attainment_of
from inference_energy.energy.board_evidence import power_w
from inference_energy.energy.power import host_middle_w
from inference_energy.statistics.distributions import (
    Beta,
    Distribution,
    LogNormal,
    ShiftedLogNormal,
    distribution,
    draw,
    median,
)
from inference_energy.statistics.draws import stream
from inference_energy.statistics.quantiles import QUANTILES, columns, of_draws
from inference_energy.throughput.borrowing import own_or_borrowed, with_facts
from inference_energy.throughput.fits import PER_GPU
from inference_energy.throughput.gpu_time import GpuSeconds
from inference_energy.validation import decode_steps
from inference_energy.validation.decode_steps import Expected, Learnt

DRAWS = 20_000
RUN = ("source", "row_id", "model", "model_class", "gpu", "precision", "prompts")  # what a row of the table repeats
FEWEST_NETWORKS = 2  # needed for a distribution of board power
SMALLEST_SHARE_SD = 0.03


def with_offline(
    runs: pl.DataFrame,
    *,
    coefficients: pl.DataFrame,
    models: pl.DataFrame,
    hardware: pl.DataFrame,
    input_tokens: Mapping[str, dict],
    errors: Mapping[str, float],
) -> pl.DataFrame:
    """Runs with the throughput that an offline benchmark would reach at their lengths, by the curves of other sources.

    Adds `network`, `architecture`, `model_class`, the parameters, `tdp_w`, `curve` (own rows, or from which related
    model), its error `curve_log_sd`, and `offline_tok_per_s_per_gpu`; these are null where no curve or no prompt
    length is known.

    Args:
        runs: rows of measured energy.
        coefficients: table `throughput_configurations`.
        models: model registry.
        hardware: hardware registry.
        input_tokens: distribution of the prompt length by `prompts`.
        errors: log deviation of transferred curves, by `borrowed_<kinship>`.
    """
    facts = with_facts(coefficients, models, hardware)
    parameters = ("total_parameters_billions", "active_parameters_billions")
    known = models.select("model", "model_class", "architecture", *parameters, network())
    facts_of_gpu = hardware.select("gpu", "tdp_w", "memory_bandwidth_gb_per_s")
    runs = runs.join(known, on="model", how="left").join(facts_of_gpu, on="gpu", how="left")
    found = [_offline(row, facts, models, hardware, input_tokens, errors) for row in runs.iter_rows(named=True)]
    names = {"curve": pl.String, "curve_log_sd": pl.Float64, "offline_tok_per_s_per_gpu": pl.Float64}
    with_curve = pl.concat([runs, pl.DataFrame(found, schema=names, orient="row")], how="horizontal")
    return decode_steps.with_parts(with_curve)


def _offline(
    row: dict,
    facts: pl.DataFrame,
    models: pl.DataFrame,
    hardware: pl.DataFrame,
    input_tokens: Mapping[str, dict],
    errors: Mapping[str, float],
) -> tuple[str | None, float | None, float | None]:
    if row["prompts"] not in input_tokens or row["output_tokens"] is None:
        return None, None, None
    # ASSUME: weights in another format than the one that was measured on a GPU need the same GPU time: between BF16
    # and FP8 at the same batch, throughput differs by 1.1 at the median (table intervention_pairs, lower_precision).
    # So a run is compared with the format that was measured on its GPU.
    of_gpu = facts.filter(pl.col("gpu") == row["gpu"])
    measured = of_gpu if len(of_gpu) else facts
    precision = measured.group_by("precision").len().sort("len", "precision")["precision"][-1]
    asked = pl.DataFrame({"model": [row["model"]], "gpu": [row["gpu"]], "precision": [precision]})
    target = with_facts(asked, models, hardware).row(0, named=True)
    try:
        own = own_or_borrowed(target, facts, dict(errors), "backtest")
    except InputError:
        return None, None, None
    prompt = median(distribution(input_tokens[row["prompts"]]))
    reached = GpuSeconds.from_row(own).tok_per_s(prompt, row["output_tokens"])
    return own["kinship"], own["fit_error_log_sd"], float(reached)


class Expectations:
    """GPU time per output token of runs, each from other runs; factors from all networks but one are computed once."""

    def __init__(self, runs: pl.DataFrame, throughput: pl.DataFrame):
        self.by_source = {source: group for (source,), group in runs.group_by("source", maintain_order=True)}
        self.throughput = throughput
        self.learnt: dict[tuple[str, str], Learnt | None] = {}

    def of(self, row: dict) -> tuple[Expected | None, str | None]:
        """What is expected of a run, or why nothing is."""
        if row["boundary"] == "node_wall":
            found = _of_other_systems(row, self.throughput)
            return found, None if found else "no other system ran this benchmark on these GPUs"
        runs, place = self.by_source[row["source"]], (row["source"], row["network"])
        if place not in self.learnt:
            self.learnt[place] = decode_steps.learnt_without(row["network"], runs)
        learnt = self.learnt[place]
        found = decode_steps.expected(row, runs, learnt) if learnt else None
        if found:
            return found, None
        if row["offline_tok_per_s_per_gpu"] is None:
            return None, "no offline curve of the model or a relative, or prompts of unknown length"
        return None, "its batch or format is not known, or too few other networks of its source"


def _of_other_systems(row: dict, throughput: pl.DataFrame) -> Expected | None:
    """The same benchmark on the same GPUs by other systems, of any edition."""
    system = row["row_id"].rsplit("/", 2)[0]
    others = throughput.filter(
        pl.col("source").str.starts_with("mlperf"),
        *(pl.col(name) == row[name] for name in ("model", "gpu", "load", "prompts")),
        pl.col(PER_GPU).is_not_null(),
        ~pl.col("row_id").str.starts_with(f"{system}/"),
    )
    # One value per system: a result is published at two accuracy targets.
    system_of_row = pl.col("row_id").str.replace(r"/[^/]+/[^/]+$", "")
    ordered = others.sort("source", "row_id")
    each = ordered.group_by("source", system_of_row, maintain_order=True).agg(pl.col(PER_GPU).mean())
    if each.is_empty():
        return None
    logs = np.log(each[PER_GPU].to_numpy())
    spread = float(np.std(logs, ddof=1) * np.sqrt(1 + 1 / len(logs))) if len(logs) > 1 else 0.0
    return Expected(
        seconds=float(np.exp(-np.median(logs))),
        log_sd=max(spread, decode_steps.SMALLEST_SD),
        basis=f"median of {len(logs)} other systems",
    )


def board_shares(runs: pl.DataFrame, node_power: pl.DataFrame) -> pl.DataFrame:
    """Board power over TDP of saturated runs: `source, network, gpu, share`, at most 1.

    Measured where the boards were metered; at the wall, the remainder after the middle of the host's range. Runs of
    GPUs with a power cap are left out, as they are no evidence for GPUs without one.
    """
    at_wall = pl.col("boundary") == "node_wall"
    boards_w = pl.when(at_wall).then(power_w() - pl.col("host_w")).otherwise(power_w())
    return (
        runs.filter(pl.col("power_cap_w_per_gpu").is_null())
        .join(node_power.select("gpu", host_w=host_middle_w()), on="gpu", how="left")
        .select("source", "network", "gpu", share=(boards_w / pl.col("tdp_w")).clip(upper_bound=0.999))
        .drop_nulls("share")
    )


def board_share_distribution(shares: pl.DataFrame, row: dict, *, same_source: bool) -> Beta | None:
    """Distribution of a run's board power over TDP, from other sources, or other networks of its own source."""
    where = pl.col("source") == row["source"] if same_source else pl.col("source") != row["source"]
    others = shares.filter(where, pl.col("network") != row["network"])
    of_gpu = others.filter(pl.col("gpu") == row["gpu"])
    chosen = (of_gpu if len(of_gpu) else others).sort("network", "share")
    each = chosen.group_by("network", maintain_order=True).agg(pl.col("share").mean())["share"].to_numpy()
    if len(each) < FEWEST_NETWORKS:
        return None
    mean, deviation = float(each.mean()), max(float(np.std(each, ddof=1)), SMALLEST_SHARE_SD)
    # A beta distribution can be no wider than the uniform one between its limits.
    return Beta.from_moments(mean=mean, variance=min(deviation**2, mean * (1 - mean) / 3))


def host_distribution(row: dict, node_power: pl.DataFrame) -> Distribution:
    """Distribution of the host's saturated power per GPU, W, from nodes with other GPUs measured at the wall."""
    others = node_power.filter(pl.col("basis") == "measured", pl.col("gpu") != row["gpu"])
    low = float(others["host_saturated_kw_per_gpu_p05"].min()) * W_PER_KW
    high = float(others["host_saturated_kw_per_gpu_p95"].max()) * W_PER_KW
    return ShiftedLogNormal(above=0.0, excess=LogNormal.from_percentiles(p05=low, p95=high))


def attainment_without(source: str, spec: dict | float, pairs: pl.DataFrame) -> Distribution:
    """Attainment of a study without the pairs of one source, and without kinds that only this source has."""
    others = pairs.filter(pl.col("source") != source)
    if isinstance(spec, dict) and "pairs" in spec:
        kinds = set(others["kind"].unique())
        spec = {"pairs": {kind: weight for kind, weight in spec["pairs"].items() if kind in kinds}}
    return attainment_of(spec, others, "attainment")


def _unseen(row: dict, attainment: Distribution) -> Expected | None:
    """GPU time by the offline curve of a model or its relatives and the attainment of any service."""
    if row["offline_tok_per_s_per_gpu"] is None:
        return None
    shares = np.log(attainment.quantile((np.arange(1000) + 0.5) / 1000))
    return Expected(
        seconds=float(np.exp(-shares.mean()) / row["offline_tok_per_s_per_gpu"]),
        log_sd=float(np.hypot(shares.std(), row["curve_log_sd"])),
        basis="offline curve and the attainment of any service",
    )


def predicted(row: dict, expected: Expected, share: Beta, host: Distribution, seed: int) -> np.ndarray:
    """Draws of a run's energy per output token, J: power per GPU times GPU time per token."""
    generator = stream(seed, "backtest", row["source"], row["row_id"])
    seconds = expected.seconds * np.exp(expected.log_sd * generator.standard_normal(DRAWS))
    boards = row["tdp_w"] * draw(share, generator, DRAWS)
    cap = row["power_cap_w_per_gpu"]
    if cap is not None:
        # ASSUME: a GPU that is capped below the power it would draw loses a share of its throughput between zero and
        # the share of power that it loses.
        lost = generator.random(DRAWS) * (1 - np.minimum(cap / boards, 1.0))
        boards, seconds = np.minimum(boards, cap), seconds / (1 - lost)
    power = boards if row["boundary"] == "gpu_boards" else boards + draw(host, generator, DRAWS)
    return power * seconds


def backtest(
    runs: pl.DataFrame,
    throughput: pl.DataFrame,
    node_power: pl.DataFrame,
    *,
    attainment: Mapping[str, Distribution],
    unpredictable: Mapping[str, str],
    seed: int,
) -> pl.DataFrame:
    """Every saturated run with its prediction, one row each, J per output token.

    Of each run the prediction uses only its settings (GPUs, format, batch limit, power cap) and its mean answer
    length, which is the work requested. Throughput is that of other networks or systems, board power comes from other
    sources. `..._same_source` takes board power from other networks of the same source instead; `..._unseen` takes
    throughput from offline curves and the given attainment alone, as for a service without any measured run.

    Args:
        runs: of `with_offline`.
        throughput: accepted throughput rows.
        node_power: table of `energy.tables.NodePower`.
        attainment: by source of the runs, the share of the offline throughput that a service reaches, of a study and
            without that source.
        unpredictable: by source, the reason why its power is not predicted from others.
        seed: seed of all streams.
    """
    shares = board_shares(runs, node_power)
    transferable = shares.filter(~pl.col("source").is_in(list(unpredictable)))
    expectations, known, found = Expectations(runs, throughput), {}, []
    for row in runs.iter_rows(named=True):
        expected, reason = expectations.of(row)
        place = (row["source"], row["network"], row["gpu"])
        if place not in known:
            known[place] = {
                "": board_share_distribution(transferable, row, same_source=False),
                "_same_source": board_share_distribution(shares, row, same_source=True),
            }
        distributions = known[place]
        reason = reason or unpredictable.get(row["source"])
        if reason is None and distributions[""] is None:
            reason = "no other source measured power"
        result = {name: row[name] for name in RUN} | {
            "target": row["boundary"],
            "measured": row["energy_j_per_output_token"],
            "throughput_basis": expected.basis if expected else None,
            "reason": reason,
        }
        nothing = dict.fromkeys((*QUANTILES, "mean"))
        unseen = _unseen(row, attainment[row["source"]])
        variants = {
            "": (expected if reason is None else None, distributions[""]),
            "_same_source": (expected, distributions["_same_source"]),
            "_unseen": (unseen if reason is None else None, distributions[""]),
        }
        for suffix, (time, share) in variants.items():
            values = nothing
            if time is not None and share is not None:
                values = of_draws(predicted(row, time, share, host_distribution(row, node_power), seed))
            result |= columns("predicted", values, suffix)
        found.append(result)
    table = pl.DataFrame(found, infer_schema_length=None)
    table = table.with_columns(pl.col("^predicted_.*$").cast(pl.Float64))
    ratio = pl.col("predicted_p50") / pl.col("measured")
    return table.with_columns(
        ratio=ratio,
        inside_50=pl.col("measured").is_between("predicted_p25", "predicted_p75"),
        inside_90=pl.col("measured").is_between("predicted_p05", "predicted_p95"),
    ).sort("source", "row_id", "target")
