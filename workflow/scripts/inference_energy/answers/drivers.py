"""What drives the uncertainty of an estimate: shares of the variance of its logarithm."""

import numpy as np
from scipy.special import ndtri

from inference_energy.answers.energies import Drawn
from inference_energy.answers.served import Served
from inference_energy.energy.assumptions import CACHED, SPECULATIVE

LABELS = {
    "speed": "speed that users see",
    "headroom": "spare capacity",
    "released_share": "use of idle GPUs",
    "pue": "PUE",
    "host": "power of the rest of the node",
    "board_factor": "power caps",
    "disaggregated": "separate GPUs for prompts",
    "utilisation": "power over its rating",
    CACHED: "share of prompts in the cache",
    SPECULATIVE: "speculative decoding",
    "overhead": "network and storage",
}
WHICH = "which model or GPU serves"
REST = "time and power of the model on the GPU"
LEAST_SHARE = 0.02  # of the variance, below which a driver is not named


def drivers(of: Served, drawn: Drawn, energy_wh: np.ndarray, lengths: bool) -> dict[str, float]:
    """Share of the variance of the logarithm by cause, the largest first.

    Of the assumptions that are drawn, the squared correlation with their normal scores; of models and GPUs, the
    variance between their means. The rest is what the serving model does not know, and with `lengths` also how lengths
    of queries differ.
    """
    logs, weight = np.log(energy_wh), drawn.weight
    logs = logs - weight @ logs
    variance = weight @ logs**2
    if variance < 1e-12:
        return {}
    found: dict[str, float] = {}
    services = list(of.services.values())
    names = dict.fromkeys(name for service in services for name in service.shared.values)
    for name in names:
        scores = np.zeros(len(logs))
        for place, service in enumerate(services):
            values = service.shared.values.get(name)
            if values is not None and np.ptp(values) > 0:
                ranks = np.argsort(np.argsort(values))
                here = drawn.service == place
                scores[here] = ndtri((ranks + 0.5) / len(ranks))[drawn.row[here]]
        spread = weight @ scores**2 - (weight @ scores) ** 2
        if spread > 0:
            label = LABELS.get(name.split(":")[0], name)
            found[label] = found.get(label, 0.0) + (weight @ (logs * scores)) ** 2 / spread / variance
    which = np.unique(np.stack([drawn.service, drawn.member]), axis=1, return_inverse=True)[1].ravel()
    mass = np.bincount(which, weight)
    found[WHICH] = float(mass @ (np.bincount(which, weight * logs) / mass) ** 2 / variance)
    rest = max(0.0, 1 - sum(found.values()))
    found["lengths of queries, and " + REST if lengths else REST] = rest
    total = sum(found.values())
    shares = {name: float(share / total) for name, share in found.items() if share / total >= LEAST_SHARE}
    return dict(sorted(shares.items(), key=lambda each: -each[1]))
