"""Draws in the middle: the numbers of a service where it runs, and the entries of the study behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from inference_energy.common.step import Node
from inference_energy.energy.assumptions import CACHED, cached_name
from inference_energy.energy.operated import Operated
from inference_energy.energy.service import Service
from inference_energy.explain.asked import Asked
from inference_energy.explain.build import kept
from inference_energy.explain.derivations import distributions
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.statistics import quantiles
from inference_energy.studies.files import KINDS

SIDES = ("input_tokens", "output_tokens")
SYMBOLS = {"pue": "PUE", "utilisation": "U"}


@dataclass(frozen=True, kw_only=True)
class Middle:
    """Subject, workload and boundary of a question, and the service, its shared uncertainty at the median.

    Of the draws of the serving model that is shown which lies in the middle of those that count, by the energy of a
    query; every model and GPU has its own.
    """

    asked: Asked  # the number that is asked for
    study: str  # name of the study
    service: Service  # the study, changes applied
    subject: str  # model or class
    workload: str  # name
    boundary: str  # what is metered
    levers: tuple[str, ...] = ()  # interventions that are applied, in order
    # what a value is set by in place of the study, by ingredient or by key of the lengths
    sets: Mapping[str, Node] = field(default_factory=dict)

    # Sources

    def entry(self, *keys: str | int, **facts: Any) -> Node:
        """An entry of the study, or of the intervention that changes it; what the study lacks has its section."""
        for lever in reversed(self.levers):
            of = self.service.study.interventions.levers[lever].changes
            if _has(of, keys[:1]) and (_has(of, keys) or _replaced(of, keys)):
                return self.entry_of(("interventions", "levers", lever, "changes"), keys, **facts)
        return self.entry_of((), keys, **facts)

    def entry_of(self, above: tuple[str, ...], keys: tuple[str | int, ...], **facts: Any) -> Node:
        """The longest part of some keys that the study has below others."""
        entries = self.asked.build.study(self.study)
        for key in above:
            entries = entries[key]
        there = max(place for place in range(len(keys) + 1) if _has(entries, keys[:place]))
        if there < len(keys):
            words = f"{'.'.join(map(str, keys))}: not set in the study"
            facts = {"label": words, "value": None} | {name: facts[name] for name in facts.keys() - {"label", "value"}}
        if not above and not there:
            return self.asked.entry("title", study=self.study, **facts)
        return self.asked.entry(*above, *keys[:there], study=self.study, **facts)

    @kept
    def ingredient(self, name: str, symbol: str = "") -> Traced:
        """A shared uncertain ingredient at its median, or what it is set to."""
        symbol = symbol or SYMBOLS.get(name, name.partition(":")[0].replace(" ", "_"))
        value = float(self.service.shared.values[name][0])
        if name in self.sets:
            return leaf(replace(self.sets[name], symbol=symbol), value)
        distribution = self.service.given.distributions[name]
        return leaf(distributions.ingredient(self.asked, distribution, name, 0.5, symbol, self.entry), value)

    # Draws

    @cached_property
    def found(self) -> Operated:
        """Where the models run."""
        return self.service.at(self.workload)

    @cached_property
    def _rows(self) -> np.ndarray:
        """Of every model and GPU that serves the draw of the serving model in the middle, by energy; else -1."""
        energies = self.found.mean_seconds() * self.found.wh_per_gpu_second[self.service.study.boundary.query]
        found = []
        for energy, weight in zip(energies.T, self.found.weight.T, strict=True):
            found.append(quantiles.place_of(energy, weight, 0.5) if weight.any() else -1)
        return np.array(found)

    def at(self, values: np.ndarray, place: int) -> float:
        """The value of a model on a GPU in its draw: of an array with a row per draw and a column per model and GPU."""
        return float(np.broadcast_to(values, self.found.weight.shape)[self._rows[place], place])

    @cached_property
    def places(self) -> list[int]:
        """Places of the models and GPUs that serve."""
        _, of_class = self.service.study.subjects()[self.subject]
        gpus, models = self.service.shared.gpus[of_class], self.service.models_of(self.subject)
        return [
            place
            for place, (model, *entry) in enumerate(self.service.members.names)
            if self._rows[place] >= 0 and float(models.get(model, [0])[0]) and float(gpus.get(tuple(entry), [0])[0])
        ]

    @cached_property
    def weights(self) -> dict[str, float]:
        """Weight of every model of the subject that serves, as the study has it."""
        serving = {self.service.members.names[place][0] for place in self.places}
        models = self.service.models_of(self.subject)
        return {name: float(of[0]) for name, of in models.items() if name in serving}

    def about(self, place: int) -> tuple[str, str]:
        """Model and GPU at a place."""
        return tuple(self.service.members.names[place][:2])

    # Lengths

    @cached_property
    def lengths(self) -> tuple[Traced, Traced, Traced]:
        """Means over the queries: prompt tokens that are not in the cache, answer tokens, context."""
        of, queries, sides = self.service.lengths[self.workload], self.found.queries, self.sides
        known = given(
            "L_in",
            "prompt tokens that no trace says to be in the cache, mean",
            of.mean(of.input_tokens * (1 - of.cached_share)),
            *sides["input_tokens"],
            unit="tokens",
        )
        cached = self.ingredient(cached_name(self.workload), CACHED.replace(" ", "_"))
        uncached = named((1 - cached) * known, "prompt tokens that are not in the cache, mean", "L_new", unit="tokens")
        output = given("L_out", "answer tokens, mean", queries.output_tokens, *sides["output_tokens"], unit="tokens")
        both = tuple({id(node): node for side in SIDES for node in sides[side]}.values())
        words = "mean over the queries of L_out (L_in + L_out / 2)"
        return uncached, output, given("context", words, queries.context_tokens2, *both, unit="tokens^2")

    @cached_property
    def sides(self) -> dict[str, tuple[Node, ...]]:
        """Sources of prompts and answers."""
        spec, keys = self.service.study.workloads[self.workload], ("workloads", self.workload)
        found = {}
        for side in SIDES:
            of = {"trace": spec.trace} if spec.trace else getattr(spec, side)
            found[side] = (self._side(of, side, keys if spec.trace else (*keys, side)),)
        return found | {side: (node,) for side, node in self.sets.items() if side in SIDES}

    def _side(self, spec: dict | float, side: str, keys: tuple[str, ...]) -> Node:
        if not isinstance(spec, Mapping):
            return self.entry(*keys, unit="tokens")
        build = self.asked.build
        if "trace" in spec:
            rows = build.rows("request_length_quantiles", workload=spec["trace"], side=side.partition("_")[0])
            medians = self.asked.each("request_length_quantiles", rows, "tokens_p50", "sides", "median {side} length")
            return self.entry(*keys, children=medians.children)
        if "task" not in spec:
            return self.entry(*keys)
        row = build.row("output_length_quantiles", **{name: spec[name] for name in ("task", "model")})
        line = self.asked.workload_line(row, label="measured answers, interpolated between quantiles")
        return self.entry(*keys, children=(line,))


def _has(entries: Any, keys: tuple[str | int, ...]) -> bool:
    """Whether entries have some keys."""
    for key in keys:
        inside = isinstance(key, int) and key < len(entries) if isinstance(entries, list | tuple) else False
        if not inside and not (isinstance(entries, Mapping) and key in entries):
            return False
        entries = entries[key]
    return True


def _replaced(changes: Any, keys: tuple[str | int, ...]) -> bool:
    """Whether changes replace a value that has some keys, though it has not these keys itself."""
    for key in keys:
        if not isinstance(changes, Mapping) or key not in changes:
            return not isinstance(changes, Mapping) or bool(KINDS & changes.keys())
        changes = changes[key]
    return True
