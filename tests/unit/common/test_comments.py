"""Assumptions are found whole, where they stand, with links that survive other edits."""

import re
from pathlib import Path

import pytest
from inference_energy.common.comments import anchors, of_module, of_study, slug

ROOT = Path(__file__).parents[3]
MODULE = '''"""A module. # ASSUME: not in a docstring."""

# ASSUME: of the whole module.
LIMIT = 3


class Node:
    """A node."""

    def power(self):
        """Power, W."""
        # ASSUME: a first choice,
        # on two lines. Source: arXiv 2509.20241.
        # ASSUME: a second right below.
        text = "# ASSUME: not in a text"
        return text  # an ordinary comment


def other():  # ASSUME: behind code
    """Nothing."""
    # an ordinary comment
'''


def test_assumptions_of_a_module():
    found = [(one.line, one.within, one.text) for one in of_module("a.py", MODULE)]
    assert found == [
        (3, "", "of the whole module."),
        (12, "power", "a first choice, on two lines. Source: arXiv 2509.20241."),
        (14, "power", "a second right below."),
        (19, "other", "behind code"),
    ]


def test_assumptions_of_a_study():
    text = "title: a # not one\nload: 0.5 # ASSUME: busy half\n# of the time\npue: 1\n"
    found = [(one.file, one.line, one.within, one.text) for one in of_study("a.yaml", text)]
    assert found == [("a.yaml", 2, "load", "busy half")]


def test_links_survive_edits_elsewhere_and_tell_the_same_words_apart():
    before = of_module("a.py", "# ASSUME: one two three four five six seven\n")
    after = of_module("a.py", "import ast\n\n# ASSUME: new\n\n# ASSUME: one two three four five six 7\n")
    assert anchors("peers.epoch", before) == ["assume-peers-epoch-one-two-three-four-five-six"]
    assert anchors("peers.epoch", after)[1:] == anchors("peers.epoch", before)
    assert anchors("a", [*before, *before, *before]) == [
        f"assume-a-one-two-three-four-five-six{end}" for end in ("", "--2", "--3")
    ]


def test_slug_is_letters_digits_and_hyphens():
    assert slug("A node's PUE, 1.2!") == "a-node-s-pue-1-2"


@pytest.mark.slow
def test_every_assumption_of_the_code_is_found():
    files = sorted((ROOT / "workflow/scripts/inference_energy").rglob("*.py"))
    marked = re.compile(r"[^\"`]*# ASSUME:")
    written = sum(bool(marked.match(line)) for file in files for line in file.read_text().splitlines())
    found = [one for file in files for one in of_module(file.name, file.read_text())]
    assert len(found) == written > 70
