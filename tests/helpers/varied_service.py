"""A service in which everything varies."""

from inference_energy.energy import assumptions
from inference_energy.statistics.distributions import Beta, distribution
from tiny_service import UNIFORM, exponential

PUE = distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4})
VARIED = {
    "distributions": {
        "pue": PUE,
        "load": Beta.from_percentiles(p05=0.45, p95=0.85),
        "attainment": Beta.from_percentiles(p05=0.3, p95=0.8),
        "boards": UNIFORM,
        "cached share: traditional": Beta.from_percentiles(p05=0.05, p95=0.65),
        "overhead: network": assumptions.overhead_distribution({"share_p05": 0.04, "share_p95": 0.15}),
    },
    "weights": {"A": 1, "B": 1},
    "concentration": 2,
    "fit_errors": {"A": 0.1, "B": 0.3},
    "lengths": {"traditional": exponential(), "long": exponential(5000.0)},
}
