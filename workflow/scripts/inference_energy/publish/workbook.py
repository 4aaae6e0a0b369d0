"""The public tables as one Excel workbook: numbers as numbers, units under names, with meanings and sources."""

import datetime
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from inference_energy.common import files
from inference_energy.common.errors import InputError
from inference_energy.headline.answers import COVERED, Answer, told_by
from inference_energy.headline.declarations import QUERIES
from inference_energy.publish.sources import Source
from inference_energy.tables.dictionary import Entry

ANSWERS = "Answers"
ABOUT, DICTIONARY, SOURCES = "About", "Data dictionary", "Sources"
NARROWEST, WIDEST = 8, 48
# A file that holds the time of its making would differ every time.
CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
DECADES_SHOWN = 5  # a column that spans more has no fixed number of decimals


class _Formats:
    """Cell formats, each created once."""

    def __init__(self, file: xlsxwriter.Workbook):
        self.title = file.add_format({"bold": True, "font_size": 16})
        self.head = file.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EDF2"})
        self.unit = file.add_format({"italic": True, "font_color": "#4A5560", "bg_color": "#F4F6F8"})
        self.wrap = file.add_format({"text_wrap": True, "valign": "top"})
        self.bold = file.add_format({"bold": True, "valign": "top"})
        self.link = file.add_format({"font_color": "#0B57A4", "underline": 1, "valign": "top"})
        self.number = functools.cache(lambda pattern: file.add_format({"num_format": pattern}))


def write(
    path: Path,
    *,
    about: Mapping[str, str],
    frames: Mapping[str, pl.DataFrame],
    meanings: Mapping[str, str],
    entries: Mapping[str, list[Entry]],
    sources: list[Source],
    title: str,
    first: str = ABOUT,
    answers: Sequence[Answer] = (),
    headline: Sequence[Mapping] = (),
) -> None:
    """Write the workbook; the same bytes for the same content.

    Args:
        path: where.
        about: paragraphs of the first sheet, by heading.
        frames: tables by name, one sheet each.
        meanings: what one row of every table is.
        entries: columns of every table.
        sources: of all inputs.
        title: heading of the sheet about the workbook, and title of the document.
        first: name of that sheet, the first one where there are no answers.
        answers: those of the first sheet; without any, there is no such sheet.
        headline: rows of `headline.csv` of the same study, below them.
    """
    with files.complete(path) as (unfinished,), xlsxwriter.Workbook(str(unfinished)) as file:
        file.set_properties({"title": title, "created": CREATED})
        formats = _Formats(file)
        described = [entry for name in frames for entry in entries[name]]
        sheets = {name: (meanings[name], len(frame)) for name, frame in frames.items()} | {
            DICTIONARY: ("One column of one table: its type, unit and meaning", len(described)),
            SOURCES: ("One source of benchmarks, traces or assumptions", len(sources)),
        }
        if answers:
            sheet = file.add_worksheet(ANSWERS)
            _write_answers(formats, sheet, answers, headline)
            _chart(file, sheet, headline, len(answers) + 5)
        _write_about(formats, file.add_worksheet(first), title, about, sheets)
        for name, frame in frames.items():
            _write_table(formats, file.add_worksheet(name), frame, entries[name])
        columns = ("table", "column", "type", "unit", "meaning")
        texts = [[getattr(entry, key) for key in columns] for entry in described]
        _write_text(formats, file.add_worksheet(DICTIONARY), columns, texts)
        names = [field.name for field in fields(Source)]
        _write_text(formats, file.add_worksheet(SOURCES), names, [list(asdict(source).values()) for source in sources])


def _write_answers(formats: _Formats, sheet: Worksheet, answers: Sequence[Answer], headline: Sequence[Mapping]) -> None:
    """The answers under plain heads, and below them every headline number of the same study."""
    sheet.hide_gridlines(2)
    for column, width in enumerate((46, 22, 10, 10, 10, 10, 30, 14)):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, f"Answers of the study {answers[0].study}", formats.title)
    heads = ("Question", "Statistic", "Answer", "Unit", "P5", "P95", "P5 to P95 covers", "The paper prints")
    first = [(of.question, of.statistic, of.value, of.unit, of.p05, of.p95, of.covered, of.published) for of in answers]
    below = [
        (
            row["label"],
            told_by(row),
            row["computed"],
            row["unit"],
            row["computed_p05"],
            row["computed_p95"],
            COVERED.get(row["spread"]),
            row["published"],
        )
        for row in headline
    ]
    _write_rows(formats, sheet, 2, heads, first)
    _write_rows(formats, sheet, len(first) + 4, ("Headline number", *heads[1:]), below)


