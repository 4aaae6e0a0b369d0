"""Mean energy of every model as a function of one assumption at a time; models of the fleet's class are named."""

import altair as alt
import numpy as np
import polars as pl

from inference_energy.figures.axes import apart, colours, log_axis
from inference_energy.figures.fleet.sweeps import PARAMETERS, nothing_swept, spoken, swept_values
from inference_energy.figures.palette import PALE, of_models
from inference_energy.figures.panels import in_rows, label, panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import WITHIN, inside_a_sentence, label_of, listed, subject_of, times
from inference_energy.studies.study import NestedStudy

WORKLOAD = "traditional"  # the one that every assumption is swept for
ALIKE = 1.05  # factors that differ by less between models count as the same
WIDTH, HEIGHT, COLUMNS = 165, 210, 3
LABEL_HEIGHT = 14  # px


def draw(*, sweeps: pl.DataFrame, study_name: str, study: NestedStudy) -> alt.TopLevelMixin:
    """One panel per swept assumption: every model's mean over traditional queries of one study."""
    rows = sweeps.filter(study=study_name, workload=WORKLOAD)
    if rows.is_empty():
        return nothing_swept("No assumption is swept that a single model has.", f"{study.title}: no sweeps of models")
    served = study.classes[study.fleet.subject].model_shares()
    named = [model for model in served if model in set(rows["model"])]
    by_model = of_models(named)
    swept = [name for name in PARAMETERS if name in set(rows["parameter"])]
    ends = (rows["mean"].min() / 1.3, rows["mean"].max() * 1.3)
    panels = [
        _panel(
            rows.filter(parameter=name),
            name,
            by_model,
            ends,
            first=place % COLUMNS == 0,
            last=place % COLUMNS == COLUMNS - 1 or place == len(swept) - 1,
        )
        for place, name in enumerate(swept)
    ]
    others = "; grey: models of other classes" if len(named) < rows["model"].n_unique() else ""
    return titled(
        alt.vconcat(*in_rows(panels, COLUMNS, spacing=14), spacing=16),
        finding=_finding(rows.filter(pl.col("model").is_in(named)), study),
        conditions=f"{study.title}, within {WITHIN[study.boundary.query]}: expected mean"
        f" {inside_a_sentence(label_of(study.workloads[WORKLOAD].label))} of one model alone. In colour and in the"
        f" title {subject_of(study)}{others}. ×: largest over smallest energy.",
    )


def _panel(
    rows: pl.DataFrame, parameter: str, by_model: dict[str, str], ends: tuple[float, float], *, first: bool, last: bool
) -> alt.LayerChart:
    y = log_axis(ends, "Wh per query", of=alt.Y, shown=first)[0]("mean")
    colour = colours("model", by_model)
    base = alt.Chart(rows.select("model", "value", "mean").sort("model", "value"))
    base = base.encode(x=swept_values(parameter, rows["value"]), y=y)
    is_named = alt.FieldOneOfPredicate(field="model", oneOf=list(by_model))
    others = base.transform_filter(alt.LogicalNotPredicate(**{"not": is_named}))
    layers = [
        others.mark_line(strokeWidth=1.3, color=PALE).encode(detail="model:N"),
        base.transform_filter(is_named).mark_line(strokeWidth=2.2).encode(color=colour),
    ]
    if last:
        at_end = rows.filter(pl.col("model").is_in(list(by_model)), value=rows["value"].max()).sort("mean", "model")
        height = LABEL_HEIGHT / HEIGHT * np.log(ends[1] / ends[0])
        places = np.exp(apart(np.log(at_end["mean"].to_numpy()), height))
        names = alt.Chart(at_end.select("model", mean=places)).encode(y=y, color=colour)
        layers.append(label(names, alt.value(WIDTH + 8), "model", fontSize=11.5))
    return panel(*layers, size=(WIDTH, HEIGHT))


def _finding(rows: pl.DataFrame, study: NestedStudy) -> str:
    """The assumption whose effect differs most between models, and those with the same effect on all."""
    by_model = rows.group_by("parameter", "model").agg(factor=pl.col("mean").max() / pl.col("mean").min())
    swept = [name for name in PARAMETERS if name in set(rows["parameter"])]
    spans = {name: by_model.filter(parameter=name).sort("factor", "model").rows(named=True) for name in swept}
    ratios = {name: of[-1]["factor"] / of[0]["factor"] for name, of in spans.items()}
    widest = max(ratios, key=ratios.get)
    if ratios[widest] < ALIKE:
        most = max(spans, key=lambda name: spans[name][-1]["factor"])
        what = f"a {study.workloads[WORKLOAD].label.lower()}"
        return f"Of the swept assumptions, {spoken(most)} changes {what} most, by {times(spans[most][-1]['factor'])}"
    least, most = spans[widest][0], spans[widest][-1]
    said = (
        f"The effect of {spoken(widest)} differs most between models: {times(least['factor'])} ({least['model']}) to"
        f" {times(most['factor'])} ({most['model']})"
    )
    alike = [spoken(name) for name, ratio in ratios.items() if ratio < ALIKE]
    return f"{said}; the effect of {listed(alike)} is the same" if alike else said
