"""Tests compute as jobs do, on one thread: the package says so when it is loaded, which must be before NumPy is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import inference_energy  # noqa: F401
import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is. A test may write the file of each example over the last one.
settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("project")


HERE = Path(__file__).parent
# What takes longest comes first, so that no worker is left with it at the end: whole builds, then parts of them.
FIRST = (
    *("workflow/test_hostile_text.py", "workflow/test_elsewhere.py", "workflow/test_slurm.py"),
    *("workflow/test_study.py", "workflow/test_new_source.py", "workflow/", "browser/"),
    *("unit/corpus/test_read.py", "unit/statement/"),
)
# Files of whole runs whose tests share what one worker has made.
TOGETHER = (
    *("workflow/test_hostile_text.py", "workflow/test_module.py"),
    *("workflow/test_explained_numbers.py", "workflow/test_publish.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests in the order, and in the groups, in which pytest-xdist deals them to its workers.

    Tests of whole runs are dealt one by one, all others by file, whose tests share fixtures.
    """
    of = {item: item.path.relative_to(HERE).as_posix() for item in items}
    places = {item: [file.startswith(first) for first in FIRST] for item, file in of.items()}
    items.sort(key=lambda item: [*places[item], True].index(True))
    for item, file in of.items():
        if not file.startswith("workflow/") or file in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(file))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A browser for all tests of a worker: only one can be open at a time."""
    from built_page import launched
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = launched(playwright)
        yield started
        started.close()
