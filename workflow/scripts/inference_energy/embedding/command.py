"""The command `inference-energy` with all that it starts: answers in a terminal, and a server of them."""

from inference_energy.answers.command import app, run
from inference_energy.common.errors import InputError

__all__ = ["app", "run"]


@app.command("mcp")
def mcp_command() -> None:
    """A server of estimates for assistants that speak MCP, over standard input and output; needs the extra `mcp`."""
    try:
        from inference_energy.embedding.mcp import server
    except ImportError as error:
        raise InputError(
            f"mcp: found no package mcp of version 2 or newer ({error}); allowed: pip install 'inference-energy[mcp]'"
        ) from None
    server().run("stdio")
