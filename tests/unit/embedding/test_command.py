"""Without the extras: the command says what to install, and nothing of them is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from inference_energy.embedding import command

ROOT = Path(__file__).parents[3]


def test_the_server_says_what_to_install(monkeypatch, capsys):
    for name in ("mcp", "mcp.server", "mcp.server.mcpserver"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "inference_energy.embedding.mcp", raising=False)
    monkeypatch.setattr(sys, "argv", ["inference-energy", "mcp"])
    with pytest.raises(SystemExit) as ended:
        command.run()
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (1, "")
    assert len(told.err.splitlines()) == 1
    assert told.err.startswith("Error: mcp: found no package mcp of version 2 or newer (")
    assert told.err.endswith("; allowed: pip install 'inference-energy[mcp]'\n")


def test_the_command_imports_no_extra():
    code = """
import json, sys
from inference_energy.embedding import command
print(json.dumps([name for name in ("mcp", "pydantic", "litellm", "opentelemetry") if name in sys.modules]))
"""
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "workflow/scripts")},
    )
    assert json.loads(told.stdout) == []
