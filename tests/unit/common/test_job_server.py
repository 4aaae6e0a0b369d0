"""Scripts in copies of one process: as in a process of their own."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from inference_energy.common import job_server

SERVER = job_server.JobServer()  # one for all tests here: it loads every library


@pytest.fixture
def run(tmp_path):
    def run(code, name="script.py", **environment):
        script = tmp_path / name
        script.write_text(code)
        return SERVER.run(str(script), environment)

    return run


@pytest.mark.parametrize(
    "code, status",
    [
        ("pass", 0),
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('a fault')", 1),
        ("1 / 0", 1),
        ("no Python", 1),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("raise KeyboardInterrupt", 1),
    ],
)
def test_how_a_script_ends_is_told(run, code, status):
    assert run(code) == status


def test_a_script_is_the_main_program(run, tmp_path):
    code = "import sys; from pathlib import Path; print(__name__, *sys.argv, file=open('{}', 'w'))"
    assert run(code.format(tmp_path / "told"), name='it\'s a "name" with spaces.py') == 0
    assert (tmp_path / "told").read_text() == f'__main__ {tmp_path}/it\'s a "name" with spaces.py\n'


def test_nothing_is_left_for_the_next_script(run, tmp_path):
    found = "import os, sys; told = os.environ.get('OF_ONE'), os.environ.get('left'), hasattr(sys, 'left')\n"
    found += f"print(*told, file=open('{tmp_path}/told', 'w'))\n"
    assert run(f"{found}sys.left = os.environ['left'] = '1'", OF_ONE="1") == 0
    assert (tmp_path / "told").read_text() == "1 None False\n"
    assert run(found) == 0
    assert (tmp_path / "told").read_text() == "None None False\n"


def test_scripts_run_side_by_side(run, tmp_path):
    code = "import time, pathlib; here = pathlib.Path('{}'); (here / '{}').touch()\n"
    code += "while not (here / '{}').exists(): time.sleep(0.01)"
    with ThreadPoolExecutor() as pool:
        one = pool.submit(run, code.format(tmp_path, "a", "b"), "a.py")
        other = pool.submit(run, code.format(tmp_path, "b", "a"), "b.py")
        assert (one.result(), other.result()) == (0, 0)


def test_what_a_script_prints_is_seen(tmp_path):
    """And the server ends with the program that has it."""
    (tmp_path / "script.py").write_text("import os, sys; print(os.getppid()); sys.exit('Error: ends')")
    code = "from inference_energy.common.job_server import JobServer; print(JobServer().run('script.py', {}))"
    environment = os.environ | {"PYTHONPATH": str(Path(job_server.__file__).parents[2])}
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    server, status = told.stdout.split()
    assert (status, told.stderr) == ("1", "Error: ends\n")
    assert not Path(f"/proc/{server}").exists()


def test_a_server_that_was_ended_is_a_fault_of_its_job(tmp_path):
    (tmp_path / "script.py").write_text("import os; os.kill(os.getppid(), 9)")
    assert job_server.JobServer().run(str(tmp_path / "script.py"), {}) == 1


def job(**other):
    given = {"threads": 1, "resources": {}}
    return SimpleNamespace(
        **dict.fromkeys(("conda_env", "container_img", "env_modules", "bench_record")) | given | other
    )


@pytest.mark.parametrize("other", [{"threads": 8}, {"conda_env": "env"}, {"container_img": "image"}])
def test_jobs_that_need_more_get_their_own_process(other):
    asked = []
    executed = job_server.by_server(SERVER, lambda job, fname, edit: asked.append(fname))
    executed(job(**other), "script.py")
    assert asked == ["script.py"]


def test_jobs_get_the_temporary_folder_of_their_rule(tmp_path):
    (tmp_path / "script.py").write_text("import sys, tempfile; sys.exit(len(tempfile.gettempdir()))")
    executed = job_server.by_server(SERVER, None)
    with pytest.raises(subprocess.CalledProcessError, match=f"exit status {len(str(tmp_path))}"):
        executed(job(resources={"tmpdir": str(tmp_path)}), str(tmp_path / "script.py"))
