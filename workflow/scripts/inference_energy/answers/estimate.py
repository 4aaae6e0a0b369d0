"""An estimate: the energy of a query with its interval, what it rests on, and how it follows."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from inference_energy.answers import energies
from inference_energy.answers.derivation import derivation
from inference_energy.answers.drivers import drivers
from inference_energy.answers.energies import Drawn
from inference_energy.answers.evidence import Evidence, evidence
from inference_energy.answers.own import Gpu, Model
from inference_energy.answers.packaged import packaged
from inference_energy.answers.question import Question
from inference_energy.answers.served import Served, served
from inference_energy.common.conversions import WH_PER_KWH
from inference_energy.common.readable import between, two_digits
from inference_energy.common.step import Node, as_dict
from inference_energy.common.step_text import Writer
from inference_energy.statistics import quantiles


@dataclass(frozen=True, kw_only=True)
class Range:
    """A quantity that is not known exactly."""

    p05: float  # P5
    p50: float  # median
    p95: float  # P95
    mean: float  # expected value

    @classmethod
    def of(cls, values: np.ndarray, weights: np.ndarray) -> "Range":
        """Of weighted values."""
        return cls(**quantiles.of_weighted(values, weights, quantiles.PERCENTILES))

    def told(self, unit: str) -> str:
        """Median, and P5 to P95."""
        return f"{two_digits(self.p50)} {unit} ({between(self.p05, self.p95)})"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Energy of a query, with P5 to P95 of everything that is not known about it."""

    served: Served  # the question, and what answers it
    energy_wh: Range  # Wh
    emissions_gco2e: Range | None  # g CO2e of its electricity, location-based; none without a zone
    water_l: Range | None  # litres of cooling and of electricity; none without a zone
    evidence: Evidence  # what it rests on

    @property
    def wh(self) -> float:
        """Median energy, Wh."""
        return self.energy_wh.p50

    @property
    def interval(self) -> tuple[float, float]:
        """P5 and P95 of the energy, Wh."""
        return self.energy_wh.p05, self.energy_wh.p95

    @property
    def boundary(self) -> str:
        """What is metered: `gpu_boards`, `node`, `datacenter` or `fleet`."""
        return self.served.boundary

    @cached_property
    def drivers(self) -> dict[str, float]:
        """What drives the uncertainty: share of the variance of its logarithm by cause, the largest first."""
        drawn, values = _values(self.served)
        return drivers(self.served, drawn, values, lengths=not self.served.question.of_one_query)

    @cached_property
    def derivation(self) -> Node | None:
        """How the median follows, step by step; none for a workload, which is not one query."""
        return derivation(self.served) if self.served.question.of_one_query else None

    def explain(self) -> str:
        """How the number follows, as text: every step with its formula, value and source."""
        writer = Writer(full=True)
        if self.derivation is None:
            words = "an estimate for a workload is over random queries; ask for input_tokens and output_tokens"
            return f"{self}\nNo single derivation: {words}."
        writer.step(self.derivation, 0)
        return "\n".join([str(self), "", *writer.lines])

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers and texts, ready for JSON."""
        of = self.served
        return {
            "model": of.subject.label,
            "gpu": of.gpu,
            "precision": of.precision,
            "question": asked(of.question),
            "study": of.study,
            "boundary": self.boundary,
            "energy_wh": asdict(self.energy_wh),
            "emissions_gco2e": self.emissions_gco2e and asdict(self.emissions_gco2e),
            "water_l": self.water_l and asdict(self.water_l),
            "drivers": self.drivers,
            "evidence": asdict(self.evidence),
            "version": of.packaged.version,
            "contents": of.packaged.contents,
        }

    def as_json(self) -> str:
        """The same as JSON, with its derivation."""
        node = self.derivation
        steps = {"derivation": as_dict(node, set())} if node else {}
        return json.dumps(self.as_dict() | steps, indent=1, ensure_ascii=False, allow_nan=False)

    def __str__(self) -> str:
        parts = [self.energy_wh.told("Wh")]
        if self.emissions_gco2e is not None:
            mg = Range(**{name: 1000 * value for name, value in asdict(self.emissions_gco2e).items()})
            parts.append(mg.told("mg CO2e"))
        if self.water_l is not None:
            ml = Range(**{name: 1000 * value for name, value in asdict(self.water_l).items()})
            parts.append(ml.told("mL of water"))
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"<Estimate {self}>"


def asked(question: Question) -> dict[str, Any]:
    """What a question said, as plain values; what it left to the study is not in it."""
    found = {}
    for name, default in ((each.name, each.default) for each in question.__dataclass_fields__.values()):
        value = getattr(question, name)
        if isinstance(value, pl.DataFrame):
            found[name] = f"{len(value):,} queries"
        elif isinstance(value, Model | Gpu):
            found[name] = asdict(value)
        elif value is not default and value is not None:
            found[name] = dict(value) if isinstance(value, Mapping) else value
    return found


def _values(of: Served) -> tuple[Drawn, np.ndarray]:
    """Draws, and the energy of each, Wh."""
    question = of.question
    if not question.of_one_query:
        random = energies.random_of_workload(of)
        return random, random.energy_wh
    drawn = energies.per_token(of)
    return drawn, drawn.wh(question.input_tokens, question.output_tokens, question.cached_share)


def answered(question: Question) -> Estimate:
    """The estimate that answers a question.

    Raises:
        InputError: what is asked is not known or impossible.
    """
    of = served(question, packaged())
    drawn, values = _values(of)
    emissions = None if of.zone is None else values * (of.zone["carbon_gco2e_per_kwh"] / WH_PER_KWH)
    water = energies.water_l_per_wh(of, drawn)
    return Estimate(
        served=of,
        energy_wh=Range.of(values, drawn.weight),
        emissions_gco2e=None if emissions is None else Range.of(emissions, drawn.weight),
        water_l=None if water is None else Range.of(values * water, drawn.weight),
        # Random queries do not say what served them.
        evidence=evidence(of, drawn if question.of_one_query else energies.per_token(of)),
    )


def estimate(
    model: str | Model | None = None,
    gpu: str | Gpu | None = None,
    *,
    input_tokens: float | Mapping[str, Any] | None = None,
    output_tokens: float | Mapping[str, Any] | None = None,
    cached_share: float | Mapping[str, Any] | None = None,
    precision: str | None = None,
    workload: str = "traditional",
    trace: pl.DataFrame | None = None,
    study: str | Mapping[str, Any] = "current",
    boundary: str | None = None,
    speed_tok_per_s: float | None = None,
    batch: float | None = None,
    pue: float | None = None,
    zone: str | None = None,
) -> Estimate:
    """Energy of an LLM query.

    With numbers of tokens it is one query among those of `workload`: the service answers many others beside it, and its
    batch is that of theirs. With distributions or a trace these are the queries of the service, and the estimate is of
    a random one of them, as it is without any lengths.

    Args:
        model: an open or closed model by any of its names, a class of the study (`frontier`), or `Model(...)`.
        gpu: a GPU by any of its names, or `Gpu(...)`; by default those of the study.
        input_tokens: tokens of the prompt: a number, or a distribution such as `{"family": "lognormal", "p05": 50,
            "p95": 5000}`.
        output_tokens: tokens of the answer, likewise.
        cached_share: share of the prompt that is in the cache, 0 to 1; by default that of the study.
        precision: number format of the weights; by default the narrowest that the GPU computes in.
        workload: workload of the study whose queries the service answers.
        trace: frame of the service's queries, columns `input_tokens` and `output_tokens`.
        study: name of a study of method `nested`, or a dictionary of what differs from `current` or from its `extends`.
        boundary: what is metered: `gpu_boards`, `node`, `datacenter` (node × PUE) or `fleet`; by default the study's.
        speed_tok_per_s: tokens a second that users see in the busiest hour; by default the study's distribution.
        batch: most running requests of a replica, in place of a speed.
        pue: energy of the datacenter over that of its IT; by default the study's distribution.
        zone: zone of the grid by ISO code or name, for emissions and water.

    Returns:
        The estimate: `.wh` (median), `.interval` (P5 and P95), `.boundary`, `.evidence`, `.explain()`, `.as_dict()`.

    Raises:
        InputError: a name that is not known or a number that is impossible, in one line that says what is allowed.
    """
    return answered(Question(**locals()))
