"""How much energy does an LLM query use? From published token-throughput benchmarks to defensible answers.

from inference_energy import estimate
estimate(model="DeepSeek-R1", gpu="B200", input_tokens=2000, output_tokens=500)
"""

import importlib
import os
from pathlib import Path
from typing import Any

__all__ = ["Estimate", "Gpu", "InputError", "Model", "Range", "estimate", "estimates", "factor_table"]

# A job is one thread: matrices here are small, and threads of the linear algebra library that wait for each other made
# jobs three times slower. It also keeps sums in the same order on any machine. Who installed the package decides alone.
if not Path(__file__).with_name("packaged").is_dir():
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

_MODULES = {
    **dict.fromkeys(["Estimate", "Range", "estimate"], "answers.estimate"),
    "estimates": "answers.frames",
    "factor_table": "answers.factors",
    **dict.fromkeys(["Gpu", "Model"], "answers.own"),
    "InputError": "common.errors",
}


def __getattr__(name: str) -> Any:
    """What the package is used for, imported when it is first asked for: the jobs of the pipeline do not need it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
