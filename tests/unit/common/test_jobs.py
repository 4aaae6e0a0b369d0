"""What a failed run prints last."""

import atexit

import pytest
from inference_energy.common import jobs, jobs as common_jobs
from inference_energy.common.errors import InputError


def printed(folder, monkeypatch, capsys, errors):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(atexit, "register", lambda show: show())
    if errors:
        jobs.ERRORS.parent.mkdir(parents=True)
        jobs.ERRORS.write_text("".join(f"{error}\n" for error in errors))
    common_jobs.show_errors()
    return capsys.readouterr().err


def test_error_of_a_job_that_was_tried_again_is_printed_once(tmp_path, monkeypatch, capsys):
    errors = printed(tmp_path, monkeypatch, capsys, ["no such model", "no such GPU", "no such model"])
    assert errors == "\nError: no such model\n\nError: no such GPU\n"


def test_an_error_shows_what_a_terminal_would_obey(tmp_path, monkeypatch, capsys):
    errors = printed(tmp_path, monkeypatch, capsys, ["found '\x1b[2J\u202e'"])
    assert errors == "\nError: found '\\u001b[2J\\u202e'\n"
    assert str(InputError("a\n\x1b\x07\u2028b")) == r"a\n\u001b\u0007\u2028b"


def test_job_that_could_not_say_why_it_failed_leaves_its_log(tmp_path, monkeypatch, capsys):
    assert printed(tmp_path, monkeypatch, capsys, []) == "\nError: see the log named above\n"


def test_arguments_that_a_command_does_not_know_are_told_in_one_short_line():
    arguments = common_jobs.Arguments()
    arguments.add_argument("--detail", choices=["brief", "full"])
    with pytest.raises(SystemExit) as ended:
        arguments.parse_args(["--detail", "x\n" + "x" * 40_000])
    line = str(ended.value)
    assert line.startswith("Error: argument --detail: invalid choice: 'x") and "choose from" in line
    assert len(line) < 2_000 and "\n" not in line
