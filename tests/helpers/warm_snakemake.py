"""Snakemake in processes that have its libraries already: a dry run then starts in half the time.

This is the program of a server. A line of its standard input asks for one run: its folder, arguments, variables of the
environment and the file that takes what it prints, as JSON. The answer is a line with the exit status. Nothing of this
project is loaded here: every run loads the code of its own folder.
"""

import atexit
import importlib
import json
import os
import runpy
import sys

LIBRARIES = (
    *("snakemake.cli", "snakemake.workflow", "snakemake.persistence.file", "snakemake.persistence.db"),
    *("snakemake.executors.local", "snakemake.executors.dryrun", "snakemake.scheduling.milp"),
    *("snakemake.report.html_reporter", "duckdb", "jsonschema", "pandera.polars", "polars"),
)


def become(folder: str, arguments: list[str], environment: dict[str, str], printed: str) -> int:
    """Be the run that was asked for, as `python -m snakemake` would; its exit status."""
    out = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = folder
    sys.argv = ["snakemake", *arguments]
    try:
        runpy.run_module("snakemake", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def serve() -> None:
    """Answer until the input ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        if child := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            continue
        status = 1
        try:
            status = become(**json.loads(line))
        finally:
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


if __name__ == "__main__":
    serve()
