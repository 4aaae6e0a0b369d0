"""The server of estimates, asked by the package's own client: in memory, and as a process over its standard streams."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from inference_energy import estimate
from inference_energy.embedding import mcp as mcp_server
from mcp import Client, StdioServerParameters, stdio_client

ROOT = Path(__file__).parents[2]
QUERY = {"input_tokens": 1000, "output_tokens": 500, "precision": "FP8"}


@pytest.fixture(params=["auto", "legacy"])
def ask(request, tiny, monkeypatch):
    """Calls a tool in a session of its own, of the newest protocol and of the one with a handshake."""
    monkeypatch.setattr(mcp_server, "packaged", lambda: tiny)

    async def asked(name, given):
        async with Client(mcp_server.server(), mode=request.param) as client:
            return await client.call_tool(name, given)

    return lambda name, **given: asyncio.run(asked(name, given))


def test_tools_say_what_they_do(monkeypatch, tiny):
    monkeypatch.setattr(mcp_server, "packaged", lambda: tiny)

    async def listed():
        async with Client(mcp_server.server()) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in asyncio.run(listed())}
    assert set(tools) == {"estimate", "compare", "explain"}
    for tool in tools.values():
        assert tool.description
        assert tool.annotations.read_only_hint
        about = tool.input_schema["properties"]
        assert all(each["description"] for each in about.values()), tool.name
    assert tools["compare"].input_schema["required"] == ["first", "second"]
    assert tools["estimate"].input_schema["properties"]["zone"]["description"].startswith("zone of the grid")


def test_an_estimate(ask):
    found = ask("estimate", model="A", gpu="G", zone="ABC", **QUERY)
    expected = estimate("A", "G", zone="ABC", **QUERY)
    assert not found.is_error
    assert found.structured_content["energy_wh"] == expected.as_dict()["energy_wh"]
    assert found.structured_content["told"] == f"A in FP8 on G, 1,000 tokens in, 500 out: {expected}"
    assert found.structured_content["evidence"]["kind"] == "physics only"
    # Clients without structured content read the same from the text.
    assert json.loads(found.content[0].text) == found.structured_content


def test_a_changed_study(ask):
    whole, half = (
        ask("estimate", model="A", study={"pue": pue}, **QUERY).structured_content["energy_wh"]["p50"]
        for pue in (2.0, 1.0)
    )
    assert whole == pytest.approx(2 * half)


def test_a_comparison(ask):
    given = {name: value for name, value in QUERY.items() if name != "precision"}
    found = ask("compare", first="A@G", second="B@G", **given).structured_content
    expected = [estimate(name, "G", **given).wh for name in "AB"]
    assert found["ratio"] == pytest.approx(expected[1] / expected[0])
    assert [found[place]["energy_wh"]["p50"] for place in ("first", "second")] == expected
    assert found["told"].splitlines()[0].startswith("A  A in ")


def test_an_explanation(ask):
    found = ask("explain", model="A", gpu="G", **QUERY)
    assert found.content[0].text == estimate("A", "G", **QUERY).explain()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"model": "AA"}, "model: found 'AA'; allowed: "),
        ({"model": "A", "pue": 0.5}, "pue: found 0.5; allowed: 1 to 5 "),
        ({"model": "A", "zone": "nowhere"}, "zone: found 'nowhere'; allowed: "),
        ({"model": "A", "input_tokens": "many"}, "input_tokens"),
    ],
)
def test_a_fault_is_told_to_the_assistant(ask, given, told):
    """As an answer that says what is allowed; the session goes on."""
    found = ask("estimate", **{"input_tokens": 1, "output_tokens": 1} | given)
    assert found.is_error
    assert told in found.content[0].text
    assert "Traceback" not in found.content[0].text


def test_the_command_serves_over_standard_streams():
    """As an assistant starts it, with the tables of this build."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "inference_energy", "mcp"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")},
    )

    async def asked():
        async with Client(stdio_client(command)) as client:
            assert client.server_info.name == "inference-energy"
            return await client.call_tool(
                "estimate", {"model": "DeepSeek-R1", "gpu": "B200", "input_tokens": 2000, "output_tokens": 500}
            )

    found = asyncio.run(asyncio.wait_for(asked(), 120)).structured_content
    assert found["energy_wh"]["p05"] < found["energy_wh"]["p50"] < found["energy_wh"]["p95"]
    assert found["evidence"]["kind"] == "measured"
