"""Numbers of the page for a question about one query: models, GPUs, closed models, and parameters of one's own."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from inference_energy.answers.evidence import of_closed
from inference_energy.answers.points import ARRAYS, beyond_the_node
from inference_energy.answers.question import classes_within
from inference_energy.dashboard.own import own_parameters
from inference_energy.energy.service import Tables


def asked(
    points: pl.DataFrame, entries: Mapping, tables: Tables, closed_models: pl.DataFrame, *, draws: int, seed: int
) -> dict:
    """What `ask.js` computes with: points of every model by GPU, what lies beyond the node, closed models, and what
    models and GPUs of the reader's own are computed from.

    `points` is the table of `answers.points`, `entries` are those of its study.
    """
    models: dict[str, dict] = {}
    for (model, gpu, precision, evidence), of in points.group_by(
        ["model", "gpu", "precision", "evidence"], maintain_order=True
    ):
        facts = {"precision": precision, "evidence": evidence}
        models.setdefault(model, {})[gpu] = facts | {name: of[name].to_numpy() for name in ARRAYS}
    closed = {
        row["model"]: {"classes": classes_within(row, entries), "note": of_closed(row)}
        for row in closed_models.iter_rows(named=True)
    }
    beyond = beyond_the_node(entries, tables, draws=draws, seed=seed)
    return {
        "models": dict(sorted(models.items(), key=lambda each: each[0].lower())),
        "classes": {name: of["label"] for name, of in entries["classes"].items()},
        "closed": {name: of for name, of in closed.items() if of["classes"]},
        "own": own_parameters(entries, tables, seed=seed),
        "beyond": {name: np.maximum(values, 0.0) for name, values in beyond.items()},
    }
