"""Messages are one line that can be read, whatever was found."""

import pytest
from inference_energy.common import errors, jobs
from inference_energy.common.errors import InputError, one_of


@pytest.mark.parametrize(
    "found", ["x" * 40_000, "x y " * 10_000, "x\n" * 20_000, one_of([f"name {number}" for number in range(5_000)])]
)
def test_a_message_is_cut_in_its_middle(found):
    message = str(InputError(f"studies/a.yaml: title: found {found}; allowed: text"))
    assert message.startswith("studies/a.yaml: title: found ")
    assert " characters left out) ..." in message
    assert message.endswith("; allowed: text")
    assert len(message.splitlines()) == 1
    assert len(message) <= errors.LONGEST_LINE


def test_a_long_word_is_cut_and_says_by_how_much():
    assert str(InputError(f"found {'x' * 1_000}; allowed: y")) == (
        f"found {'x' * 250}... (626 characters left out) ...{'x' * 124}; allowed: y"
    )


def test_what_can_be_read_stays():
    text = " ".join(["x" * errors.LONGEST_WORD] * 3)
    assert str(InputError(text)) == text


def test_a_path_that_cannot_be_read_ends_a_command_with_one_line(tmp_path):
    with pytest.raises(SystemExit) as ended, jobs.command():
        (tmp_path / ("x" * 40_000)).read_text()
    assert str(ended.value).startswith(f"Error: {tmp_path}/xxx")
    assert str(ended.value).endswith("xxx: File name too long")
    assert len(str(ended.value)) < 1_000
