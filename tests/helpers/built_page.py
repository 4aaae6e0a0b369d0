"""The built page, the browsers that open it, and the tables behind it."""

import shutil
from pathlib import Path

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
    return playwright.chromium.launch(executable_path=found, args=OPTIONS)


def table_paths() -> dict[str, str]:
    """Files of `services.Tables` in the results."""
    validated = {
        "throughput": "throughput",
        "corrections": "corrections",
        "models": "models",
        "hardware": "hardware",
        "lengths": "request_lengths",
        "answers": "output_length_quantiles",
    }
    comparison = {
        "coefficients": "throughput_configurations",
        "left_out": "throughput_left_out",
        "forms": "throughput_forms",
        "pairs": "attainment_pairs",
        "latency": "latency_summary",
    }
    return (
        {name: str(RESULTS / f"validated/{file}.parquet") for name, file in validated.items()}
        | {name: str(RESULTS / f"comparison/{file}.parquet") for name, file in comparison.items()}
        | {name: str(ROOT / f"resources/{name}.csv") for name in ("node_power", "overheads")}
    )
