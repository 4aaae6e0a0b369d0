"""How long single estimates take: `make bench` calls it after a build. Times are medians, in seconds."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

import numpy as np
import polars as pl
from inference_energy import estimate, estimates

ROOT = Path(__file__).parents[1]
REPEATS, ROWS = 5, 1_000_000
QUERY = {"input_tokens": 2000, "output_tokens": 500}
GOALS = {
    "command, from the start of Python": "<= 1.0 s",
    "an empty Python that imports numpy and polars": "",
    "estimate(), a model and GPU for the first time": "<= 0.010 s",
    "estimate(), the same model and GPU": "<= 0.010 s",
    "estimates(), per million rows of one model": "<= 1.0 s",
}


def seconds(run, repeats: int = REPEATS) -> float:
    """Median time of a call."""
    times = []
    for repeat in range(repeats):
        start = time.perf_counter()
        run(repeat)
        times.append(time.perf_counter() - start)
    return median(times)


def command(*words: str) -> None:
    """Run Python in a process of its own."""
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "PATH": ""}
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=environment)


estimate("DeepSeek-R1", "B200", **QUERY)
generator = np.random.default_rng(1)
frame = pl.DataFrame(
    {"input_tokens": generator.integers(1, 20_000, ROWS), "output_tokens": generator.integers(1, 4_000, ROWS)}
)
GPUS = ("H100 NVL", "H200 NVL", "GB200", "B300", "MI300X")  # one for each repeat
found = [
    seconds(lambda _: command("-m", "inference_energy", "DeepSeek-R1", "2000", "500", "--gpu", "B200")),
    seconds(lambda _: command("-c", "import numpy, polars")),
    seconds(lambda repeat: estimate("Llama 3.3 70B", GPUS[repeat], **QUERY)),
    seconds(lambda repeat: estimate("DeepSeek-R1", "B200", input_tokens=1000 + repeat, output_tokens=500), 50),
    seconds(lambda _: estimates(frame, model="DeepSeek-R1", gpu="B200")),
]
print(f"{'single estimates':<50}{'median, s':>10}  goal")
for (name, goal), value in zip(GOALS.items(), found, strict=True):
    print(f"{name:<50}{value:>10.4f}  {goal}")
