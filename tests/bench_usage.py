"""Statements on synthetic request logs: metering, energy step, whole run, and a call per request. Judges nothing.

Metering is compared with a bare scan of the same files by the same database, which is as fast as this machine can read
them. Medians, with the range in brackets.
"""

import argparse
import logging
import math
import multiprocessing
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb
import polars as pl
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent / "helpers"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

import synthetic_requests as synthetic
from inference_energy.common import yaml_files
from inference_energy.corpus import registries
from inference_energy.energy.read import read_tables
from inference_energy.fleet import tables as fleet_tables
from inference_energy.statement import build, input_tables
from inference_energy.statement.logs import bills, files as usage_configuration, metering
from inference_energy.studies.study import whole
from measured import ROOT, Cost, copied, run_in

THREADS = os.cpu_count() or 1
REPEATS, REPEATS_OF_MANY, MANY_ROWS = 5, 2, 200_000_000  # repeats, and those of sizes that take minutes
ENERGY_REPEATS, ENERGY_ONCE = 3, 10_000  # rows of sums above which the energy step runs once
WHOLE_REPEATS = 3
TEXT_ROWS = 2_000_000
PEER_REQUESTS = 10_000
PEER_PROVIDER = "huggingface_hub"
PLACE = "config/usage/bench.yaml"
RESULTS = ("validated", "serving")  # what the rules of statements start from
# Files of `service.Tables`.
TABLES = {
    **{name: f"results/serving/serving_{name}.parquet" for name in ("parameters", "effects", "covariance", "errors")},
    "runs": "results/serving/serving_runs.parquet",
    **{name: f"results/validated/{name}.parquet" for name in ("models", "hardware")},
    "lengths": "results/validated/request_lengths.parquet",
    "answers": "results/validated/output_length_quantiles.parquet",
    "rates": "results/validated/service_rates.parquet",
    **{name: f"resources/{name}.csv" for name in ("node_power", "overheads")},
}
SPARE_BYTES = 200_000_000  # copies of the project, sums, what a run leaves
TARGETS = {
    "metering, million rows/s": ">= 20 on 2 cores",
    "  ns per row": "the same at all sizes",
    "memory of metering, MB": "<= 2,000 at 1e9 rows",
    "metering / scan of the same columns": "<= 10",
    "metering / scan of tokens alone": "<= 10",
}
SCAN = {
    "same columns": "sum(prompt_tokens), sum(cached_tokens), sum(completion_tokens), max(time), max(model),"
    " max(tenant), max(region)",
    "tokens": "sum(prompt_tokens), sum(cached_tokens), sum(completion_tokens)",
}


def usage_file(paths: list[str]) -> dict:
    """What a usage file of such requests says."""
    logs = {"files": paths, "columns": synthetic.COLUMNS, "time_zone": "UTC"}
    return {
        "title": "Synthetic requests",
        "study": "current",
        "boundary": "datacenter",
        "logs": {"requests": logs},
        "models": {"unknown": "fail"},
        "regions": {"eu": {"grid_zone": "IRL"}, "us": {"grid_zone": "USA"}, "asia": {"grid_zone": "JPN"}},
    }


def alone(function, *arguments):
    """What a function gives in a process of its own, whose memory nothing else has used."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def peak_mb() -> float:
    """The most resident memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(function, *arguments, **named) -> tuple[float, object]:
    """Wall seconds of a call, and what it gives."""
    start = time.perf_counter()
    found = function(*arguments, **named)
    return time.perf_counter() - start, found


def metered(paths: list[str], repeats: int, folder: Path, scans: bool) -> dict:
    """Meter some files over and over after a first time that is not counted, each time followed by bare scans.

    Returns:
        Seconds of metering, of its checksums alone and of the scans; cores that metering got, which are fewer where
        others use the machine; memory after the first metering, which is all that a job does. The tables of the last
        one are left in the folder.
    """
    ending = Path(paths[0]).suffix[1:]
    files = [usage_configuration.UsageFile(source="requests", path=path, format=ending, name=path) for path in paths]
    logs = usage_file(paths)["logs"]
    found: dict = {name: [] for name in ("metering", "cores", "checksums", *SCAN)}
    for _ in range(1 + repeats):
        used = time.process_time()
        seconds, metered = timed(
            metering.metered,
            files,
            logs,
            place=PLACE,
            step_minutes=60,
            leave_out=False,
            threads=THREADS,
            folder=folder,
            logger=logging.getLogger("bench"),
        )
        found["cores"].append((time.process_time() - used) / seconds)
        found["metering"].append(seconds)
        found.setdefault("peak_mb", peak_mb())
        found["checksums"].append(timed(checksums, paths)[0])
        for name, columns in SCAN.items() if scans else ():
            found[name].append(timed(scanned, paths, columns, folder)[0])
    metered["sums"].write_parquet(folder / "sums.parquet")
    metered["files"].write_parquet(folder / "files.parquet")
    warm = {name: values[1:] for name, values in found.items() if name != "peak_mb"}
    return warm | {"peak_mb": found["peak_mb"], "groups": len(metered["sums"])}


