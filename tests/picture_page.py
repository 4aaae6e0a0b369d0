"""The picture of the page that documents show, docs/dashboard.png, from this build; called by `make pictures`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "helpers"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

from built_page import PAGE, ROOT, launched
from playwright.sync_api import sync_playwright

SIZE = {"width": 1100, "height": 900}

with sync_playwright() as playwright:
    browser = launched(playwright)
    page = browser.new_page(viewport=SIZE, color_scheme="light")
    page.goto(PAGE.as_uri())
    page.wait_for_selector("html[data-ready]")
    page.screenshot(path=ROOT / "docs/dashboard.png")
    browser.close()
