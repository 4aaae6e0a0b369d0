"""What a run says when it fails, and how it lets the next one try again."""

import atexit
import os
import sys
from pathlib import Path

from inference_energy.log import ERRORS, FAILED_OUTPUTS


def forget_errors() -> None:
    """Empty the list of errors at the start of a run."""
    for file in (ERRORS, FAILED_OUTPUTS):
        file.unlink(missing_ok=True)


def mark_failed_outputs_as_old() -> None:
    """Let the next run try a failed job again.

    Snakemake gives the previous good output back with the time of the failure, which makes it look newer than the
    fault; older than everything, it is kept but no longer taken for current.
    """
    outputs = FAILED_OUTPUTS.read_text().splitlines() if FAILED_OUTPUTS.is_file() else []
    for output in map(Path, outputs):
        if output.exists():
            os.utime(output, (1, 1))


def show_errors() -> None:
    """Have the errors of this run printed last, after everything Snakemake still has to say.

    Each once: a job that is tried again says the same every time.
    """
    lines = ERRORS.read_text().splitlines() if ERRORS.is_file() else ["see the log named above"]
    atexit.register(lambda: print(*(f"\nError: {line}" for line in dict.fromkeys(lines)), sep="\n", file=sys.stderr))
