"""Public tables as words, which questions are compared with, and the numbers that they lead to."""

import re
from dataclasses import dataclass

import polars as pl

from inference_energy.common.escaped import shell
from inference_energy.explain.build import Build
from inference_energy.publish.catalogue import BY_NAME, PUBLIC_TABLES

# Columns that a row is taken at where the question does not say; stated in the answer.
DEFAULTS = {
    "spread": "untrimmed",
    "grouped_by": "all",
    "group": "all",
    "combination": "independent",
    "workload": "traditional",
}
# What is meant instead by a mean, where it is there: a mean over queries is of a fleet, its interval is uncertainty.
OF_MEANS = {"spread": "shared"}
# The column of a table that is meant where the question names none, the first that it has.
USUAL = (
    *("computed", "energy_wh_p50", "energy_gwh_per_day_mean", "multiplier_p50", "predicted_p50", "p50", "ratio"),
    *("geometric_error", "energy_wh", "factor", "factor_p50", "variance_share", "after", "central", "cost", "cost_p50"),
    *("energy_j_per_output_token", "output_tok_per_s_per_gpu", "decode_s_per_token", "tokens_p50", "tok_per_s"),
    *("ratio_geometric_sd", "output_tokens_p50", "output_tokens", "found", "rows_accepted", "tdp_w"),
    *("total_parameters_billions", "density_per_e_fold", "predicted", "requests", "energy_over_best"),
)
# Words that people use for parts of column names.
WORDS = {"median": "p50", "average": "mean", "p5": "p05", "watthours": "wh", "multiplier": "multiplier"}
# Text that names nothing: sentences, addresses, checksums.
PROSE = {"note", "notes", "message", "reason", "basis", "citation", "url", "source_url", "sha256", "previous_sha256"}
PROSE |= {"licence", "file", "published_source", "locator", "evidence", "confidence", "read_on", "version", "query"}
PROSE |= {"throughput_basis", "aliases", "node_source", "published_on", "previous_read_on", "format", "title"}
ROW = re.compile(r"row ([0-9]+)")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A number that a question names."""

    table: str  # name of a public table
    position: int  # of the row in the table
    row: dict  # the row
    column: str  # of the number
    assumed: str = ""  # the choices that the question left open

    @property
    def words(self) -> str:
        """A question that names this number and no other."""
        return question_for(self.table, self.position, self.row, self.column)

    @property
    def command(self) -> str:
        """The command that explains it."""
        return command(self.words)

    @property
    def value(self) -> float | int | None:
        """The number."""
        return self.row[self.column]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The number that is explained, and others that may have been meant; none where they are equally likely."""

    best: Found | None
    others: tuple[Found, ...] = ()


def question_for(table: str, position: int, row: dict, column: str) -> str:
    """A question that names one number: its table, the cells of its key, its column."""
    cells = [cell(row[name]) for name in BY_NAME[table].key() if row.get(name) is not None]
    return " ".join([table, *(cells if BY_NAME[table].key() else [f"row {position}"]), column])


def command(words: str) -> str:
    """The command that explains what some words name."""
    return f"make explain WHAT={shell(words)}"


def cell(value: object) -> str:
    """A cell of a key as text."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(text: str) -> str:
    """Text as it is compared: small letters, anything but letters, digits, dots and percent signs as blanks."""
    return " ".join(re.sub(r"[^a-z0-9.%+]+", " ", text.casefold()).split())


@dataclass(frozen=True, kw_only=True)
class TableInWords:
    """One table as words."""

    name: str  # of the table
    frame: pl.DataFrame  # its rows
    texts: pl.Series  # every row as words, with a blank at both ends
    columns: dict[str, list[str]]  # of numbers, each as words

    @classmethod
    def of(cls, build: Build, name: str) -> "TableInWords":
        """A table of a build."""
        frame, types = build.table(name), build.table(name).schema
        texts = [column for column, of in types.items() if of == pl.String and column not in PROSE]
        cells = [
            # A number as people write it: 50, not 50.0.
            pl.col(column) if types[column] == pl.String else pl.col(column).cast(pl.String).str.strip_suffix(".0")
            for column in dict.fromkeys([*BY_NAME[name].key(), *texts])
        ]
        joined = frame.select(pl.concat_str(cells, separator=" ", ignore_nulls=True).alias("text"))["text"]
        simple = joined.str.to_lowercase().str.replace_all(r"[^a-z0-9.%+]+", " ").str.strip_chars()
        columns = {column: column.split("_") for column, of in types.items() if of.is_numeric()}
        return cls(name=name, frame=frame, texts=" " + simple + " ", columns=columns)


def tables(build: Build, what: str) -> list[TableInWords]:
    """The tables that a question names, else all but those that are drawn."""
    words = what.split()
    # One of a plain word, such as `source`, is named only at the beginning.
    named = [of.name for of in PUBLIC_TABLES if of.name in words and ("_" in of.name or words[0] == of.name)]
    return [TableInWords.of(build, name) for name in named or searched(build)]


def searched(build: Build) -> list[str]:
    """Tables that are searched where none is named: those of numbers to cite that are built."""
    build.table("headline")  # it is always made: without it there is no finished build
    return [table.name for table in PUBLIC_TABLES if not table.drawn and build.is_built(table.name)]


def words_of(what: str) -> list[str]:
    """Words of a question without the number of a row."""
    return ROW.sub("", plain(what)).split()
