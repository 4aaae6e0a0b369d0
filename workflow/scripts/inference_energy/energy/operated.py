"""The models and GPUs of a service where they run: GPU time per token, power, and how probable each draw is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import polars as pl
from scipy.special import ndtri

from inference_energy.common.conversions import W_PER_KW
from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy import power
from inference_energy.energy.assumptions import DISAGGREGATED, Assumptions, speculative_name
from inference_energy.energy.day import Day, energy_per_gpu_second_wh, interpolation
from inference_energy.energy.uncertainty import Shared, overhead_share
from inference_energy.requests.lengths import Lengths
from inference_energy.serving import operating_point
from inference_energy.serving.operating_point import BatchPrior, Candidate, Point
from inference_energy.serving.predict import Drawn, Energy, Working
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.step import step_at
from inference_energy.statistics.distributions import ShiftedLogNormal
from inference_energy.studies.study import NestedStudy

PER_TOKEN = ("prefill_s", "decode_s", "attention_s")  # what GPU time has per token, see `Operated`


@formula(unit="GPU-seconds", source="docs/method.md, What a step takes")
def gpu_seconds_per_query(
    *,
    prefill_s: Quantity,
    decode_s: Quantity,
    attention_s: Quantity,
    uncached_tokens: Quantity,
    output_tokens: Quantity,
    context_tokens2: Quantity,
) -> Quantity:
    """GPU time of a query at an operating point.

    Args:
        prefill_s: GPU-seconds per prompt token that is not in the cache.
        decode_s: GPU-seconds per answer token.
        attention_s: GPU-seconds per answer token and token of its context.
        uncached_tokens: prompt tokens that are not in the cache.
        output_tokens: answer tokens.
        context_tokens2: sum over answer tokens of their context, L_out (L_in + L_out / 2).
    """
    return prefill_s * uncached_tokens + decode_s * output_tokens + attention_s * context_tokens2


@formula(unit="tokens^2", source="arithmetic")
def context_tokens2(*, input_tokens: Quantity, output_tokens: Quantity) -> Quantity:
    """Sum over the tokens of an answer of the context that each attends to: the prompt and half of the answer."""
    return output_tokens * (input_tokens + output_tokens / 2)


@formula(unit="Wh", source="arithmetic")
def query_wh(*, gpu_seconds: Quantity, wh_per_gpu_second: Quantity) -> Quantity:
    """Energy of a query: its GPU time times the energy that goes with it."""
    return gpu_seconds * wh_per_gpu_second


@dataclass(frozen=True, kw_only=True)
class QueryMeans:
    """Means over the queries of a workload; `uncached_tokens` has a value per draw of the cached share."""

    input_tokens: float  # prompt tokens
    uncached_tokens: np.ndarray  # prompt tokens that are not in the cache, shape (draws, 1)
    output_tokens: float  # answer tokens
    context_tokens2: float  # sums over answer tokens of their context

    @classmethod
    def of(cls, lengths: Lengths, cached_share: np.ndarray) -> Self:
        """Of a distribution of lengths; the shared cached share is on top of what a trace says of every prompt."""
        uncached = lengths.mean(lengths.input_tokens * (1 - lengths.cached_share))
        squares = context_tokens2(input_tokens=lengths.input_tokens, output_tokens=lengths.output_tokens)
        return cls(
            input_tokens=lengths.mean(lengths.input_tokens),
            uncached_tokens=(1 - cached_share[:, None]) * uncached,
            output_tokens=lengths.mean(lengths.output_tokens),
            context_tokens2=lengths.mean(squares),
        )


@dataclass(frozen=True, kw_only=True)
class Members:
    """Every model on every GPU of a study."""

    names: Sequence[tuple[str, str, str]]  # model, GPU and number format of each
    frame: pl.DataFrame  # columns of `Replicas`, a row each
    uncertain: Drawn  # draws of what is uncertain about each
    node_power: pl.DataFrame  # table of `energy.tables.NodePower`

    @cached_property
    def replicas(self) -> Replicas:
        """Replicas of as many GPUs as one may have, for requests of a token each."""
        return Replicas.of(self.frame)

    @cached_property
    def nodes(self) -> Sequence[Mapping[str, float]]:
        """Row of that table for every GPU."""
        of = {gpu: power.node_of(gpu, self.node_power) for gpu in dict.fromkeys(gpu for _, gpu, _ in self.names)}
        return [of[gpu] for _, gpu, _ in self.names]

    def of_nodes(self, name: str) -> np.ndarray:
        """One column of it, a value per member; they are kept."""
        if name not in self._of_nodes:
            self._of_nodes[name] = np.array([float(node[name]) for node in self.nodes])
        return self._of_nodes[name]

    @cached_property
    def _of_nodes(self) -> dict[str, np.ndarray]:
        return {}

    @cached_property
    def hosts(self) -> Sequence[ShiftedLogNormal]:
        """Saturated power of the rest of a node per GPU, W."""
        return [
            ShiftedLogNormal.from_percentiles(
                above=node["host_idle_kw_per_gpu"] * W_PER_KW,
                p05=node["host_saturated_kw_per_gpu_p05"] * W_PER_KW,
                p95=node["host_saturated_kw_per_gpu_p95"] * W_PER_KW,
            )
            for node in self.nodes
        ]


# Power of nodes per installed GPU, W, shape (draws, members), at the work of a replica and the share of the replicas
# that are on, shapes (draws, 1).
PowerAt = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Operated:
    """Members where they serve the queries of one workload: a row per draw, a column per member."""

    queries: QueryMeans  # means over the queries
    prefill_s: np.ndarray  # GPU-seconds per prompt token that is not in the cache
    decode_s: np.ndarray  # GPU-seconds per answer token
    attention_s: np.ndarray  # GPU-seconds per answer token and token of its context
    wh_per_gpu_second: dict[str, np.ndarray]  # energy that goes with a GPU-second, by boundary, mean over the day
    day: Day  # its hours
    node_w: PowerAt  # power of an installed GPU and its part of the node in an hour
    beyond_node: np.ndarray  # power within the widest boundary over that of the nodes
    point: Point  # batch, GPUs and time of the replicas in the busiest hour, headroom used
    reached: np.ndarray  # share of the draws that reach the operating point, by member
    # how probable each draw is given that the member runs there, 1 on average; 0 for members that fewer than a tenth
    # of the draws allow there
    weight: np.ndarray

    def seconds(self, uncached: Quantity, output: Quantity, context2: Quantity) -> np.ndarray:
        """GPU time of queries, see `gpu_seconds_per_query`."""
        return gpu_seconds_per_query(
            **{name: getattr(self, name) for name in PER_TOKEN},
            uncached_tokens=uncached,
            output_tokens=output,
            context_tokens2=context2,
        )

    @property
    def hours_w(self) -> np.ndarray:
        """Power per installed GPU within the widest boundary in every hour, shape (hours, draws, members)."""
        return np.stack([self.hour_w(hour) for hour in range(len(self.day.work))])

    def hour_w(self, hour: int) -> np.ndarray:
        """The same in one hour, shape (draws, members)."""
        return self.node_w(self.day.work[hour][:, None], self.day.kept[hour][:, None]) * self.beyond_node

    def mean_seconds(self) -> np.ndarray:
        """Mean GPU time of the queries."""
        of = self.queries
        return self.seconds(of.uncached_tokens, of.output_tokens, of.context_tokens2)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Members where they run, before anything is known of their day."""

    queries: QueryMeans  # means over the queries
    replicas: Replicas  # of the size that serves
    point: Point  # batch, GPUs and time
    # works, boards: of `operating_point.part_load`
    works: np.ndarray
    boards: np.ndarray


