"""Tests compute as jobs do, on one thread: the package says so when it is loaded, which must be before NumPy is."""

import inference_energy  # noqa: F401
from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("project", deadline=None)
settings.load_profile("project")
