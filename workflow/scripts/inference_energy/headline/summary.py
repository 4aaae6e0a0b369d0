"""Summary at the end of a run: the answers, what is reproduced, rows read, and what moved since the last run.

Eight lines, and more only where there is something to say: rows rejected, sources that changed, numbers that moved.
"""

import datetime
import shutil
from pathlib import Path

from inference_energy.common import escaped
from inference_energy.energy.board_evidence import ADOPTED
from inference_energy.headline import answers, page

HEADLINE = Path("results/headline.csv")
SOURCES = Path("results/benchmark_sources.csv")
REJECTED = Path("results/logs/rejected_rows.txt")
BEFORE = Path("results/logs/before")
REGISTRIES = {
    Path("resources/models.csv"): "checked_on",
    Path("resources/closed_models.csv"): "assumed_on",
    Path("resources/hardware.csv"): "checked_on",
}
EVIDENCE = [Path("results/logs/board_power_shares.log")]
SHOWN = 8


def remember() -> None:
    """Keep the last run's headline numbers and rows per source, to report changes after the run."""
    BEFORE.mkdir(parents=True, exist_ok=True)
    for file in (HEADLINE, SOURCES):
        if file.is_file():
            shutil.copyfile(file, BEFORE / file.name)


def show(
    stale_after_days: int, registry_stale_after_days: int, parents: dict[str, str | None], subjects: dict[str, str]
) -> None:
    """Print the summary.

    Args:
        stale_after_days: age of the newest source, in days, from which a warning is printed.
        registry_stale_after_days: likewise of the newest row of a registry.
        parents: by study, the one it extends, to compare a new study with.
        subjects: by study, the class that its fleet serves.
    """
    rejected = REJECTED.read_text().splitlines()[1:] if REJECTED.is_file() else []
    today = datetime.datetime.now(tz=datetime.UTC).date()
    (numbers, were), (sources, had) = ((page.rows(file), page.rows(BEFORE / file.name)) for file in (HEADLINE, SOURCES))
    dates = {file: [row[column] for row in page.rows(file)] for file, column in REGISTRIES.items()}
    escaped.show(
        *answer_lines(numbers, subjects),
        *reproduced_lines(numbers),
        *source_lines(sources, had, rejected, today, stale_after_days),
        *registry_lines(dates, today, registry_stale_after_days),
        *adopted_lines(EVIDENCE),
        *moved_lines(numbers, were, parents),
        'Next: open results/dashboard.html; `make explain WHAT="current frontier mean"`; `make help`',
        "",
    )


def answer_lines(rows: list[dict[str, str]], subjects: dict[str, str]) -> list[str]:
    """The answers of the study of today with their intervals; nothing where the numbers are not built."""
    found = answers.of_today(rows, subjects)
    if not found:  # a run for a part of the results, or numbers of another configuration
        return []
    wide = max(len(of.question) for of in found)
    numbers = max(len(str(of)) for of in found)
    return [
        "",
        *(
            f"{of.study}, {subjects[of.study]}: {of.question:<{wide}}  {of!s:<{numbers}}  {of.statistic}, {of.covered}"
            for of in found
        ),
    ]


def reproduced_lines(rows: list[dict[str, str]]) -> list[str]:
    """How many printed values are reproduced; nothing where none is asked for."""
    verdicts = [row["within"] for row in rows if row["within"]]
    told = f"Reproduced: {verdicts.count('true')} of {len(verdicts)} printed values (`make table`)"
    return [told] if verdicts else []


def adopted_lines(logs: list[Path]) -> list[str]:
    """Figures of resources that their evidence no longer gives, from the logs of the jobs that compare them."""
    return [line for log in logs if log.is_file() for line in log.read_text().splitlines() if ADOPTED in line]


def table_lines(rows: list[dict[str, str]]) -> list[str]:
    """Published next to computed values."""
    if not rows:  # a run for a part of the results
        return []
    lines = ["", "Published and computed values (within: half the last printed digit + 3 standard errors)", ""]
    wide = max(len(page.labelled(row)) for row in rows) + 1
    named = max(len(row["study"]) for row in rows) + 2
    form = f"  {{:<{named}}}{{:<{wide}}}{{:>10}}{{:>10}}  {{:>10}}  {{}}"
    lines.append(form.format("study", "quantity", "published", "computed", "difference", "within"))
    for row in rows:
        of = page.line(row)
        numbers = (of["published"] or "-", of["computed"], of["relative_difference"] or "-")
        lines.append(form.format(row["study"], page.labelled(row), *numbers, of["within"].replace("no", "NO") or "-"))
    missed = sum(row["within"] == "false" for row in rows)
    if missed:
        lines += ["", f"{missed} printed values are not reproduced; column `note` of {HEADLINE} gives the reasons."]
    return lines


