"""Every model on every GPU in a few points, which the page answers questions with: each as probable as the others.

The points are draws of everything that is not known, evenly spread over the energy of a query of the workload.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from inference_energy.answers.evidence import WORDS
from inference_energy.answers.factors import holding, usable_hardware
from inference_energy.energy.assumptions import assumptions
from inference_energy.energy.service import Service, Tables, resolved
from inference_energy.energy.uncertainty import cached_share, overhead_share, shared_draws
from inference_energy.statement.grades import Runs
from inference_energy.statement.model_names import study_of
from inference_energy.statistics.draws import stream
from inference_energy.studies.study import whole

POINTS, PARTS = 48, 12  # of each model and GPU, and parts of equal weight that they lie in
PLACES = 64 * POINTS  # that they are chosen from
WORKLOAD = "traditional"
MIX = ""  # name of the GPUs of the study
ARRAYS = ("prefill_s", "decode_s", "attention_s", "boards_wh", "node_wh")


def points(entries: Mapping, tables: Tables, *, draws: int, seed: int) -> pl.DataFrame:
    """Points of every model of the registry on every GPU and on those of the study, and of the study's classes.

    GPU-seconds per prompt token outside the cache, per answer token, and per answer token and token of its context;
    Wh that go with a GPU-second within the boundaries `gpu_boards` and `node`. `entries` are those of the study.
    """
    entries = dict(entries) | {"workloads": {WORKLOAD: entries["workloads"][WORKLOAD]}}
    study, known, size = whole(entries), Runs.of(tables.effects), {"draws": draws, "seed": seed}
    rows: list[dict] = []
    for model, held in holding(usable_hardware(tables.hardware), tables, study).items():
        alone = study_of(study, model, tables.models, None)
        if held:  # told apart, so that their shares are not drawn
            of = alone.classes[model].replaced(hardware=held)
            everywhere = alone.replaced(classes={model: of}, hardware_concentration=None)
            rows += _of_members(model, resolved("points", everywhere, tables, **size), known)
        rows += _of_subject(model, resolved("points", alone, tables, **size), known)
    for name in entries["classes"]:
        alone = study_of(study, name, tables.models, None)
        rows += _of_subject(name, resolved("points", alone, tables, **size), known)
    return pl.DataFrame(rows).explode(["point", *ARRAYS])


def _of_members(model: str, service: Service, known: Runs) -> Iterator[dict]:
    """A row with lists for every GPU that serves a model."""
    weight = service.at(WORKLOAD).weight
    networks = service.members.frame["network"]
    for place, (_, gpu, precision) in enumerate(service.members.names):
        if weight[:, place].any():
            counted = np.zeros_like(weight)
            counted[:, place] = weight[:, place]
            facts = {"model": model, "gpu": gpu, "precision": precision}
            yield facts | {"evidence": WORDS[known.grade(networks[place], gpu)]} | _thinned(service, counted)


def _of_subject(name: str, service: Service, known: Runs) -> Iterator[dict]:
    """A row with lists for a model or class on the GPUs of the study, if they serve it."""
    shares, weights = service.serving(name, WORKLOAD)
    counted = shares * weights[:, None]
    if counted.any():
        grades = [known.grade(*pair) for pair in service.members.frame.select("network", "gpu").rows()]
        most = WORDS[grades[int(np.argmax(counted.sum(axis=0)))]]
        yield {"model": name, "gpu": MIX, "precision": "", "evidence": most} | _thinned(service, counted)


def _thinned(service: Service, counted: np.ndarray) -> dict[str, list]:
    """Points evenly spread over the energy of a query of the workload, and within parts of it over how much of that is
    decoding; `counted` are weights by draw and member.
    """
    found = service.at(WORKLOAD)
    used = np.nonzero(counted.ravel())[0]
    weight = counted.ravel()[used]

    def flat(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, counted.shape).ravel()[used]

    node, of = found.wh_per_gpu_second["node"], found.queries
    # The share in the cache is not part of a point, see `beyond_the_node`.
    seconds = found.seconds(np.median(of.uncached_tokens), of.output_tokens, of.context_tokens2)
    energy, decoding = flat(seconds * node), flat(found.decode_s * node)
    # Many places, each of equal weight, from the least energy to the most; of every part of them a few.
    order = np.argsort(energy, kind="stable")
    marks = (np.arange(PLACES) + 0.5) / PLACES * weight.sum()
    places = order[np.minimum(np.searchsorted(np.cumsum(weight[order]), marks), len(order) - 1)].reshape(PARTS, -1)
    share = np.argsort((decoding / energy)[places], axis=1, kind="stable")
    few = POINTS // PARTS
    middles = ((np.arange(few) + 0.5) / few * places.shape[1]).astype(int)
    chosen = np.take_along_axis(places, share, axis=1)[:, middles].ravel()
    arrays = {
        **{name: getattr(found, name) for name in ("prefill_s", "decode_s", "attention_s")},
        "boards_wh": found.wh_per_gpu_second["gpu_boards"],
        "node_wh": node,
    }
    return {"point": list(range(POINTS))} | {name: flat(values)[chosen].tolist() for name, values in arrays.items()}


def beyond_the_node(entries: Mapping, tables: Tables, *, draws: int, seed: int) -> dict[str, np.ndarray]:
    """PUE, overheads and share of prompts outside the cache, a value each per point, in an order of their own.

    They are independent of models and GPUs, so that any point may go with any of them.
    """
    given = assumptions("points", whole(entries), tables.overheads)
    shared = shared_draws(given, draws, seed)
    marks = (np.arange(POINTS) + 0.5) / POINTS

    def spread(values: np.ndarray, name: str) -> np.ndarray:
        return stream(seed, "points", name).permutation(np.quantile(values, marks))

    return {
        "pue": spread(shared.values["pue"], "pue"),
        "overhead_share": spread(overhead_share(given, shared), "overheads"),
        "uncached_share": spread(1 - cached_share(shared, WORKLOAD), "cache"),
    }
