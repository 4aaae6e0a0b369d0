"""Every headline quantity has one number, wherever it is told.

In README, documents, terminal, workbook, page, report, views, titles of figures and explanations, a query is told by
the median over queries and a fleet by its expected value; each number is compared with the headline table at the
printed digits.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest
from built_page import numbers
from inference_energy.common import escaped
from inference_energy.explain import question, registry, summary
from inference_energy.explain.build import Build
from inference_energy.headline import answers, page
from inference_energy.headline.summary import answer_lines

ROOT = Path(__file__).parents[2]
STUDY, SUBJECT = answers.CURRENT, "frontier"
NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
INTERVAL = rf"{NUMBER}–{NUMBER}"
# Figures whose numbers are of other studies, or of a model, not of the headline.
OTHER_FIGURES = re.compile(r"/(arxiv-2025|joule-2026|benchmarks)/|token_lengths")
# What figures say beside a number of the headline that is not it.
NOT_IT = re.compile(r"interventions|sweep|swept|boards|whole fleet|assumption", re.IGNORECASE)
TEXTS = ("title", "subtitle", "text")  # of a figure


@pytest.fixture(scope="module")
def told() -> list[answers.Answer]:
    found = answers.answers(page.rows(ROOT / "results/headline.csv"), STUDY, SUBJECT)
    assert len(found) == len(answers.QUESTIONS)
    return found


def same(text: str, value: float) -> bool:
    """Whether a printed number is the value at the digits that are printed."""
    plain = text.replace(",", "")
    last = 10.0 ** -len(plain.partition(".")[2])
    if "." not in plain:  # zeros at the end of a whole number may be rounded ones
        last = 10.0 ** (len(plain) - len(plain.rstrip("0")))
    return abs(float(plain) - value) <= 0.5001 * last


def test_printed_digits_by_hand():
    assert same("0.12", 0.1223) and same("0.1223", 0.12227) and same("22", 21.749) and same("1,300", 1268.0)
    assert not same("0.13", 0.1223) and not same("0.122", 0.1236) and not same("21", 21.749)


def agrees(text: str, of: answers.Answer) -> bool:
    """Whether a text tells an answer with its interval and no other number."""
    found = re.fullmatch(rf"\**{NUMBER} {re.escape(of.unit)}\**[ |(]+{INTERVAL}[ |)]*", text)
    return bool(found) and all(map(same, found.groups(), (of.value, of.p05, of.p95)))


def test_the_readme(told):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "**" in line[:200]]
    rows = {row[0]: row for row in rows if len(row) == 5}
    for of in told:
        _, statistic, value, interval, _ = rows[of.question]
        assert statistic == of.statistic
        assert agrees(f"{value} ({interval})", of), of.question


def test_the_documents(told):
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    query, long, fleet, improved = told
    for start, of in (
        ("| traditional query", query),
        ("| long query", long),
        ("| 10 % long, expected", fleet),
        ("| 10 % long, with interventions", improved),
    ):
        (line,) = [line for line in text.splitlines() if line.startswith(start)]
        assert of.statistic in line and of.unit in line
        value, interval = re.search(rf"\*\*{NUMBER} \(({INTERVAL})\)\*\*", line).groups()[:2]
        assert agrees(f"{value} {of.unit} ({interval})", of), line
    classes = next(line for line in text.splitlines() if line.startswith("| Frontier (> 200 B)"))
    medians = re.findall(rf"{NUMBER} \({INTERVAL}\)", classes)
    assert same(medians[0][0], query.value) and same(medians[2][0], long.value)


def test_the_terminal(told):
    lines = answer_lines(page.rows(ROOT / "results/headline.csv"), {STUDY: SUBJECT})[1:]
    for line, of in zip(lines, told, strict=True):
        assert of.question in line and line.endswith(f"{of.statistic}, {of.covered}")
        text = line.split(of.question)[1].split(of.statistic)[0].strip()
        assert agrees(text, of), line


def test_the_workbook(told):
    book = openpyxl.load_workbook(ROOT / "results/inference_energy.xlsx", read_only=True)
    assert book.sheetnames[0] == "Answers"
    rows = [[cell.value for cell in row] for row in book["Answers"].iter_rows(min_row=4, max_row=3 + len(told))]
    for (name, statistic, value, unit, p05, p95, covered, *_), of in zip(rows, told, strict=True):
        assert (name, statistic, unit, covered) == (of.question, of.statistic, of.unit, of.covered)
        assert (value, p05, p95) == (of.value, of.p05, of.p95)


def test_the_front_page_of_the_report(told):
    rows = page.answer_rows(told).rows()
    assert escaped.read_csv(ROOT / "results/answers.csv", infer_schema=False).rows() == rows
    for (asked, value, interval, what), of in zip(rows, told, strict=True):
        assert (asked, what) == (of.question, f"{of.statistic}; {of.covered}")
        assert agrees(f"{value} ({interval})", of)


def test_the_views(told):
    with duckdb.connect(str(ROOT / "results/inference_energy.duckdb"), read_only=True) as database:
        queries = database.execute(
            "SELECT query_wh_p50, query_wh_p05, query_wh_p95, expected_wh FROM energy_per_query_at_a_glance"
            " WHERE study = ? AND subject = ? AND workload IN ('traditional', 'long') ORDER BY workload DESC",
            [STUDY, SUBJECT],
        ).fetchall()
        fleets = database.execute(
            "SELECT energy_gwh_per_day_mean, energy_gwh_per_day_p05, energy_gwh_per_day_p95 FROM fleets_side_by_side"
            " WHERE study = ? AND long_share = 0.1 ORDER BY interventions",
            [STUDY],
        ).fetchall()
    for found, of in zip([*(row[:3] for row in queries), *fleets], told, strict=True):
        shown = [f"{number:.3g}" for number in found]
        assert all(map(same, shown, (of.value, of.p05, of.p95))), of.question
    rows = {row["quantity"]: row for row in page.rows(ROOT / "results/headline.csv") if row["study"] == STUDY}
    for kind, row in zip(("traditional", "long"), queries, strict=True):
        assert same(f"{row[3]:.3g}", float(rows[f"{kind} {SUBJECT} energy_wh_mean shared"]["computed"]))


def test_the_page_of_explanations_tells_a_mean_once():
    html = (ROOT / "results/explanations.html").read_text(encoding="utf-8")
    section = html.partition(f'<h2 id="{STUDY}">')[2].partition("</section>")[0]
    assert "Frontier, traditional: mean over queries" in section
    assert "expected value of a query" not in section and "expected value of a query" in html


def test_the_page(told):
    """What it shows of a study as it is; a test in a browser compares its text."""
    study = numbers((ROOT / "results/dashboard.html").read_text(encoding="utf-8"))["studies"][STUDY]
    scenarios = {(of["long_share"], of["interventions"]): of["totals"] for of in study["preset"]["scenarios"]}
    fleets = [scenarios[0.1, applied]["energy_gwh_per_day"] for applied in (False, True)]
    queries = [study["tables"]["headline_wh"][f"{SUBJECT} {kind} datacenter"] for kind in ("traditional", "long")]
    for of, shown, middle in zip(told, [*queries, *fleets], ("p50", "p50", "mean", "mean"), strict=True):
        assert (shown[middle], shown["p05"], shown["p95"]) == pytest.approx((of.value, of.p05, of.p95), rel=1e-6)
    mean = study["tables"]["mean_query_wh"][f"{SUBJECT} traditional datacenter"]["mean"]
    rows = {row["quantity"]: row for row in page.rows(ROOT / "results/headline.csv") if row["study"] == STUDY}
    assert mean == pytest.approx(float(rows[f"traditional {SUBJECT} energy_wh_mean shared"]["computed"]), rel=1e-6)


@pytest.mark.parametrize(
    ("words", "quantity"),
    [
        ("current frontier", f"traditional {SUBJECT} energy_wh_p50 untrimmed"),
        ("current long frontier", f"long {SUBJECT} energy_wh_p50 untrimmed"),
        ("current frontier mean", f"traditional {SUBJECT} energy_wh_mean shared"),
        ("scenario_aggregates current mixed", "mixed energy_gwh_per_day_mean"),
    ],
)
def test_explanations(words, quantity):
    rows = {row["quantity"]: row for row in page.rows(ROOT / "results/headline.csv") if row["study"] == STUDY}
    build = Build(ROOT)
    best = question.ask(build, words).best
    first = summary.summary(registry.explained(build, best.table, best.row, best.column), best)[0]
    value, _, p05, p95 = re.match(
        rf"{NUMBER} [A-Za-z/]+ \((median|expected value), P5–P95 {INTERVAL}\)", first
    ).groups()
    expected = [float(rows[quantity][name]) for name in ("computed", "computed_p05", "computed_p95")]
    assert all(map(same, (value, p05, p95), expected)), first


def texts(drawn: object) -> Iterator[str]:
    """Titles and subtitles of a figure."""
    if isinstance(drawn, list):
        for each in drawn:
            yield from texts(each)
    elif isinstance(drawn, dict):
        for name, each in drawn.items():
            lines = [each] if isinstance(each, str) else each
            if name in TEXTS and isinstance(lines, list) and all(isinstance(line, str) for line in lines):
                yield " ".join(" ".join(lines).split())
            else:
                yield from texts(each)


def said(text: str) -> Iterator[tuple[str, str, str]]:
    """Statistic, kind of query and number of every Wh and GWh that a title tells of the frontier class or its fleet."""
    if NOT_IT.search(text):
        text = ";".join(part for part in re.split(r"[,;:]", text) if not NOT_IT.search(part))
    kind = "long" if re.search(r"\blong (query|queries)", text, re.IGNORECASE) else "traditional"
    for pattern, statistic in (
        (rf"median(?: query)?(?: takes| is|:)? {NUMBER} Wh", "p50"),
        (rf"{NUMBER} Wh (?:at|for) the median", "p50"),
        (rf"Median query, {NUMBER[1:-1]} to {NUMBER} Wh", "p50"),
        (rf"(?:mean|average)(?: is|:)? {NUMBER} Wh", "mean"),
        (rf"{NUMBER} Wh on average", "mean"),
        (rf"{NUMBER} GWh", "fleet"),
    ):
        for found in re.finditer(pattern, text):
            yield statistic, kind, found[1]


def test_what_is_said_by_hand():
    text = "Traditional query: 0.122 Wh at the median, 0.31 Wh on average, 0.336 Wh for the whole fleet"
    assert list(said(text)) == [("p50", "traditional", "0.122"), ("mean", "traditional", "0.31")]
    assert list(said("10 % long, take 0.943 GWh (0.336–1.99)")) == [("fleet", "traditional", "0.943")]


def test_titles_of_figures():
    headline = pl.DataFrame(page.rows(ROOT / "results/headline.csv")).filter(study=STUDY)
    known = {row["quantity"]: float(row["computed"]) for row in headline.iter_rows(named=True)}
    fleets = [value for name, value in known.items() if name.endswith("energy_gwh_per_day_mean")]
    count, different = 0, []
    for path in sorted((ROOT / "results/figures").rglob("*.json")):
        name = f"{path.parent.name}/{path.name}"
        if OTHER_FIGURES.search(str(path)):
            continue
        for text in dict.fromkeys(texts(json.loads(path.read_text(encoding="utf-8")))):
            for statistic, kind, number in said(text):
                count += 1
                spread = {"p50": "untrimmed", "mean": "shared"}.get(statistic)
                expected = [known[f"{kind} {SUBJECT} energy_wh_{statistic} {spread}"]] if spread else fleets
                if not any(same(number, value) for value in expected):
                    different.append(f"{name}: {number} ({statistic}, {kind}) in {text!r}")
    assert different == []
    assert count >= 3


def test_the_centre_of_the_tornado(told):
    table = pl.read_parquet(ROOT / "results/comparison/tornado.parquet")
    rows = page.rows(ROOT / "results/headline.csv")
    numbers = {row["quantity"]: row["computed"] for row in rows if row["study"] == STUDY}
    centres = dict(table.select("quantity", "central").iter_rows())
    for kind in ("traditional", "long"):
        expected = float(numbers[f"{kind} {SUBJECT} energy_wh_mean shared"])
        # It has draws of its own.
        assert centres[f"{kind}: mean over queries"] == pytest.approx(expected, rel=0.02)
    assert centres["mixed fleet"] == pytest.approx(told[2].value, rel=0.02)
