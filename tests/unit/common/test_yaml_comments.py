"""Comments of a YAML file find the key that they speak of."""

import pytest
from inference_energy.common.comments import about, comments, is_one_value

TEXT = """\
# Head of the file,
# on two lines.
title: "not # a comment" # behind a value
load: {family: beta, p05: 0.4} # behind a mapping in one line

# Above a key,
# on two lines.
pue: 1.2
hardware: # behind a list
  # ASSUME: half is one kind
  # of GPU.
  # ASSUME: the rest another.
  - {gpu: A, share: 0.5}
  - {gpu: B, share: 0.5} # behind an item
classes:
  small:
    weights: {A: 1}
    # above the next key of the same mapping
    label: Small
  # above the next mapping
  large: {label: Large}
# after the list, above the last
last: |
  # no comment
"""


@pytest.mark.parametrize(
    ("keys", "line", "text"),
    [
        ("", 1, "Head of the file, on two lines."),
        ("title", 3, "behind a value"),
        ("load", 4, "behind a mapping in one line"),
        ("pue", 6, "Above a key, on two lines."),
        ("hardware", 9, "behind a list"),
        ("hardware", 10, "ASSUME: half is one kind of GPU."),
        ("hardware", 12, "ASSUME: the rest another."),
        ("hardware", 14, "behind an item"),
        ("classes.small.label", 18, "above the next key of the same mapping"),
        ("classes.large", 20, "above the next mapping"),
        ("last", 22, "after the list, above the last"),
    ],
)
def test_every_comment_speaks_of_its_key(keys, line, text):
    found = [(".".join(comment.keys), comment.text) for comment in comments(TEXT) if comment.line == line]
    assert found == [(keys, text)]


def test_there_are_no_others():
    assert len(comments(TEXT)) == 11


STUDY = """\
title: a
# about load
load: {p05: 0.1}
mix: # serves all
  # ASSUME: halves
  - {gpu: A} # the first
  - {gpu: B}
"""


@pytest.mark.parametrize(
    ("keys", "line", "text"),
    [
        ("load", 3, "about load"),
        ("load.p05", 3, "about load"),
        ("mix", 4, "serves all ASSUME: halves the first"),
        ("mix.0", 6, "ASSUME: halves the first"),
        ("mix.1.gpu", 7, ""),
        ("mix.7", None, ""),
        ("none", None, ""),
    ],
)
def test_keys_and_items_have_a_line_and_their_comments(keys, line, text):
    assert about(STUDY, tuple(keys.split("."))) == (line, text)


def test_file_without_comments():
    assert comments("title: a\nload: 0.5\n") == []


@pytest.mark.parametrize(
    ("value", "one"),
    [
        (0.5, True),
        ([1, 2], True),
        ({"family": "beta", "p05": 0.1, "p95": 0.9}, True),
        ({"task": "gpqa", "model": "M"}, True),
        ({"label": "Trace", "trace": "azure"}, False),
        ({"query": "node", "fleet": "fleet"}, False),
        ({}, True),
    ],
)
def test_a_distribution_or_a_trace_is_one_value(value, one):
    assert is_one_value(value) is one
