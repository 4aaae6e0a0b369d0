"""The built page, the browsers that open it, and the numbers that it computes with."""

import base64
import gzip
import json
import re
import shutil
from pathlib import Path

from dashboard_engine import decoded
from patience import HANGS_S
from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
PAGE = RESULTS / "dashboard.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No sandbox, as tests may run as root in a container; nothing that would call out.
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def launched(playwright: Playwright) -> Browser:
    """A browser of the system's: nothing is downloaded."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, f"no browser: found none of {', '.join(BROWSERS)}; `make browser` installs Debian's chromium"
    assert PAGE.is_file(), f"{PAGE} is not there; `make` builds it"
    return playwright.chromium.launch(executable_path=found, args=OPTIONS, timeout=1000 * HANGS_S)


def numbers(html: str) -> dict:
    """What a page computes with, decoded."""
    data, arrays = (
        gzip.decompress(base64.b64decode(re.search(rf'id="{name}">(.*?)</script>', html, re.DOTALL)[1]))
        for name in ("data", "arrays")
    )
    return decoded(json.loads(data), arrays)