# Ingredients of the shared uncertainty, besides those of a workload and of models, that decide where members run.
PLACING = ("speed", DISAGGREGATED)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Members with what does not depend on the speed that users see."""

    queries: QueryMeans  # means over the queries
    replicas: Replicas
    working: Working
    candidates: Sequence[Candidate]  # replicas of every size


def prepared(members: Members, study: NestedStudy, shared: Shared, queries: QueryMeans) -> Prepared:
    """Every member of a study for queries of some lengths."""
    replicas, uncertain = replicas_of(members, study, shared, queries), uncertain_of(members, study, shared)
    working = Working.of(replicas, uncertain)
    found = operating_point.candidates(replicas, working, study.serving.replica_gpus)
    return Prepared(queries=queries, replicas=replicas, working=working, candidates=found)


def placed(of: Prepared, study: NestedStudy, shared: Shared, prior: BatchPrior) -> Placed:
    """Every member at the operating point of a study."""
    batch = study.serving.batch
    if batch is not None:
        point = operating_point.at_batch(of.candidates, batch)
    else:
        point = operating_point.at_speed(of.candidates, shared.values["speed"][:, None], prior)
    replicas = replace(of.replicas, gpus=point.gpus)
    works, boards = operating_point.part_load(step_at(replicas, of.working.pace), point, of.working.boards)
    return Placed(queries=of.queries, replicas=replicas, point=point, works=works, boards=boards)


def operated(where: Placed, members: Members, given: Assumptions, shared: Shared, rates: np.ndarray) -> Operated:
    """Members that run where `placed` has them, over a day with `rates`: requests of every hour over their mean."""
    queries, point = where.queries, where.point
    hours = Day.of(rates, shared.values["headroom"], shared.values["released_share"])
    of = _rated(members, given, shared) if given.rated_w else _metered(members, shared, where)
    pue, overheads = shared.values["pue"][:, None], overhead_share(given, shared)[:, None]
    powers = power.by_boundary_w(*of.mean_w(hours), pue, overheads)
    weighing = np.where(point.reached >= operating_point.FEWEST_REACHED, point.weight, 0.0)
    return Operated(
        queries=queries,
        **dict(zip(PER_TOKEN, per_token_s(point.gpus, point.energy, queries), strict=True)),
        wh_per_gpu_second={
            boundary: energy_per_gpu_second_wh(power_w=power_w, load=hours.load[:, None])
            for boundary, power_w in powers.items()
        },
        day=hours,
        node_w=of.node_w,
        beyond_node=pue * (1 + overheads),
        point=point,
        reached=point.reached,
        weight=weighing / np.maximum(weighing.mean(axis=0), np.finfo(float).tiny),
    )


def per_token_s(gpus: np.ndarray, energy: Energy, queries: QueryMeans) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """GPU-seconds of `PER_TOKEN`, from the time of a replica per answer token and what it is spent on."""
    per_token = gpus * energy.seconds
    decode = 1 - energy.prefill_share - energy.attention_share
    prompt = per_token * energy.prefill_share * queries.output_tokens / np.maximum(queries.uncached_tokens, 1e-9)
    attention = per_token * energy.attention_share * queries.output_tokens / queries.context_tokens2
    return prompt, per_token * decode, attention


def replicas_of(members: Members, study: NestedStudy, shared: Shared, queries: QueryMeans) -> Replicas:
    """Replicas of every member for queries of some lengths, with as many GPUs as a replica may have."""
    means = {
        "input_tokens": queries.input_tokens,
        "output_tokens": queries.output_tokens,
        "context_tokens": queries.context_tokens2 / queries.output_tokens,
    }
    share = study.serving.speculative_share or 0.0
    speculative = [shared.values[speculative_name(model)] < share for model, _, _ in members.names]
    return replace(
        members.replicas,
        **{name: np.full(len(members.names), value) for name, value in means.items()},
        cached_share=1 - queries.uncached_tokens / queries.input_tokens,
        speculative=np.stack(speculative, axis=1).astype(float),
    )


def uncertain_of(members: Members, study: NestedStudy, shared: Shared) -> Drawn:
    """Draws of what is uncertain about every member where the study runs it."""
    if not study.serving.disaggregated:
        return members.uncertain
    of, factor = members.uncertain, np.log(shared.values[DISAGGREGATED])[:, None]
    return replace(of, time_effects={**of.time_effects, "time": of.time_effects["time"] + factor})


@dataclass(frozen=True, kw_only=True)
class _Rated:
    """Power of rated nodes, whatever they do: their boards cannot be told apart."""

    used_w: np.ndarray  # per GPU that is on

    def node_w(self, _: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Power per installed GPU in an hour, W."""
        return kept * self.used_w

    def mean_w(self, _: Day) -> tuple[np.ndarray, np.ndarray]:
        """Power of boards and of nodes per GPU that is on, mean over the day, W."""
        return self.used_w, self.used_w


