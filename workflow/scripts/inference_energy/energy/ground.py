"""What the energies of a study at its operating points rest on: the fitted model, the study, its models and GPUs."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.energy.assumptions import Assumptions, ServedTables, assumptions
from inference_energy.requests import lengths
from inference_energy.requests.lengths import Lengths
from inference_energy.serving import operating_point
from inference_energy.serving.fit import ServingModel
from inference_energy.serving.operating_point import BatchPrior
from inference_energy.serving.runs import REFERENCE_YEAR, of_service
from inference_energy.studies.study import NestedStudy, OperatingPoint, Serving

OF_ANY_SERVICE = "of any service"  # engine and campaign of a service that nobody measured: drawn from their priors

NODE_COLUMNS = (
    "board_idle_share_of_tdp",
    "host_idle_kw_per_gpu",
    "host_saturated_kw_per_gpu_p05",
    "host_saturated_kw_per_gpu_p95",
)

# Of a study that says nothing else: speeds of public interfaces, P5 to P95 of 172 models (table service_speed).
DEFAULT = Serving(
    replica_gpus=(1, 2, 4, 8),
    operating_points={
        "public_interfaces": OperatingPoint(
            label="speeds of public interfaces", speed_tok_per_s={"family": "lognormal", "p05": 22, "p95": 127}
        )
    },
)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the energies of a study at its operating points rest on.

    Attributes:
        name: of the study.
        study: its entries.
        given: distributions of the shared uncertainty: load, PUE, overheads, cached shares.
        lengths: by workload.
        model: the fitted serving model.
        prior: of the batch at a speed.
        newest_year: date of the newest software that the model was fitted to.
        models: model registry.
        hardware: hardware registry.
        node_power: table of `energy.tables.NodePower`.
    """

    name: str
    study: NestedStudy
    given: Assumptions
    lengths: dict[str, Lengths]
    model: ServingModel
    prior: BatchPrior
    newest_year: float
    models: pl.DataFrame
    hardware: pl.DataFrame
    node_power: pl.DataFrame


def of_study(
    name: str,
    study: NestedStudy,
    tables: ServedTables,
    model: ServingModel,
    runs: pl.DataFrame,
    models: pl.DataFrame,
) -> Ground:
    """What the energies of a study at its operating points rest on.

    Args:
        name: of the study.
        study: its entries.
        tables: that its assumptions draw on.
        model: the fitted serving model.
        runs: that it is fitted to.
        models: model registry.

    Raises:
        InputError: an engine that no run has, or whatever the assumptions name that is not there.
    """
    engines = model.time.levels["roofline_engine"]
    engine = study.serving.engine if study.serving else None
    if engine is not None and engine not in engines:
        raise InputError(
            f"config/studies/{name}.yaml: serving.engine: found {engine!r}; allowed: {one_of(engines)},"
            " or none for that of any service"
        )
    # Power and throughput come from the serving model: only what is shared by all models is resolved.
    given = assumptions(name, study.replaced(classes={}), tables)
    return Ground(
        name=name,
        study=study.replaced(serving=study.serving or DEFAULT),
        given=given,
        lengths={
            workload: lengths.lengths(
                spec.plain(), f"config/studies/{name}.yaml: workloads.{workload}", tables.lengths, tables.answers
            )
            for workload, spec in study.workloads.items()
        },
        model=model,
        prior=operating_point.batch_prior(runs),
        newest_year=REFERENCE_YEAR + float(runs["software_years"].max()),
        models=models,
        hardware=tables.hardware,
        node_power=tables.node_power,
    )


def members(ground: Ground, workload: str, speculative: bool) -> pl.DataFrame:
    """Every model on every GPU of the study, with the mean lengths of a workload: columns of `Replicas` and levels.

    Raises:
        InputError: a model or GPU that the registry does not have, or states too little of.
    """
    of = ground.lengths[workload]
    rows = pl.DataFrame(ground.study.members(), schema=["model", "gpu", "precision"], orient="row")
    known = of_service(rows, ground.models, ground.hardware, ground.newest_year)
    lost = rows.join(known, on=["model", "gpu", "precision"], how="anti")
    for row in lost.iter_rows(named=True):
        for column, registry in (("model", ground.models), ("gpu", ground.hardware)):
            if row[column] not in registry[column]:
                raise InputError(
                    f"config/studies/{ground.name}.yaml: found {row[column]!r}; allowed: "
                    f"{like(row[column], registry[column])}, rows of the registry"
                )
        raise InputError(
            f"config/studies/{ground.name}.yaml: found {row['gpu']!r}, whose memory, bandwidth or peak is empty in"
            " resources/hardware.csv; allowed: a number"
        )
    if known["tdp_w"].null_count():
        gpu = known.filter(pl.col("tdp_w").is_null())["gpu"][0]
        raise InputError(
            f"config/studies/{ground.name}.yaml: found {gpu!r}, whose tdp_w is empty in resources/hardware.csv;"
            " allowed: a number"
        )
    serving = ground.study.serving
    # Order of the study, whatever the joins did.
    return rows.join(
        known.with_columns(
            gpus=pl.lit(float(max(serving.replica_gpus))),
            speculative=float(speculative),
            input_tokens=of.mean(of.input_tokens),
            output_tokens=of.mean(of.output_tokens),
            cached_share=0.0,
            engine=pl.lit(serving.engine or OF_ANY_SERVICE),
            campaign=pl.lit(OF_ANY_SERVICE),
        ),
        on=["model", "gpu", "precision"],
        how="left",
        maintain_order="left",
    )


def node_power(gpu: str, table: pl.DataFrame) -> Mapping[str, float]:
    """Row of a GPU's node; of a GPU without one, the middle of the measured nodes."""
    own = table.filter(pl.col("gpu") == gpu)
    if len(own):
        return own.row(0, named=True)
    # ASSUME: a node of unknown power is like those that were measured at the wall.
    return table.filter(pl.col("basis") == "measured").select(pl.selectors.numeric().mean()).row(0, named=True)
