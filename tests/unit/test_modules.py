"""The modules said to stand behind a script are those that Python loads for its imports."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from inference_energy import modules

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "workflow/scripts"
LOAD_IMPORTS = """
import ast, sys
folder, script = sys.argv[1:]
sys.path.insert(0, folder)
with open(script) as handle:
    tree = ast.parse(handle.read())
tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
exec(compile(tree, script, "exec"), {})
names = [name for name in sys.modules if name.split(".")[0] == "inference_energy"]
print("\\n".join(sorted(sys.modules[name].__file__ for name in names)))
"""


def loaded(script):
    command = [sys.executable, "-c", LOAD_IMPORTS, str(FOLDER), str(script)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]


def test_every_script_imports_what_is_declared():
    scripts = sorted(FOLDER.glob("*.py"))
    assert scripts
    with ThreadPoolExecutor(max_workers=2) as workers:
        found = dict(zip(scripts, workers.map(loaded, scripts), strict=True))
    assert {script.name: modules.imported(script, FOLDER) for script in scripts} == {
        script.name: files for script, files in found.items()
    }


def test_modules_that_import_each_other_end(tmp_path):
    package = tmp_path / "inference_energy"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text("from inference_energy import b\n")
    (package / "b.py").write_text("import inference_energy.a\nimport polars\n")
    (package / "unused.py").touch()
    script = tmp_path / "script.py"
    script.write_text("from inference_energy.a import something\n")
    assert modules.imported(script, tmp_path) == [str(package / name) for name in ("__init__.py", "a.py", "b.py")]


def test_script_without_imports_has_no_modules(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import json\n")
    assert modules.imported(script, tmp_path) == []
