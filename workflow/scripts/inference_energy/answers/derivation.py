"""How the median energy of a query follows: the chain from its tokens to Wh, at the draw in the middle."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from inference_energy.answers import energies
from inference_energy.answers.own import Gpu, Model
from inference_energy.answers.served import Served
from inference_energy.common.conversions import SECONDS_PER_HOUR
from inference_energy.common.step import Node, Place, computed, number
from inference_energy.energy.service import Service
from inference_energy.statistics.quantiles import place_of
from inference_energy.studies.study import BOUNDARIES

MIDDLE = (
    "of all draws of what is not known, the one in the middle is shown, every number as it is there; P5 and P95 are"
    " over all of them"
)


def derivation(of: Served) -> Node:
    """The chain behind the median of a question about one query."""
    question, drawn = of.question, energies.per_token(of)
    values = drawn.wh(question.input_tokens, question.output_tokens, question.cached_share)
    place = place_of(values, drawn.weight, 0.5)
    service = list(of.services.values())[drawn.service[place]]
    chain = _Chain(of=of, service=service, draw=int(drawn.row[place]), member=int(drawn.member[place]))
    uncached = drawn.uncached_share[place] if question.cached_share is None else 1 - question.cached_share
    return chain.energy(float(uncached))


class _Chain:
    """One draw of a service, and one of its models on one of its GPUs."""

    def __init__(self, *, of: Served, service: Service, draw: int, member: int):
        self.of, self.service, self.draw, self.member = of, service, draw, member
        self.model, self.gpu, self.precision = service.members.names[member]
        self.found = service.at(of.workload)

    def at(self, values: Any) -> float:
        """Value at the draw and member."""
        return float(np.broadcast_to(values, self.found.weight.shape)[self.draw, self.member])

    def energy(self, uncached_share: float) -> Node:
        """Energy of the query."""
        words = f"{self.model} in {self.precision} on {self.gpu}"
        return computed(
            f"energy of the query, {words}, boundary {self.of.boundary}",
            "seconds * rate",
            [self.seconds(uncached_share), self.rate()],
            symbol="E",
            unit="Wh",
            note=MIDDLE,
        )

    def seconds(self, uncached_share: float) -> Node:
        """GPU time of the query."""
        asked = self.of.question
        share = number("uncached", "share of the prompt that is not in the cache", uncached_share)
        if asked.cached_share is None:
            share = number(
                "uncached", "share of the prompt that is not in the cache, a draw of the study", uncached_share
            )
        prompt = number("prompt", "tokens of the prompt", float(asked.input_tokens), "tokens")
        answer = number("answer", "tokens of the answer", float(asked.output_tokens), "tokens")
        parts = {
            "prefill": ("per prompt token that is not in the cache", self.found.prefill_s),
            "decode": ("per answer token", self.found.decode_s),
            "attention": ("per answer token and token of its context", self.found.attention_s),
        }
        terms = [
            number(symbol, f"GPU time {what}", self.at(values), "GPU-seconds")
            for symbol, (what, values) in parts.items()
        ]
        return computed(
            "GPU time of the query",
            "prefill * uncached * prompt + decode * answer + attention * answer * (prompt + answer / 2)",
            [*terms, share, prompt, answer, self.serving()],
            symbol="seconds",
            unit="GPU-seconds",
        )

    def serving(self) -> Node:
        """Where the service runs."""
        point, queries = self.found.point, self.found.queries
        facts = [
            number("", "running requests of a replica in the busiest hour", self.at(point.batch)),
            number("", "GPUs of a replica", self.at(point.gpus)),
            number("", "time of a replica per answer token", self.at(point.energy.seconds), "s"),
            number("", "mean prompt of the service", float(queries.input_tokens), "tokens"),
            number("", "mean answer of the service", float(queries.output_tokens), "tokens"),
        ]
        speed = self.service.shared.values.get("speed")
        if speed is not None and self.service.study.serving.batch is None:
            facts.insert(0, number("", "speed that users see", float(speed[self.draw]), "tokens/s"))
        return Node(
            label=f"operating point, workload {self.of.workload} of study {self.of.study}",
            children=(*facts, *self.registry(), self.runs()),
            note="the serving model, docs/method.md: what a step reads and computes, fitted to measured runs",
        )

    def registry(self) -> list[Node]:
        """Rows of the model and the GPU."""
        found = []
        for given, table, file, column, name in (
            (self.of.question.model, "models", "resources/models.csv", "model", self.model),
            (self.of.question.gpu, "hardware", "resources/hardware.csv", "gpu", self.gpu),
        ):
            own = isinstance(given, Model | Gpu)
            row = getattr(self.service.tables, table).row(by_predicate=pl.col(column) == name, named=True)
            place = None if own else Place(kind="resource", file=file, key=name, url=row["source"] or "")
            found.append(Node(label=f"{name}: {_described(row)}", place=place, note="given in the question" * own))
        return found

    def runs(self) -> Node:
        """Runs that the serving model is fitted to."""
        runs = self.of.packaged.tables.runs
        network = self.service.members.frame["network"][self.member]
        own = runs.filter(pl.col("network") == network, pl.col("gpu") == self.gpu)
        sources = own.group_by("source").agg(pl.len(), pl.col("board_share").count().alias("metered")).sort("source")
        each = [
            Node(label=f"{source}: {count:,} runs, {metered:,} of them with metered boards")
            for source, count, metered in sources.iter_rows()
        ]
        label = f"runs of this network on this GPU among the {len(runs):,} that the serving model is fitted to"
        return Node(label=label, value=len(own), children=tuple(each))

    def rate(self) -> Node:
        """Energy that goes with a GPU-second within the boundary."""
        load = float(self.found.day.load[self.draw])
        return computed(
            "energy that goes with a GPU-second of work",
            "power / load / 3600",
            [
                self.power(self.of.boundary),
                number("load", "work of the day over what the GPUs that are on can do", load),
            ],
            symbol="rate",
            unit="Wh",
            note="energy of idle GPUs is charged to the queries",
        )

    def power(self, boundary: str, symbol: str = "power") -> Node:
        """Mean power per GPU that is on, within a boundary, from the narrowest outwards."""
        load = float(self.found.day.load[self.draw]) * SECONDS_PER_HOUR
        watts = {name: self.at(self.found.wh_per_gpu_second[name]) * load for name in BOUNDARIES}
        values = self.service.shared.values
        facts = {"symbol": symbol, "unit": "W"}
        if boundary == "fleet":
            beyond = watts["fleet"] / watts["datacenter"] - 1
            share = number("overheads", "network, storage and other overheads over the datacenter's energy", beyond)
            return computed(
                "power with overheads",
                "datacenter * (1 + overheads)",
                [self.power("datacenter", "datacenter"), share],
                **facts,
            )
        if boundary == "datacenter":
            pue = number("pue", "PUE", float(values["pue"][self.draw]))
            return computed("power of the datacenter per GPU", "node * pue", [self.power("node", "node"), pue], **facts)
        boards = number("boards", "power of the GPU's board, mean over the day", watts["gpu_boards"], "W")
        if boundary == "gpu_boards" or self.service.given.rated_w:
            return number(symbol, boards.label, watts[boundary], "W")
        host = number("host", "power of the rest of the node per GPU", watts["node"] - watts["gpu_boards"], "W")
        return computed("power of the node per GPU", "boards + host", [boards, host], **facts)


def _described(row: Mapping[str, Any]) -> str:
    """Sizes of a model or a GPU in words."""
    if "gpu" in row:
        memory, bandwidth = row["memory_gb"], row["memory_bandwidth_gb_per_s"]
        return f"{memory:g} GB, {bandwidth:,.0f} GB/s, TDP {row['tdp_w']:,.0f} W"
    total, active = row["total_parameters_billions"], row["active_parameters_billions"]
    return f"{total:g} B parameters" + (f", of which {active:g} B per token" if active < total else "")
