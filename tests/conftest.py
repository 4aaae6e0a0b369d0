"""Tests compute as jobs do, on one thread: the package says so when it is loaded, which must be before NumPy is."""

from collections.abc import Iterator
from typing import Any

import inference_energy  # noqa: F401
import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is. A test may write the file of each example over the last one.
settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("project")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A browser for all tests of a worker: only one can be open at a time."""
    from built_page import launched
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = launched(playwright)
        yield started
        started.close()