def source_lines(
    rows: list[dict[str, str]],
    before: list[dict[str, str]],
    rejected: list[str],
    today: datetime.date,
    stale_after_days: int,
) -> list[str]:
    """Rows read, accepted, rejected and left out, findings of the checks, and what changed since the last run."""
    if not rows:
        return []

    def total(name: str) -> int:
        return sum(int(row[name]) for row in rows)

    lines = [
        f"Benchmarks: {len(rows)} sources, {total('rows_accepted'):,} rows accepted"
        f" ({total('throughput_rows'):,} throughput, {total('measured_energies'):,} measured energy,"
        f" {total('published_estimates'):,} published estimates), {total('rows_rejected'):,} rejected,"
        f" {total('records_left_out'):,} out of scope, {total('errors')} errors and {total('warnings')} warnings",
    ]
    old = {row["source"]: row for row in before}
    if old:
        lines += [
            f"  {row['source']}: {_change(row, old[row['source']]) if row['source'] in old else 'new'}"
            f", {row['rows_accepted']} rows accepted, {row['rows_rejected']} rejected,"
            f" {row['records_left_out']} out of scope, {row['errors']} errors and {row['warnings']} warnings"
            for row in rows
            if row != old.get(row["source"])
        ]
        lines += [f"  {name}: gone" for name in old if name not in {row["source"] for row in rows}]
    if rejected:
        lines.append(f"{len(rejected)} benchmark cells were rejected (see {REJECTED}):")
        lines += [f"  {cell}" for cell in rejected[:SHOWN]]
    newest = max(datetime.date.fromisoformat(row["read_on"]) for row in rows)
    if (today - newest).days > stale_after_days:
        lines.append(f"No source has been read again since {newest}: the corpus may be out of date.")
    return lines


def registry_lines(dates: dict[Path, list[str]], today: datetime.date, stale_after_days: int) -> list[str]:
    """Registries whose newest row is older than a given age.

    A date that is known to the year or month counts as its first day.
    """
    lines = []
    for file, found in dates.items():
        newest = max(found, default="")
        if newest and (today - datetime.date.fromisoformat(f"{newest}-01-01"[:10])).days > stale_after_days:
            lines.append(f"The newest row of {file} is of {newest}: models or GPUs released since may be missing.")
    return lines


def _change(row: dict[str, str], before: dict[str, str]) -> str:
    change = int(row["rows_accepted"]) - int(before["rows_accepted"])
    return f"{change:+d} rows" if change else "changed"


def moved_lines(rows: list[dict[str, str]], before: list[dict[str, str]], parents: dict[str, str | None]) -> list[str]:
    """Headline numbers that differ from the last run, or of a new study from the one it extends, largest first."""
    if not rows:
        return []
    if not before:
        return [f"Headline numbers: {len(rows)}; the next run says which of them changed."]
    lines = []
    for study in sorted({row["study"] for row in rows} - {row["study"] for row in before}):
        own = [row for row in rows if row["study"] == study]
        parent = {row["quantity"]: float(row["computed"]) for row in rows if row["study"] == parents.get(study)}
        lines.append(f"Study {study} is new." + (f" Compared with {parents[study]}:" if parent else ""))
        lines += _moves(own, [parent.get(row["quantity"]) for row in own])[:SHOWN]
    old = {(row["study"], row["quantity"]): float(row["computed"]) for row in before}
    moved = _moves(rows, [old.get((row["study"], row["quantity"])) for row in rows])
    if not moved:
        return [*lines, f"Headline numbers: none of {len(rows)} changed since the last run."]
    changed = f"Headline numbers: {len(moved)} of {len(rows)} changed since the last run, the most:"
    return [*lines, changed, *moved[:SHOWN]]


def _moves(rows: list[dict[str, str]], before: list[float | None]) -> list[str]:
    moves = []
    for row, was in zip(rows, before, strict=True):
        now = float(row["computed"])
        if was is not None and was != now:
            change = now / was - 1 if was else float("inf")
            said = f"  {row['study']}  {page.labelled(row)}: {was:.4g} -> {now:.4g} ({change:+.1%})"
            moves.append((abs(change), said))
    return [said for _, said in sorted(moves, key=lambda move: -move[0])]
