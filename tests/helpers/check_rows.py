"""Small tables for the tests of the checks: rows with usual values, and the real corpus, read once."""

from functools import cache
from pathlib import Path

import polars as pl
from inference_energy.common import yaml_files
from inference_energy.corpus import plausible, read, registries
from inference_energy.corpus.checks.registry import benchmark_checks
from inference_energy.corpus.per_gpu import output_tok_per_s_per_gpu
from inference_energy.corpus.registry_tables import Hardware, Model
from inference_energy.corpus.tables import ACCEPTED, SOURCES

ROOT = Path(__file__).parents[2]

PLACE = {"source": "a", "file": "a.csv", "line": 2, "read_on": "2026-01-01", "licence": "MIT"}
RUN = {
    **{"model": "Llama 3.1 70B", "gpu": "H100 SXM 80GB", "gpus": 8, "nodes": 1, "precision": "FP8"},
    **{"load": "offline", "published_on": "2025-06", "confidence": "high", "url": "https://example.org"},
}
LENGTHS = {"input_tokens": 1000, "input_length_kind": "fixed", "output_tokens": 1000, "output_length_kind": "fixed"}
THROUGHPUT = {
    **{"throughput_tok_per_s": 4000, "throughput_counts": "output", "throughput_scope": "instance"},
    **{"phase": "prefill_and_decode", "evidence": "measured"},
}
MODEL = {"architecture": "dense", "total_parameters_billions": 70, "active_parameters_billions": 70}
HARDWARE = {
    **{"gpu": "H100 SXM 80GB", "vendor": "NVIDIA", "generation": "Hopper", "memory_gb": 80, "tdp_w": 700},
    **{"memory_bandwidth_gb_per_s": 3350},
    **{"peak_fp16_tflop_per_s": 989, "peak_fp8_tflop_per_s": 1979, "peak_int8_tflop_per_s": 1979},
    **{"gpus_per_node": 8, "node_rated_power_kw": 10.2},
}


def _types(schema):
    return {name: column.dtype.type for name, column in schema.columns.items()}


def _frame(schema, usual, rows):
    types = _types(schema)
    numbered = [{"row_id": f"{i}"} if "row_id" in types else {} for i in range(len(rows))]
    complete = [usual | number | row for number, row in zip(numbered, rows, strict=True)]
    unknown = {name for row in complete for name in row} - set(types)
    assert not unknown, unknown
    return pl.DataFrame(complete, schema=types)


def throughput(*rows):
    """Throughput rows, named 0, 1, ...: Llama 3.1 70B in FP8, 500 output tok/s on each of eight H100."""
    frame = _frame(ACCEPTED["throughput"], PLACE | RUN | LENGTHS | THROUGHPUT, rows)
    return frame.with_columns(output_tok_per_s_per_gpu())


def energy(*rows):
    """Measured energies at 1,000 tok/s, 4 J/token and 4,000 W of eight H100."""
    usual = {
        "boundary": "gpu_boards",
        "metered": "all_gpus",
        "energy_j_per_output_token": 4,
        "power_w": 4000,
        "throughput_tok_per_s": 1000,
    }
    return _frame(
        ACCEPTED["measured_energy"],
        PLACE | RUN | usual | {"output_tok_per_s_per_gpu": 125},
        rows,
    )


def models(*rows):
    return _frame(Model.to_schema(), MODEL | {"model": "Llama 3.1 70B", "model_class": "large"}, rows)


def hardware(*rows):
    return _frame(Hardware.to_schema(), HARDWARE, rows)


def sources(*rows):
    usual = {"source": "a", "file": "a.csv", "sha256": "same", "read_on": "2026-01-01"}
    return _frame(SOURCES, usual, rows)


def rows_of(found):
    """Names of the rows that findings are about."""
    return found["row_id"].to_list()


@cache
def corpus():
    """The corpus of the repository: arguments of `benchmark_checks`."""
    known_models, model_names = registries.read_models(ROOT / "resources/models.csv")
    known_hardware, gpu_names = registries.read_hardware(ROOT / "resources/hardware.csv")
    tables = read.read_sources(
        ROOT / "resources/benchmarks",
        yaml_files.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml"),
        {"model": model_names, "gpu": gpu_names},
    )
    limits = yaml_files.read_yaml(ROOT / "config/config.yaml")["checks"]
    kept, apart = plausible.set_apart(tables["measured_energy"], known_hardware, limits)
    return {
        "throughput": tables["throughput"],
        "energy": kept,
        "implausible": apart,
        "sources": tables["source"],
        "models": known_models,
        "closed_models": registries.read_closed_models(ROOT / "resources/closed_models.csv", model_names)[0],
        "hardware": known_hardware,
        "limits": limits,
    }


def checked(**changed):
    """All findings in the corpus, with some of its tables replaced."""
    return benchmark_checks(**corpus() | changed)
