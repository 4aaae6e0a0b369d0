"""The built page in a real browser, and the same questions to Python."""

from collections.abc import Callable, Iterator

import polars as pl
import pytest
from built_page import PAGE, RESULTS, ROOT, launched, table_paths
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus import registries
from inference_energy.dashboard import engines
from inference_energy.dashboard.engine import Explorer
from inference_energy.energy import resolve, tables as energy_tables
from inference_energy.fleet import tables as fleet_tables
from inference_energy.studies import files
from inference_energy.studies.study import whole
from playwright.sync_api import Browser, Page, sync_playwright


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests of a worker."""
    with sync_playwright() as playwright:
        started = launched(playwright)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the page in a state, width and colour scheme; what it says and asks for is checked when the test ends."""
    contexts, said, asked = [], [], []

    def page_at(state: str = "", *, width: int = 1280, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{PAGE.as_uri()}{state}")
        page.wait_for_selector("html[data-ready]")
        return page

    yield page_at
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []


@pytest.fixture(scope="session")
def built() -> dict[str, Explorer]:
    """The explorer of every built study, from its tables."""
    config = read_yaml(ROOT / "config/config.yaml")
    schemas = {name: read_yaml(ROOT / f"workflow/schemas/study_{name}.schema.yaml") for name in ("published", "nested")}
    tables = resolve.read_tables(table_paths())
    found = {}
    for name in config["studies"]:
        found[name] = engines.of_study(
            name,
            whole(files.read_study(name, ROOT / "config/studies", schemas)),
            pl.read_parquet(RESULTS / name / "throughput_fit.parquet"),
            tables,
            interventions=registries.read_registry(ROOT / "resources/interventions.csv", energy_tables.InterventionRow),
            zones=registries.read_registry(ROOT / "resources/grid.csv", fleet_tables.GridZone),
            seed=config["seed"],
        )
    return found
