"""GPU time of a query by the serving model: terms of a step, with the fitted parameters and effects behind them."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from inference_energy.common.step import Node, computed, number
from inference_energy.energy import operated
from inference_energy.energy.operated import gpu_seconds_per_query
from inference_energy.explain.build import kept
from inference_energy.explain.derivations import serving
from inference_energy.explain.derivations.middle import Middle
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.serving import step
from inference_energy.serving.fit import levels_of

# Terms of the time of a step, and the parameters that each has.
TERMS = {
    "overhead": ("O", "step_s", "layer_s", "all_reduce_s", "request_layer_s"),
    "memory": ("M", "bandwidth", "key_reading", "experts_memory"),
    "computing": ("C", "compute", "experts_compute", "narrow_formats"),
    "prompts": ("R", "prefill", "experts_compute", "narrow_formats"),
}
FREE = 200.0  # logarithm of a share of the peak at which computing takes no time


class GpuTime(Middle):
    """GPU time of the queries of a situation."""

    @kept
    def seconds(self, place: int) -> Traced:
        """Mean GPU time of a query of a model on a GPU."""
        uncached, output, context = self.lengths
        gpus, prefill, attention, time = self._step(place)
        per_token = gpus * leaf(time, about=self.about(place))
        label = "share of the time that grows with the context"
        attending = given("attending", label, attention, *self.known("key_reading"))
        prompts = given("prompts", "share of the time that goes to prompts: R / (O + M + C + R)", prefill)
        prefill_s = per_token * prompts * output / uncached if prefill else 0.0
        decode_s = per_token * (1 - prompts - attending)
        attention_s = per_token * attending * output / context
        unit, words = "GPU-seconds per token", "GPU-seconds per answer token"
        of_prompts = "GPU-seconds per prompt token that is not in the cache"
        return gpu_seconds_per_query(
            prefill_s=named(prefill_s, of_prompts, "prefill_s", unit=unit),
            decode_s=named(decode_s, words, "decode_s", unit=unit),
            attention_s=named(attention_s, f"{words} and token of its context", "attention_s", unit=f"{unit}^2"),
            uncached_tokens=uncached,
            output_tokens=output,
            context_tokens2=context,
        )

    @cached_property
    def _terms(self) -> dict[str, np.ndarray]:
        """Seconds of every term of a step per output token, and the least that physics allows, by model and GPU."""
        of, service = self.found, self.service
        replicas = operated.replicas_of(service.members, service.study, service.shared, of.queries)
        replicas = replace(replicas, gpus=of.point.gpus)
        uncertain = operated.uncertain_of(service.members, service.study, service.shared)
        whole = step.time_per_token(replicas, of.point.batch, uncertain.time, uncertain.time_effects)
        free = uncertain.time | {"compute": FREE, "prefill": FREE}
        moving = step.time_per_token(replicas, of.point.batch, free, uncertain.time_effects).seconds
        overhead, prompts = (whole.seconds * share for share in (whole.overhead_share, whole.prompt_share))
        return {
            "overhead": overhead,
            "memory": moving - overhead,
            "computing": whole.seconds - moving - prompts,
            "prompts": prompts,
            "least": step.floor_seconds(replicas, whole.bytes_per_token, whole.flop_per_token),
            "speculative": replicas.speculative,
        }

    @kept
    def _step(self, place: int) -> tuple[Traced, float, float, Node]:
        """GPUs of a replica, shares of its time that prompts and context take, and its time per output token."""
        energy, about = self.found.point.energy, self.about(place)
        at, terms = self.where(place), []
        for name, (symbol, *used) in TERMS.items():
            behind = (*self.known(*used), *self.effects(place, "overhead" if symbol == "O" else "roofline"), at)
            label = f"time of {name} per output token"
            terms.append(number(symbol, label, self.at(self._terms[name], place), "s", children=behind))
        least, words = self.at(self._terms["least"], place), "time that bandwidth and peak allow at least"
        time = computed(
            ", ".join(["time of a replica per output token", *about]),
            f"max(least, {' + '.join(term.symbol for term in terms)})",
            [*terms, number("least", words, least, "s"), *self.effects(place, "time"), *self._choices(place)],
            symbol="T",
            unit="s",
            note=f"factors by parameters and effects included. {serving.TOGETHER}",
        )
        sizes = self.entry("serving", "replica_gpus", label="sizes that a replica may have")
        label = "GPUs of a replica, of those sizes the one of least energy"
        gpus = given("gpus", label, self.at(self.found.point.gpus, place), sizes, about=about)
        return gpus, self.at(energy.prefill_share, place), self.at(energy.attention_share, place), time

    def _choices(self, place: int) -> tuple[Node, ...]:
        """What a study chooses of the software: speculative decoding, engine, GPUs of their own for prompts."""
        decodes_so = self.at(self._terms["speculative"], place) > 0
        words = f"share of the services that decode speculatively; this draw does{'' if decodes_so else ' not'}"
        share = self.sets.get("speculative_share") or self.entry("serving", "speculative_share")
        chosen = self.service.study.serving
        others = [name for name in ("engine", "disaggregated") if getattr(chosen, name) is not None]
        gain = self.known("accepted_tokens", "verified_tokens") if decodes_so else ()
        return (replace(share, label=words, symbol=""), *gain, *(self.entry("serving", name) for name in others))

    @kept
    def where(self, place: int) -> Node:
        """The batch at the operating point."""
        batch = self.at(self.found.point.batch, place)
        facts = {"symbol": "batch", "value": batch, "unit": "requests"}
        if "speed" in self.service.given.distributions:
            behind = (self.ingredient("speed", "v").step(), self.entry("serving"))
            words = "running requests of a replica in the busiest hour: the most at which users see the speed"
            note = "of the draws, those count more whose batch services have at that speed"
            return Node(label=words, children=behind, note=note, **facts)
        label = "running requests of a replica: as set, or what its memory holds"
        return Node(label=label, children=(self.entry("serving", "batch"),), **facts)

    @kept
    def known(self, *names: str, part: str = "time") -> tuple[Node, ...]:
        """Fitted parameters of the serving model; its runs stand where its errors do."""
        return tuple(
            self.asked.cited("serving_parameters", "value", serving.declared(name, "prior"), part=part, parameter=name)
            for name in names
        )

    @kept
    def effects(self, place: int, term: str) -> tuple[Node, ...]:
        """Fitted effects on a term, of the levels that some run has."""
        of_members, known = self._levels(), self.asked.build.table("serving_effects")
        levels = self.asked.build.once("levels", read=lambda: set(known.select("effect", "level").iter_rows()))
        return tuple(
            self.asked.cited("serving_effects", "fitted", serving.declared(name, "effect"), effect=name, level=level)
            for name, level in (
                (name, of_members[name][place]) for name, of in serving.EFFECTS.items() if of.on == term
            )
            if (name, level) in levels
        )

    @kept
    def _levels(self) -> dict[str, list[str]]:
        """Levels of every effect that the models and GPUs of the service have."""
        return levels_of(self.service.members.frame, list(serving.EFFECTS.values()))
