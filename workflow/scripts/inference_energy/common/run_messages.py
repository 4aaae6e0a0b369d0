"""What a quiet run shows of Snakemake's messages: progress, and what is not told better by a line of our own.

The log of the run, in .snakemake/log, has all of them.
"""

import atexit
import logging
import sys

from inference_energy.common import jobs
from inference_energy.common.escaped import show

TERMINAL = "DefaultStreamHandler"  # what Snakemake calls the handler that writes to the terminal
# How messages begin that say how Snakemake works, and what it does about an error.
ASIDE = (
    *("Assuming unrestricted shared", "Using shell", "Provided cores", "Rules claiming more threads"),
    *("Conda environments: ignored", "Select jobs to execute", "Execute ", "Config file "),
    *("Shutting down, this might", "Exiting because a job", "Restored previous version", "Elapsed time"),
)
# What is left of a job that wrote its own line: scripts of this project then end with status 1.
TOLD_BY_THE_JOB = "returned non-zero exit status 1."
CONSEQUENCE = "At least one job did not complete successfully."


class Plain(logging.Filter):
    """Keeps errors back until the end of the run, when it is known which of them a line of our own tells."""

    def __init__(self, handler: logging.Handler):
        super().__init__()
        self.handler, self.kept = handler, []

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message is shown now."""
        if str(record.msg).startswith(ASIDE):
            return False
        if record.levelno < logging.ERROR:
            return True
        if all(other.filter(record) for other in self.handler.filters if other is not self):
            self.kept.append(self.handler.format(record))
        return False

    def release(self) -> None:
        """Show the errors that no line of our own tells."""
        show(*untold(self.kept, bool(jobs.told())), file=sys.stderr)


def untold(errors: list[str], job_told: bool) -> list[str]:
    """The errors of Snakemake that nothing else tells.

    Args:
        errors: its messages.
        job_told: whether a job wrote its own line.
    """
    causes = [each for each in errors if CONSEQUENCE not in each and not (job_told and TOLD_BY_THE_JOB in each)]
    return list(dict.fromkeys(line for each in causes for line in each.splitlines()))


def plain(logger: logging.Logger) -> None:
    """Have a run show no more of Snakemake than this; one that has another handler for the terminal shows all."""
    for handler in logger.handlers:
        if handler.name == TERMINAL:
            messages = Plain(handler)
            handler.filters.insert(0, messages)
            atexit.register(messages.release)


def before_errors(logger: logging.Logger) -> None:
    """Have what Snakemake tells of a failed run printed before the lines of `jobs.show_errors`."""
    for messages in [each for handler in logger.handlers for each in handler.filters if isinstance(each, Plain)]:
        atexit.unregister(messages.release)
        atexit.register(messages.release)