def _rated(members: Members, given: Assumptions, shared: Shared) -> _Rated:
    rated = np.array([given.rated_w[model] for model, _, _ in members.names])
    return _Rated(used_w=power.used_power_w(rated_w=rated, utilisation=shared.values["utilisation"][:, None]))


@dataclass(frozen=True, kw_only=True)
class NodePowers:
    """Power of nodes between idle and saturated GPUs, a value per member."""

    idle: np.ndarray  # power of an idle board over its rating
    saturated: np.ndarray  # power of a saturated one over its rating
    host_idle_w: np.ndarray  # power of the rest of the node per GPU with idle boards, W
    host_saturated_w: np.ndarray  # with saturated boards, W, a row per draw


def node_powers(members: Members, host: np.ndarray) -> NodePowers:
    """Of the nodes of all members, with what is drawn of their hosts."""
    low, high = (members.of_nodes(f"board_saturated_share_of_tdp_{end}") for end in ("p05", "p95"))
    return NodePowers(
        idle=members.of_nodes("board_idle_share_of_tdp"),
        saturated=np.sqrt(low * high),
        host_idle_w=members.of_nodes("host_idle_kw_per_gpu") * W_PER_KW,
        host_saturated_w=_host_w(members.hosts, host),
    )


def share_within(node: NodePowers, share: np.ndarray) -> np.ndarray:
    """Power of a board over its rating, between that of an idle and that of a saturated one."""
    return np.clip(share, node.idle, node.saturated)


