"""Files that a run reads and makes, by the rules of the workflow."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference_energy.common.project import HERE, RESULTS, Project

RULES = Path("workflow/rules")
ENVIRONMENT = "../envs/pipeline.yaml"  # of every script, as files of rules name it


@dataclass(frozen=True)
class RunFiles:
    """Files of a run, each list sorted."""

    results: list[str]  # all files that it makes: the targets, intermediate files, and further outputs of the same jobs
    # all files that it reads and does not make, with the scripts, environments and captions of its rules
    sources: list[str]


def of_targets(targets: Iterable[str], rules: Iterable[Any], project: Project = HERE) -> RunFiles:
    """Follow targets back to files that no rule makes, in the way in which Snakemake finds its jobs.

    Args:
        targets: paths in the project, as are those that are returned.
        rules: of the project.
        project: where its files are in this run.
    """
    rules = list(rules)
    results, sources, waiting = set(), set(), list(targets)
    while waiting:
        file = waiting.pop()
        if file in results or file in sources:
            continue
        # Rules make files in results/ alone: most others need not be compared with every output.
        makers = rules if file.startswith(RESULTS) else ()
        placed = project.outside(file)
        maker = next((rule for rule in makers if any(output.match(placed) for output in rule.output)), None)
        if maker is None:
            sources.add(file)
            continue
        wildcards = maker.get_wildcards(placed)
        results |= {project.inside(str(path)) for path in maker.expand_output(wildcards)[0]}
        waiting += [project.inside(str(path)) for path in maker.expand_input(wildcards)[0]]
        sources |= _beside(maker)
    return RunFiles(sorted(results), sorted(sources))


def script_of(rule: Any) -> Path:
    """Path of the script of a rule, in the folder of the project."""
    return _in_project(rule.script)


def _beside(rule: Any) -> set[str]:
    """Files of a rule besides the Snakefile: its script, its environment, the captions of its figures."""
    named = [rule.script, ENVIRONMENT] if rule.script else []
    reported = [output.flags["report"] for output in rule.output if "report" in output.flags]
    named += [f"../report/{flag.caption.get_filename()}" for flag in reported if flag.caption]
    return {str(_in_project(path)) for path in named}


def _in_project(path: str) -> Path:
    """A path as files of rules name it, from their folder: they may lie in a repository elsewhere."""
    return Path(os.path.normpath(RULES / path))
