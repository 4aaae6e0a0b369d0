"""Energy factors: Wh per 1,000 tokens by model, GPU, boundary, length of context and speed, for other tools to use."""

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from inference_energy.answers.evidence import WORDS
from inference_energy.answers.packaged import folder
from inference_energy.answers.question import narrowest_precision
from inference_energy.common.conversions import WH_PER_KWH
from inference_energy.energy.operated import Operated
from inference_energy.energy.service import Tables, resolved
from inference_energy.serving.replicas import Replicas
from inference_energy.statement.grades import Runs
from inference_energy.statement.model_names import study_of
from inference_energy.statistics import quantiles
from inference_energy.studies import files
from inference_energy.studies.study import BOUNDARIES, HardwareShare, NestedStudy, whole

# Lengths of the queries of a service, tokens of prompt and answer: all of them have these.
CONTEXTS = {"short": (500, 200), "medium": (4_000, 500), "long": (50_000, 800)}
SPEEDS_TOK_PER_S = (20, 40, 80)  # that users see in the busiest hour
KINDS = ("uncached_input", "cached_input", "output")
PER = 1000  # tokens
# Names of the factors.
FACTORS = [f"wh_per_1000_{kind}_tokens_{name}" for kind in KINDS for name in (*quantiles.PERCENTILES, "mean")]
NAMED_BY = ("model", "gpu", "precision", "context", "speed_tok_per_s", "boundary")
DIGITS = 3  # significant, of every factor


def factors(entries: dict, tables: Tables, *, draws: int, seed: int) -> pl.DataFrame:
    """Factors of every model of the registry on every GPU that holds it and reaches the speed, a row each.

    For a query of the service's own lengths they sum to its energy: uncached prompt tokens, cached ones and answer
    tokens, each times its factor over 1,000. A prompt token pays for its prefill, unless it is in the cache, and for
    being attended to by the answer; an answer token for its decoding and for being attended to by the rest of it.

    `entries` are those of the study.
    """
    study = whole(_with_contexts(entries))
    held = holding(usable_hardware(tables.hardware), tables, study)
    parts = [_of_model(model, of, study, tables, draws=draws, seed=seed) for model, of in held.items() if of]
    table = pl.concat(parts).with_columns(pl.selectors.float().round_sig_figs(DIGITS))
    return table.sort(NAMED_BY).select(factor_id(), pl.all())


def usable_hardware(hardware: pl.DataFrame) -> tuple[HardwareShare, ...]:
    """Every GPU of the registry of which enough is known, in the narrowest number format that it computes in."""
    known = pl.any_horizontal(pl.col("^peak_fp(16|4)_tflop_per_s$").is_not_null())
    return tuple(
        HardwareShare(gpu=row["gpu"], precision=narrowest_precision(row), share=1.0)
        for row in hardware.filter(pl.col("tdp_w").is_not_null(), known).iter_rows(named=True)
    )


def holding(mix: Sequence[HardwareShare], tables: Tables, study: NestedStudy) -> dict[str, tuple[HardwareShare, ...]]:
    """By model of the registry, those of some GPUs of which a replica holds it and a request of a token."""
    models = tables.models["model"].to_list()
    replicas = Replicas.of(tables.replicas_of([(model, each.gpu, each.precision) for model in models for each in mix]))
    holds = replicas.holds(max(study.serving.replica_gpus)).reshape(len(models), len(mix))
    return {model: tuple(itertools.compress(mix, of)) for model, of in zip(models, holds, strict=True)}


def _of_model(
    model: str, held: tuple[HardwareShare, ...], study: NestedStudy, tables: Tables, *, draws: int, seed: int
) -> pl.DataFrame:
    """Factors of a model on GPUs that hold it."""
    known = Runs.of(tables.effects)
    study = study_of(study, model, tables.models, None)
    # GPUs are told apart, so that their shares are not drawn.
    of = study.classes[model].replaced(hardware=held)
    study = study.replaced(classes={model: of}, hardware_concentration=None)
    service = resolved("factors", study, tables, draws=draws, seed=seed)
    known_by = [
        WORDS[known.grade(network, gpu)] for network, gpu in service.members.frame.select("network", "gpu").rows()
    ]
    members = service.members.frame.select("model", "gpu", "precision", evidence=pl.Series(known_by))
    places, rows, values = [], [], []
    for context, (prompt, answer) in CONTEXTS.items():
        operated = service.at_speeds(context, SPEEDS_TOK_PER_S)
        for speed, found in zip(SPEEDS_TOK_PER_S, operated, strict=True):
            reached = np.nonzero(found.weight.any(axis=0))[0]
            places.append(np.repeat(reached, len(BOUNDARIES)))
            rows += [(context, prompt, answer, speed, boundary) for boundary in BOUNDARIES] * len(reached)
            values.append(_wh_per_1000(found, reached, answer))
    names = ("context", "input_tokens", "output_tokens", "speed_tok_per_s", "boundary")
    where = pl.DataFrame(rows, schema=names, orient="row")
    factors = pl.DataFrame(np.concatenate(values), schema=FACTORS)
    of_members = members[np.concatenate(places)]
    table = of_members.drop("evidence").hstack(where)
    return table.hstack(of_members.select("evidence")).hstack(factors)


