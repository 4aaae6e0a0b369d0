"""The modules said to stand behind a script are those that Python loads for its imports."""

import subprocess
import sys
from pathlib import Path

import pytest
from inference_energy.records import imports

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "workflow/scripts"
# One interpreter for all scripts: libraries are loaded once, the package's own modules anew for every script.
LOAD_IMPORTS = """
import ast, sys
from pathlib import Path

def own():
    return [name for name in sys.modules if name.split(".")[0] == "inference_energy"]

folder, *scripts = sys.argv[1:]
sys.path.insert(0, folder)
for script in scripts:
    for name in own():
        del sys.modules[name]
    tree = ast.parse(Path(script).read_text())
    tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    exec(compile(tree, script, "exec"), {})
    print(script, *sorted(sys.modules[name].__file__ for name in own()), sep="\\t")
"""


LATER = {"write_api.py"}  # the command that it documents imports some modules where it needs them


def loaded(scripts):
    """Modules of the package that Python loads for the imports of every script."""
    command = [sys.executable, "-c", LOAD_IMPORTS, str(FOLDER), *map(str, scripts)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {script: files for script, *files in (line.split("\t") for line in printed.splitlines())}


@pytest.mark.slow
def test_every_script_imports_what_is_declared():
    scripts = sorted(FOLDER.glob("*.py"))
    assert scripts
    declared, found = {str(script): imports.imported(script, FOLDER) for script in scripts}, loaded(scripts)
    for script in scripts:
        assert set(found[str(script)]) <= set(declared[str(script)])
        if script.name not in LATER:
            assert found[str(script)] == declared[str(script)]


def test_modules_that_import_each_other_end(tmp_path):
    package = tmp_path / "inference_energy"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text("from inference_energy import b\n")
    (package / "b.py").write_text("import inference_energy.a\nimport polars\n")
    (package / "unused.py").touch()
    script = tmp_path / "script.py"
    script.write_text("from inference_energy.a import something\n")
    assert imports.imported(script, tmp_path) == [str(package / name) for name in ("__init__.py", "a.py", "b.py")]


def test_script_without_imports_has_no_modules(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import json\n")
    assert imports.imported(script, tmp_path) == []