def checksums(paths: list[str]) -> None:
    """The checksums of files, which metering computes beside its scan."""
    with metering.checksums_of(paths, THREADS) as found:
        for checksum in found.values():
            checksum.result()


def scanned(paths: list[str], columns: str, folder: Path) -> None:
    """Read columns of Parquet files and do next to nothing with them."""
    with metering.database(THREADS, folder) as connection:
        connection.execute(f"SELECT {columns} FROM read_parquet({paths})").fetchall()


def energy(folder: Path) -> dict:
    """The energy step on the sums in a folder: seconds, memory and the energy."""
    config = yaml_files.read_yaml(ROOT / "config/config.yaml")
    repeated = yaml_files.read_yaml(ROOT / "config/validation.yaml")["repeated"]
    schemas = {
        name: yaml_files.read_yaml(ROOT / f"workflow/schemas/study_{name}.schema.yaml")
        for name in ("published", "nested")
    }
    usage = usage_configuration.DEFAULTS | usage_file([])
    _, registry = registries.read_models(ROOT / "resources/models.csv")
    arguments = {
        "sums": pl.read_parquet(folder / "sums.parquet"),
        "bills": bills.billed([], {}, place=PLACE, folder=folder)[0],
        "files": pl.read_parquet(folder / "files.parquet"),
        "tables": read_tables({name: ROOT / path for name, path in TABLES.items()}, repeated),
        "registry": registry,
        "grid": registries.read_registry(ROOT / "resources/grid.csv", fleet_tables.GridZone),
        "clouds": registries.read_registry(ROOT / "resources/cloud_regions.csv", input_tables.CloudRegion),
        "servers": registries.read_registry(ROOT / "resources/embodied_servers.csv", input_tables.EmbodiedServer),
        "hours": {},
        "draws": config["usage_draws"],
        "seed": config["seed"],
        "place": PLACE,
        "logger": logging.getLogger("bench"),
    }
    study = whole(usage_configuration.study_of("bench", usage, ROOT / "config/studies", schemas))
    seconds = []
    for _ in range(1 if len(arguments["sums"]) > ENERGY_ONCE else ENERGY_REPEATS):
        taken, tables = timed(build.accounts, usage, study, **arguments)
        seconds.append(taken)
    total = tables["statement"].row(by_predicate=pl.col("breakdown") == "total", named=True)
    return {"seconds": seconds, "peak_mb": peak_mb(), "total": total}


def by_ecologits(path: Path, model: str) -> tuple[float, float, float]:
    """Requests per second of EcoLogits, a call per request, and the ends of its range of their energy, in kWh."""
    from ecologits.tracers.utils import llm_impacts  # takes seconds and memory that nothing else here should

    answers = pl.read_parquet(path)["completion_tokens"].to_list()

    def impacts(answer: int):
        # No latency: logs state none, and it then takes its own estimate.
        return llm_impacts(PEER_PROVIDER, model, answer, math.inf).energy.value

    impacts(answers[0])
    seconds, energies = timed(list, map(impacts, answers))
    ends = [sum(getattr(energy, end, energy) for energy in energies) for end in ("min", "max")]
    return len(answers) / seconds, *ends


def whole_runs(paths: list[str], folder: Path) -> list[Cost]:
    """Costs of whole runs of Snakemake, from logs to a statement."""
    folder.mkdir()
    copied(folder, RESULTS)
    (folder / PLACE).write_text(yaml.safe_dump(usage_file(paths)))
    found = []
    for _ in range(WHOLE_REPEATS):
        found.append(run_in(folder, "statement", "--cores", str(THREADS), "--config", "usage=bench"))
        shutil.rmtree(folder / "results/usage")
    return found


def shown(values: list[float], factor: float = 1.0, digits: int = 1) -> str:
    """Median and range."""
    scaled = [value * factor for value in values]
    low, middle, high = (f"{of(scaled):,.{digits}f}" for of in (min, statistics.median, max))
    return middle if len(values) == 1 else f"{middle} ({low}-{high})"


def of_size(rows: int, folder: Path) -> dict[str, str]:
    """Every figure of one size, as text."""
    load = os.getloadavg()[0]
    paths = synthetic.partitions(folder, rows, THREADS)
    found = alone(metered, paths, REPEATS if rows <= MANY_ROWS else REPEATS_OF_MANY, folder, True)
    energies = alone(energy, folder)
    ratios = {
        name: [ours / theirs for ours, theirs in zip(found["metering"], found[name], strict=True)] for name in SCAN
    }
    return {
        "metering, million rows/s": shown([rows / seconds / 1e6 for seconds in found["metering"]]),
        "  seconds": shown(found["metering"], digits=2),
        "  its checksums alone, seconds": shown(found["checksums"], digits=2),
        "  cores that it got": shown(found["cores"]),
        "  ns per row": shown(found["metering"], 1e9 / rows),
        "memory of metering, MB": shown([found["peak_mb"]], digits=0),
        "bare scan, same columns, seconds": shown(found["same columns"], digits=2),
        "bare scan, tokens alone, seconds": shown(found["tokens"], digits=2),
        "metering / scan of the same columns": shown(ratios["same columns"], digits=2),
        "metering / scan of tokens alone": shown(ratios["tokens"], digits=2),
        "rows of sums": f"{found['groups']:,}",
        "energy step, seconds": shown(energies["seconds"]),
        "memory of the energy step, MB": shown([energies["peak_mb"]], digits=0),
        "load of the machine before": f"{load:.1f}",
    }


