"""Disks that are full, read-only or closed to this user: said in one line, whichever library met them."""

import errno
import os
import shutil
from pathlib import Path

_ADVICE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free space"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "let this user write there"),
}
_FULL_BYTES = 2**20


def fault(error: BaseException) -> str | None:
    """A line for the user about an error that a disk caused; none for any other.

    Libraries written in other languages pass the words of the operating system on, without its number.
    """
    for number, advice in _ADVICE.items():
        if getattr(error, "errno", None) == number or os.strerror(number) in str(error):
            place = getattr(error, "filename", None) or Path.cwd()
            return f"{place}: {os.strerror(number).lower()}; results made before stay: {advice} and run again"
    return None


def full(folder: Path) -> list[str]:
    """A line for the user if next to nothing is free on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    return [f"{folder}: {free:,} bytes are free on its disk; free space and run again"] if free < _FULL_BYTES else []
