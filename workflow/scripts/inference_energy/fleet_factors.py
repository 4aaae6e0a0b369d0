"""What all queries of a fleet share: load, attainment, power, PUE, overheads, fit errors and the mix of models."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from inference_energy.attainment import attainment_law
from inference_energy.distributions import LogNormal
from inference_energy.errors import InputError, like, one_of
from inference_energy.laws import Beta, Constant, Interpolated, Law, ShiftedLogNormal, draw, law, median
from inference_energy.node_power import W_PER_KW, board_power_w, host_power_w
from inference_energy.random_streams import stream
from inference_energy.serving import members, model_weights
from inference_energy.throughput import NODE_GPUS

# From the narrowest to the widest: what is metered.
BOUNDARIES = ("gpu_boards", "node", "datacenter", "fleet")
CACHED = "cached share"


@dataclass(frozen=True, kw_only=True)
class GpuPower:
    """Laws of the power of one GPU and its part of the node, W.

    Attributes:
        tdp_w: thermal design power of the board.
        board_idle: idle board power over TDP.
        board_saturated: law of saturated board power over TDP, from idle to 1.
        host_idle_w: idle power of the rest of the node, per GPU.
        host_saturated: law of that power, saturated.
    """

    tdp_w: float
    board_idle: float
    board_saturated: Law
    host_idle_w: float
    host_saturated: Law

    def boards_w(self, load: np.ndarray | float, share: np.ndarray | float) -> np.ndarray:
        """Board power at a load, with the saturated power that the given share of such boards stays below."""
        return self.boards_at(load, self.board_saturated.quantile(share))

    def boards_at(self, load: np.ndarray | float, saturated_share: np.ndarray) -> np.ndarray:
        """Board power at a load, with the given saturated power over TDP."""
        return board_power_w(tdp_w=self.tdp_w, idle_share=self.board_idle, saturated_share=saturated_share, load=load)

    def host_w(self, load: np.ndarray | float, share: np.ndarray | float) -> np.ndarray:
        """Power of the rest of the node at a load, with the saturated power that the given share stays below."""
        return self.host_at(load, self.host_saturated.quantile(share))

    def host_at(self, load: np.ndarray | float, saturated_w: np.ndarray) -> np.ndarray:
        """Power of the rest of the node at a load, with the given saturated power."""
        return host_power_w(idle_w=self.host_idle_w, saturated_w=saturated_w, load=load)


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """The laws of a study, resolved from its entries and the tables they name.

    Attributes:
        laws: by ingredient; a `boards`, `host` and `fit_error` are shares of probability, see `Shared`.
        power: by GPU; empty where a study rates nodes instead.
        rated_w: by model, rated power of a node per GPU, W; empty where power was measured.
        mix: by class, models with their weights and the concentration of the Dirichlet law (None: known).
        overheads: names of the overheads that are switched on.
    """

    laws: dict[str, Law]
    power: dict[str, GpuPower]
    rated_w: dict[str, float]
    mix: dict[str, tuple[dict[str, float], float | None]]
    overheads: tuple[str, ...]


@dataclass(frozen=True)
class _Uniform:
    def quantile(self, shares: np.ndarray) -> np.ndarray:
        return np.asarray(shares)


def assumptions(
    study_name: str,
    study: dict,
    *,
    node_power: pl.DataFrame,
    hardware: pl.DataFrame,
    overheads: pl.DataFrame,
    pairs: pl.DataFrame,
    latency: pl.DataFrame,
) -> Assumptions:
    """The laws of a study.

    Args:
        study_name: named in errors.
        study: a resolved study of method `nested`.
        node_power: table of `node_power.NodePower`.
        hardware: hardware registry.
        overheads: table of `input_tables.Overhead`.
        pairs: table `attainment_pairs`.
        latency: table `latency_summary`.

    Raises:
        InputError: an overhead, GPU or kind of pair that is not there, percentiles that a family cannot have, or a
            latency target that was not met in measurements.
    """
    place = f"config/studies/{study_name}.yaml"
    laws: dict[str, Law] = {name: _law(study[name], f"{place}: {name}") for name in ("load", "pue")}
    laws["attainment"] = attainment_of(study["attainment"], pairs, f"{place}: attainment")
    for name in ("load", "attainment"):
        of = laws[name]
        if isinstance(of, Beta) and of.a <= 1:
            raise InputError(
                f"{place}: {name}: found a law that comes so near to 0 that the mean energy is infinite;"
                " allowed: a p05 further from 0"
            )
    known = {row["overhead"]: row for row in overheads.iter_rows(named=True)}
    for name in study["overheads"]:
        if name not in known:
            raise InputError(f"{place}: overheads: found {name!r}; allowed: {one_of(known)}")
        laws[_overhead(name)] = overhead_law(known[name])
    for workload, entry in study["workloads"].items():
        laws[cached_name(workload)] = _law(
            entry.get("cached_share", 0.0), f"{place}: workloads.{workload}.cached_share"
        )
    power, rated_w = {}, {}
    if study["power"]["form"] == "rated":
        laws["utilisation"] = _law(study["power"]["utilisation"], f"{place}: power.utilisation")
        rated = study["power"]["node_kw"]
        by_model = rated.get("by_model", {})
        rated_w = {
            model: by_model.get(model, rated["default"]) * W_PER_KW / NODE_GPUS for model, _, _ in members(study)
        }
    else:
        laws |= {"boards": _Uniform(), "host": _Uniform()}
        gpus = list(dict.fromkeys(gpu for _, gpu, _ in members(study)))
        power = {gpu: gpu_power(gpu, f"{place}: hardware", node_power, hardware) for gpu in gpus}
    if study["throughput"]["fit_error"]:
        for model in dict.fromkeys(model for model, _, _ in members(study)):
            laws[fit_error_name(model)] = _Uniform()
    if "latency_target_ms" in study:
        for gpu in dict.fromkeys(gpu for _, gpu, _ in members(study)):
            laws[latency_name(gpu)] = latency_law(
                gpu, study["latency_target_ms"], latency, hardware, f"{place}: latency_target_ms"
            )
    mix = {
        name: (model_weights(study, name), study["classes"][name].get("mix_concentration")) for name in study["classes"]
    }
    return Assumptions(laws=laws, power=power, rated_w=rated_w, mix=mix, overheads=tuple(study["overheads"]))


def _overhead(name: str) -> str:
    return f"overhead: {name}"


def cached_name(workload: str) -> str:
    """Name of the ingredient that says how much of a workload's prompts is in the cache."""
    return f"{CACHED}: {workload}"


