"""Named random streams, so that no result depends on the order or number of jobs."""

import hashlib

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """An independent generator for one named purpose, e.g. `stream(seed, study, model, workload)`.

    The same seed and names always give the same numbers; any other names give unrelated ones.
    """
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    words = np.frombuffer(digest, dtype=np.uint32)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *words.tolist()])))
