"""Numbers of the page for models and GPUs of the reader's own: what the serving model computes with, draw by draw.

`own.js` runs the functions of `formulas.SERVING` on them. Everything is as in `estimate(Model(...), Gpu(...))`, with
fewer draws.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace

import numpy as np
import polars as pl

from inference_energy.answers import own, served
from inference_energy.answers.evidence import WORDS
from inference_energy.answers.factors import usable_hardware
from inference_energy.common.conversions import B_PER_GB, FLOP_PER_TFLOP, PER_BILLION
from inference_energy.energy.assumptions import assumptions
from inference_energy.energy.day import LEAST_KEPT
from inference_energy.energy.operated import node_powers, replicas_of, uncertain_of
from inference_energy.energy.service import Service, Tables, resolved
from inference_energy.energy.uncertainty import cached_share, overhead_share, shared_draws
from inference_energy.serving import network
from inference_energy.serving.operating_point import FEWEST_REACHED, PARTS_OF_BATCH, SAME
from inference_energy.serving.replicas import USABLE_MEMORY, WEIGHT_BYTES, Registries, Replicas
from inference_energy.statement.grades import NO_RUNS, Runs
from inference_energy.statement.model_names import study_of
from inference_energy.studies.study import HardwareShare, NestedStudy, whole

DRAWS = 400
WORKLOAD = "traditional"
MODEL = own.Model(total_b=100.0, active_b=10.0)
GPU = own.Gpu(tdp_w=1000, memory_gb=1000, bandwidth_gb_per_s=8000, peak_fp16_tflop_per_s=1000)
# Number formats that GPUs compute in, the narrowest first, with the peak that says so.
FORMATS = {"FP4": "peak_fp4_tflop_per_s", "FP8": "peak_fp8_tflop_per_s", "BF16": "peak_fp16_tflop_per_s"}
OF_GPU = ("memory_b", "tdp_w", "bandwidth_b_per_s", "peak_flop_per_s", "peak_16_bit_flop_per_s")
OF_FORMAT = ("shared_bytes", "expert_bytes", "kv_bytes")
OF_SERVICE = ("gpus", "input_tokens", "output_tokens", "context_tokens", "cached_share", "speculative")
OF_MODEL = tuple(each.name for each in fields(Replicas) if each.name not in {*OF_GPU, *OF_FORMAT, *OF_SERVICE})
# Of the network of a model of one's own, what grows with its layers, and with layers times width.
PER_LAYER, PER_LAYER_AND_WIDTH = ("layers", "kv_full", "kv_stored"), ("attention_full_flop", "attention_prompt_flop")
# Fields of a GPU that are asked for, with their size in those of `Replicas`.
ASKED_OF_GPU = {
    "tdp_w": ("tdp_w", 1.0),
    "memory_b": ("memory_gb", B_PER_GB),
    "bandwidth_b_per_s": ("bandwidth_gb_per_s", B_PER_GB),
    "peak_16_bit_flop_per_s": ("peak_fp16_tflop_per_s", FLOP_PER_TFLOP),
}


def own_parameters(entries: Mapping, tables: Tables, *, seed: int) -> dict | None:
    """What `own.js` computes with; none for a study whose services have no speed or whose nodes are rated.

    `entries` are those of the study. Logarithms are given as their exponentials, since `coding` takes no negative
    numbers.
    """
    entries = dict(entries) | {"workloads": {WORKLOAD: entries["workloads"][WORKLOAD]}}
    study = whole(entries)
    if study.serving.batch is not None or study.power.form == "rated":
        return None
    tables = replace(
        tables,
        models=pl.concat([tables.models, MODEL.row(tables.models)]),
        hardware=pl.concat([tables.hardware, GPU.row(tables.hardware)]),
    )
    known, registry = Runs.of(tables.effects), [name for name in tables.models["model"] if name != MODEL.name]
    mixes = {name: _of_size(study, name, tables).hardware_mix(MODEL.name) for name in own.CLASSES}
    places = {(each.gpu, each.precision): each for each in usable_hardware(tables.hardware)}
    places |= {(each.gpu, each.precision): each for mix in mixes.values() for each in mix}
    everywhere = _service(study, MODEL.name, places.values(), tables, seed)
    own_gpu = (HardwareShare(gpu=GPU.name, precision="BF16", share=1.0),)
    # The same draws as on the other GPUs: only what depends on the model is read of them.
    alone = {name: _service(study, name, own_gpu, tables, seed) for name in registry}
    return {
        "draws": DRAWS,
        "limits": _limits(),
        "formats": list(WEIGHT_BYTES),
        "narrowest": [list(each) for each in FORMATS.items()],
        "of_gpu": ASKED_OF_GPU,
        "flop_per_tflop": FLOP_PER_TFLOP,
        "too_large": served.TOO_LARGE,
        "too_fast": served.TOO_FAST.format(speed="the study's speed", model="{model}"),
        "usable_memory": USABLE_MEMORY,
        "sizes": list(study.serving.replica_gpus),
        "parts_of_batch": list(PARTS_OF_BATCH),
        "same_energy": SAME,
        "fewest_reached": FEWEST_REACHED,
        "least_kept": LEAST_KEPT,
        "rates": list(map(float, everywhere.rates)),
        "prior": asdict(everywhere.prior),
        "queries": _queries(everywhere),
        "shared": _shared(everywhere),
        "time": _exponentials({name: values[:, 0] for name, values in _uncertain(everywhere).time.items()}),
        "power": _exponentials({name: values[:, 0] for name, values in _uncertain(everywhere).power.items()}),
        "network": _typical(everywhere, tables),
        "per_billion": PER_BILLION,
        "widths": _widths(tables, {*FORMATS, *(precision for _, precision in places)}),
        "classes": [[name, least] for name, least in own.CLASSES.items()],
        "mixes": {name: _mix(study, name, tables, seed) for name in own.CLASSES},
        "models": {name: _model(of, tables) for name, of in alone.items()},
        "speculative": _speculative(everywhere),
        "gpus": _gpus(everywhere, known),
        "named": {each.gpu: _key(each.gpu, each.precision) for each in usable_hardware(tables.hardware)},
        "evidence": WORDS[NO_RUNS],
    }


def _of_size(study: NestedStudy, size: str, tables: Tables) -> NestedStudy:
    """The study of a model of one's own of a class."""
    models = tables.models.with_columns(
        model_class=pl.when(pl.col("model") == MODEL.name).then(pl.lit(size)).otherwise("model_class")
    )
    return study_of(study, MODEL.name, models, None)


