"""What an estimate rests on: measured runs of the model on the GPU, runs of others, or its sizes alone."""

from dataclasses import dataclass

import numpy as np

from inference_energy.answers.energies import Drawn
from inference_energy.answers.served import Served
from inference_energy.statement.grades import GRADES, NO_RUNS, OTHER_GPUS, OTHER_MODELS, OWN_RUNS

# The grades of statements in one word each, best first.
MEASURED, TRANSFERRED, PHYSICS = "measured", "transferred", "physics only"
WORDS = {OWN_RUNS: MEASURED, OTHER_GPUS: TRANSFERRED, OTHER_MODELS: TRANSFERRED, NO_RUNS: PHYSICS}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What an estimate rests on."""

    kind: str  # `measured`, `transferred` or `physics only`, of most of the queries; of a closed model `not disclosed`
    shares: dict[str, float]  # share of the queries by kind
    meaning: dict[str, str]  # what each kind means here
    runs: int  # of the models on the GPUs, that the serving model is fitted to
    metered_runs: int  # of these, with measured power of the boards
    sources: tuple[str, ...]  # of these runs
    note: str  # of a closed model, what is assumed of it


def evidence(of: Served, drawn: Drawn) -> Evidence:
    """What the estimate of a question rests on."""
    known, shares, meaning = of.packaged.runs, {}, {}
    pairs: dict[tuple[str, str], float] = {}
    for place, service in enumerate(of.services.values()):
        here = drawn.service == place
        frame = service.members.frame
        members = list(zip(frame["network"], frame["gpu"], strict=True))
        for pair, share in zip(members, np.bincount(drawn.member[here], drawn.weight[here], len(members)), strict=True):
            pairs[pair] = pairs.get(pair, 0.0) + float(share)
    for (network, gpu), share in pairs.items():
        grade = known.grade(network, gpu)
        shares[WORDS[grade]] = shares.get(WORDS[grade], 0.0) + share
        meaning[WORDS[grade]] = GRADES[grade]
    runs = [of.packaged.runs_on[pair] for pair in pairs if pair in of.packaged.runs_on]
    closed = of.subject.closed
    return Evidence(
        kind="not disclosed" if closed else max(shares, key=shares.get),
        shares=shares,
        meaning=meaning,
        runs=sum(count for count, _, _ in runs),
        metered_runs=sum(metered for _, metered, _ in runs),
        sources=tuple(sorted(set().union(*(sources for _, _, sources in runs)))),
        note="" if closed is None else of_closed(closed),
    )


def of_closed(row: dict) -> str:
    """What is assumed of a closed model."""
    classes = (row["smallest_class"], row["largest_class"])
    size = f"a model of class {classes[0]}" if classes[0] == classes[1] else f"a model of class {' to '.join(classes)}"
    return f"{row['disclosed']}: {size} is assumed ({row['evidence'].replace('_', ' ')}, {row['assumed_on']})"
