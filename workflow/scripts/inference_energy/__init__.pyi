"""Types of what the package is used for; `__init__.py` imports it when it is first asked for."""

from inference_energy.answers.estimate import Estimate, Range, estimate
from inference_energy.answers.factors import factor_table
from inference_energy.answers.frames import estimates
from inference_energy.answers.own import Gpu, Model
from inference_energy.common.errors import InputError

__all__ = ["Estimate", "Gpu", "InputError", "Model", "Range", "estimate", "estimates", "factor_table"]
