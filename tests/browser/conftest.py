"""The built page in a real browser, and its numbers in Python."""

from collections.abc import Callable, Iterator

import pytest
from built_page import PAGE, RESULTS, numbers
from patience import HANGS_S
from playwright.sync_api import Browser, Page


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a state, width and colour scheme; what it says and asks for is checked when the test ends."""
    contexts, said, asked = [], [], []

    def page_at(state: str = "", *, width: int = 1280, dark: bool = False, file: str = PAGE.name) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
        )
        contexts.append(context)
        context.set_default_timeout(1000 * HANGS_S)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{(RESULTS / file).as_uri()}{state}")
        if file == PAGE.name:
            page.wait_for_selector("html[data-ready]")
        return page

    yield page_at
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []


@pytest.fixture(scope="session")
def built() -> dict:
    """The numbers of the built page: what the page reads, decoded in Python."""
    return numbers(PAGE.read_text())
