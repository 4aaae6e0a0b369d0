"""The derivations of all headline numbers as one page: nested, self-contained, every step once."""

import re
from collections.abc import Iterator

import jinja2
import polars as pl

from inference_energy.common.links import web_address
from inference_energy.common.step import Node
from inference_energy.common.step_text import SHOWN, head
from inference_energy.explain import registry
from inference_energy.explain.build import Build
from inference_energy.explain.searched import command, question_for
from inference_energy.headline.declarations import SHARED
from inference_energy.studies.study import WORKLOADS

DIGITS = 6
MEAN = "{workload} {subject} energy_wh_mean {spread}"  # a quantity of the headline


def anchor(study: str, quantity: str) -> str:
    """Anchor of a headline number: its study and quantity as in `headline.csv`, other signs as `_`."""
    return f"{study}-{re.sub(r'[^A-Za-z0-9]+', '_', quantity).strip('_')}"


class _Steps:
    """Steps of one page as its template shows them: a step that has been shown is a link to it."""

    def __init__(self):
        self.shown: dict[tuple, str] = {}

    def step(self, node: Node) -> dict:
        name = node.name
        found = {"node": node, "head": head(node, DIGITS), "again": name in self.shown}
        if found["again"]:
            return found | {"anchor": self.shown[name]}
        if node.children:
            found["anchor"] = self.shown[name] = f"s{len(self.shown) + 1}"
        formula = []
        if node.formula and not node.formula.isidentifier():
            formula += [node.formula, node.inserted(DIGITS)]
        if node.formula and not node.exact:
            formula.append(f"{node.result:.{DIGITS}g}, an approximation: see the note")
        children = node.children[:SHOWN] if node.alike else node.children
        below = {"children": [self.step(child) for child in children], "more": len(node.children) - len(children)}
        return found | {"formula": formula} | below


def _answers(build: Build) -> Iterator[tuple[str, str, str, dict]]:
    """Table, column, anchor and row of what the page derives, the last study first.

    Of every study these are headline numbers, then means of the fleet's class where those have none.
    """
    headline = build.table("headline")
    for study in headline["study"].unique(maintain_order=True).reverse():
        of_study = headline.filter(study=study)
        for row in of_study.iter_rows(named=True):
            yield "headline", "computed", row["quantity"], row
        subject = build.study(study)["fleet"]["subject"]
        if MEAN.format(workload=WORKLOADS[0], subject=subject, spread="shared") in of_study["quantity"]:
            continue
        rows = build.rows("energy_per_query", study=study, subject=subject, spread="untrimmed")
        for row in rows.filter(pl.col("workload").is_in(WORKLOADS)).iter_rows(named=True):
            label = f"{subject.capitalize()}, {row['workload']}: expected value of a query"
            quantity = MEAN.format(workload=row["workload"], subject=subject, spread="untrimmed")
            yield "energy_per_query", "energy_wh_mean", quantity, row | {"label": label}


def page(build: Build, template: str) -> str:
    """The page."""
    steps, studies = _Steps(), {}
    for table, column, quantity, row in _answers(build):
        node = registry.explained(build, table, row, column)
        studies.setdefault(row["study"], []).append(
            {
                "anchor": anchor(row["study"], quantity),
                "label": row["label"],
                "value": f"{row[column]:.4g} {'×' if node.unit == 'x' else node.unit}",
                "published": None if row.get("published") is None else f"{row['published']:g}",
                "interval": _interval(row),
                "note": row.get("note") or "",
                "command": command(question_for(table, 0, row, column)),
                "step": steps.step(node),
            }
        )
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["web_address"] = web_address
    titles = {study: build.study(study)["title"] for study in studies}
    return environment.from_string(template).render(studies=studies, titles=titles)


def _interval(row: dict) -> str:
    if row.get("computed_p05") is None:
        return ""
    over = row["spread"].replace(SHARED, "shared uncertainty")
    return f"P5–P95 {row['computed_p05']:.3g}–{row['computed_p95']:.3g}, over {over}"
