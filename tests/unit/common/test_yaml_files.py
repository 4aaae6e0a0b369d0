"""YAML has bounds: nesting, lengths and keys, each reported in one line."""

import pytest
from inference_energy.common.errors import InputError
from inference_energy.common.yaml_files import DEEPEST, LONGEST_TEXT, check, read_checked, read_yaml
from messages import message_of

MANY = 100_000
DEEP = {
    "lists": lambda levels: "[" * levels + "]" * levels,
    "lists that do not end": lambda levels: "[" * levels,
    "mappings": lambda levels: "{a: " * levels + "}" * levels,
    "lists in one line": lambda levels: "- " * levels + "x",
    "keys": lambda levels: "? " * levels,
    "lists, read slowly": lambda levels: "[" * levels + "]" * levels + "\n#\t",  # as there is a tab
}


@pytest.fixture
def message(tmp_path):
    def of(text):
        (tmp_path / "a.yaml").write_text(text)
        return message_of(read_yaml, tmp_path / "a.yaml").removeprefix(f"{tmp_path}/")

    return of


@pytest.mark.parametrize("levels", [DEEPEST + 1, MANY])
@pytest.mark.parametrize("form", DEEP)
def test_deep_nesting_is_told(message, form, levels):
    assert message(DEEP[form](levels)) == f"a.yaml line 1: not valid YAML: nested deeper than {DEEPEST} levels"


def test_nesting_up_to_the_limit_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text("[" * DEEPEST + "]" * DEEPEST)
    content = read_yaml(tmp_path / "a.yaml")
    for _ in range(DEEPEST - 1):
        (content,) = content
    assert content == []


def test_aliases_and_merges_are_refused(message):
    bombs = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)]
    assert message("a0: &a0 [x]\n" + "".join(bombs)).endswith("alias *a0 is not allowed")
    assert "merge" in message("<<: {a: 1}\nb: 1")


@pytest.mark.slow
def test_a_key_given_twice_among_many_is_found_at_once(message):
    keys = "".join(f"k{number}: 1\n" for number in range(20_000))
    assert message(f"{keys}k19999: 2").endswith("key 'k19999' is given twice")


@pytest.mark.parametrize("content", [{"a": ["x" * 40_000]}, {"a": {"x" * 40_000: 1}}])
def test_long_texts_are_told(content):
    message = message_of(check, content, {}, "a.yaml")
    assert message.startswith("a.yaml: a.")
    assert message.endswith(f": found a text of 40,000 characters; allowed: at most {LONGEST_TEXT:,}")


def test_limits_of_a_schema_are_told_in_words():
    message = message_of(check, {"a": "x" * 300}, {"properties": {"a": {"maxLength": 200}}}, "a.yaml")
    assert message == f"a.yaml: a: found '{'x' * 300}'; allowed: text of at most 200 characters"


@pytest.mark.parametrize("text", ['title: "\\ud800"', 'title: {"\\uDFFF": 1}'])
def test_half_a_pair_of_surrogates_is_refused_in_one_line(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    message = message_of(read_yaml, tmp_path / "x.yaml")
    assert "x.yaml: not valid YAML: " in message and "surrogates not allowed" in message
    (tmp_path / "x.yaml").write_text('title: "\\u00e9"')
    assert read_yaml(tmp_path / "x.yaml") == {"title": "é"}


@pytest.mark.parametrize("loaded_by", ["C", "Python"])
def test_names_that_older_yaml_takes_for_something_else_stay_text(tmp_path, loaded_by):
    path = tmp_path / "a.yaml"
    written = "{no: {zone: NO}, 405: on, y: 1:30, 2026: 010, 2026-01: off, a: 1_00, b: 0x1F}"
    path.write_text(written + ("\n# \t a tab is left to the loader in Python" if loaded_by == "Python" else ""))
    assert read_yaml(path) == {
        "no": {"zone": "NO"}, "405": "on", "y": "1:30", "2026": "010", "2026-01": "off", "a": "1_00", "b": "0x1F",
    }  # fmt: skip


def test_numbers_truth_values_and_nothing_are_those_of_yaml_1_2(tmp_path):
    (tmp_path / "a.yaml").write_text("[405, -3, 0.35, 1e3, 1.5E-3, .5, 1., true, False, null, ~, 0, 1_000_000]")
    found = read_yaml(tmp_path / "a.yaml")
    assert found == [405, -3, 0.35, 1000.0, 0.0015, 0.5, 1.0, True, False, None, None, 0, 1_000_000]
    assert [type(value) for value in found[:5]] == [int, int, float, float, float]


def test_a_key_and_its_text_are_one_key(tmp_path):
    (tmp_path / "a.yaml").write_text("{405: a, '405': b}")
    with pytest.raises(InputError, match="key '405' is given twice"):
        read_yaml(tmp_path / "a.yaml")


TEXTS = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "files": {"type": "array", "items": {"type": "string"}},
        "names": {"type": "object", "additionalProperties": {"type": "string"}},
        "share": {"type": "number"},
        "part": {"type": "number", "maximum": 1},
        "known": {"type": "boolean"},
    },
}


def test_text_that_looks_like_a_number_is_text_where_text_is_meant(tmp_path):
    (tmp_path / "a.yaml").write_text("{name: 405, files: [2026, a, 1e3], names: {405: 3.10, b: 1.}, share: 0.5}")
    assert read_checked(tmp_path / "a.yaml", TEXTS) == {
        "name": "405", "files": ["2026", "a", "1e3"], "names": {"405": "3.10", "b": "1."}, "share": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("share: 1:30", "share: found '1:30'; allowed: a value of type number"),
        ("share: 010", "share: found '010'; allowed: a value of type number"),
        (
            "share: '0,35'",
            r"share: found '0,35'; allowed: a value of type number \(0.35 without quotes, a comma or %\)",
        ),
        ("share: 30 %", r"share: found '30 %'; allowed: a value of type number \(0.3 without quotes, a comma or %\)"),
        ("part: 30", r"part: found 30; allowed: a number <= 1 \(0.3 if it is in percent\)"),
        ("known: no", "known: found 'no'; allowed: true or false"),
        ("name: true", "name: found True; allowed: text"),
        ("name: ", "name: found None; allowed: text"),
        ("name: [a]", r"name: found \['a'\]; allowed: text"),
    ],
)
def test_what_is_neither_is_named_as_it_is_written(tmp_path, text, told):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(InputError, match=told):
        read_checked(tmp_path / "a.yaml", TEXTS)