def fit_error_name(model: str) -> str:
    """Name of the ingredient that says what the curves of a model miss."""
    return f"fit error: {model}"


def latency_name(gpu: str) -> str:
    """Name of the ingredient that says what a latency target costs on a GPU."""
    return f"latency cost: {gpu}"


def latency_law(gpu: str, target_ms: float, latency: pl.DataFrame, hardware: pl.DataFrame, place: str) -> Interpolated:
    """Law of the factor by which a latency between tokens raises the energy on a GPU, over models: P5, P50 and P95.

    Measured at the largest target that is no larger than the one asked for, on the GPU itself or on the measured one
    whose memory bandwidth is nearest.

    Raises:
        InputError: half of the models do not meet the target, or it is shorter than any that was looked at.
    """
    medians = latency.filter(pl.col("latency_statistic") == "median", pl.col("cost_p50").is_not_null())
    bandwidth = dict(hardware.select("gpu", "memory_bandwidth_gb_per_s").iter_rows())
    # ASSUME: what latency costs on a GPU without measurements is what it costs on the one most like it.
    like_it = min(medians["gpu"].unique().sort(), key=lambda name: abs(np.log(bandwidth[name] / bandwidth[gpu])))
    met = medians.filter(pl.col("gpu") == like_it).sort("target_ms")
    usable = met.filter(pl.col("target_ms") <= target_ms)
    if usable.is_empty():
        raise InputError(
            f"{place}: found {target_ms:g}; allowed: {met['target_ms'][0]:g} or more, which half of the models meet on"
            f" {like_it}"
        )
    row = usable.row(-1, named=True)
    low, middle = row["cost_p05"], row["cost_p50"]
    # ASSUME: where too few models meet a target to say its P95, that lies as far above the median as P5 below it.
    high = row["cost_p95"] if row["cost_p95"] is not None else middle**2 / low
    return Interpolated(shares=(0.05, 0.5, 0.95), values=(low, middle, high))


