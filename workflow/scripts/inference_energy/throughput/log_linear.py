"""Output throughput of one 8-GPU node as a function of prompt and answer length."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.formulas import Quantity, formula
from inference_energy.corpus.corrections import corrected
from inference_energy.corpus.tables import PLACE, Throughput
from inference_energy.studies import study as studies

CORRECTIONS = Path("resources/corrections.csv")
ROW_COLUMNS = [*Throughput.to_schema().columns, *PLACE]


@formula(unit="output tokens per second", source="arXiv 2509.20241, Methods")
def node_tok_per_s(
    *,
    intercept: float,
    slope_input: float,
    slope_output: float,
    cap_tok_per_s: float,
    input_tokens: Quantity,
    output_tokens: Quantity,
) -> np.ndarray:
    """Throughput of an 8-GPU node, log-linear in both lengths and never above a cap."""
    return np.minimum(
        np.exp(intercept + slope_input * np.log(input_tokens) + slope_output * np.log(output_tokens)), cap_tok_per_s
    )


@dataclass(frozen=True, kw_only=True)
class ThroughputModel:
    """ln tok/s = b0 + b_input ln(input tokens) + b_output ln(output tokens), never above `cap_tok_per_s`.

    The constant form has both slopes 0 and the cap as its value. Source: arXiv 2509.20241, Methods.
    """

    form: str
    intercept: float
    slope_input: float
    slope_output: float
    cap_tok_per_s: float

    def tok_per_s(self, input_tokens: Quantity, output_tokens: Quantity) -> np.ndarray:
        """Output tokens per second of the node, elementwise."""
        return node_tok_per_s(
            intercept=self.intercept,
            slope_input=self.slope_input,
            slope_output=self.slope_output,
            cap_tok_per_s=self.cap_tok_per_s,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )


def fit(
    input_tokens: np.ndarray, output_tokens: np.ndarray, tok_per_s: np.ndarray, minimum_rows: int
) -> ThroughputModel:
    """Ordinary least squares on logarithms, capped at the largest observed throughput of the node.

    Lengths and throughput have shape (rows,). With fewer rows than `minimum_rows`, the largest observed throughput
    holds at every length.
    """
    cap = float(tok_per_s.max())
    if len(tok_per_s) < minimum_rows:
        # ASSUME: two rows cannot carry a slope, so the faster one stands for every length.
        # Source: arXiv 2509.20241, Methods.
        return constant(cap)
    # ASSUME: throughput is log-linear in both lengths and never exceeds what was observed for that model.
    # Source: arXiv 2509.20241, Methods.
    design = np.column_stack([np.ones(len(tok_per_s)), np.log(input_tokens), np.log(output_tokens)])
    (intercept, slope_input, slope_output), _, rank, _ = np.linalg.lstsq(design, np.log(tok_per_s), rcond=None)
    if rank < design.shape[1]:  # the rows have too few different lengths to tell the slopes apart
        return constant(cap)
    return ThroughputModel(
        form="log_linear",
        intercept=float(intercept),
        slope_input=float(slope_input),
        slope_output=float(slope_output),
        cap_tok_per_s=cap,
    )


def constant(tok_per_s: float) -> ThroughputModel:
    """A node that gives so many output tokens per second whatever the lengths."""
    return ThroughputModel(
        form="constant",
        intercept=float(np.log(tok_per_s)),
        slope_input=0.0,
        slope_output=0.0,
        cap_tok_per_s=tok_per_s,
    )


def usable_rows(throughput: pl.DataFrame, chosen: studies.Throughput) -> pl.DataFrame:
    """The benchmark rows that a study fits, each with `node_tok_per_s`: output tokens per second of an 8-GPU node."""
    # ASSUME: rows of one precision describe the service; other precisions and rows whose lengths are not
    # numbers are left out. Source: arXiv 2509.20241, Methods and code.
    # ASSUME: instances on fewer GPUs than a node has are repeated until the node is full, and their throughput adds up.
    return (
        throughput.filter(
            pl.col("source").is_in(chosen.sources)
            & (pl.col("precision") == chosen.precision)
            & (pl.lit(chosen.gpus is None) | pl.col("gpu").is_in(chosen.gpus or []))
            & pl.col("output_tok_per_s_per_gpu").is_not_null()
            & pl.col("input_tokens").is_not_null()
            & pl.col("output_tokens").is_not_null()
        )
        .with_columns(node_tok_per_s=pl.col("output_tok_per_s_per_gpu") * studies.NODE_GPUS)
        .select(*ROW_COLUMNS, "node_tok_per_s")
        .sort("model", "source", "row_id")
    )


def throughput_fit(
    study: str, chosen: studies.Throughput, throughput: pl.DataFrame, corrections: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Fit every model that has at least two usable rows, known errors corrected first where the study says so.

    Returns:
        The fit, one row per model; and the rows behind it, each with its fitted and left-one-out throughput.

    Raises:
        InputError: a source without rows; no model has enough rows.
    """
    if chosen.corrected:
        throughput = corrected(throughput, corrections, CORRECTIONS)
    present = throughput["source"].unique().to_list()
    for source in chosen.sources:
        if source not in present:
            raise InputError(
                f"study {study}: throughput.sources: found {source!r}; allowed: {one_of(present)}, which have rows"
            )
    rows = usable_rows(throughput, chosen)
    fits, residuals = [], []
    for (model,), group in rows.group_by("model", maintain_order=True):
        if len(group) < 2:
            continue  # ASSUME: one row is not evidence enough; the model is left out. Source: the authors' code.
        fit_row, row_ratios = _fit_model(group, chosen.minimum_rows)
        fits.append({"study": study, "model": model, **fit_row})
        residuals.append(group.with_columns(pl.lit(study).alias("study"), **row_ratios))
    if not fits:
        found = throughput.filter(pl.col("source").is_in(chosen.sources))["precision"].unique().to_list()
        raise InputError(
            f"study {study}: throughput.precision: no model has two usable {chosen.precision!r} rows;"
            f" precisions in its sources: {one_of(found)}"
        )
    return pl.DataFrame(fits), pl.concat(residuals)


