"""JSON has bounds, as YAML has."""

import pytest
from inference_energy.common.yaml_files import DEEPEST
from inference_energy.corpus.formats.json_files import objects
from messages import message_of


def nested(levels):
    """An object in which something is nested, with brackets in texts that do not count."""
    return '{"a": "' + "[" * 1_000 + '\\"", "b": ' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


def test_nesting_up_to_the_limit_is_read(tmp_path):
    (tmp_path / "a.json").write_text(nested(DEEPEST))
    ((line, record),) = objects(tmp_path / "a.json")
    assert (line, len(record)) == (1, 2)


@pytest.mark.parametrize("levels", [DEEPEST + 1, 900, 100_000])
@pytest.mark.parametrize("ending", ["", "\n" + nested(2)])  # an object, and JSON lines
def test_deep_nesting_is_told(tmp_path, levels, ending):
    (tmp_path / "a.json").write_text(nested(levels) + ending)
    message = message_of(objects, tmp_path / "a.json")
    assert message == f"{tmp_path}/a.json line 1: not usable JSON: nested deeper than {DEEPEST} levels"


def test_a_key_given_twice_among_many_is_found_at_once(tmp_path):
    (tmp_path / "a.json").write_text("{" + "".join(f'"k{number}": 1, ' for number in range(100_000)) + '"k9": 1}')
    assert message_of(objects, tmp_path / "a.json").endswith("key 'k9' is given twice")