def latency_factor(shared: "Shared", gpu: str) -> np.ndarray:
    """Factor on the energy of a GPU's queries for the latency that the study asks for: 1 where it asks for none."""
    return shared.values.get(latency_name(gpu), np.ones(()))


def attainment_of(spec: dict | float, pairs: pl.DataFrame, place: str) -> Law:
    """Law of the attainment of a study's entry: a number, a law, or `{pairs: {<kind>: weight}}`."""
    if isinstance(spec, dict) and "pairs" in spec:
        return attainment_law(pairs, spec["pairs"], f"{place}.pairs")
    return _law(spec, place)


def _law(spec: dict | float, place: str) -> Law:
    try:
        return law(spec)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None


def overhead_law(row: dict) -> Law:
    """Law of an overhead's share, from its row of the ledger: never negative."""
    if row["share_p05"] == row["share_p95"]:
        return Constant(row["share_p05"])
    return ShiftedLogNormal.from_percentiles(above=0.0, p05=row["share_p05"], p95=row["share_p95"])


def gpu_power(gpu: str, place: str, node_power: pl.DataFrame, hardware: pl.DataFrame) -> GpuPower:
    """Laws of a GPU's power, from its row of `resources/node_power.csv`.

    Raises:
        InputError: a GPU without a row.
    """
    rows = node_power.filter(pl.col("gpu") == gpu)
    if rows.is_empty():
        raise InputError(
            f"{place}: found {gpu!r}; allowed: {like(gpu, node_power['gpu'])}, which have a row in"
            " resources/node_power.csv"
        )
    row = rows.row(0, named=True)
    idle = row["board_idle_share_of_tdp"]
    host_idle_w = row["host_idle_kw_per_gpu"] * W_PER_KW
    return GpuPower(
        tdp_w=float(hardware.filter(pl.col("gpu") == gpu)["tdp_w"][0]),
        board_idle=idle,
        board_saturated=Beta.from_percentiles(
            p05=row["board_saturated_share_of_tdp_p05"], p95=row["board_saturated_share_of_tdp_p95"], low=idle
        ),
        host_idle_w=host_idle_w,
        host_saturated=ShiftedLogNormal.from_percentiles(
            above=host_idle_w,
            p05=row["host_saturated_kw_per_gpu_p05"] * W_PER_KW,
            p95=row["host_saturated_kw_per_gpu_p95"] * W_PER_KW,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Values of what the fleet shares: one per draw, shape (draws,), or one each, the medians.

    Attributes:
        values: by ingredient. `boards` and `host` say which share of nodes draws less when saturated, `fit_error`
            which share of curves lies below: the same share for all GPUs of a node type or of a model.
        mix: by class, weight of every model, each shaped like a value; they sum to 1.
        derived: what was computed from one ingredient alone, by its name and what for; see `once`.
    """

    values: dict[str, np.ndarray]
    mix: dict[str, dict[str, np.ndarray]]
    derived: dict[tuple, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def once(self, name: str, purpose: Hashable, compute: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """What follows from one ingredient, computed once however often levers and sweeps replace others."""
        if (name, purpose) not in self.derived:
            self.derived[name, purpose] = compute(self.values[name])
        return self.derived[name, purpose]

    def replaced(self, name: str, value: np.ndarray | float) -> "Shared":
        """The same with one ingredient set."""
        kept = {place: found for place, found in self.derived.items() if place[0] != name}
        return Shared(values=self.values | {name: np.asarray(value)}, mix=self.mix, derived=kept)

    def slice(self, of: slice) -> "Shared":
        """Some of the draws."""
        return Shared(
            values={name: value[of] for name, value in self.values.items()},
            mix={name: {model: w[of] for model, w in weights.items()} for name, weights in self.mix.items()},
        )


def shared_draws(given: Assumptions, study_name: str, draws: int, seed: int) -> Shared:
    """Draws of everything that the fleet shares, each ingredient from its own named stream."""
    # ASSUME: the ingredients are independent of each other. What makes boards (hosts) draw more is the same on all
    # GPU types of a fleet, and what a fit misses about a model is the same on all its GPUs: the wider choice, as
    # errors then do not average out over the fleet.
    # The cache of all workloads is one: its hit rates are high or low together.
    values = {
        name: draw(of, stream(seed, study_name, "fleet", CACHED if name.startswith(CACHED) else name), draws)
        for name, of in given.laws.items()
    }
    mix = {
        name: _dirichlet(
            weights,
            concentration,
            {model: stream(seed, study_name, "fleet", "mix", name, model) for model in weights},
            draws,
        )
        for name, (weights, concentration) in given.mix.items()
    }
    return Shared(values=values, mix=mix)


def _dirichlet(
    weights: dict[str, float], concentration: float | None, generators: dict[str, np.random.Generator], draws: int
) -> dict[str, np.ndarray]:
    if concentration is None or len(weights) == 1:
        return {model: np.full(draws, weight) for model, weight in weights.items()}
    # ASSUME: which models of a class serve how many queries is not known; the weights are Dirichlet around those of
    # the study. A concentration as large as the number of models makes every mix equally likely.
    drawn = {
        model: generators[model].standard_gamma(weight * concentration, draws) for model, weight in weights.items()
    }
    return mixed(drawn)


def mixed(gammas: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Dirichlet weights from gamma draws: each over their sum."""
    total = np.maximum(sum(gammas.values()), np.finfo(float).tiny)
    return {model: value / total for model, value in gammas.items()}


def central(given: Assumptions) -> Shared:
    """Every ingredient at its median, models at the weights of the study."""
    return Shared(
        values={name: np.asarray(median(of)) for name, of in given.laws.items()},
        mix={name: {m: np.asarray(w) for m, w in weights.items()} for name, (weights, _) in given.mix.items()},
    )


def overhead_share(given: Assumptions, shared: Shared) -> np.ndarray:
    """Sum of the overheads that are switched on, share of the datacenter's energy for the serving nodes."""
    return sum((shared.values[_overhead(name)] for name in given.overheads), start=np.zeros(()))


def powers_w(
    given: Assumptions, shared: Shared, model: str, gpu: str, load: np.ndarray | float
) -> dict[str, np.ndarray]:
    """Power per GPU that serves a model, at a load, within each boundary, W.

    `gpu_boards`: boards alone; `node`: with everything else in the node; `datacenter`: times PUE; `fleet`: with the
    overheads. A rated node cannot be told apart: its boards count as all of it.
    """
    if given.rated_w:
        boards = node = given.rated_w[model] * shared.values["utilisation"]
    else:
        power = given.power[gpu]
        boards = power.boards_at(load, shared.once("boards", gpu, power.board_saturated.quantile))
        node = boards + power.host_at(load, shared.once("host", gpu, power.host_saturated.quantile))
    datacenter = node * shared.values["pue"]
    fleet = datacenter * (1 + overhead_share(given, shared))
    return {"gpu_boards": boards, "node": node, "datacenter": datacenter, "fleet": fleet}


def wh_per_gpu_second(given: Assumptions, shared: Shared, model: str, gpu: str) -> dict[str, np.ndarray]:
    """Energy that goes with one GPU-second of a saturated server, within each boundary, Wh: P / (load attainment 3600).

    A fleet that is busy for a share `load` of the time, and then attains a share of the offline throughput, spends
    1 / (load attainment) seconds of power on every second of work; idle power is thereby charged to the queries.
    """
    # ASSUME: a node that is busy draws its saturated power also where a latency limit keeps it from its offline
    # throughput: MLPerf's server runs draw 0.96 to 1.02 of the offline ones at the wall (six pairs).
    load = shared.values["load"]
    served = load * shared.values["attainment"] * 3600
    return {boundary: power / served for boundary, power in powers_w(given, shared, model, gpu, load).items()}


def fit_factor(shared: Shared, model: str, fit_error_log_sd: float) -> np.ndarray:
    """Factor on the GPU-seconds of a model for what its fit misses: log-normal around 1."""
    name = fit_error_name(model)
    if name not in shared.values:
        return np.ones(())
    return shared.once(name, fit_error_log_sd, LogNormal(log_mean=0.0, log_sd=fit_error_log_sd).quantile)


def cached_share(shared: Shared, workload: str) -> np.ndarray:
    """Share of a workload's prompts that is in the cache, on top of what its trace says per request."""
    return shared.values[cached_name(workload)]
