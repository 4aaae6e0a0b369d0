"""What a run says when it is over."""

import atexit
import csv
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
    """Have the errors of this run printed last, after everything Snakemake still has to say."""
    lines = ERRORS.read_text().splitlines() if ERRORS.is_file() else ["see the log named above"]
    atexit.register(lambda: print(*(f"\nError: {line}" for line in lines), file=sys.stderr))


def show_headline(headline: Path, rejected: Path) -> None:
    """Print published beside computed, rejected rows, and where to look next."""
    with headline.open() as handle:
        rows = list(csv.DictReader(handle))
    print("\nPublished against computed (within: half the last printed digit + 3 standard errors)\n")
    wide = max(len(f"{row['label']} [{row['unit']}]") for row in rows) + 1
    named = max(len(row["study"]) for row in rows) + 2
    print(f"  {'study':<{named}}{'quantity':<{wide}}{'published':>10}{'computed':>10}  {'difference':>10}  within")
    for row in rows:
        published = f"{float(row['published']):.4g}" if row["published"] else "-"
        difference = f"{float(row['relative_difference']):+.1%}" if row["relative_difference"] else "-"
        verdict = {"true": "yes", "false": "NO", "": "-"}[row["within"]]
        label = f"{row['label']} [{row['unit']}]"
        print(
            f"  {row['study']:<{named}}{label:<{wide}}{published:>10}{float(row['computed']):>10.4g}"
            f"  {difference:>10}  {verdict}"
        )
    missed = [row for row in rows if row["within"] == "false"]
    if missed:
        print(f"\n{len(missed)} printed values do not come back; the column `note` of {headline} says why.")
    lines = rejected.read_text().splitlines()[1:] if rejected.is_file() else []
    if lines:
        print(f"\n{len(lines)} benchmark cells were rejected, see {rejected}:")
        print(*(f"  {line}" for line in lines[:5]), sep="\n")
    print("\nNext: figures in results/figures/, tables in results/<study>/, `make report` for one page with all.\n")
