"""A quiet run shows an error once: by the line of a job if it wrote one, otherwise as Snakemake tells it."""

import logging
from io import StringIO

import pytest
from inference_energy.common import jobs, run_messages

FAILED = "RuleException:\nCalledProcessError in fleet.smk:\nCommand x returned non-zero exit status 1."
KILLED = "RuleException:\nCalledProcessError in fleet.smk:\nCommand x died with <Signals.SIGKILL: 9>."
MISSING = "MissingRuleException:\nNo rule to produce x."
END = f"WorkflowError:\n{run_messages.CONSEQUENCE}"


@pytest.fixture
def logger(monkeypatch):
    logger, handler = logging.Logger("run"), logging.StreamHandler(StringIO())
    handler.name = run_messages.TERMINAL
    logger.addHandler(handler)
    at_end = []
    monkeypatch.setattr(run_messages.atexit, "register", at_end.append)
    run_messages.plain(logger)
    (logger.release,), logger.shown = at_end, handler.stream.getvalue
    return logger


def test_progress_is_shown_at_once_and_how_snakemake_works_is_not(logger):
    for message in ("Building DAG of jobs...", "Using shell: /usr/bin/bash", "Execute 2 jobs...", "1 of 2 steps done"):
        logger.info(message)
    logger.warning("Restored previous version of x (updating job failed).")
    assert logger.shown() == "Building DAG of jobs...\n1 of 2 steps done\n"


@pytest.mark.parametrize(
    ("told", "errors", "shown"),
    [
        (["no such GPU"], [FAILED, FAILED, END], ""),
        (["no such GPU"], [FAILED, KILLED, END], KILLED),
        ([], [FAILED, END], FAILED),
        ([], [KILLED, END], KILLED),
        ([], [MISSING, MISSING], MISSING),
    ],
)
def test_errors_of_snakemake_are_shown_at_the_end_if_no_job_told_them(
    logger, tmp_path, monkeypatch, capsys, told, errors, shown
):
    monkeypatch.chdir(tmp_path)
    if told:
        jobs.ERRORS.parent.mkdir(parents=True)
        jobs.ERRORS.write_text("\n".join(told))
    for error in errors:
        logger.error(error)
    assert logger.shown() == capsys.readouterr().err == ""
    logger.release()
    assert capsys.readouterr().err == (f"{shown}\n" if shown else "")