def _service(study: NestedStudy, name: str, hardware: Iterable[HardwareShare], tables: Tables, seed: int) -> Service:
    alone = study_of(study, name, tables.models, None)
    of = alone.classes[name].replaced(hardware=tuple(hardware))
    return resolved("page", alone.replaced(classes={name: of}), tables, draws=DRAWS, seed=seed)


def _uncertain(of: Service):
    return uncertain_of(of.members, of.study, of.shared)


def _exponentials(of: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.exp(values) for name, values in of.items()}


def _limits() -> dict:
    """Ranges of what is asked, by `Model` and `Gpu` and field."""
    of_model = {"total_b": own.PARAMETERS_B, "active_b": replace(own.PARAMETERS_B, unit=own.AT_MOST_TOTAL)}
    every = {"Model": of_model, "Gpu": own.LIMITS}
    return {
        kind: {
            name: asdict(of) | {"allowed": of.allowed, "optional": name in (*own.OPTIONAL, "active_b")}
            for name, of in limits.items()
            if name != "gpus_per_node"  # decides nothing of a query
        }
        for kind, limits in every.items()
    }


def _queries(of: Service) -> dict:
    """Means over the queries of the service that answers, and the share of their prompts that is in the cache."""
    queries = of.at(WORKLOAD).queries
    replicas = replicas_of(of.members, of.study, of.shared, queries)
    return {
        "input_tokens": queries.input_tokens,
        "output_tokens": queries.output_tokens,
        "context_tokens": float(replicas.context_tokens[0]),
        "context_tokens2": queries.context_tokens2,
        "uncached_tokens": queries.uncached_tokens[:, 0],
        "cached_share": np.maximum(replicas.cached_share[:, 0], 0.0),
    }


def _shared(of: Service) -> dict[str, np.ndarray]:
    names = ("speed", "headroom", "released_share", "pue", "board_factor")
    return {name: np.asarray(of.shared.values[name]) for name in names} | {
        "overhead_share": np.maximum(overhead_share(of.given, of.shared), 0.0),
        "uncached_share": 1 - cached_share(of.shared, WORKLOAD),
    }


def _pair(of: Service, place: int) -> dict[str, np.ndarray]:
    """What is uncertain about a model on a GPU: exponentials of the sums of its effects."""
    uncertain, shape = _uncertain(of), of.members.uncertain.power_effect.shape
    sums = {name: np.broadcast_to(values, shape)[:, place] for name, values in uncertain.time_effects.items()}
    return _exponentials(sums | {"power": uncertain.power_effect[:, place]})


