"""Estimates of the tiny study in place of those of a build."""

import pytest
from inference_energy.answers import command, estimate, frames, packaged, told
from tiny_package import tiny_package


@pytest.fixture
def holding(monkeypatch):
    """Has estimates made from some tables."""

    def hold(of):
        for module in (packaged, estimate, frames, told, command):
            if hasattr(module, "packaged"):
                monkeypatch.setattr(module, "packaged", lambda: of)
        return of

    return hold


@pytest.fixture
def tiny(holding, known_hosts):
    """Estimates by hand: everything known, hosts at their median."""
    return holding(tiny_package())
