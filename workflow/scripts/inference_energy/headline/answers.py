"""The answers that are told first, by README, terminal, workbook and site alike: one statistic for each question.

A query is given by the median over queries. Its interval is over single queries of an unknown fleet: variability
between queries and uncertainty together, of which variability is the larger part. A fleet is given by its expected
value, and its interval is the uncertainty of that value.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inference_energy.common.readable import between, two_digits
from inference_energy.headline.declarations import QUERIES, SHARED

MEDIAN, EXPECTED = "median over queries", "expected value"
# What the P5 to P95 of each covers, by the column `spread` of the headline numbers.
COVERED = {QUERIES: "variability and uncertainty", SHARED: "uncertainty"}
# The study whose answers are told, if it is built.
CURRENT = "current"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, and the headline number that answers it; `{subject}` is the class that the fleet serves."""

    question: str
    quantity: str  # of studies of method `nested`
    published: str  # of studies of method `published`
    statistic: str  # `MEDIAN` or `EXPECTED`


QUESTIONS = (
    Question(
        question="A query (traditional)",
        quantity="traditional {subject} energy_wh_p50 untrimmed",
        published="traditional {subject} energy_wh_p50 as_published",
        statistic=MEDIAN,
    ),
    Question(
        question="A long query (test-time scaling)",
        quantity="long {subject} energy_wh_p50 untrimmed",
        published="long {subject} energy_wh_p50 as_published",
        statistic=MEDIAN,
    ),
    Question(
        question="A billion queries a day, a tenth of them long",
        quantity="mixed energy_gwh_per_day_mean",
        published="mixed energy_gwh_per_day_mean",
        statistic=EXPECTED,
    ),
    Question(
        question="The same with all interventions",
        quantity="mixed_optimized energy_gwh_per_day_mean",
        published="mixed_optimized energy_gwh_per_day_mean",
        statistic=EXPECTED,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is told to a question."""

    question: str
    study: str
    statistic: str  # `MEDIAN` or `EXPECTED`
    value: float
    p05: float
    p95: float
    unit: str
    covered: str  # what P5 to P95 is over
    published: float | None  # the nearest printed value

    def __str__(self) -> str:
        """Value with unit and interval: 0.12 Wh (0.0096–1.2)."""
        return f"{two_digits(self.value)} {self.unit} ({between(self.p05, self.p95)})"


def answers(rows: Iterable[Mapping], study: str, subject: str) -> list[Answer]:
    """The answers of a study, from rows of `headline.csv`; those that it does not have are left out.

    Args:
        rows: with numbers, or texts that are numbers.
        study: whose answers.
        subject: class that its fleet serves.
    """
    own = {row["quantity"]: row for row in rows if row["study"] == study}
    found = []
    for asked in QUESTIONS:
        names = (text.format(subject=subject) for text in (asked.quantity, asked.published))
        row = next((own[name] for name in names if name in own), None)
        if row and row["computed_p05"] not in ("", None):
            found.append(
                Answer(
                    question=asked.question,
                    study=study,
                    statistic=asked.statistic,
                    value=float(row["computed"]),
                    p05=float(row["computed_p05"]),
                    p95=float(row["computed_p95"]),
                    unit=row["unit"],
                    covered=COVERED[row["spread"]],
                    published=float(row["published"]) if row["published"] not in ("", None) else None,
                )
            )
    return found


def of_today(rows: Sequence[Mapping], subjects: Mapping[str, str]) -> list[Answer]:
    """The answers of the study that is told first; none for numbers of another configuration.

    Args:
        rows: as in `answers`.
        subjects: the class that the fleet of each study serves.
    """
    studies = [study for study in dict.fromkeys(row["study"] for row in rows) if study in subjects]
    return answers(rows, study := told_first(studies), subjects[study]) if studies else []


def told_first(studies: Sequence[str]) -> str:
    """The study whose answers are told: `current`, or else the last that is built."""
    return CURRENT if CURRENT in studies else studies[-1]


def told_by(row: Mapping) -> str | None:
    """What statistic a headline number with an interval is; none without one."""
    if row["spread"] == QUERIES:
        return MEDIAN
    if row["spread"] == SHARED:
        return EXPECTED if "_mean" in row["quantity"] else "median"
    return None
