"""Runs in this folder: which are going on, locks that dead ones left, and jobs that end when their run does.

Every run holds a lock of the operating system on a file of its own. It ends with the process, however that ends. Not
every network file system shows such locks to other machines: runs of others are taken to go on, and jobs on others are
left alone.
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
BOOT = Path("/proc/sys/kernel/random/boot_id")  # the same in all containers of a machine, another after it started anew
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
    alive, lines = [], []
    for file in others(root):
        with suppress(FileNotFoundError):  # it ended just now
            alive.append(f"{_told(file)[0]} ({file.relative_to(root)})")
    if locks.is_dir() and any(locks.iterdir()):
        if alive:
            lines = [
                f"Another run goes on in this folder: {', '.join(alive)}. What it makes is locked until it ends; if it"
                " was on another machine and is gone, remove the file in brackets."
            ]
        else:
            shutil.rmtree(locks)
            lines = [f"Removed the lock of a run that was ended from outside ({LOCKS})."]
    process, host, since = os.getpid(), socket.gethostname(), time.strftime("%Y-%m-%d %H:%M:%S")
    own = folder / f"{host}-{process}"
    begun = folder.with_name(f".begun-{own.name}")  # others see it when it is locked
    held = begun.open("w", encoding="utf-8")
    fcntl.flock(held, fcntl.LOCK_EX)
    print(f"process {process} on {host}, since {since}", *_machine(), sep="\n", file=held, flush=True)
    begun.replace(own)
    _HELD.append(held)
    os.environ[RUN] = str(own.resolve())
    return lines


def others(root: Path) -> list[Path]:
    """Files of the runs that go on in a folder before this process begins one; those of dead runs are removed."""
    alive = []
    for file in sorted((root / FOLDER).glob("*")):
        if lives(file):
            alive.append(file)
        else:
            file.unlink(missing_ok=True)
    return alive


def _machine() -> tuple[str, str]:
    return socket.gethostname(), BOOT.read_text(encoding="utf-8").strip() if BOOT.is_file() else ""


def _told(file: Path) -> list[str]:
    """What a run says of itself: process and time, machine, start of the machine."""
    return [*file.read_text(encoding="utf-8").splitlines(), "", "", ""][:3]


def _is_here(file: Path) -> bool:
    """Whether a run is of this machine, so that its lock can be seen; a loss of power leaves files that do not say."""
    _, *machine = _told(file)
    return not any(machine) or any(own and own == its for own, its in zip(_machine(), machine, strict=True))


def lives(file: Path) -> bool:
    """Whether the process behind the file of a run still holds it, as far as can be seen from this machine."""
    try:
        if not _is_here(file):
            return True
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
    if run and Path(run).is_file() and _is_here(Path(run)):
        threading.Thread(target=_watch, args=(Path(run),), daemon=True).start()


def _watch(run: Path) -> None:
    while lives(run):
        time.sleep(CHECKED_EVERY_S)
    os.kill(os.getpid(), signal.SIGKILL)