def _fit_model(group: pl.DataFrame, minimum_rows: int) -> tuple[dict, dict[str, pl.Series]]:
    lengths_in, lengths_out, observed = (
        group[name].to_numpy() for name in ("input_tokens", "output_tokens", "node_tok_per_s")
    )
    model = fit(lengths_in, lengths_out, observed, minimum_rows)
    fitted = model.tok_per_s(lengths_in, lengths_out)
    left_out = np.empty(len(observed))
    for row in range(len(observed)):
        others = np.arange(len(observed)) != row
        refit = fit(lengths_in[others], lengths_out[others], observed[others], minimum_rows)
        left_out[row] = refit.tok_per_s(lengths_in[row], lengths_out[row])
    log_error, log_left_out_error = np.log(fitted / observed), np.log(left_out / observed)
    summary = asdict(model) | {
        "rows": len(observed),
        "fit_ratio_geometric_sd": float(np.exp(np.sqrt(np.mean(log_error**2)))),
        "leave_one_out_ratio_min": float(np.exp(log_left_out_error.min())),
        "leave_one_out_ratio_max": float(np.exp(log_left_out_error.max())),
        "leave_one_out_ratio_geometric_sd": float(np.exp(np.sqrt(np.mean(log_left_out_error**2)))),
        **length_ranges(lengths_in, lengths_out),
    }
    return summary, {"fitted_tok_per_s": pl.Series(fitted), "left_out_tok_per_s": pl.Series(left_out)}


def length_ranges(input_tokens: np.ndarray, output_tokens: np.ndarray) -> dict[str, float]:
    """Shortest and longest prompt and answer behind a fit, by the columns of `corpus.tables.lengths_behind`."""
    return {
        f"{side}_tokens_{end}": float(getattr(lengths, end)())
        for side, lengths in (("input", input_tokens), ("output", output_tokens))
        for end in ("min", "max")
    }


def from_fit_row(row: dict) -> ThroughputModel:
    """The fitted curve of one row of `throughput_fit`."""
    return ThroughputModel(**{field.name: row[field.name] for field in fields(ThroughputModel)})


def throughput_curve(fit: pl.DataFrame, input_tokens: float) -> pl.DataFrame:
    """Fitted throughput over output length at one prompt length, for drawing.

    Returns:
        `model`, `part` (shorter than, inside, or longer than the fitted lengths), `output_tokens`, `tok_per_s`.
    """
    frames = []
    for row in fit.iter_rows(named=True):
        curve, low, high = from_fit_row(row), row["output_tokens_min"], row["output_tokens_max"]
        for part, start, end in (("shorter", 10.0, low), ("fitted", low, high), ("longer", high, 50_000.0)):
            tokens = np.geomspace(start, end, 40)
            points = {"output_tokens": tokens, "tok_per_s": curve.tok_per_s(input_tokens, tokens)}
            frames.append(pl.DataFrame({"model": row["model"], "part": part} | points))
    return pl.concat(frames)
