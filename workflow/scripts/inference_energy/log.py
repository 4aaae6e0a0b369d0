"""Logs of jobs, and errors that end in one line."""

import logging
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from inference_energy.errors import InputError

# Both are emptied at the start of a run and read at the end of a failed one.
ERRORS = Path("results/logs/errors.txt")
FAILED_OUTPUTS = Path("results/logs/failed_outputs.txt")
LOGGER = logging.getLogger("inference_energy")


@contextmanager
def job(snakemake) -> Iterator[logging.Logger]:
    """Run the body of a script: messages go to its first log; a fault ends the job with one line.

    Whatever else goes wrong is a defect of ours: its traceback goes to the log, one line to the terminal.
    """
    log_file = snakemake.log[0]
    logging.basicConfig(filename=log_file, filemode="w", level=logging.INFO, format="%(message)s", force=True)
    try:
        yield LOGGER
    except InputError as error:
        _stop(str(error), snakemake.output)
    except Exception as error:  # everything is told, nothing swallowed: the job still fails
        LOGGER.error(traceback.format_exc())
        _stop(
            f"{type(error).__name__}: {error}".splitlines()[0] + f" (a defect; traceback in {log_file})",
            snakemake.output,
        )


def _stop(line: str, outputs: Iterable[str]) -> None:
    LOGGER.error("Error: %s", line)
    ERRORS.parent.mkdir(parents=True, exist_ok=True)
    with ERRORS.open("a") as handle:
        handle.write(line + "\n")
    with FAILED_OUTPUTS.open("a") as handle:
        handle.writelines(f"{output}\n" for output in outputs)
    sys.exit(f"Error: {line}")