def _with_contexts(entries: dict) -> dict:
    """Entries of the study with the workloads of `CONTEXTS` in place of its own, at a speed."""
    workloads = {
        name: {"label": name, "input_tokens": prompt, "output_tokens": answer, "cached_share": 0}
        for name, (prompt, answer) in CONTEXTS.items()
    }
    changed = files.merge(entries, {"serving": {"speed_tok_per_s": float(SPEEDS_TOK_PER_S[0])}})
    return changed | {"workloads": {"traditional": workloads["short"], **workloads}}


def _wh_per_1000(found: Operated, places: np.ndarray, answer: int) -> np.ndarray:
    """P5, P50, P95 and mean of the factors of the GPUs at some places: a row for each and boundary, see `FACTORS`.

    `answer` are tokens.
    """

    def rows(values: np.ndarray) -> np.ndarray:
        """A row per GPU."""
        return np.broadcast_to(values, found.weight.shape).T[places]

    attended, weights = rows(found.attention_s) * answer, rows(found.weight)
    seconds = np.stack([rows(found.prefill_s) + attended, attended, rows(found.decode_s) + attended / 2])
    wh = np.stack([PER * rows(found.wh_per_gpu_second[boundary]) for boundary in BOUNDARIES])
    values = np.empty((len(places), len(BOUNDARIES), len(FACTORS)))
    for place, weight in enumerate(weights):
        drawn = np.nonzero(weight)[0]
        products = wh[:, None, place, drawn] * seconds[None, :, place, drawn]
        of = quantiles.of_weighted_rows(products.reshape(-1, len(drawn)), weight[drawn], quantiles.PERCENTILES)
        values[place] = np.stack(list(of.values()), axis=1).reshape(len(BOUNDARIES), -1)
    return values.reshape(-1, len(FACTORS))


def about(origins: pl.DataFrame, *, version: str, study: str) -> dict[str, str]:
    """What the factors are and how to cite them; they hold from the day on which the newest source was read."""
    valid_from = str(origins["read_on"].max())
    cite = f"inference-energy {version}, energy factors of {valid_from}, study {study}"
    return {"version": version, "study": study, "valid_from": valid_from, "cite": cite}


def write_parquet(table: pl.DataFrame, path: Path, facts: dict[str, str]) -> None:
    """Write factors, with what they are in the metadata of the file."""
    # The highest levels take seconds and save hardly a tenth.
    table.write_parquet(path, compression="zstd", compression_level=9, statistics=False, metadata=facts)


def packed(table: pl.DataFrame) -> pl.DataFrame:
    """Factors as the package holds them: smaller, and the same once rounded."""
    return table.drop("factor_id").with_columns(pl.selectors.float().cast(pl.Float32))


def unpacked(table: pl.DataFrame) -> pl.DataFrame:
    """The factors that were packed."""
    numbers = pl.selectors.float().cast(pl.Float64).round_sig_figs(DIGITS)
    return table.with_columns(numbers).select(factor_id(), pl.all())


def factor_table() -> pl.DataFrame:
    """Energy factors of the installed package or of this build, a row each: Wh per 1,000 tokens.

    By model, GPU, number format, context (lengths of the queries), speed that users see, and boundary; columns are
    `wh_per_1000_<kind>_tokens_<p05, p50, p95 or mean>`, see `factors`.
    """
    return unpacked(pl.read_parquet(folder() / "factors.parquet"))


def factor_id() -> pl.Expr:
    """Stable name of a row: it stays the same as long as the names that it consists of do."""
    words = pl.concat_str(*(pl.col(name).cast(pl.String).pipe(_slug) for name in NAMED_BY), separator="/")
    return words.alias("factor_id")


def _slug(words: pl.Expr) -> pl.Expr:
    """A name in small letters, digits, dots and dashes."""
    return words.str.to_lowercase().str.replace_all(r"[^a-z0-9.]+", "-").str.strip_chars("-")


def as_json(
    table: pl.DataFrame, grid: pl.DataFrame, columns: Mapping[str, Mapping[str, str]], facts: Mapping[str, str]
) -> str:
    """The factors as one document: what they are, columns with units, zones of the grid, and rows as lists."""
    per_wh = grid.select(
        "zone",
        "label",
        gco2e_per_wh=pl.col("carbon_gco2e_per_kwh") / WH_PER_KWH,
        offsite_water_l_per_wh=pl.col("water_l_per_kwh") / WH_PER_KWH,
    )
    zones = {row.pop("zone"): row for row in per_wh.to_dicts()}
    document = {**facts, "columns": columns, "zones": zones, "rows": [list(row) for row in table.rows()]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"
