"""Runs in this folder: which are going on, locks that dead ones left, and jobs that end when their run does.

Every run holds a lock of the operating system on a file of its own. It ends with the process, however that ends.
"""

import fcntl
import os
import shutil
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

FOLDER = Path(".snakemake/runs")
LOCKS = Path(".snakemake/locks")
RUN = "INFERENCE_ENERGY_RUN"  # environment variable of jobs: the file of their run
CHECKED_EVERY_S = 0.5
_HELD = []  # an open file keeps its lock


def begin(root: Path) -> list[str]:
    """Register this process as a run, and remove what runs that no longer live have locked.

    Args:
        root: folder of the project.

    Returns:
        Lines for the user: a lock that was removed, or the runs that still go on.
    """
    folder, locks = root / FOLDER, root / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    alive = []
    for file in sorted(folder.iterdir()):
        if lives(file):
            with suppress(FileNotFoundError):  # it ended just now
                alive.append(file.read_text(encoding="utf-8"))
        else:
            file.unlink(missing_ok=True)
    lines = []
    if locks.is_dir() and any(locks.iterdir()):
        if alive:
            lines = [f"Another run goes on in this folder: {', '.join(alive)}. What it makes is locked until it ends."]
        else:
            shutil.rmtree(locks)
            lines = [f"Removed the lock of a run that was ended from outside ({LOCKS})."]
    own = folder / f"{socket.gethostname()}-{os.getpid()}"
    held = own.open("w", encoding="utf-8")
    fcntl.flock(held, fcntl.LOCK_EX)
    held.write(f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}")
    held.flush()
    _HELD.append(held)
    os.environ[RUN] = str(own.resolve())
    return lines


def lives(file: Path) -> bool:
    """Whether the process behind the file of a run still holds it."""
    try:
        with file.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def end_with_run() -> None:
    """Have this process killed soon after its run ended, so that it does not write into the results of the next."""
    run = os.environ.get(RUN)
    if run:
        threading.Thread(target=_watch, args=(Path(run),), daemon=True).start()


def _watch(run: Path) -> None:
    while lives(run):
        time.sleep(CHECKED_EVERY_S)
    os.kill(os.getpid(), signal.SIGKILL)
