"""A Slurm cluster of one node on the loopback, all of it under a temporary folder, for as long as it is asked for."""

import getpass
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from patience import HANGS_S

# Debian keeps daemons where only root looks for commands.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
DAEMONS = ("munged", "slurmctld", "slurmd")
CORES = 2
CONFIGURATION = """
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
# nothing that would need control groups, or other rights on the machine
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MailProg=/bin/true
ReturnToService=2
# cores and memory are handed out as on a real cluster
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MinJobAge=300
# a job starts at once, and one that was killed leaves at once
SchedulerParameters=batch_sched_delay=0,sched_interval=1
CompleteWait=0
KillWait=1
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory_mb} State=UNKNOWN
PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """Daemons that are not installed."""
    return [name for name in DAEMONS if not shutil.which(name, path=PATH)]


@contextmanager
def slurm_cluster() -> Iterator[dict[str, str]]:
    """Start the cluster and stop it again; what it gives are the environment variables that lead to it."""
    # A short path of its own: the address of a socket may have 107 characters.
    with TemporaryDirectory(prefix="slurm-") as name, ExitStack() as running:
        folder = Path(name)
        lead = _configure(folder)
        try:
            _start(folder, lead, running, "munged", *_munge_arguments(folder))
            _wait(lambda: (folder / "munge.socket").exists(), "munged")
            _start(folder, lead, running, "slurmctld", "-D")
            _start(folder, lead, running, *_apart(), "slurmd", "-D", "-N", "localhost")
            _wait(lambda: ask(lead, "sinfo", "--noheader", "--format=%T") == "idle", "the node")
        except BaseException as error:
            error.add_note("\n".join(f"{log.name}\n{log.read_text()}" for log in sorted(folder.glob("*.log"))))
            raise
        running.callback(_end_jobs, lead)
        yield lead


def ask(lead: dict[str, str], *command: str) -> str:
    """What a command of Slurm prints; nothing where it fails, as it does while the cluster starts."""
    return subprocess.run(
        command, env=os.environ | lead, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    ).stdout.strip()


def _configure(folder: Path) -> dict[str, str]:
    """Write key and configuration; the environment variables that lead to them."""
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(1024))
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = one.getsockname()[1], other.getsockname()[1]
    text = CONFIGURATION.format(
        folder=folder,
        user=getpass.getuser(),
        controller_port=ports[0],
        node_port=ports[1],
        cores=CORES,
        memory_mb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
    )
    version = subprocess.run(["slurmctld", "-V"], env={"PATH": PATH}, capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall(r"\d+", version)[:2])) >= (23, 11):  # which asks for them unless told not to
        (folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
    configuration = folder / "slurm.conf"
    configuration.write_text(text)
    # Snakemake takes all variables of Slurm from the environment in which a job calls srun, this one too.
    srun = folder / "bin/srun"
    srun.parent.mkdir()
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={configuration} exec {shutil.which("srun")} "$@"\n')
    srun.chmod(0o755)
    return {"SLURM_CONF": str(configuration), "PATH": f"{srun.parent}:{PATH}"}


def _munge_arguments(folder: Path) -> list[str]:
    files = {"socket": "socket", "key-file": "key", "pid-file": "pid", "seed-file": "seed"}
    # Forced, because it mistrusts folders below one that all may write to, as /tmp is.
    return ["--foreground", "--force", *(f"--{option}={folder}/munge.{file}" for option, file in files.items())]


def _apart() -> list[str]:
    """Processes of their own, which all end with the first: jobs, with their node. Only root may have them."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        return []
    # The first process must bury the others, or Slurm takes the dead of a job for alive: a shell does, slurmd does not.
    return [*command, "sh", "-c", '"$@" & wait', "sh"]


def _start(folder: Path, lead: dict[str, str], running: ExitStack, *command: str) -> None:
    """Start a daemon that ends with what is running, or with this process where it is killed."""
    name = next(word for word in command if word in DAEMONS)
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", *command],
            env=os.environ | lead,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    running.callback(_stop, process)


def _stop(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


def _end_jobs(lead: dict[str, str]) -> None:
    """Cancel what still runs while there is a daemon to do it, and let it end."""
    ask(lead, "scancel", f"--user={getpass.getuser()}")
    _wait(lambda: not ask(lead, "squeue", "--noheader"), "the last job")


def _wait(reached: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + HANGS_S
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"Slurm: {what} kept us waiting for {HANGS_S} s")
        time.sleep(0.1)
