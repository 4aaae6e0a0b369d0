"""The page of methods: assumptions by stage, keys of studies, sources."""

import ast
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from inference_energy.common.comments import Assumption, anchors, of_module, of_study
from inference_energy.publish.sources import Source
from inference_energy.studies import keys as studies_keys
from inference_energy.studies.keys import StudyFile, StudyKey

INCLUDED = re.compile(r'^include: "(.+)"$', re.MULTILINE)
SCRIPT = re.compile(r'^\s+script:\n\s+"\.\./scripts/([\w/]+)\.py"$', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of the method."""

    name: str  # of its file of rules
    meaning: str  # text of the comment at its head
    modules: tuple[str, ...]  # files of the package that no earlier stage uses


def stages(
    snakefile: str, rules: Mapping[str, str], imported: Callable[[str], Iterable[str]], modules: Iterable[str]
) -> list[Stage]:
    """All stages, and at the end the modules that no rule uses.

    `rules` are the texts of all files that the Snakefile includes, by path; `imported` gives the modules behind a
    script.
    """
    left = dict.fromkeys(modules)
    found = []
    for path in INCLUDED.findall(snakefile):
        text = rules[path]
        behind = {module for script in SCRIPT.findall(text) for module in imported(script)}
        used = tuple(module for module in left if module in behind)
        for module in used:
            del left[module]
        found.append(Stage(name=path.rsplit("/", 1)[-1].removesuffix(".smk"), meaning=_head(text), modules=used))
    return [*found, Stage(name="tools", meaning="Commands outside the workflow.", modules=tuple(left))]


def _head(text: str) -> str:
    lines = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    return " ".join(line.lstrip("#").strip() for line in lines)


NAMING = {("title",), ("description",)}  # every study has its own, stated in its heading


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """The assumptions of one module or study file."""

    name: str  # of the module or study, as in its anchors
    file: str  # where it stands
    introduction: str  # docstring of the module, or the comment at the head of the study
    assumptions: list[tuple[str, Assumption]]  # each with the anchor to link to it by


@dataclass(frozen=True, kw_only=True)
class StudyPart:
    """One study of the page."""

    name: str  # of the study
    title: str  # its title
    description: str  # what it is, in a sentence
    head: str  # the comment at the head of its file
    extends: str | None  # study that it starts from; none where it is complete in itself
    change: str  # what it changes as a step of the bridge; empty for the others
    keys: list[StudyKey]  # its keys; as a step of the bridge only those that differ
    removed: list[str]  # keys of the study it starts from that it removes


def module_chapter(file: str, package: str, text: str) -> Chapter | None:
    """Assumptions of one module; none where it makes none."""
    if not (found := of_module(file, text)):
        return None
    name = ".".join(Path(file).relative_to(package).with_suffix("").parts).removesuffix(".__init__")
    introduction = ast.get_docstring(ast.parse(text)) or ""
    return _chapter(name, file, introduction, found)


def study_chapter(folder: str, study: StudyFile) -> Chapter | None:
    """Assumptions of one study file; none where it makes none."""
    file = f"{folder}/{study.name}.yaml"
    return _chapter(study.name, file, studies_keys.head(study), of_study(file, study.text))


def _chapter(name: str, file: str, introduction: str, found: list[Assumption]) -> Chapter | None:
    if not found:
        return None
    named = list(zip(anchors(name, found), found, strict=True))
    return Chapter(name=name, file=file, introduction=introduction, assumptions=named)


def chapters_by_stage(stages: list[Stage], texts: Mapping[str, str], package: str) -> list[tuple[Stage, list[Chapter]]]:
    """Assumptions of the code, by stage of the method; a stage that makes none is left out.

    `texts` is the code of every module by its path.
    """
    found = [
        (stage, [chapter for file in stage.modules if (chapter := module_chapter(file, package, texts[file]))])
        for stage in stages
    ]
    return [(stage, chapters) for stage, chapters in found if chapters]


def study_part(lineage: list[StudyFile], schema: dict, change: str = "") -> StudyPart:
    """One study with all of its keys, or as a step of the bridge with those that differ.

    The lineage begins with the file that extends nothing; `change` is what a step of the bridge changes.
    """
    keys = studies_keys.study_keys(lineage, schema)
    facts = {key.keys[0]: key.value for key in keys if len(key.keys) == 1}
    return StudyPart(
        name=lineage[-1].name,
        title=str(facts["title"]),
        description=str(facts["description"]),
        head=studies_keys.head(lineage[-1]),
        extends=lineage[-2].name if len(lineage) > 1 else None,
        change=change,
        keys=[key for key in keys if key.changed and key.keys not in NAMING] if change else keys,
        removed=[".".join(keys) for keys in studies_keys.removed(lineage)],
    )


def shown(value: object) -> list[str]:
    """A value of a study as lines of text: one for each item of a list that holds more than names and numbers."""
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return [line for item in value for line in shown(item)]
    if isinstance(value, list):
        return [", ".join(line for item in value for line in shown(item))]
    if isinstance(value, dict):
        return [", ".join(f"{key} {' '.join(shown(item))}" for key, item in value.items())]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, int) and abs(value) >= 10_000:
        return [f"{value:,}"]
    return [] if value is None else [str(value)]


def sources_by_use(sources: list[Source]) -> tuple[list[Source], dict[str, list[Source]]]:
    """Sources that have an origin, and those that rows name, by their table."""
    of_rows: dict[str, list[Source]] = {}
    for source in sources:
        if not source.title:
            of_rows.setdefault(source.used_in, []).append(source)
    return [source for source in sources if source.title], of_rows
