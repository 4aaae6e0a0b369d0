"""Energy of a query at an operating point, by the serving model: its terms with every input at its median."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from inference_energy.common.conversions import W_PER_KW
from inference_energy.energy import gpu_second, ground as grounds, uncertainty
from inference_energy.energy.assumptions import CACHED, cached_name
from inference_energy.energy.at_operating_point import query_energy_wh
from inference_energy.energy.ground import Ground
from inference_energy.energy.power import board_power_w, host_power_w, node_power_w
from inference_energy.energy.uncertainty import Shared
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import distributions, serving
from inference_energy.explain.sources import constant
from inference_energy.explain.step import Node, computed, listed, number
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.serving import operating_point, step, stored
from inference_energy.serving.fit import Part, level_names
from inference_energy.serving.replicas import Replicas
from inference_energy.studies.study import OperatingPoint

ROW = ("study", "operating_point", "workload", "boundary", "spread")
TERMS = {
    "overhead": ("O", "step_s", "layer_s", "all_reduce_s", "request_layer_s"),
    "memory": ("M", "bandwidth", "key_reading", "experts_memory"),
    "computing": ("C", "compute", "experts_compute", "narrow_formats"),
    "prompts": ("R", "prefill", "experts_compute", "narrow_formats"),
}
POWER = ("idle_share", "bandwidth_power", "compute_power", "narrow_formats_power")
FREE = 200.0  # logarithm of a share of the peak at which computing takes no time
NODE_FILE = "node_power.csv"


def explained(asked: Asked) -> Node:
    """A number of `energy_at_operating_point`."""
    row, column = asked.row, asked.column
    if row["subject_kind"] == "class":
        return _of_class(asked)
    point = _point(asked)
    if column == "served_share":
        fewest = constant(operating_point, "FEWEST_REACHED", "share of the draws that must reach it")
        note = "GPUs of the study on which enough draws reach the operating point, by their shares; found by drawing"
        return asked.node(children=[point, fewest, *_mix(asked)], note=note)
    if column == "reached_share":
        return asked.node(children=[point, *_mix(asked)], note="found by drawing, over the GPUs that serve")
    if column == "replica_gpus_p50":
        sizes = [point] if asked.entries.serving is None else [point, asked.entry("serving", "replica_gpus")]
        return asked.node(children=sizes, note="of every draw the replica of least energy; the median over draws")
    if column == "batch_p50":
        return asked.node(children=[point, *_prior(asked)], note="of every draw its own batch; the weighted median")
    return asked.node(children=[*_closed(asked, row), point, *_rest(asked)], note=_of_draws(asked))


def _of_draws(asked: Asked) -> str:
    name = "Mean" if asked.quantile == "mean" else (asked.quantile or "").upper()
    what = "of the mean over queries" if asked.row["spread"] == "shared" else "of a random query"
    return (
        f"{name} {what} over draws of the serving model and of the study's uncertainty, each weighted by how common its"
        " batch is at that speed. The draws are not repeated here."
    )


def _of_class(asked: Asked) -> Node:
    """A number of a class: shares follow from those of its models, energies are drawn."""
    rows, weights = _models(asked), _weights(asked)
    if asked.column in ("served_share", "reached_share"):
        parts, whole = [], []
        for model, row in rows.items():
            weight = replace(weights[model], symbol="w")
            served = asked.of("energy_at_operating_point", row, "served_share", "served")
            whole.append(computed(f"{model}, that serves", "w * served", [weight, served], symbol="s"))
            if asked.column == "reached_share":
                reached = asked.of("energy_at_operating_point", row, "reached_share", "reached")
                children = [weight, served, reached]
                parts.append(computed(f"{model}, that reaches", "w * served * reached", children, symbol="r"))
        serving_part = _sum("served", "weighted share that serves", whole)
        if asked.column == "served_share":
            return asked.follows(serving_part)
        return asked.node("reached / served", [_sum("reached", "weighted share that reaches", parts), serving_part])
    of_models = asked.each(
        "energy_at_operating_point", pl.DataFrame(list(rows.values()), infer_schema_length=None), asked.column,
        "models of the class, the same column", "{subject}",
    )  # fmt: skip
    point = _point(asked)
    if not asked.column.startswith("energy"):
        return asked.node(children=[of_models, point], note="weighted median over draws, models and GPUs")
    return asked.node(children=[of_models, point, *weights.values()], note=_of_draws(asked))


def _sum(symbol: str, label: str, terms: list[Node]) -> Node:
    named_terms = [replace(term, symbol=f"{term.symbol}_{place}") for place, term in enumerate(terms, start=1)]
    return computed(label, " + ".join(term.symbol for term in named_terms), named_terms, symbol=symbol)


def _models(asked: Asked) -> dict[str, dict]:
    """Rows of the models of a class."""
    key = {name: asked.row[name] for name in ROW}
    models = asked.entries.classes[asked.row["subject"]].model_shares()
    return {model: asked.build.row("energy_at_operating_point", **key, subject=model) for model in models}


def _weights(asked: Asked) -> dict[str, Node]:
    name = asked.row["subject"]
    shares = asked.entries.classes[name].model_shares()
    return {
        model: asked.entry("classes", name, "weights", model, label=f"weight of {model}, all scaled to 1", value=weight)
        for model, weight in shares.items()
    }


def _point(asked: Asked) -> Node:
    """The entry of the study that is the operating point, or the one of studies without any."""
    name = asked.row["operating_point"]
    if asked.entries.serving is None:
        return constant(grounds, "DEFAULT", "operating point of a study that names none", value=name)
    return asked.entry("serving", "operating_points", name, label="operating point")


def _mix(asked: Asked) -> list[Node]:
    of_class = asked.entries.model_classes()[asked.row["subject"]]
    keys = ("classes", of_class, "hardware") if asked.entries.classes[of_class].hardware else ("hardware",)
    mix = asked.entries.hardware_mix(of_class)
    return [
        asked.entry(*keys, place, "share", label=f"share of {entry.gpu} {entry.precision}", value=entry.share)
        for place, entry in enumerate(mix)
    ]


def _rest(asked: Asked) -> list[Node]:
    """What the energy rests on besides the closed form."""
    errors = [asked.look_up("serving_errors", "rows", part=part) for part in ("time", "power")]
    words = "parts of the serving model, with the runs that they are fitted to"
    return [listed(errors, words), *_mix(asked)]


def _prior(asked: Asked) -> list[Node]:
    """The batch that services have at the speed, where it is one number."""
    ground, spec = _ground(asked), _spec(asked)
    speed = 1000 / spec.time_per_token_ms if spec.time_per_token_ms else spec.speed_tok_per_s
    if not isinstance(speed, int | float):
        return []
    prior = ground.prior
    parts = [
        number("a", "intercept, fitted to measured services at five speeds", prior.intercept),
        number("b", "slope", prior.slope),
        number("v", "tokens a second of a user", float(speed), "tok/s", children=(_point(asked),)),
    ]
    label = f"batch of measured services at the speed, within a factor {np.exp(prior.sd):.2g}: how draws are weighted"
    return [computed(label, "exp(a + b * ln(v))", parts, unit="requests")]


def _ground(asked: Asked) -> Ground:
    build, study = asked.build, asked.study

    def read() -> Ground:
        model = stored.from_tables(**{name: build.table(f"serving_{name}") for name in stored.NAMES})
        used, models = serving.used_runs(build), build.table("model")
        return grounds.of_study(study, asked.entries, build.nested_tables, model, used, models)

    return build.once("ground", study, read=read)


def _spec(asked: Asked) -> OperatingPoint:
    return _ground(asked).study.serving.operating_points[asked.row["operating_point"]]


# One model on one GPU, at medians


def _closed(asked: Asked, row: dict) -> list[Node]:
    """The energy of one model on its commonest GPU, every input at its median; nothing where it is out of reach."""
    if row["batch_p50"] is None:
        return []
    return [_Medians.of(asked).energy()]


@dataclass(frozen=True, kw_only=True)
class _Medians:
    """A model on one GPU at the median batch, with the fitted serving model and the medians of the study.

    Attributes:
        asked: the number.
        ground: of the study.
        member: model, GPU and format as a row of `ground.members`.
        gpus: of the replica.
    """

    asked: Asked
    ground: Ground
    member: pl.DataFrame
    gpus: int

    @classmethod
    def of(cls, asked: Asked) -> "_Medians":
        """Those of a row: the GPU with the largest share, the size of replica next to the median."""
        ground, row = _ground(asked), asked.row
        of_class = ground.study.model_classes()[row["subject"]]
        entry = max(ground.study.hardware_mix(of_class), key=lambda each: each.share)
        speculative = (_spec(asked).speculative_share or 0) >= 0.5
        frame = grounds.members(ground, row["workload"], speculative)
        member = frame.filter(model=row["subject"], gpu=entry.gpu, precision=entry.precision)
        sizes = ground.study.serving.replica_gpus
        gpus = min(sizes, key=lambda size: abs(np.log(size / row["replica_gpus_p50"])))
        return cls(asked=asked, ground=ground, member=member, gpus=gpus)

    @property
    def words(self) -> str:
        """Model and GPU."""
        return f"{self.asked.row['subject']} on {self.gpus} × {self.member['gpu'][0]} {self.member['precision'][0]}"

    def median(self, name: str, symbol: str) -> Traced:
        """A shared ingredient of the study."""
        value = uncertainty.central(self.ground.given).values[name]
        return leaf(distributions.at_share(self.asked, self.asked.study, name, 0.5, symbol), float(value))

    def fixed(self, part: Part) -> dict[str, float]:
        """Fitted values of the fixed parameters."""
        names = [parameter.name for parameter in part.parameters]
        return dict(zip(names, map(float, part.fit.values), strict=False))

    def effects(self, part: Part) -> dict[str, float]:
        """Fitted effects of the member by term; 0 of levels that no run has."""
        found = dict(step.NO_EFFECTS)
        for effect in part.effects:
            (level,) = level_names(self.member, effect)
            if level in part.levels[effect.name]:
                values = part.fit.values[part.slices()[effect.name]]
                found[effect.on] += float(values[part.levels[effect.name].index(level)])
        return found

    def energy(self) -> Node:
        """The closed form."""
        asked, time = self.asked, self.ground.model.time
        cached = self.median(cached_name(asked.row["workload"]), CACHED)
        plain = Replicas.of(self.member.with_columns(gpus=float(self.gpus)))
        of = replace(plain, cached_share=np.array([cached.value]))
        batch, values, effects = np.array([asked.row["batch_p50"]]), self.fixed(time), self.effects(time)
        whole = step.time_per_token(of, batch, values, effects)
        free = step.time_per_token(of, batch, values | {"compute": FREE, "prefill": FREE}, effects)
        overhead, prompts = (float((whole.seconds * share)[0]) for share in (whole.overhead_share, whole.prefill_share))
        memory = float(free.seconds[0]) - overhead
        seconds = {
            "overhead": overhead,
            "memory": memory,
            "computing": float(whole.seconds[0]) - overhead - memory - prompts,
            "prompts": prompts,
        }
        floor = float(step.floor_seconds(of, whole.bytes_per_token, whole.flop_per_token)[0])
        time_node = self._time(seconds, effects, floor, cached)
        shares = step.board_share(
            of, whole, np.array([time_node.value]), self.fixed(self.ground.model.power), self.power_effect()
        )
        power, load = self._power_w(float(np.ravel(shares)[0]))
        lengths = self.ground.lengths[asked.row["workload"]]
        answer = asked.entry("workloads", asked.row["workload"], label="lengths of the workload", value=None)
        mean = given("L_out", "answer, mean", lengths.mean(lengths.output_tokens), answer, unit="tokens")
        found = query_energy_wh(
            gpus=given("gpus", "GPUs of the replica, next to the median", self.gpus, _point(asked)),
            power_w=named(power[asked.row["boundary"]], "power per GPU, idle time included", "P", unit="W"),
            seconds_per_token=leaf(time_node),
            output_tokens=mean,
            load=load,
        )
        note = "one GPU and one batch in place of all draws: it shows the terms, and does not give the quantile"
        return found.step(f"Closed form at medians: {self.words}, {asked.row['boundary']}", note=note)

    def power_effect(self) -> float:
        """Sum of the effects on power."""
        return self.effects(self.ground.model.power)["power"]

    def _time(self, seconds: dict[str, float], effects: dict[str, float], floor: float, cached: Traced) -> Node:
        asked = self.asked
        factors = listed(
            [
                number("", f"fitted effects on {term}, logarithm", effects[term])
                for term in ("overhead", "roofline", "time")
            ]
            + [asked.look_up("serving_errors", "rows", part="time")],
            "effects of engine, GPU, network and campaign, and the runs behind them",
        )
        batch = asked.beside("batch_p50", "batch")
        terms = []
        for name, (symbol, *used) in TERMS.items():
            known = [asked.look_up("serving_parameters", "value", part="time", parameter=of) for of in used]
            behind = (
                *known,
                batch,
                factors,
                *([cached.step("share of the prompt that is cached")] if symbol == "R" else []),
            )
            terms.append(number(symbol, f"time of {name} per output token", seconds[name], "s", children=behind))
        least = number("least", "time that bandwidth and peak allow at least", floor, "s")
        formula = f"max(least, {' + '.join(term.symbol for term in terms)})"
        label = f"time of the replica per output token, {self.words}"
        return computed(label, formula, [*terms, least], symbol="T", unit="s", note=serving.TOGETHER)

    def _power_w(self, share: float) -> tuple[dict[str, Any], Traced]:
        """Power per GPU by boundary, and the load."""
        asked, gpu = self.asked, self.member["gpu"][0]
        load = self.median("load", "load")
        used = [asked.look_up("serving_parameters", "value", part="power", parameter=name) for name in POWER]
        used.append(number("", "fitted effects on power, logarithm", self.power_effect()))
        busy = given("s", "mean power of a busy board over its rated power", share, *used)
        tdp = leaf(asked.resource("hardware.csv", {"gpu": gpu}, "tdp_w", symbol="TDP", unit="W"))
        node = {name: self._node(gpu, name) for name in grounds.NODE_COLUMNS}
        boards = board_power_w(tdp_w=tdp, idle_share=node["board_idle_share_of_tdp"], saturated_share=busy, load=load)
        low, high = (node[f"host_saturated_kw_per_gpu_{end}"] for end in ("p05", "p95"))
        idle = node["host_idle_kw_per_gpu"] * W_PER_KW
        host = host_power_w(idle_w=idle, saturated_w=np.sqrt(low * high) * W_PER_KW, load=load)
        of_node = node_power_w(boards_w=boards, host_w=host)
        pue = self.median("pue", "PUE")
        names = [name for name in self.ground.given.distributions if name.startswith("overhead")]
        shared = Shared(values={name: self.median(name, "share") for name in names}, mix={})
        overheads = gpu_second.overhead_share(self.ground.given, shared)
        return gpu_second.by_boundary_w(boards, of_node, pue, overheads), load

    def _node(self, gpu: str, column: str) -> Traced:
        """A cell of the GPU's node; of a GPU without one the mean of the measured nodes."""
        table = self.ground.node_power
        if gpu in table["gpu"]:
            return leaf(self.asked.resource(NODE_FILE, {"gpu": gpu}, column, symbol=column, note="derivation"))
        value = grounds.node_power(gpu, table)[column]
        measured = table.filter(basis="measured")["gpu"]
        cells = (self.asked.resource(NODE_FILE, {"gpu": of}, column) for of in measured)
        return given(column, f"{column.replace('_', ' ')}, mean of measured nodes", value, *cells)
