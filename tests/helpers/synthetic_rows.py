"""A benchmark source of as many rows as one likes."""

from pathlib import Path

import numpy as np
import polars as pl
from inference_energy.corpus import origins

PLACE = "resources/benchmarks/synthetic/throughput.csv"
ORIGIN = """\
publisher: synthetic
title: synthetic rows
url: https://example.org
version: "1"
read_on: "2026-01-01"
licence: none
citation: none
files:
  throughput.csv:
    format: throughput_csv
    sha256: {sha256}
    facts:
      phase: prefill_and_decode
      input_length_kind: fixed
      output_length_kind: fixed
      throughput_counts: output
      throughput_scope: instance
      evidence: measured
      confidence: high
"""


def add_to(folder: Path, rows: int) -> None:
    """Add a source of plausible rows: throughput falls with length and size, weights fit, engines and lengths vary.

    Args:
        folder: a copy of the project.
        rows: number of them.
    """
    models = pl.read_csv(folder / "resources/models.csv")
    gpus = ["H100 SXM 80GB", "H200 SXM 141GB", "B200 180GB", "MI300X 192GB"]
    draw = np.random.default_rng(1)
    model = draw.integers(0, len(models), rows)
    needed = models["total_parameters_billions"].to_numpy()[model] * 2 / 64  # GPUs that hold the 16-bit weights
    count = 2 ** np.maximum(draw.integers(0, 5, rows), np.ceil(np.log2(needed)).astype(int))
    tokens = [draw.choice([128, 500, 1000, 1024, 2000, 2048, 4096, 8192, 20_000], rows) for _ in range(2)]
    size = models["active_parameters_billions"].to_numpy()[model]
    speed = 2e5 / size / (1 + tokens[0] / tokens[1])
    table = pl.DataFrame(
        {
            "row_id": [f"synthetic/{row}" for row in range(rows)],
            "model": models["model"].to_numpy()[model],
            "gpu": draw.choice(gpus, rows),
            "gpus": count,
            "nodes": np.maximum(count // 8, 1),
            "engine": draw.choice(["vLLM", "TensorRT-LLM", "SGLang"], rows),
            "engine_version": draw.choice([f"0.{minor}" for minor in range(20)], rows),
            "precision": draw.choice(["FP8", "BF16"], rows),
            "tensor_parallel": count,
            "load": draw.choice(["offline", "closed_loop"], rows),
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "concurrency": draw.choice([256, 512, 1024, 2048], rows),
            "throughput_tok_per_s": (speed * count * np.exp(draw.normal(0, 0.2, rows))).round(2),
            "published_on": draw.choice(["2024-08-28", "2025-03", "2025-11-01"], rows),
        }
    )
    path = folder / PLACE
    path.parent.mkdir()
    table.write_csv(path)
    path.with_name(origins.ORIGIN).write_text(ORIGIN.format(sha256=origins.sha256(path)))
