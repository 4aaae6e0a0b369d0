"""Jobs: their logs, errors reported in one line, and the summary of a failed run."""

import argparse
import atexit
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from inference_energy.common import disk, project, runs
from inference_energy.common.errors import InputError, one_line
from inference_energy.common.escaped import show

ERRORS = Path("results/logs/errors.txt")  # emptied at the start of a run, read at the end of a failed one
LOGGER = logging.getLogger("inference_energy")
logging.raiseExceptions = False  # a message that a full disk does not take; why the job fails is told at its end


@contextmanager
def job(snakemake) -> Iterator[logging.Logger]:
    """Run the body of a script: messages go to its first log; a fault ends the job with one line.

    Any other exception is a defect of this project: its traceback goes to the log, one line to the terminal.
    """
    runs.end_with_run()
    stop = _tell if project.enter(snakemake) else _stop
    log_file = snakemake.log[0]
    try:
        logging.basicConfig(filename=log_file, filemode="w", level=logging.INFO, format="%(message)s", force=True)
        yield LOGGER
    except InputError as error:
        stop(str(error))
    except Exception as error:  # every exception is reported, and the job still fails
        LOGGER.error(traceback.format_exc())
        defect = one_line(f"{type(error).__name__}: {error}".splitlines()[0]) + f" (a defect; traceback in {log_file})"
        stop(disk.fault(error) or defect)


class Arguments(argparse.ArgumentParser):
    """Arguments of a command; a fault of theirs ends it with one line."""

    def error(self, message: str) -> NoReturn:
        """End with one line."""
        sys.exit(f"Error: {one_line(message)}")


@contextmanager
def command() -> Iterator[None]:
    """Run the body of a command: a fault ends it with one line, without the traceback of an exception."""
    try:
        yield
    except InputError as error:
        sys.exit(f"Error: {error}")
    except OSError as error:  # of a disk, or of a path that is too long or is not there
        sys.exit(f"Error: {disk.fault(error) or one_line(f'{error.filename}: {error.strerror}')}")


def _stop(line: str) -> NoReturn:
    LOGGER.error("Error: %s", line)
    try:
        ERRORS.parent.mkdir(parents=True, exist_ok=True)
        with ERRORS.open("a") as handle:
            handle.write(line + "\n")
    except OSError:  # of a full disk, which does not take the list of errors
        sys.exit(f"Error: {line}")
    sys.exit(1)  # the run prints the line at its end


def _tell(line: str) -> NoReturn:
    """End a job of another workflow, whose run does not print the errors at its end."""
    LOGGER.error("Error: %s", line)
    sys.exit(f"Error: {line}")


def forget_errors() -> None:
    """Empty the list of errors at the start of a run."""
    ERRORS.unlink(missing_ok=True)


def told() -> list[str]:
    """Lines of the jobs of this run that failed, each once, as a job that is tried again repeats its line."""
    return list(dict.fromkeys(ERRORS.read_text().splitlines())) if ERRORS.is_file() else []


def show_errors() -> None:
    """Have the errors of this run printed last, after all messages of Snakemake."""
    lines = told() or disk.full(Path()) or ["see the log named above"]
    atexit.register(lambda: show(*(text for line in lines for text in ("", f"Error: {line}")), file=sys.stderr))