def print_sizes(sizes: dict[int, dict[str, str]]) -> None:
    """The figures of all sizes side by side, with the targets."""
    width = max(len(text) for of in sizes.values() for text in of.values()) + 3
    print(f"{'rows':<40}" + "".join(f"{rows:<{width},}" for rows in sizes) + "target")
    for label in next(iter(sizes.values())):
        cells = "".join(f"{of[label]:<{width}}" for of in sizes.values())
        print(f"{label:<40}{cells}{TARGETS.get(label, '')}".rstrip())


def main() -> None:
    """Print every figure, and the targets next to them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="+", type=lambda text: int(float(text)), help="sizes, such as 1e7 1e8")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the logs go meanwhile")
    given = parser.parse_args()
    asked = sorted(set(given.rows))
    needed = SPARE_BYTES + sum(
        rows * synthetic.BYTES_PER_ROW[name]
        for name, rows in {"parquet": asked[-1], "csv": TEXT_ROWS, "jsonl": TEXT_ROWS}.items()
    )
    if not given.folder.is_dir():
        sys.exit(f"Error: --folder: found {given.folder}; allowed: a folder that is there")
    free = shutil.disk_usage(given.folder).free
    print(f"{needed / 1e9:.1f} GB of disk needed in {given.folder}, {free / 1e9:.1f} GB free", file=sys.stderr)
    if needed > free:
        raise SystemExit("Error: too little disk; allowed: fewer ROWS, or another BENCH_FOLDER")
    missing = [name for name in RESULTS if not (ROOT / "results" / name).is_dir()]
    if missing:
        raise SystemExit(f"Error: run `make` first: no results/{missing[0]}")
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="bench_usage_") as inside:
        folder = Path(inside)
        sizes = {rows: of_size(rows, folder) for rows in asked}
        text = {}
        for ending in ("csv", "jsonl"):
            path = folder / f"requests.{ending}"
            synthetic.write(path, 0, TEXT_ROWS, THREADS)
            text[ending] = alone(metered, [str(path)], REPEATS, folder, False)["metering"]
        first = synthetic.partitions(folder, asked[0], THREADS)
        sample = folder / "sample.parquet"
        synthetic.first_of(synthetic.MODELS[0], PEER_REQUESTS, first[0], sample)
        speed, low, high = alone(by_ecologits, sample, synthetic.MODELS[0])
        ours = alone(metered, [str(sample)], REPEATS, folder, False)
        our_energy = alone(energy, folder)
        whole = whole_runs(first, folder / "run")
    print(
        f"machine: {THREADS} cores, Python {sys.version.split()[0]}, DuckDB {duckdb.__version__};"
        " medians (min-max) after one run that is not counted; memory of a process of its own"
    )
    print_sizes(sizes)
    for ending, seconds in text.items():
        speeds = [TEXT_ROWS / taken / 1e6 for taken in seconds]
        print(f"{f'metering {ending}, million rows/s':<40}{shown(speeds, digits=2)} of {TEXT_ROWS:,} rows")
    print(f"{f'whole run on {asked[0]:,} rows, seconds':<40}{shown([run.wall_s for run in whole])}")
    print(f"{'  its largest process, MB':<40}{shown([run.peak_mb for run in whole], digits=0)}")
    total = our_energy["total"]
    at_once = [ours_ + statistics.median(our_energy["seconds"]) for ours_ in ours["metering"]]
    print(f"\n{int(total['requests']):,} requests of {synthetic.MODELS[0]}, next to another method:")
    print(f"  EcoLogits, a call per request: {speed:,.0f} requests/s, {low:.3f} to {high:.3f} kWh")
    print(
        f"  metering and energy step: {shown([total['requests'] / taken for taken in at_once], digits=0)} requests/s"
        f" (the energy step takes the same time for any number in as many groups),"
        f" {total['energy_kwh_p50']:.3f} ({total['energy_kwh_p05']:.3f} to {total['energy_kwh_p95']:.3f}) kWh"
    )
    print(
        "  Not the same question: EcoLogits counts answer tokens alone, 64 requests at once, 16-bit weights on GPUs of"
        " 80 GB and a PUE of 1.09 to 1.14; the statement counts prompts and caches too, the speed, hardware and day of"
        " its study, and their uncertainty."
    )


if __name__ == "__main__":
    main()
