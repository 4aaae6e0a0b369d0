"""The command `inference-energy`: one number in one line of a terminal.

Exit codes: 0, answered; 1, the question has no answer (a name that is not known, a number that is impossible, a file
that cannot be read); 2, the command line itself is wrong.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from inference_energy.common.errors import InputError

COMMANDS_FIRST = ("--help", "--version", "--install-completion", "--show-completion")


class _WithDefault(typer.core.TyperGroup):
    """Commands, of which `estimate` need not be written: `inference-energy DeepSeek-R1 2000 500`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        """Arguments, after the name of the command."""
        if args and args[0] not in self.commands and args[0] not in COMMANDS_FIRST:
            args = ["estimate", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="inference-energy",
    cls=_WithDefault,
    help="How much energy does an LLM query use? A model, tokens of the prompt and of the answer:"
    " inference-energy DeepSeek-R1 2000 500 --gpu B200",
    epilog="Exit codes: 0 answered, 1 no answer (the line says why), 2 a command line that is wrong.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _names(kind: str):
    """Completion of names: `models` or `gpus`."""

    def completed(incomplete: str) -> list[str]:
        from inference_energy.answers.packaged import packaged

        of = packaged()
        known = {"models": [*of.models.canonical.values(), *of.closed.canonical.values()], "gpus": of.gpus.canonical}
        return sorted({name for name in known[kind] if name.lower().startswith(incomplete.lower())})

    return completed


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL", help="open or closed model, or a class such as frontier", autocompletion=_names("models")
    ),
]
Prompt = Annotated[float | None, typer.Argument(metavar="INPUT", help="tokens of the prompt")]
Answer = Annotated[float | None, typer.Argument(metavar="OUTPUT", help="tokens of the answer")]
OfGpu = Annotated[
    str | None, typer.Option("--gpu", help="GPU; left out: those of the study", autocompletion=_names("gpus"))
]
Precision = Annotated[str | None, typer.Option(help="number format of the weights, such as FP8")]
Cached = Annotated[float | None, typer.Option("--cached", help="share of the prompt in the cache, 0 to 1")]
Workload = Annotated[str, typer.Option(help="queries that the service answers beside this one")]
OfStudy = Annotated[str, typer.Option("--study", help="name of a study, or a YAML file of what differs from `current`")]
Boundary = Annotated[str | None, typer.Option(help="gpu_boards, node, datacenter or fleet")]
Speed = Annotated[float | None, typer.Option("--speed", help="tokens a second that users see")]
Batch = Annotated[float | None, typer.Option("--batch", help="running requests of a replica, in place of a speed")]
Pue = Annotated[float | None, typer.Option("--pue", help="energy of the datacenter over that of its IT")]
Zone = Annotated[str | None, typer.Option("--zone", help="zone of the grid, such as FRA, for emissions and water")]


@app.callback(invoke_without_command=True)
def main(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="version and contents, and nothing else")] = False,
) -> None:
    """How much energy does an LLM query use?"""
    if version:
        from inference_energy.answers.packaged import packaged

        of = packaged()
        typer.echo(f"inference-energy {of.version}, contents {of.contents}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@app.command("estimate")
def estimate_command(
    model: Name = None,
    input_tokens: Prompt = None,
    output_tokens: Answer = None,
    gpu: OfGpu = None,
    precision: Precision = None,
    cached_share: Cached = None,
    workload: Workload = "traditional",
    study: OfStudy = "current",
    boundary: Boundary = None,
    speed_tok_per_s: Speed = None,
    batch: Batch = None,
    pue: Pue = None,
    zone: Zone = None,
    as_json: Annotated[bool, typer.Option("--json", help="everything as JSON, derivation included")] = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="file of many queries, a row each; answers as CSV")] = None,
) -> None:
    """Energy of a query, its interval, its drivers and its evidence. The name of this command may be left out."""
    given = dict(locals())
    options = {name: given[name] for name in given if name not in ("as_json", "csv")} | {"study": _study(study)}
    if csv is not None:
        _many(csv, options)
        return
    from inference_energy.answers.estimate import estimate

    found = estimate(**options)
    if as_json:
        typer.echo(found.as_json())
        return
    from inference_energy.answers.told import told

    for line in told(found, _again()):
        typer.echo(line)


