"""Faults of disks, as Python and other libraries report them."""

import errno
import os
from pathlib import Path

import pytest
from inference_energy.common import disk, jobs


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            OSError(errno.ENOSPC, "told otherwise", "results/x.parquet"),
            "results/x.parquet: no space left on device; results made before stay: free space and run again",
        ),
        (
            OSError(errno.EROFS, "", "results"),
            "results: read-only file system; results made before stay: let this user write there and run again",
        ),
        (
            RuntimeError('IO Error: Could not write file "x.duckdb": No space left on device'),
            f"{Path.cwd()}: no space left on device; results made before stay: free space and run again",
        ),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "x"), None),
        (ValueError("no such model"), None),
    ],
)
def test_a_fault_of_a_disk_is_told_with_what_to_do(error, line):
    assert disk.fault(error) == line


def test_a_command_ends_with_the_fault_of_a_disk_in_one_line():
    with pytest.raises(SystemExit, match="Error: x: permission denied; "), jobs.command():
        raise PermissionError(errno.EACCES, "", "x")
    with pytest.raises(SystemExit, match="Error: /no/such/file: No such file"), jobs.command():
        Path("/no/such/file").read_text()


def test_a_disk_is_full_if_less_than_a_mebibyte_is_free(tmp_path, monkeypatch):
    for free, lines in ((2**20, []), (7, [f"{tmp_path}: 7 bytes are free on its disk; free space and run again"])):
        monkeypatch.setattr(disk.shutil, "disk_usage", lambda _, free=free: disk.shutil._ntuple_diskusage(9, 9, free))
        assert disk.full(tmp_path) == lines
