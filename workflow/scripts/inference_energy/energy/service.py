"""A service: a study with everything resolved that its energies are computed from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.energy import day, uncertainty
from inference_energy.energy.assumptions import Assumptions, assumptions, speculative_name
from inference_energy.energy.operated import PLACING, Members, Operated, Placed, QueryMeans, operated, placed, prepared
from inference_energy.energy.uncertainty import Shared, shared_draws
from inference_energy.requests import lengths
from inference_energy.requests.lengths import Lengths
from inference_energy.serving import operating_point, predict, stored
from inference_energy.serving.fit import ServingModel
from inference_energy.serving.operating_point import BatchPrior
from inference_energy.serving.replicas import WEIGHT_BYTES, Registries
from inference_energy.serving.runs import REFERENCE_YEAR, of_service
from inference_energy.studies import files
from inference_energy.studies.checks import check_classes
from inference_energy.studies.study import NestedStudy, Serving

Served = tuple[np.ndarray, np.ndarray]  # shares of members and weights of draws, see `Service.serving`
KEPT = 8  # of them, which are large
OF_ANY_SERVICE = "of any service"  # engine and campaign of a service that nobody measured: drawn from their priors


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What studies of method `nested` draw on, by name of the table."""

    parameters: pl.DataFrame
    effects: pl.DataFrame
    covariance: pl.DataFrame
    errors: pl.DataFrame
    runs: pl.DataFrame
    models: pl.DataFrame
    hardware: pl.DataFrame
    lengths: pl.DataFrame
    answers: pl.DataFrame
    rates: pl.DataFrame
    node_power: pl.DataFrame
    overheads: pl.DataFrame

    @cached_property
    def model(self) -> ServingModel:
        """The fitted serving model."""
        return stored.from_tables(**{part: getattr(self, part) for part in stored.NAMES})

    @cached_property
    def _lengths(self) -> dict[str, Lengths]:
        return {}

    def lengths_of(self, spec: dict, place: str) -> Lengths:
        """Lengths of a workload, see `requests.lengths`; they are kept."""
        key = json.dumps(spec, sort_keys=True)
        if key not in self._lengths:
            self._lengths[key] = lengths.lengths(spec, place, self.lengths, self.answers)
        return self._lengths[key]

    @cached_property
    def _rates(self) -> dict[str | None, np.ndarray]:
        return {}

    def rates_of(self, arrivals: str | None, place: str) -> np.ndarray:
        """Requests of every hour of a day over their mean, see `day.rates`; they are kept."""
        if arrivals not in self._rates:
            self._rates[arrivals] = day.rates(arrivals, self.rates, place)
        return self._rates[arrivals]

    @cached_property
    def registries(self) -> Registries:
        """Models and GPUs."""
        return Registries(models=self.models, hardware=self.hardware)

    @cached_property
    def _newest(self) -> float:
        """Year of the newest software of the runs."""
        return REFERENCE_YEAR + float(self.runs["software_years"].max())

    @cached_property
    def _every(self) -> tuple[pl.DataFrame, dict[tuple[str, str, str], int]]:
        """`replicas_of` every model, GPU and number format, and their rows."""
        of_models, of_gpus = self.models.select("model"), self.hardware.select("gpu")
        asked = of_models.join(of_gpus, how="cross").join(pl.DataFrame({"precision": list(WEIGHT_BYTES)}), how="cross")
        found = self._of_service(asked)
        names = found.select("model", "gpu", "precision").rows()
        return found, {name: place for place, name in enumerate(names)}

    def replicas_of(self, names: Sequence[tuple[str, str, str]]) -> pl.DataFrame:
        """Replicas of one GPU of a service that nobody measured, by model, GPU and number format.

        Their requests have a token each; see `runs.of_service`. Those of which too little is known are left out.
        """
        found, places = self._every
        if all(name in places for name in names):
            return found[[places[name] for name in names]]
        return self._of_service(pl.DataFrame(names, schema=["model", "gpu", "precision"], orient="row"))

    def _of_service(self, asked: pl.DataFrame) -> pl.DataFrame:
        found = of_service(asked, self.registries, self._newest)
        alone = dict.fromkeys(("gpus", "input_tokens", "output_tokens"), 1.0)
        return found.with_columns(**alone, cached_share=0.0, campaign=pl.lit(OF_ANY_SERVICE))

    def with_row(self, registry: str, row: pl.DataFrame) -> Self:
        """The same with a further row of `models` or `hardware`; what does not depend on it is kept."""
        found = replace(self, **{registry: pl.concat([getattr(self, registry), row])})
        vars(found).update(
            {name: getattr(self, name) for name in ("model", "prior", "_newest", "_every", "_lengths", "_rates")}
        )
        return found

    @cached_property
    def prior(self) -> BatchPrior:
        """Batch of services at a speed, from the runs that the model is fitted to."""
        return operating_point.batch_prior(self.runs)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A study with everything resolved that its energies are computed from."""

    name: str  # name of the study
    study: NestedStudy  # its entries
    given: Assumptions  # the distributions of the shared uncertainty
    shared: Shared  # their draws
    lengths: Mapping[str, Lengths]  # by workload
    rates: np.ndarray  # requests of every hour of a day over their mean
    members: Members  # every model on every GPU, and what is uncertain about each
    prior: BatchPrior  # of the batch at a speed
    tables: Tables  # what it was resolved from
    seed: int  # of all streams
    _known: dict[str, Operated] = field(default_factory=dict, repr=False, compare=False)
    _placed: dict[str, tuple[tuple, Placed]] = field(default_factory=dict, repr=False, compare=False)
    _served: dict[tuple[str, str], tuple[Operated, Served]] = field(default_factory=dict, repr=False, compare=False)

    def at(self, workload: str) -> Operated:
        """Every member where it serves the queries of a workload."""
        if workload not in self._known:
            self._known[workload] = self._over_the_day(self._where(workload))
        return self._known[workload]

    def _over_the_day(self, where: Placed) -> Operated:
        return operated(where, self.members, self.given, self.shared, self.rates)

    def _where(self, workload: str) -> Placed:
        """Where members run; kept as long as nothing is replaced that it depends on."""
        values, cached = self.shared.values, uncertainty.cached_share(self.shared, workload)
        names = (*PLACING, *(speculative_name(model) for model in self.study.model_classes()))
        behind = (self.study.serving, self.members, self.lengths[workload], cached, *map(values.get, names))
        known, where = self._placed.get(workload, ((), None))
        if len(known) != len(behind) or not all(map(_same, known, behind)):
            where = self._placed_with(QueryMeans.of(self.lengths[workload], cached))
            self._placed[workload] = behind, where
        return where

    def _placed_with(self, queries: QueryMeans) -> Placed:
        return placed(prepared(self.members, self.study, self.shared, queries), self.study, self.shared, self.prior)

    def at_speeds(self, workload: str, speeds: Sequence[float]) -> Iterator[Operated]:
        """Every member where users see each of some speeds; what does not depend on them is computed once."""
        queries = QueryMeans.of(self.lengths[workload], uncertainty.cached_share(self.shared, workload))
        found = prepared(self.members, self.study, self.shared, queries)
        for speed in speeds:
            shared = self.shared.replaced("speed", speed)
            where = placed(found, self.study, shared, self.prior)
            yield operated(where, self.members, self.given, shared, self.rates)

    def sharing(self, shared: Shared) -> "Service":
        """The same with other draws of the shared uncertainty."""
        return replace(self, shared=shared, _known={}, _placed=dict(self._placed))

    def with_queries(self, workload: str, queries: QueryMeans) -> "Service":
        """The same with a further workload of which only the means are known."""
        return replace(self, _known={**self._known, workload: self._over_the_day(self._placed_with(queries))})

    def with_lengths(self, of: Mapping[str, Lengths]) -> "Service":
        """The same with other lengths of some workloads, or with further workloads."""
        kept = {name: found for name, found in self._known.items() if name not in of}
        return replace(self, lengths={**self.lengths, **of}, _known=kept)

    def changed(self, *changes: Mapping[str, Any]) -> "Service":
        """The service of a study that extends this one with some changes, the later ones on top of the earlier.

        Raises:
            InputError: whatever they name that is not there.
        """
        entries = self.study.plain()
        for change in changes:
            entries = files.merge(entries, change)
        study = NestedStudy.of(entries)
        members = self.members if _drawn_alike(study) == _drawn_alike(self.study) else None
        size = {"draws": self.shared.draws, "seed": self.seed}
        found = resolved(self.name, study, self.tables, **size, members=members)
        # Where members run is the same as long as all is equal that it depends on.
        return replace(found, _placed=dict(self._placed))

    def narrowed(self, subject: str) -> "Service":
        """The same with one model or class only: what it draws stays the same."""
        kind, name = self.study.subjects()[subject]
        alone = self.study.replaced(classes={name: self.study.classes[name]})
        study = self.study.model_alone(subject) if kind == "model" else alone
        if study.members() == self.members.names:
            return self
        return resolved(self.name, study, self.tables, draws=self.shared.draws, seed=self.seed)

    def models_of(self, subject: str) -> Mapping[str, np.ndarray]:
        """Weight of every model of a subject at every draw."""
        kind, _ = self.study.subjects()[subject]
        return {subject: np.ones(self.shared.draws)} if kind == "model" else self.shared.mix[subject]

    def serving(self, subject: str, workload: str) -> Served:
        """Share of a subject's queries of a workload that each member serves, and how much a draw counts.

        Models share the queries as the study says. The GPUs that serve a model share its queries in proportion to how
        many there are and how many queries each serves in a second. A draw counts as much as it is probable that the
        models run where the study says, given what it draws.

        Returns:
            Shares, shape (draws, members), that sum to 1 or, where nothing reaches the operating point, are 0; and
            weights of the draws, shape (draws,).
        """
        found = self.at(workload)
        known, served = self._served.get((subject, workload), (None, None))
        if known is not found:
            served = self._shared_out(subject, found)
            if len(self._served) >= KEPT:
                self._served.clear()
            self._served[subject, workload] = found, served
        return served

    def _shared_out(self, subject: str, found: Operated) -> Served:
        _, model_class = self.study.subjects()[subject]
        seconds = found.mean_seconds()
        shares, probable = np.zeros(found.weight.shape), np.zeros(len(found.weight))
        for model, weight in self.models_of(subject).items():
            places = {entry: self.members.names.index((model, *entry)) for entry in self.shared.gpus[model_class]}
            counted = {
                place: self.shared.gpus[model_class][entry] * found.weight[:, place] for entry, place in places.items()
            }
            there = sum(counted.values())
            rates = {place: of / seconds[:, place] for place, of in counted.items()}
            total = sum(rates.values())
            if not there.any():
                continue
            likely = weight * there / there.mean()
            for place, rate in rates.items():
                shares[:, place] = likely * rate / np.where(total > 0, total, 1.0)
            probable += likely
        return shares / np.where(probable > 0, probable, 1.0)[:, None], probable

    def served_share(self, subject: str, workload: str) -> float:
        """Share of a subject's models and GPUs that reach the operating point; see `Operated.weight`."""
        kind, model_class = self.study.subjects()[subject]
        models = {subject: 1.0} if kind == "model" else self.study.classes[subject].model_shares()
        reached = self.at(workload).weight.any(axis=0)
        return sum(
            weight * entry.share * bool(reached[self.members.names.index((model, entry.gpu, entry.precision))])
            for model, weight in models.items()
            for entry in self.study.hardware_mix(model_class)
        )

    def mean_wh(self, subject: str, workload: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Mean energy of a subject's queries by boundary, Wh, and how much each draw counts, both of shape (draws,).

        No queries are drawn, so the mean has no sampling error of queries.
        """
        shares, weights = self.serving(subject, workload)
        found = self.at(workload)
        seconds = shares * found.mean_seconds()
        return {boundary: (seconds * wh).sum(axis=1) for boundary, wh in found.wh_per_gpu_second.items()}, weights


def _same(one: Any, other: Any) -> bool:
    """Whether two parts of a service are equal; members and tables only where they are one and the same."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one is other or np.array_equal(one, other)
    if isinstance(one, Lengths) and isinstance(other, Lengths):
        return all(map(_same, vars(one).values(), vars(other).values()))
    return one is other or (isinstance(one, Serving) and one == other)


def _drawn_alike(study: NestedStudy) -> tuple:
    """What the members of a study depend on, and with them the draws of what is uncertain about each."""
    return study.members(), study.serving.engine, study.serving.replica_gpus


def resolved(
    name: str, study: NestedStudy, tables: Tables, *, draws: int, seed: int, members: Members | None = None
) -> Service:
    """A study with everything that its energies are computed from.

    `members` are those of the study, where they are known.

    Raises:
        InputError: whatever the study names that is not there.
    """
    place = f"config/studies/{name}.yaml"
    check_classes(study, place, tables.models)
    given = assumptions(name, study, tables.overheads)
    return Service(
        name=name,
        study=study,
        given=given,
        shared=shared_draws(given, draws, seed),
        lengths={
            workload: tables.lengths_of(spec.plain(), f"{place}: workloads.{workload}")
            for workload, spec in study.workloads.items()
        },
        rates=tables.rates_of(study.day.arrivals, f"{place}: day.arrivals"),
        members=members or _members(name, study, tables, draws, seed),
        prior=tables.prior,
        tables=tables,
        seed=seed,
    )


def _members(name: str, study: NestedStudy, tables: Tables, draws: int, seed: int) -> Members:
    """Every model on every GPU of a study, with draws of what is uncertain about each.

    Raises:
        InputError: a model, GPU or engine that is not there, or one of which too little is known.
    """
    place = f"config/studies/{name}.yaml"
    engines, engine = tables.model.time.levels["roofline_engine"], study.serving.engine
    if engine is not None and engine not in engines:
        raise InputError(
            f"{place}: serving.engine: found {engine!r}; allowed: {one_of(engines)}, or none for that of any service"
        )
    names = study.members()
    for _, _, precision in names:
        if precision not in WEIGHT_BYTES:
            raise InputError(f"{place}: hardware: found precision {precision!r}; allowed: {one_of(WEIGHT_BYTES)}")
    known = tables.replicas_of(names)
    for gpu in [gpu for _, gpu, _ in names if gpu not in known["gpu"]] if len(known) < len(names) else ():
        if gpu not in tables.hardware["gpu"]:
            allowed = f"{like(gpu, tables.hardware['gpu'])}, rows of the registry"
            raise InputError(f"{place}: hardware: found {gpu!r}; allowed: {allowed}")
        what = "whose memory, bandwidth or peak is empty in resources/hardware.csv"
        raise InputError(f"{place}: hardware: found {gpu!r}, {what}; allowed: a number")
    for gpu in known["gpu"].filter(known["tdp_w"].is_null()):
        raise InputError(
            f"{place}: hardware: found {gpu!r}, whose tdp_w is empty in resources/hardware.csv; allowed: a number"
        )
    frame = known.with_columns(
        gpus=pl.lit(float(max(study.serving.replica_gpus))), engine=pl.lit(engine or OF_ANY_SERVICE)
    )
    keys = [", ".join(each) for each in names]
    return Members(
        names=names,
        frame=frame,
        uncertain=predict.drawn(tables.model, frame, draws, seed, "service", keys=keys),
        node_power=tables.node_power,
    )
