"""The derivations of all headline numbers as one page: nested, self-contained, every step once."""

import re
from dataclasses import dataclass, field, replace

import jinja2
import polars as pl

from inference_energy.explain import registry
from inference_energy.explain.build import Build
from inference_energy.explain.searched import question_for
from inference_energy.explain.step import Node
from inference_energy.explain.text import SHOWN, head
from inference_energy.headline.declarations import SHARED
from inference_energy.studies.study import WORKLOADS

DIGITS = 6


@dataclass
class Step:
    """One step as the page shows it.

    Attributes:
        node: the step.
        head: symbol, label and value.
        anchor: of the full step; a repeated step has that of the first.
        again: whether it is a repetition.
        formula: with symbols, and with numbers.
        children: steps below.
        more: how many alike are left out.
    """

    node: Node
    head: str
    anchor: str = ""
    again: bool = False
    formula: tuple[str, ...] = ()
    children: list["Step"] = field(default_factory=list)
    more: int = 0


def anchor(study: str, quantity: str) -> str:
    """Anchor of a headline number: its study and quantity as in `headline.csv`, other signs as `_`."""
    return f"{study}-{re.sub(r'[^A-Za-z0-9]+', '_', quantity).strip('_')}"


class _Steps:
    """Steps of one page: a step that has been shown is a link to it."""

    def __init__(self):
        self.shown: dict[tuple, str] = {}

    def step(self, node: Node) -> Step:
        name = (node.label, node.value, node.formula, node.place)
        found = Step(node=node, head=head(node, DIGITS))
        if name in self.shown:
            return replace(found, anchor=self.shown[name], again=True)
        if node.children:
            found.anchor = self.shown[name] = f"s{len(self.shown) + 1}"
        if node.formula and not node.formula.isidentifier():
            found.formula = (node.formula, node.inserted(DIGITS))
        if node.formula and not node.exact:
            found.formula = (*found.formula, f"{node.result:.{DIGITS}g}, an approximation: see the note")
        children = node.children[:SHOWN] if node.alike else node.children
        found.more = len(node.children) - len(children)
        found.children = [self.step(child) for child in children]
        return found


def answers(build: Build) -> list[tuple[str, str, str, dict, str]]:
    """Study, anchor, label, row and column of what the page derives: headline numbers, then means of the fleet's class.

    The table is `headline`, or `energy_per_query` for rows without a label.
    """
    found = [
        (row["study"], anchor(row["study"], row["quantity"]), row["label"], row, "computed")
        for row in build.table("headline").iter_rows(named=True)
    ]
    for study in build.methods:
        subject = build.study(study)["fleet"]["subject"]
        rows = build.rows("energy_per_query", study=study, subject=subject, spread="untrimmed")
        for row in rows.filter(pl.col("workload").is_in(WORKLOADS)).iter_rows(named=True):
            label = f"{row['subject'].capitalize()}, {row['workload']}: expected value of a query"
            quantity = f"{row['workload']} {subject} energy_wh_mean untrimmed"
            found.append((study, anchor(study, quantity), label, row, "energy_wh_mean"))
    return found


def page(build: Build, template: str) -> str:
    """The page.

    Args:
        build: a finished build.
        template: Jinja template of the page.
    """
    steps, studies = _Steps(), {}
    for study, name, label, row, column in answers(build):
        table = "headline" if "quantity" in row else "energy_per_query"
        node = registry.explained(build, table, row, column)
        studies.setdefault(study, []).append(
            {
                "anchor": name,
                "label": label,
                "value": f"{row[column]:.4g} {node.unit}",
                "published": row.get("published"),
                "interval": _interval(row),
                "note": row.get("note") or "",
                "command": question_for(table, 0, row, column),
                "step": steps.step(node),
            }
        )
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    titles = {study: build.study(study)["title"] for study in studies}
    return environment.from_string(template).render(studies=studies, titles=titles)


def _interval(row: dict) -> str:
    if row.get("computed_p05") is None:
        return ""
    over = row["spread"].replace(SHARED, "shared uncertainty")
    return f"P5–P95 {row['computed_p05']:.3g}–{row['computed_p95']:.3g}, over {over}"