def node_at(
    node: NodePowers, tdp_w: np.ndarray, share: np.ndarray, within: np.ndarray, factor: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Power of boards and of nodes per GPU that is on, W.

    `share` is the power of a board over its rating, `within` its `share_within`, `factor` what power caps leave. Both
    powers are linear in the first two: of means over hours they are the means.
    """
    load = (within - node.idle) / (node.saturated - node.idle)
    board = power.board_power_w(tdp_w=tdp_w, share_of_tdp=share, board_factor=factor)
    host = power.host_power_w(idle_w=node.host_idle_w, saturated_w=node.host_saturated_w, load=load)
    return board, power.node_power_w(boards_w=board, host_w=host)


@dataclass(frozen=True, kw_only=True)
class _Metered:
    """Power of boards by the serving model and of hosts as measured."""

    node: NodePowers
    tdp_w: np.ndarray  # of the boards
    board_factor: np.ndarray  # what lower clocks leave of their power
    share_at: Callable[[np.ndarray], np.ndarray]  # power of a board over its rating, by work of a replica

    def node_w(self, work: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Power per installed GPU in an hour, W."""
        share = self.share_at(work)
        return kept * node_at(self.node, self.tdp_w, share, share_within(self.node, share), self.board_factor)[1]

    def mean_w(self, day: Day) -> tuple[np.ndarray, np.ndarray]:
        """Power of boards and of nodes per GPU that is on, mean over the day, W: see `node_at`."""
        shares, within = np.zeros(()), np.zeros(())
        for work, kept in day.hours(self.tdp_w.size):
            share = self.share_at(work)
            # The sum over hours without an array of the products.
            shares = shares + np.einsum("hdo,hdm->dm", kept, share)
            within = within + np.einsum("hdo,hdm->dm", kept, share_within(self.node, share))
        total = day.kept.sum(axis=0)[:, None]
        return node_at(self.node, self.tdp_w, shares / total, within / total, self.board_factor)


def _metered(members: Members, shared: Shared, where: Placed) -> _Metered:
    works, node = where.works, node_powers(members, shared.values["host"])
    # From a replica without work to one that does all it can.
    places = np.concatenate([np.zeros((1, *works.shape[1:])), works])
    boards = np.concatenate([np.broadcast_to(node.idle, (1, *works.shape[1:])), where.boards])
    return _Metered(
        node=node,
        tdp_w=where.replicas.tdp_w,
        board_factor=shared.values["board_factor"][:, None],
        share_at=interpolation(places, boards),
    )


def _host_w(hosts: Sequence[ShiftedLogNormal], share: np.ndarray) -> np.ndarray:
    """Saturated power of the rest of a node per GPU, W, shape (draws, members)."""
    above, log_mean, log_sd = np.array([(of.above, of.excess.log_mean, of.excess.log_sd) for of in hosts]).T
    return above + np.exp(log_mean + log_sd * ndtri(share)[:, None])