def _write_rows(
    formats: _Formats, sheet: Worksheet, place: int, heads: Sequence[str], rows: Iterable[Sequence]
) -> None:
    for column, head in enumerate(heads):
        sheet.write_string(place, column, head, formats.head)
    for number, row in enumerate(rows, place + 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                _fits(sheet.write_string(number, column, value), f"sheet {sheet.name}: row {number + 1}")
            elif value is not None:
                sheet.write_number(number, column, value, formats.number(number_pattern(pl.Series([value]))))


def _chart(file: xlsxwriter.Workbook, sheet: Worksheet, headline: Sequence[Mapping], first: int) -> None:
    """Medians over queries by class and workload, as bars on a logarithmic axis, beside the tables."""
    rows = [place for place, row in enumerate(headline, first) if row["spread"] == QUERIES]
    if not rows:
        return
    chart = file.add_chart({"type": "bar"})

    def cells(column: str) -> str:
        return f"=({','.join(f'{ANSWERS}!${column}${row + 1}' for row in rows)})"

    chart.add_series({"name": "Median over queries", "categories": cells("A"), "values": cells("C")})
    chart.set_title({"name": "Median energy of a query, Wh", "name_font": {"size": 12}})
    chart.set_x_axis({"log_base": 10, "crossing": 0.001, "major_gridlines": {"visible": True}})
    chart.set_y_axis({"reverse": True, "label_position": "low"})
    chart.set_legend({"none": True})
    chart.set_size({"width": 620, "height": 34 * len(rows) + 90})
    sheet.insert_chart(2, 9, chart)


def _write_about(
    formats: _Formats, sheet: Worksheet, title: str, about: Mapping[str, str], sheets: Mapping[str, tuple[str, int]]
) -> None:
    sheet.hide_gridlines(2)
    for column, width in enumerate((28, 100, 10)):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, title, formats.title)
    for row, (heading, paragraph) in enumerate(about.items(), 2):
        sheet.write_string(row, 0, heading, formats.bold)
        sheet.write_string(row, 1, paragraph, formats.wrap)
    heads = len(about) + 3
    for column, heading in enumerate(("Sheet", "One row is", "Rows")):
        sheet.write_string(heads, column, heading, formats.head)
    for row, (name, (meaning, count)) in enumerate(sheets.items(), heads + 1):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", formats.link, name)
        sheet.write_string(row, 1, meaning, formats.wrap)
        sheet.write_number(row, 2, count, formats.number("#,##0"))


def _write_table(formats: _Formats, sheet: Worksheet, frame: pl.DataFrame, entries: Sequence[Entry]) -> None:
    for column, entry in enumerate(entries):
        values = frame[entry.column]
        shown = formats.number(number_pattern(values)) if values.dtype.is_numeric() else None
        sheet.set_column(column, column, _width(values, entry))
        sheet.write_string(0, column, entry.column, formats.head)
        sheet.write_string(1, column, entry.unit, formats.unit)
        write_one = {pl.String: sheet.write_string, pl.Boolean: sheet.write_boolean}.get(
            values.dtype.base_type(), sheet.write_number
        )
        for row, value in enumerate(values, 2):
            if value is not None:
                _fits(
                    write_one(row, column, value, shown), f"table {entry.table}: column {entry.column}, row {row - 1}"
                )
    _navigable(sheet, 2, len(frame), len(entries))


def _fits(fault: int, place: str) -> None:
    if fault:
        raise InputError(
            f"{place}: does not fit into a workbook; allowed: 32,767 characters in a cell, 1,048,576 rows in a sheet"
        )


def _write_text(formats: _Formats, sheet: Worksheet, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    rows = list(rows)
    for column, name in enumerate(columns):
        sheet.write_string(0, column, name, formats.head)
        longest = max((len(row[column]) for row in rows), default=0)
        sheet.set_column(column, column, min(max(longest, len(name) + 4, NARROWEST), WIDEST))
        for number, row in enumerate(rows, 1):
            if row[column]:
                _fits(sheet.write_string(number, column, row[column]), f"sheet {sheet.name}: {name}, row {number}")
    _navigable(sheet, 1, len(rows), len(columns))


def _navigable(sheet: Worksheet, heads: int, rows: int, columns: int) -> None:
    """Frozen head rows, and a filter on the lowest of them, so that sorting leaves the units in place."""
    sheet.freeze_panes(heads, 1)
    sheet.autofilter(heads - 1, 0, heads - 1 + rows, columns - 1)


def _width(values: pl.Series, entry: Entry) -> float:
    longest = (values.str.len_chars().max() or 0) if values.dtype == pl.String else 10
    return min(max(longest, len(entry.column) + 2, len(entry.unit) + 4, NARROWEST), WIDEST)


def number_pattern(values: pl.Series) -> str:
    """Format that shows the least value with three digits, as long as the largest then stays readable.

    Whole numbers have no decimals. A column of many decades is left to the reader's program.
    """
    if values.dtype.is_integer():
        return "0"
    sizes = values.drop_nulls().abs()
    sizes = sizes.filter(sizes > 0)
    if sizes.is_empty():
        return "General"
    if (values.drop_nulls() % 1 == 0).all():
        return "0"
    low, high = math.floor(math.log10(sizes.min())), math.floor(math.log10(sizes.max()))
    if high - low >= DECADES_SHOWN:
        return "General"
    decimals = max(2 - low, 0)
    return f"0.{'0' * decimals}" if decimals else "0"
