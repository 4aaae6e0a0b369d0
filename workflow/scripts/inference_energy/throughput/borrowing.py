"""Curves transferred between related configurations, and the curve that serves each member of a study."""

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.names import meant
from inference_energy.corpus.number_formats import BYTES_PER_PARAMETER, peak_tflop_per_s
from inference_energy.corpus.registries import network
from inference_energy.studies.study import NestedStudy
from inference_energy.throughput.fits import KEY, PER_GPU, groups, version_order
from inference_energy.throughput.gpu_time import GpuSeconds, SecondsCurve

# From near to far; curves are transferred from the first that has a member.
KINSHIPS = ("other_version", "other_gpu", "other_model", "other_architecture")
COEFFICIENTS = ["prefill_s_per_token", "decode_s_per_token", "attention_s_per_token2"]


def with_facts(coefficients: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Fitted configurations with what their coefficients scale with: network, architecture, parameters, bandwidth..."""
    size = pl.col("active_parameters_billions").alias("active")
    return (
        coefficients.join(
            models.select("model", network(), size, "architecture"), on="model", how="left", maintain_order="left"
        )
        .join(hardware, on="gpu", how="left", maintain_order="left")
        .with_columns(
            bandwidth=pl.col("memory_bandwidth_gb_per_s"),
            bytes=pl.col("precision").replace_strict(BYTES_PER_PARAMETER, return_dtype=pl.Float64),
            peak=peak_tflop_per_s(),
        )
    )


def relatives(facts: pl.DataFrame, target: dict, kinship: str) -> pl.DataFrame:
    """Fitted configurations that are of one kinship to a target, never itself.

    - `other_version`: the same network, GPU and precision in another version or parallelism, as it is.
    - `other_gpu`: the same network on another GPU: prefill by the ratio of peak arithmetic, decode by that of memory
      bandwidth over bytes per parameter, attention by that of memory bandwidth.
    - `other_model`: another network of the same architecture (dense, mixture of experts or hybrid) on the same GPU and
      precision: prefill and decode by the ratio of active parameters, attention by its square root.
    - `other_architecture`: likewise from networks of another architecture, where there is none of the same.

    Args:
        facts: table of `with_facts`.
        target: its row for the configuration; coefficients of its own are not looked at.
        kinship: one of `KINSHIPS`.
    """
    same_network, same_gpu = pl.col("network") == target["network"], pl.col("gpu") == target["gpu"]
    alike = same_gpu & (pl.col("precision") == target["precision"])
    same_architecture = pl.col("architecture") == target["architecture"]
    relation = {
        "other_version": same_network & alike & (pl.col("configuration") != target["configuration"]),
        "other_gpu": same_network & ~same_gpu,
        "other_model": ~same_network & alike & same_architecture,
        "other_architecture": ~same_network & alike & ~same_architecture,
    }[kinship]
    return facts.filter(relation)


def borrowed(facts: pl.DataFrame, target: dict, kinship: str) -> GpuSeconds | None:
    """Coefficients for one configuration from its `relatives`; none without relatives or facts to scale by.

    The median over the relatives is taken, coefficient by coefficient.
    """
    found = relatives(facts, target, kinship)
    # ASSUME: prefill is bound by arithmetic, decoding by memory traffic, also in large batches; KV caches grow more
    # slowly than models, as grouped queries share them. Each is checked by leaving configurations out.
    size, peak = target["active"] / pl.col("active"), pl.col("peak") / target["peak"]
    traffic = pl.col("bandwidth") / target["bandwidth"]
    factors = {
        "other_version": (pl.lit(1.0), pl.lit(1.0), pl.lit(1.0)),
        "other_gpu": (peak, traffic * target["bytes"] / pl.col("bytes"), traffic),
        "other_model": (size, size, size.sqrt()),
        "other_architecture": (size, size, size.sqrt()),
    }[kinship]
    scaled = found.select(
        pl.col(name) * factor for name, factor in zip(COEFFICIENTS, factors, strict=True)
    ).drop_nulls()
    if scaled.is_empty():
        return None
    prefill, decode, attention = (float(scaled[name].median()) for name in COEFFICIENTS)
    return GpuSeconds(prefill=prefill, decode=decode, attention=attention, kv_growth=target["kv_growth"])


def left_out_configurations(
    rows: pl.DataFrame, coefficients: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame
) -> pl.DataFrame:
    """Every row predicted from relatives of its configuration alone, once per kinship that has any.

    Returns:
        The columns of `fits.left_out`; `form` is `borrowed_<kinship>`.
    """
    columns = ["configuration", "source", "row_id", *KEY, "input_tokens", "output_tokens", PER_GPU]
    facts = with_facts(coefficients, models, hardware)
    own = dict(groups(rows))
    found = []
    for target in facts.iter_rows(named=True):
        group = own[target["configuration"]]
        lengths = [group[name].to_numpy() for name in ("input_tokens", "output_tokens")]
        for kinship in KINSHIPS:
            form = borrowed(facts, target, kinship)
            if form is not None:
                predicted = np.asarray(form.tok_per_s(*lengths))
                found.append(
                    group.select(columns)
                    .with_columns(
                        pl.lit(f"borrowed_{kinship}").alias("form"),
                        pl.Series("predicted_tok_per_s_per_gpu", predicted),
                    )
                    .with_columns(ratio=pl.col("predicted_tok_per_s_per_gpu") / pl.col(PER_GPU))
                )
    nothing = (
        rows.select(columns)
        .clear()
        .with_columns(
            pl.lit("").alias("form"),
            pl.lit(0.0).alias("predicted_tok_per_s_per_gpu"),
            pl.lit(0.0).alias("ratio"),
        )
    )
    return pl.concat([nothing, *found])


OWN = "own_rows"
# Lengths at which the parallelism that serves a configuration with the fewest GPU-seconds is chosen.
TYPICAL_TOKENS = (1000.0, 1000.0)
# Columns of a configuration's curve, and of the lengths behind it.
CURVE_COLUMNS = (*COEFFICIENTS, "kv_growth")
RANGE_COLUMNS = ("input_tokens_min", "input_tokens_max", "output_tokens_min", "output_tokens_max")


def fit_members(
    study_name: str,
    study: NestedStudy,
    *,
    coefficients: pl.DataFrame,
    left_out: pl.DataFrame,
    forms: pl.DataFrame,
    models: pl.DataFrame,
    hardware: pl.DataFrame,
) -> pl.DataFrame:
    """The curve in GPU-seconds of every member of a study, one row each.

    A configuration with enough rows of its own is used: the newest engine version, and of that the parallelism which
    needs the fewest GPU-seconds at 1,000 tokens in and out. For a member without one, curves are transferred
    from its nearest relatives (`borrowed`), with the error found by leaving such configurations out.

    Args:
        study_name: named in errors.
        study: a resolved study.
        coefficients: table `throughput_configurations`.
        left_out: table `throughput_left_out`.
        forms: table `throughput_forms`.
        models: model registry.
        hardware: hardware registry.

    Raises:
        InputError: an unknown model or GPU, or a member that neither was measured nor has a measured relative.
    """
    place = f"config/studies/{study_name}.yaml"
    sources = study.throughput.sources
    if sources is not None:
        known = coefficients["source"].unique().to_list()
        for source in sources:
            if source not in known:
                raise InputError(
                    f"{place}: throughput.sources: found {source!r}; allowed: {one_of(known)}, which have"
                    " configurations measured at several lengths"
                )
        coefficients = coefficients.filter(pl.col("source").is_in(sources))
    facts = with_facts(coefficients, models, hardware)
    errors = borrowed_errors(forms)
    extremes = (
        left_out.filter(pl.col("form") == "gpu_seconds")
        .group_by("configuration")
        .agg(
            pl.col("ratio").min().alias("leave_one_out_ratio_min"),
            pl.col("ratio").max().alias("leave_one_out_ratio_max"),
        )
    )
    rows = []
    for model, gpu, precision in study.members():
        target = _target(model, gpu, precision, place, models, hardware)
        rows.append(
            {"study": study_name, "model": model, "gpu": gpu, "precision": precision}
            | own_or_borrowed(target, facts, errors, place)
        )
    table = pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"configuration": pl.String})
    return table.join(extremes, on="configuration", how="left", maintain_order="left")


def borrowed_errors(forms: pl.DataFrame) -> dict[str, float]:
    """Log deviation found by leaving rows or configurations out, by form, of the table `throughput_forms`."""
    overall = forms.filter(pl.col("configuration") == "all")
    return dict(overall.select("form", pl.col("ratio_geometric_sd").log()).iter_rows())


def _target(model: str, gpu: str, precision: str, place: str, models: pl.DataFrame, hardware: pl.DataFrame) -> dict:
    for name, column, registry in ((model, "model", models), (gpu, "gpu", hardware)):
        if name not in registry[column]:
            key = "classes" if column == "model" else "hardware"
            raise InputError(f"{place}: {key}: unknown {column} {name!r}; allowed: {meant(name, registry, column)}")
    if precision not in BYTES_PER_PARAMETER:
        raise InputError(f"{place}: hardware: unknown precision {precision!r}; allowed: {one_of(BYTES_PER_PARAMETER)}")
    asked = pl.DataFrame({"model": [model], "gpu": [gpu], "precision": [precision]})
    return with_facts(asked, models, hardware).row(0, named=True)


def own_or_borrowed(target: dict, facts: pl.DataFrame, errors: dict[str, float], place: str) -> dict:
    """The coefficients that serve a target, their origin, their error and the lengths behind them.

    Args:
        target: row of `with_facts` for the model, GPU and precision.
        facts: table of `with_facts` of all measured configurations.
        errors: log deviation of transferred curves, by `borrowed_<kinship>`.
        place: names the target's place in errors.

    Raises:
        InputError: neither it nor a relative was measured.
    """
    own = facts.filter(*(pl.col(name) == target[name] for name in ("network", "gpu", "precision")))
    if not own.is_empty():
        newest = own.sort(version_order()).filter(pl.col("engine_version").eq_missing(pl.col("engine_version").last()))
        row = min(
            newest.iter_rows(named=True), key=lambda row: float(GpuSeconds.from_row(row).seconds(*TYPICAL_TOKENS))
        )
        return {
            "kinship": OWN,
            "configuration": row["configuration"],
            "rows": row["rows"],
            "fit_error_log_sd": row["fit_error_log_sd"],
            **{name: row[name] for name in CURVE_COLUMNS},
            **{name: row[name] for name in RANGE_COLUMNS},
        }
    target |= {"configuration": "", "kv_growth": facts["kv_growth"][0]}
    for kinship in KINSHIPS:
        form = borrowed(facts, target, kinship)
        if form is not None:
            return {
                "kinship": kinship,
                "configuration": None,
                "rows": 0,
                "fit_error_log_sd": errors[f"borrowed_{kinship}"],
                "prefill_s_per_token": form.prefill,
                "decode_s_per_token": form.decode,
                "attention_s_per_token2": form.attention,
                "kv_growth": form.kv_growth,
                **{name: relatives(facts, target, kinship)[name].median() for name in RANGE_COLUMNS},
            }
    measured = {f"{row[0]} in {row[1]}" for row in facts.select("gpu", "precision").iter_rows()}
    raise InputError(
        f"{place}: hardware: {target['model']} on {target['gpu']} in {target['precision']}: neither it nor a relative"
        f" was measured at several lengths; allowed: {one_of(list(measured))}"
    )


def seconds_curve(row: dict) -> SecondsCurve:
    """The curve of one row of `fit_members`."""
    return SecondsCurve(form=GpuSeconds.from_row(row))
