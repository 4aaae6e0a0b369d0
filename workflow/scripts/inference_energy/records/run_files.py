"""Files that a run reads and makes, by the rules of the workflow."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference_energy.common.project import RESULTS, Project


@dataclass(frozen=True)
class RunFiles:
    """Files of a run, each list sorted."""

    results: list[str]  # all files that it makes: the targets, intermediate files, and further outputs of the same jobs
    # all files that it reads and does not make, with the scripts, environments and captions of its rules
    sources: list[str]


def of_targets(
    targets: Iterable[str], rules: Iterable[Any], root: Path, project: Project = Project()
) -> RunFiles:
    """Follow targets back to files that no rule makes, in the way in which Snakemake finds its jobs.

    Args:
        targets: paths in the project, as are those that are returned.
        rules: of the project.
        root: folder of the project itself.
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
        maker = next((rule for rule in makers if any(output.match(project.outside(file)) for output in rule.output)), None)
        if maker is None:
            sources.add(file)
            continue
        wildcards = maker.get_wildcards(project.outside(file))
        results |= {project.inside(str(path)) for path in maker.expand_output(wildcards)[0]}
        waiting += [project.inside(str(path)) for path in maker.expand_input(wildcards)[0]]
        sources |= _beside(maker, root)
    return RunFiles(sorted(results), sorted(sources))


def script_of(rule: Any, root: Path) -> Path:
    """Path of the script of a rule, in the folder of the project."""
    return (Path(rule.snakefile).parent / rule.script).resolve().relative_to(root.resolve())


def _beside(rule: Any, root: Path) -> set[str]:
    """Files of a rule besides the Snakefile: its script, its environment, the captions of its figures."""
    named = [root / script_of(rule, root)] if rule.script else []
    named += [Path(rule.snakefile).parent / rule.conda_env] if rule.conda_env else []
    reported = [output.flags["report"] for output in rule.output if "report" in output.flags]
    named += [Path(flag.caption.get_path_or_uri(secret_free=True)) for flag in reported if flag.caption]
    return {str(path.resolve().relative_to(root.resolve())) for path in named}
