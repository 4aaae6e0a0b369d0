"""Jobs: their logs, errors reported in one line, and the summary of a failed run."""

import atexit
import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from inference_energy.common import runs
from inference_energy.common.errors import InputError, one_line

# Both are emptied at the start of a run and read at the end of a failed one.
ERRORS = Path("results/logs/errors.txt")
FAILED_OUTPUTS = Path("results/logs/failed_outputs.txt")
LOGGER = logging.getLogger("inference_energy")


@contextmanager
def job(snakemake) -> Iterator[logging.Logger]:
    """Run the body of a script: messages go to its first log; a fault ends the job with one line.

    Any other exception is a defect of this project: its traceback goes to the log, one line to the terminal.
    """
    runs.end_with_run()
    log_file = snakemake.log[0]
    logging.basicConfig(filename=log_file, filemode="w", level=logging.INFO, format="%(message)s", force=True)
    try:
        yield LOGGER
    except InputError as error:
        _stop(str(error), snakemake.output)
    except Exception as error:  # every exception is reported, and the job still fails
        LOGGER.error(traceback.format_exc())
        _stop(
            one_line(f"{type(error).__name__}: {error}".splitlines()[0]) + f" (a defect; traceback in {log_file})",
            snakemake.output,
        )


@contextmanager
def command() -> Iterator[None]:
    """Run the body of a command: a fault ends it with one line, without the traceback of an exception."""
    try:
        yield
    except InputError as error:
        sys.exit(f"Error: {error}")
    except OSError as error:  # a path that is too long, or that may not be read
        sys.exit(f"Error: {one_line(f'{error.filename}: {error.strerror}')}")


def _stop(line: str, outputs: Iterable[str]) -> None:
    LOGGER.error("Error: %s", line)
    ERRORS.parent.mkdir(parents=True, exist_ok=True)
    with ERRORS.open("a") as handle:
        handle.write(line + "\n")
    with FAILED_OUTPUTS.open("a") as handle:
        handle.writelines(f"{output}\n" for output in outputs)
    sys.exit(1)  # the run prints the line at its end


def forget_errors() -> None:
    """Empty the list of errors at the start of a run."""
    for file in (ERRORS, FAILED_OUTPUTS):
        file.unlink(missing_ok=True)


def mark_failed_outputs_as_old() -> None:
    """Let the next run try a failed job again.

    Snakemake restores the previous good output with the time of the failure, so that it looks newer than the fault.
    With the oldest possible time it is kept, but no longer regarded as current.
    """
    outputs = FAILED_OUTPUTS.read_text().splitlines() if FAILED_OUTPUTS.is_file() else []
    for output in map(Path, outputs):
        if output.exists():
            os.utime(output, (1, 1))


def show_errors() -> None:
    """Have the errors of this run printed last, after all messages of Snakemake.

    Each is printed once, as a job that is tried again repeats its message.
    """
    lines = ERRORS.read_text().splitlines() if ERRORS.is_file() else ["see the log named above"]
    atexit.register(lambda: print(*(f"\nError: {line}" for line in dict.fromkeys(lines)), sep="\n", file=sys.stderr))
