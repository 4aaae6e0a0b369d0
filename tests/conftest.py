"""Tests compute as jobs do, on one thread: the package says so when it is loaded, which must be before NumPy is."""

import inference_energy  # noqa: F401
