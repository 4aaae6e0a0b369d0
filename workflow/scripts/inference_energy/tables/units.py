"""The unit of every column of the public tables: from its name, or where rows of several units say theirs."""

import re
from collections.abc import Iterable

from inference_energy.common.errors import InputError

QUANTILE = r"(p\d\d|mean|min|max)"
SHARE, FACTOR, COUNT = "share of 1", "factor", "count"
OF_THE_ROW = "as in column unit"
# Columns that hold what the column `unit` of their row says, in the tables that have one.
IN_UNIT_OF_ROW = re.compile(
    rf"{QUANTILE}|published|computed(_{QUANTILE})?|tolerance|sampling_se|before|after|at_low|at_high|central"
    "|found|expected"
)
# The first pattern that the whole name matches decides.
BY_NAME = tuple(
    (re.compile(pattern), unit)
    for pattern, unit in (
        (r".*_relative_se|relative_difference|kv_growth", SHARE),
        (r"(.*_)?share(_.*)?", SHARE),
        (r".*_deviation_from_exact_se", "standard errors"),
        (r".*tok_per_s_per_gpu", "tok/s per GPU"),
        (r"(.*_)?tok_per_s", "tok/s"),
        (r".*_gwh_per_day(_.*)?", "GWh/day"),
        (r".*_j_per_output_token", "J per output token"),
        (rf"measured|predicted(_{QUANTILE})?(_same_source|_unseen)?", "J per output token"),
        (r".*_wh(_.*)?", "Wh"),
        (r".*_kwh_" + QUANTILE, "kWh"),
        (r".*_gco2e_per_kwh", "gCO2e/kWh"),
        (r".*_l_per_kwh", "L/kWh"),
        (r".*_kgco2e_" + QUANTILE, "kg CO2e"),
        (r".*_m3_" + QUANTILE, "m3"),
        (r".*_kw_" + QUANTILE, "kW"),
        (r"bytes", "bytes"),
        (r"pue", FACTOR),
        (r".*_kw", "kW"),
        (r".*_w_per_gpu", "W per GPU"),
        (r".*_w", "W"),
        (r".*_int8_tflop_per_s", "TOP/s"),
        (r".*_tflop_per_s", "TFLOP/s"),
        (r".*_gb_per_s", "GB/s"),
        (r".*_gb", "GB"),
        (r".*_billions", "billions"),
        (r".*_s_per_token", "GPU-seconds per token"),
        (r".*_s_per_token2", "GPU-seconds per token squared"),
        (r".*_ms", "ms"),
        (r".*_s", "s"),
        (rf"((in|out)put_|cached_)?tokens(_{QUANTILE})?", "tokens"),
        (r"queries_per_day", "queries per day"),
        (r"density_per_e_fold", "share of 1 per factor of e"),
        (r".*_log_sd", "log ratio"),
        (r"log_variance", "log ratio squared"),
        (r"intercept", "ln(tok/s)"),
        (r"slope_.*", "ln(tok/s) per ln(token)"),
        (
            rf"(.*_)?(ratio|factor|multiplier|overhead|cost)(_({QUANTILE}|low|high|traditional|long|geometric_\w+))?",
            FACTOR,
        ),
        (r"leave_one_out_ratio_.*|geometric_error(_.*)?|ours_on_the_same_runs|energy_over_best", FACTOR),
        (r"line|step", "position"),
        (r"concurrency|batch_limit", "requests in flight"),
        (r"draws|(.*_)?(gpus|nodes|rows|runs|models|estimates|requests|responses|files|configurations)(_.*)?", COUNT),
        (r".*_parallel|rows_.*|records_.*|measured_energies|errors|warnings|infos", COUNT),
    )
)
# Words by which a meaning has said the unit already.
SAID = {
    SHARE: r"\bshare\b|\bpart of\b",
    FACTOR: r"\b(factor|ratio|over|multiplier)\b|/",
    "tok/s": r"tok/s|tokens per second",
    "tok/s per GPU": r"tok/s per GPU|tokens per second and GPU",
    "standard errors": r"standard errors",
    "queries per day": r"queries per day",
    "GPU-seconds per token": r"GPU-seconds per (in|out)put token",
    "GPU-seconds per token squared": r"GPU-seconds per output token and token of context",
    "share of 1 per factor of e": r"share of queries per factor of e",
    "ln(tok/s)": r"ln tok/s",
    "ln(tok/s) per ln(token)": r"ln tok/s per ln",
    "log ratio": r"log (ratio|deviation)",
    "J per output token": r"J per output token|per output token, J\b",
    "W per GPU": r"on a GPU, W\b",
    "requests in flight": r"\brequests\b",
    COUNT: r"\bnumber of\b",
    "position": r"\bline\b|\border\b",
}


def unit_of(table: str, column: str, columns: Iterable[str]) -> str:
    """Unit of the numbers in one column.

    Args:
        table: name of the table, for errors.
        column: which.
        columns: all columns of the table.

    Raises:
        InputError: the name of the column says no unit.
    """
    if "unit" in columns and IN_UNIT_OF_ROW.fullmatch(column):
        return OF_THE_ROW
    if column == "value" and "parameter" in columns:
        return "that of the key named in column parameter"
    for pattern, unit in BY_NAME:
        if pattern.fullmatch(column):
            return unit
    raise InputError(
        f"table {table}: column {column}: a number whose name says no unit; allowed: a name such as energy_wh,"
        " power_w or extrapolated_share, or a pattern of its own in column_units.py"
    )


def with_unit(meaning: str, unit: str) -> str:
    """A column's meaning that ends in its unit in brackets, unless its words have said it already."""
    if not unit or re.search(SAID.get(unit, rf"(?<!\w){re.escape(unit)}(?![\w/])"), meaning):
        return meaning
    return f"{meaning} [{unit}]"
