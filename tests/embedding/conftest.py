"""Tests of estimates inside other tools, with the real packages: they run in the environment of `make embedding`."""

import importlib.util
import os

import pytest
from inference_energy.answers import estimate, packaged, told
from tiny_package import tiny_package

# LiteLLM otherwise fetches its list of prices when it is imported.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

PACKAGES = ("litellm", "mcp", "opentelemetry.sdk")


def _installed(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


collect_ignore_glob = [] if all(map(_installed, PACKAGES)) else ["*"]


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """Estimates from the tables of the tiny study."""
    of = tiny_package()
    for module in (packaged, estimate, told):
        monkeypatch.setattr(module, "packaged", lambda: of)
    return of
