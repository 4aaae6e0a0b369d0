"""A server of estimates over the Model Context Protocol: tools `estimate`, `compare` and `explain`.

It needs the extra `mcp`. The tools have the arguments of the command line, with the same meaning.
"""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, get_args

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from inference_energy.answers import command, told
from inference_energy.answers.estimate import estimate
from inference_energy.answers.packaged import packaged
from inference_energy.common.errors import InputError

INSTRUCTIONS = (
    "Energy of LLM queries in Wh, with P5 to P95 of everything that is not known about them, from published benchmarks."
    " Give numbers of tokens for one query; without them the answer is for a random query of the workload."
    " Quote the interval with the median, and what the estimate rests on (evidence)."
)
READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


def _of(option: Any) -> Any:
    """An option of the command line as an argument of a tool: the same type, and its help as description."""
    kind, about = get_args(option)
    return Annotated[kind, Field(description=about.help)]


Name, Gpu, Precision = _of(command.Name), _of(command.OfGpu), _of(command.Precision)
Prompt, Answer, Cached = _of(command.Prompt), _of(command.Answer), _of(command.Cached)
Workload, Boundary, Zone = _of(command.Workload), _of(command.Boundary), _of(command.Zone)
Speed, Batch, Pue = _of(command.Speed), _of(command.Batch), _of(command.Pue)
Study = Annotated[
    str | dict[str, Any], Field(description="name of a study, or keys of one that differ from those of `current`")
]
Compared = Annotated[str, Field(description="MODEL or MODEL@GPU")]


def _answering(tool: Callable) -> Callable:
    """A tool whose faults of the question reach the assistant as their one line, so that it can ask again."""

    @wraps(tool)
    def answered(*given: Any, **named: Any) -> Any:
        try:
            return tool(*given, **named)
        except InputError as error:
            raise ToolError(str(error)) from None

    return answered


def energy(
    model: Name = None,
    input_tokens: Prompt = None,
    output_tokens: Answer = None,
    gpu: Gpu = None,
    precision: Precision = None,
    cached_share: Cached = None,
    workload: Workload = "traditional",
    study: Study = "current",
    boundary: Boundary = None,
    speed_tok_per_s: Speed = None,
    batch: Batch = None,
    pue: Pue = None,
    zone: Zone = None,
) -> dict[str, Any]:
    """Energy of an LLM query: median, P5, P95 and mean in Wh, what drives the uncertainty, and the evidence.

    With a zone also emissions in g CO2e and water in litres. `told` has the same in words.
    """
    found = estimate(**locals())
    return {"told": f"{told.named(found)}: {found}"} | found.as_dict()


def compare(
    first: Compared,
    second: Compared,
    input_tokens: Prompt = None,
    output_tokens: Answer = None,
    cached_share: Cached = None,
    workload: Workload = "traditional",
    study: Study = "current",
    boundary: Boundary = None,
    speed_tok_per_s: Speed = None,
    batch: Batch = None,
    pue: Pue = None,
    zone: Zone = None,
) -> dict[str, Any]:
    """Energy of one LLM query on two models or GPUs, in Wh, and the ratio of the medians, second over first."""
    options = dict(locals())
    both = []
    for asked in (options.pop("first"), options.pop("second")):
        name, _, gpu = asked.partition("@")
        both.append(estimate(name, gpu or None, **options))
    answers = dict(zip(("first", "second"), (of.as_dict() for of in both), strict=True))
    return {"told": "\n".join(told.compared(*both)), "ratio": both[1].wh / both[0].wh} | answers


def explain(
    model: Name = None,
    input_tokens: Prompt = None,
    output_tokens: Answer = None,
    gpu: Gpu = None,
    precision: Precision = None,
    cached_share: Cached = None,
    workload: Workload = "traditional",
    study: Study = "current",
    boundary: Boundary = None,
    speed_tok_per_s: Speed = None,
    batch: Batch = None,
    pue: Pue = None,
    zone: Zone = None,
) -> str:
    """How the energy of an LLM query follows: every step with its formula, its value and its source."""
    return estimate(**locals()).explain()


def server() -> MCPServer:
    """The server; the tables are read here, so that the first question is answered at once."""
    of = MCPServer("inference-energy", instructions=INSTRUCTIONS, version=packaged().version, log_level="WARNING")
    for name, tool in (("estimate", energy), ("compare", compare), ("explain", explain)):
        of.add_tool(_answering(tool), name=name, annotations=READS)
    return of
