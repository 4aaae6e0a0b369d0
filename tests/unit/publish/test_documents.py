"""What README.md and the other documents name is there."""

import re
from pathlib import Path

import pytest
from inference_energy.common.yaml_files import read_yaml

ROOT = Path(__file__).parents[3]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "config/README.md", "results/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FOLDERS = ("config", "docs", "resources", "tests", "workflow")
# Names that stand for many files, or for files that a reader makes.
OF_A_READER = re.compile(r"[<>*{}]|newer-software|our-datacenter|ours\.yaml|trtllm_0_21|\bx\b")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths(document):
    text = document.read_text()
    linked = {link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link}
    assert not [link for link in linked if link and not (document.parent / link).exists()]
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[^`\s]*)`", text)
    assert not [path for path in named if not OF_A_READER.search(path) and not (ROOT / path).exists()]


def test_commands_are_targets_of_make():
    makefile = (ROOT / "Makefile").read_text()
    targets = " ".join(re.findall(r"^([a-z][a-z -]*):", makefile, re.MULTILINE)).split()
    told = {name for path in DOCUMENTS for name in re.findall(r"(?:`|^    )make ([a-z-]+)", path.read_text(), re.M)}
    assert told and not told - set(targets)


def test_pre_commit_uses_the_locked_versions():
    hooks = read_yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    pinned = {hook["repo"].rsplit("/", 1)[1].removesuffix("-pre-commit"): hook["rev"] for hook in hooks}
    locked = dict(re.findall(r"^([a-z-]+)==([^ ]+) ", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert pinned == {name: f"v{locked[name]}" for name in ("ruff", "snakefmt", "codespell")}


def test_actions_are_pinned_to_commits():
    used = [
        line
        for path in sorted((ROOT / ".github/workflows").glob("*.yml"))
        for line in path.read_text().splitlines()
        if re.match(r"\s*(- )?uses:", line)
    ]
    assert used
    assert not [line for line in used if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)]


def test_the_catalogue_of_workflows_finds_what_it_looks_for():
    usage = read_yaml(ROOT / ".snakemake-workflow-catalog.yml")["usage"]
    assert usage["software-stack-deployment"]["conda"] and (ROOT / "workflow/envs/pipeline.yaml").is_file()
    assert 'include: "../Snakefile"' in (ROOT / "workflow/Snakefile").read_text()
    assert (ROOT / "config/README.md").is_file()
    readme = (ROOT / "README.md").read_text().lower()
    assert "snakemake" in readme and "workflow" in readme


def test_a_bare_snakemake_builds_everything_on_all_cores():
    profile = read_yaml(ROOT / "profiles/default/config.yaml")
    assert profile == {"cores": "all", "rerun-incomplete": True}