def _speculative(of: Service) -> np.ndarray:
    """1 at the draws at which the services of the model decode speculatively."""
    replicas = replicas_of(of.members, of.study, of.shared, of.at(WORKLOAD).queries)
    return np.array(replicas.speculative[:, 0])


def _model(of: Service, tables: Tables) -> dict:
    """A model of the registry on a GPU of one's own."""
    (name, gpu, _), *_ = of.members.names
    every = pl.DataFrame([(name, gpu, each) for each in FORMATS], ["model", "gpu", "precision"], orient="row")
    rows = tables.registries.described(every).iter_rows(named=True)
    widths = {row["precision"]: {part: row[part] for part in OF_FORMAT} for row in rows}
    return {
        "network": of.members.frame.select(pl.col(OF_MODEL).cast(pl.Float64)).row(0, named=True),
        "widths": widths,
        "pair": _pair(of, 0),
        "speculative": _speculative(of),
    }


def _typical(of: Service, tables: Tables) -> dict:
    """The network of a dense model and of one with experts of which only the parameters are known."""
    every = {"dense": own.Model(total_b=8.0), "experts": MODEL}
    rows = {name: each.row(tables.models).row(0, named=True) for name, each in every.items()}
    base = of.members.frame.select(pl.col(OF_MODEL).cast(pl.Float64)).row(0, named=True)
    found = {name: {part: (base | network.network(row))[part] for part in OF_MODEL} for name, row in rows.items()}
    dense = found["dense"]
    width = network.dense_width(parameters=8 * PER_BILLION, layers=dense["layers"])
    per_width = {name: dense[name] / (dense["layers"] * width) for name in PER_LAYER_AND_WIDTH}
    per_layer = {name: dense[name] / dense["layers"] for name in PER_LAYER}
    return found | {"per_layer": per_layer, "per_layer_and_width": per_width}


def _widths(tables: Tables, precisions: Iterable[str]) -> dict:
    """Bytes per parameter of a model of one's own: by the format that it computes in, that of its release ("" where it
    is not given), and whether it has experts: `shared_bytes` and `expert_bytes` per parameter, and `kv_bytes`.
    """
    releases = ["", *WEIGHT_BYTES]
    asked = [
        own.Model(total_b=10.0, active_b=active_b, precision=release or None, name=f"{release} {kind}")
        for release in releases
        for kind, active_b in (("dense", 10.0), ("experts", 1.0))
    ]
    models = pl.concat([of.row(tables.models) for of in asked])
    pairs = [(of.name, GPU.name, each) for each in sorted(precisions) for of in asked]
    every = pl.DataFrame(pairs, ["model", "gpu", "precision"], orient="row")
    found: dict[str, dict[str, dict]] = {}
    for row in Registries(models=models, hardware=tables.hardware).described(every).iter_rows(named=True):
        per_expert = row["expert_bytes"] / row["expert_parameters"] if row["expert_parameters"] else 0.0
        found.setdefault(row["precision"], {})[row["model"]] = {
            "shared_bytes": row["shared_bytes"] / row["shared_parameters"],
            "expert_bytes": per_expert,
            "kv_bytes": row["kv_bytes"],
        }
    return found


def _mix(study: NestedStudy, size: str, tables: Tables, seed: int) -> list[dict]:
    """GPUs of the study that serve a model of one's own of a class, with their shares at every draw."""
    given = assumptions("page", _of_size(study, size, tables), tables.overheads)
    shares = shared_draws(given, DRAWS, seed).gpus[MODEL.name]
    return [{"on": _key(*entry), "share": share} for entry, share in shares.items()]


def _key(gpu: str, precision: str) -> str:
    return f"{gpu}, {precision}"


def _gpus(of: Service, known: Runs) -> dict[str, dict]:
    """Every GPU that may serve a model of one's own, with its node and what is uncertain about the two."""
    frame, found = of.members.frame, {}
    gpus = [gpu for _, gpu, _ in of.members.names]
    nodes = node_powers(of.members, of.shared.values["host"])
    for place, (gpu, row) in enumerate(zip(gpus, frame.iter_rows(named=True), strict=True)):
        facts = {name: float(row[name]) for name in OF_GPU} | {"precision": row["precision"]}
        single = {name: float(getattr(nodes, name)[place]) for name in ("idle", "saturated", "host_idle_w")}
        evidence = {"evidence": WORDS[known.grade(MODEL.name, gpu)]}
        node = {"node": single | {"host_saturated_w": nodes.host_saturated_w[:, place]}}
        found[_key(gpu, row["precision"])] = {"gpu": gpu} | facts | evidence | node | {"pair": _pair(of, place)}
    return found
