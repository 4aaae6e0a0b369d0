"""Jobs as copies of one process that has loaded the libraries already: a start takes 6 ms in place of 400.

This is what a run does to have it, and the program of that process, the server. It forks itself for every job and ends
with the run, however that ends. It has no code of this project, which every job loads by itself.
"""

import atexit
import functools
import gc
import importlib
import json
import multiprocessing
import os
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any

LIBRARIES = (
    *("numpy", "scipy.special", "scipy.optimize", "polars", "pandera.polars", "duckdb", "yaml", "jsonschema"),
    # What pandera, published studies and Snakemake's preamble load only when they are used.
    *("pandera.backends.polars.builtin_checks", "scipy.stats.qmc", "snakemake.io"),
    *("altair", "vl_convert", "snakemake.iocontainers", "snakemake.logging"),
)
LONGEST_REQUEST = 65_536  # bytes: the path of a script and that of a temporary folder
LONGEST_STATUS = 8
# Objects, and younger collections, between collections of garbage. Jobs keep most of what they make: a workbook of
# 700,000 cells takes a seventh less time than with the defaults.
COLLECTED_AFTER = (50_000, 20, 20)
# One job of a run has one core, and Snakemake tells libraries so; they read it when they are loaded.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class JobServer:
    """The process behind the jobs of a run; it starts with the first, if it was not started before."""

    def __init__(self):
        self._python = sys.executable  # as it is now: for its own commands the run writes it as a shell reads it
        self._starts = threading.Lock()
        self._requests: socket.socket | None = None

    def start(self) -> None:
        """Have the libraries loaded, while the run finds out what to do."""
        with self._starts:
            if self._requests is None:
                self._requests = self._started()

    def run(self, script: str, environment: dict[str, str]) -> int:
        """Run a script, with some variables of the environment.

        Returns:
            Its exit status; negative if a signal ended it.
        """
        self.start()
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                request = json.dumps({"script": script, "environment": environment}).encode()
                socket.send_fds(self._requests, [request], [theirs.fileno()])
            status = ours.recv(LONGEST_STATUS)
        return int(status) if status else 1  # none where the server itself was ended from outside

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -P: modules beside this one are no libraries.
            command = [self._python, "-P", __file__, str(theirs.fileno())]
            process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=os.environ | ONE_THREAD)
        atexit.register(process.wait)
        atexit.register(process.kill)  # before that
        return ours


def by_server(server: JobServer, execute: Callable[..., None]) -> Callable[..., None]:
    """`PythonScript.execute_script` of Snakemake, for jobs that need nothing but the Python and the core of others."""

    @functools.wraps(execute)
    def executed(job: Any, fname: str, edit: bool = False) -> None:
        if edit or job.threads != 1 or job.conda_env or job.container_img or job.env_modules or job.bench_record:
            return execute(job, fname, edit=edit)
        folder = job.resources.get("tmpdir")
        names = ("TMPDIR", "TMP", "TEMPDIR", "TEMP") if folder else ()
        if status := server.run(fname, dict.fromkeys(names, str(folder))):
            raise subprocess.CalledProcessError(status, f"python {shlex.quote(fname)}")

    return executed


def be_job(script: str, environment: dict[str, str]) -> None:
    """Run a script in a copy of the server, as `python script` would."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(environment)
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")


def serve(requests: socket.socket) -> None:
    """Answer until the run ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, which ends the run and the jobs
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else the collector of every job would copy all that is loaded
    gc.set_threshold(*COLLECTED_AFTER)
    copies = multiprocessing.get_context("fork")
    going_on = {}
    while True:
        for ready in wait([requests, *going_on]):
            if ready is requests:
                request, answers, *_ = socket.recv_fds(requests, LONGEST_REQUEST, 1)
                if not request:
                    return
                process = copies.Process(target=be_job, kwargs=json.loads(request))
                process.start()
                going_on[process.sentinel] = process, answers[0]
            else:
                process, answer = going_on.pop(ready)
                process.join()
                os.write(answer, str(process.exitcode).encode())
                os.close(answer)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # libraries tell of what a frozen collector left
