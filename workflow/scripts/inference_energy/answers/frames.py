"""Estimates of many queries at once: a frame in, the same frame with energies out."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from inference_energy.answers import energies
from inference_energy.answers.energies import PerToken
from inference_energy.answers.evidence import evidence
from inference_energy.answers.packaged import packaged
from inference_energy.answers.question import MOST_TOKENS, Question
from inference_energy.answers.served import served
from inference_energy.common.conversions import WH_PER_KWH
from inference_energy.common.errors import InputError, one_of
from inference_energy.energy.operated import context_tokens2
from inference_energy.statistics import quantiles

PER_ROW = ("input_tokens", "output_tokens", "cached_share")
PER_GROUP = ("model", "gpu", "precision", "workload", "boundary", "speed_tok_per_s", "batch", "pue", "zone")
EXACT = 256  # rows of a group up to which every one is computed from all draws
GRID = 48  # parts of each side of the grid that quantiles of more rows are interpolated on
MOST_VALUES = 4096  # draws of a group that quantiles on the grid are of
RESULTS = ("wh_p05", "wh_p50", "wh_p95", "wh_mean")


def estimates(frame: Any, **given: Any) -> Any:
    """Energy of every query of a frame of polars or pandas.

    Columns are arguments of `estimate`: `input_tokens` and `output_tokens`, and where they are there `cached_share`,
    `model`, `gpu`, `precision`, `workload`, `boundary`, `speed_tok_per_s`, `batch`, `pue` and `zone`. Each row is a
    question of its own; keyword arguments are for all of them.

    Returns:
        The frame, of the same kind and in the same order, with `wh_p05`, `wh_p50`, `wh_p95`, `wh_mean` (Wh), where a
        zone is given `gco2e_p50` and `gco2e_mean` (g), and `evidence`. Where a group has more than 256 rows, its
        quantiles are interpolated, to within 2 % of those of `estimate`; means are the same.

    Raises:
        InputError: a column or value that is not allowed, with its row.
    """
    table = _table(frame)
    unknown = [name for name in given if name not in (*PER_GROUP, *PER_ROW, "study")]
    if unknown:
        raise InputError(f"{unknown[0]}: found an argument that frames do not have; allowed: {one_of(PER_GROUP)}")
    for name in ("input_tokens", "output_tokens"):
        if name not in table.columns and name not in given:
            raise InputError(f"frame: found no column {name!r}; allowed: one, or the argument {name}")
    for name, value in given.items():
        if name in table.columns:
            raise InputError(f"{name}: found both a column and an argument; allowed: one of them")
        if name in PER_ROW:
            table = table.with_columns(pl.lit(value).alias(name))
    tokens = _tokens(table)
    by = [name for name in PER_GROUP if name in table.columns]
    found = {name: np.empty(len(table)) for name in RESULTS}
    texts = np.empty(len(table), dtype=object)
    carbon = np.full(len(table), np.nan)
    for group, rows in _groups(table, by):
        facts = group | {name: value for name, value in given.items() if name not in PER_ROW}
        here = {name: None if values is None else values[rows] for name, values in tokens.items()}
        for name, values in _of_group(facts, here, rows).items():
            target = {"evidence": texts, "carbon_gco2e_per_kwh": carbon}.get(name, found.get(name))
            target[rows] = values
    columns = dict(found)
    if not np.isnan(carbon).all():
        columns |= {f"gco2e_{name}": found[f"wh_{name}"] * carbon / WH_PER_KWH for name in ("p50", "mean")}
    columns["evidence"] = texts.astype(str)
    if isinstance(frame, pl.DataFrame):
        return frame.with_columns(pl.Series(name, values) for name, values in columns.items())
    return frame.assign(**columns)


def _groups(table: pl.DataFrame, by: list[str]) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
    """What is asked in some columns, empty cells left out, and the rows that ask it."""
    if not by:
        if len(table):
            yield {}, np.arange(len(table))
        return
    for values, rows in table.select(by).with_row_index("row").group_by(by, maintain_order=True):
        facts = {name: value for name, value in zip(by, values, strict=True) if value is not None}
        yield facts, rows["row"].to_numpy()


def _table(frame: Any) -> pl.DataFrame:
    """The columns of a frame that are questions, as one of polars; of another kind, column by column."""
    if isinstance(frame, pl.DataFrame):
        return frame.select(name for name in frame.columns if name in (*PER_ROW, *PER_GROUP))
    if not hasattr(frame, "assign") or not hasattr(frame, "columns"):
        raise InputError(f"frame: found {type(frame).__name__}; allowed: a DataFrame of polars or pandas")
    names = [name for name in frame.columns if name in (*PER_ROW, *PER_GROUP)]
    return pl.DataFrame({name: _column(frame[name].to_numpy()) for name in names})


def _column(values: np.ndarray) -> pl.Series:
    """A column of another library; texts may have a number that is none among them where a cell is empty."""
    if values.dtype != object:
        return pl.Series(values)
    return pl.Series([None if value is None or value != value else value for value in values], strict=False)


def _tokens(table: pl.DataFrame) -> dict[str, np.ndarray | None]:
    """Numbers of every row by column.

    Raises:
        InputError: the first row with one that is not allowed.
    """
    found: dict[str, np.ndarray | None] = {"cached_share": None}
    for name in (name for name in PER_ROW if name in table.columns):
        values = table[name].cast(pl.Float64, strict=False)
        most = 1 if name == "cached_share" else MOST_TOKENS
        bad = ~values.is_between(0, most).fill_null(False)
        if name == "cached_share":  # an empty cell: as the study has it
            bad = bad & table[name].is_not_null()
        if bad.any():
            row = int(bad.arg_true()[0])
            raise InputError(f"{name}: row {row}: found {table[name][row]!r}; allowed: 0 to {most:,}")
        found[name] = values.to_numpy()
    nothing = (found["input_tokens"] == 0) & (found["output_tokens"] == 0)
    if nothing.any():
        raise InputError(f"output_tokens: row {int(np.argmax(nothing))}: found a query of 0 tokens; allowed: 1 or more")
    return found


def _of_group(facts: dict[str, Any], tokens: dict[str, np.ndarray | None], rows: np.ndarray) -> dict[str, Any]:
    """Results of the rows of a frame that ask about the same model, GPU and service."""
    longest = tokens["input_tokens"] + tokens["output_tokens"]
    place = int(np.argmax(longest))
    try:
        # The longest query of the group is the one that may not fit.
        lengths = {name: float(tokens[name][place]) for name in ("input_tokens", "output_tokens")}
        of = served(Question(**facts, **lengths), packaged())
        zone = of.zone
    except InputError as error:
        raise InputError(f"row {rows[place]}: {error}") from None
    drawn = energies.per_token(of)
    cached = tokens["cached_share"]
    parts = {"unknown": np.ones(len(longest), bool)} if cached is None else _by_cache(cached)
    found = {name: np.empty(len(longest)) for name in RESULTS}
    for kind, chosen in parts.items():
        uncached = drawn.uncached_share if kind == "unknown" else 1.0
        kept = 1.0 if kind == "unknown" else 1 - cached[chosen]
        per = np.stack([drawn.prefill_wh * uncached, drawn.decode_wh, drawn.attention_wh])
        counts = np.stack(
            [
                tokens["input_tokens"][chosen] * kept,
                tokens["output_tokens"][chosen],
                context_tokens2(
                    input_tokens=tokens["input_tokens"][chosen], output_tokens=tokens["output_tokens"][chosen]
                ),
            ]
        )
        for name, values in _quantiles(per, counts, drawn).items():
            found[name][chosen] = values
    extra = {} if zone is None else {"carbon_gco2e_per_kwh": zone["carbon_gco2e_per_kwh"]}
    return found | extra | {"evidence": evidence(of, drawn).kind}


def _by_cache(cached: np.ndarray) -> dict[str, np.ndarray]:
    unknown = np.isnan(cached)
    return {name: rows for name, rows in (("unknown", unknown), ("known", ~unknown)) if rows.any()}


def _quantiles(per: np.ndarray, counts: np.ndarray, drawn: PerToken) -> dict[str, np.ndarray]:
    """P5, P50, P95 and mean of the energy of queries.

    `per` is the energy per token of each kind, shape (3, values); `counts` the tokens of each, shape (3, rows).
    """
    mean = (per @ drawn.weight) @ counts
    if counts.shape[1] <= EXACT:
        each = quantiles.of_weighted_rows(counts.T @ per, drawn.weight, quantiles.PERCENTILES)
        return {f"wh_{name}": each[name] for name in quantiles.PERCENTILES} | {"wh_mean": mean}
    return {f"wh_{name}": of * mean for name, of in _interpolated(per, counts, drawn.weight).items()} | {
        "wh_mean": mean
    }


def _interpolated(per: np.ndarray, counts: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    """Quantiles over the mean, which depend only on how the mean energy divides over the three kinds of tokens.

    They are computed on a grid of the share of the attention, and of the share of the prompt in the rest.
    """
    means = per @ weight
    scaled = per / means[:, None]  # energy over its mean, of each kind
    if len(weight) > MOST_VALUES:
        order = np.argsort(scaled.sum(axis=0), kind="stable")
        marks = (np.arange(MOST_VALUES) + 0.5) / MOST_VALUES
        chosen = order[np.searchsorted(np.cumsum(weight[order]) / weight.sum(), marks)]
        scaled, weight = scaled[:, chosen], np.full(MOST_VALUES, 1 / MOST_VALUES)
        scaled = scaled / (scaled @ weight)[:, None]
    knots = np.linspace(0, 1, GRID + 1)
    table = np.empty((len(quantiles.PERCENTILES), GRID + 1, GRID + 1))
    for i, attention in enumerate(knots):
        mixes = np.stack(
            [(1 - attention) * knots, (1 - attention) * (1 - knots), np.full_like(knots, attention)], axis=1
        )
        found = quantiles.of_weighted_rows(mixes @ scaled, weight, quantiles.PERCENTILES)
        table[:, i] = [found[name] for name in quantiles.PERCENTILES]
    parts = means[:, None] * counts
    attention = parts[2] / parts.sum(axis=0)
    beside = parts[0] + parts[1]
    prompt = np.divide(parts[0], beside, out=np.zeros_like(beside), where=beside > 0)
    i, u = _cell(attention)
    j, v = _cell(prompt)
    return {
        name: (1 - u) * ((1 - v) * of[i, j] + v * of[i, j + 1]) + u * ((1 - v) * of[i + 1, j] + v * of[i + 1, j + 1])
        for name, of in zip(quantiles.PERCENTILES, table, strict=True)
    }


def _cell(share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Part of the grid that a share lies in, and where in it."""
    place = np.minimum((share * GRID).astype(int), GRID - 1)
    return place, share * GRID - place