@app.command()
def explain(
    model: Name = None,
    input_tokens: Prompt = None,
    output_tokens: Answer = None,
    gpu: OfGpu = None,
    precision: Precision = None,
    cached_share: Cached = None,
    workload: Workload = "traditional",
    study: OfStudy = "current",
    boundary: Boundary = None,
    speed_tok_per_s: Speed = None,
    batch: Batch = None,
    pue: Pue = None,
    zone: Zone = None,
) -> None:
    """How the number follows: every step with its formula, value and source."""
    options = dict(locals()) | {"study": _study(study)}
    from inference_energy.answers.estimate import estimate

    typer.echo(estimate(**options).explain())


@app.command()
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="MODEL or MODEL@GPU")],
    second: Annotated[str, typer.Argument(metavar="B", help="MODEL or MODEL@GPU")],
    input_tokens: Prompt = None,
    output_tokens: Answer = None,
    cached_share: Cached = None,
    workload: Workload = "traditional",
    study: OfStudy = "current",
    boundary: Boundary = None,
    speed_tok_per_s: Speed = None,
    batch: Batch = None,
    pue: Pue = None,
    zone: Zone = None,
    as_json: Annotated[bool, typer.Option("--json", help="both answers as JSON")] = False,
) -> None:
    """Two answers to one question, and their ratio."""
    given = dict(locals())
    options = {name: given[name] for name in given if name not in ("first", "second", "as_json")}
    options["study"] = _study(study)
    from inference_energy.answers.estimate import estimate
    from inference_energy.answers.told import compared

    both = []
    for asked in (first, second):
        model, _, gpu = asked.partition("@")
        both.append(estimate(model, gpu or None, **options))
    if as_json:
        typer.echo(json.dumps([of.as_dict() for of in both], indent=1, ensure_ascii=False))
        return
    for line in compared(*both):
        typer.echo(line)


@app.command()
def models(search: Annotated[str, typer.Argument(metavar="[TEXT]", help="part of a name")] = "") -> None:
    """Models by name, with their sizes and what is known of them."""
    from inference_energy.answers.told import models_told

    for line in models_told(search):
        typer.echo(line)


@app.command()
def gpus(search: Annotated[str, typer.Argument(metavar="[TEXT]", help="part of a name")] = "") -> None:
    """GPUs by name, with memory, bandwidth and power."""
    from inference_energy.answers.told import gpus_told

    for line in gpus_told(search):
        typer.echo(line)


@app.command()
def statement(logs: Annotated[Path, typer.Argument(metavar="FOLDER", help="folder of request logs or bills")]) -> None:
    """A statement of the energy of your own logs; run in a clone of the project, which has the pipeline."""
    if not (Path("Snakefile").is_file() and Path("config/usage").is_dir()):
        raise InputError(
            f"{Path.cwd()}: found no clone of inference-energy; allowed: the folder of one, whose pipeline makes"
            " statements"
        )
    found = subprocess.run(["make", "statement"], env=os.environ | {"LOGS": str(logs)}, check=False)
    raise typer.Exit(found.returncode)


def _study(given: str) -> str | dict[str, Any]:
    """A study by its name, or from a YAML file of what differs."""
    if not given.endswith((".yaml", ".yml")):
        return given
    from inference_energy.common.yaml_files import read_yaml

    content = read_yaml(Path(given))
    if not isinstance(content, dict):
        raise InputError(f"{given}: found {type(content).__name__}; allowed: keys of a study")
    return content


def _many(path: Path, options: dict[str, Any]) -> None:
    """Answers to every row of a file, as CSV."""
    import polars as pl

    from inference_energy.answers.frames import estimates

    try:
        table = pl.read_csv(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        words = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise InputError(f"{path}: {words}; allowed: a CSV file with input_tokens and output_tokens") from None
    given = {name: value for name, value in options.items() if value is not None and name not in table.columns}
    if "workload" in table.columns or options["workload"] == "traditional":
        given.pop("workload", None)
    try:
        typer.echo(estimates(table, **given).write_csv(), nl=False)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _again() -> str:
    """The words of the command line, for the command that explains the same."""
    import shlex

    words = [word for word in sys.argv[1:] if word not in ("--json", "estimate")]
    return f"inference-energy explain {shlex.join(words)}"


def run() -> None:
    """Run the command; a fault ends it with one line."""
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        _end(str(error), 1)
    except (typer.Abort, KeyboardInterrupt):
        _end("ended before it answered", 1)
    except Exception as error:
        told = getattr(
            error, "format_message", None
        )  # of faults of the command line, whose class typer does not export
        if told is None:
            raise
        _end(told(), 2)
    sys.exit(code if isinstance(code, int) else 0)


def _end(words: str, code: int) -> NoReturn:
    typer.echo(f"Error: {' '.join(words.split())}", err=True)
    sys.exit(code)
