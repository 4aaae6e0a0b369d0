"""A whole run whose text from outside is hostile: every output shows it, none does what it says.

Every free text of studies, configuration, origins, registries, benchmark rows, usage files and logs is another hostile
text (`tests/helpers/hostile_texts.py`).
"""

import csv
import importlib
import json
import pkgutil
import re
import shutil
import subprocess
import sys
import unicodedata
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import duckdb
import inference_energy
import openpyxl
import polars as pl
import pytest
from hostile_texts import MODEL, free_fields, poison_csv, poison_logs, poison_yaml, sign
from inference_energy.common import escaped
from inference_energy.common.yaml_files import read_yaml
from markdown_it import MarkdownIt
from patience import HANGS_S
from runs import STATEMENT, copy_sources, made_once, run

RENAMED = "MiniMax-M2.5"  # a model that studies serve, under a hostile name
PUBLISHED = ("arxiv-2025", "joule-2026")
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
WEB = ("http", "https")
LONG = {"config/studies/current.yaml": "description", "config/usage/example.yaml": "title"}  # nearly as long as allowed


def poisoned_sources(folder: Path) -> None:
    """The project with hostile text in every field that holds text from outside."""
    for module in pkgutil.walk_packages(inference_energy.__path__, "inference_energy."):
        if module.name.endswith("tables"):
            importlib.import_module(module.name)  # the schemas of all tables
    copy_sources(folder)
    schemas = {path.name.split(".")[0]: read_yaml(path) for path in (folder / "workflow/schemas").glob("*.yaml")}
    files = [path for name in ("config", "resources") for path in sorted((folder / name).rglob("*.*"))]
    for path in files:
        if path.suffix in (".yaml", ".csv") and RENAMED in (content := path.read_text()):
            path.write_text(content.replace(RENAMED, MODEL))
    count = poison_logs(folder / "resources/usage_example", folder / "config/usage/example.yaml")
    count += sum(poison_csv(path) for path in files if path.suffix == ".csv" and "usage_example" not in str(path))
    fields: dict[str, set[str]] = {}
    # Descriptions of formats are part of the code: nobody outside writes them.
    for path in (path for path in files if path.suffix == ".yaml" and path.parent.name != "usage_formats"):
        if path.name == "origin.yaml":
            sign(path)
        kinds = {"studies": f"study_{'published' if path.stem in PUBLISHED else 'nested'}", "usage": "usage"}
        name = "origin" if path.name == "origin.yaml" else kinds.get(path.parent.name, path.stem)
        found = poison_yaml(path, schemas[name])
        fields.setdefault(name, set()).update(found)
        count += len(found)
    assert fields == {name: free_fields(schema, schema) for name, schema in schemas.items()}
    assert count > 3_500
    for place, key in LONG.items():
        content = (folder / place).read_text()
        assert content.count(f'\n{key}: "') == 1
        (folder / place).write_text(content.replace(f'\n{key}: "', f'\n{key}: "{"x" * 9_000} '))


def results(folder, *endings):
    """Results of some kinds; there are some."""
    found = [path for path in sorted((folder / "results").rglob("*.*")) if path.suffix in endings]
    assert found
    return found


def unseen(text):
    """Signs that cannot be seen, but for the ends of lines."""
    return {
        sign for sign in set(text) - {"\n"} if not sign.isprintable() and unicodedata.category(sign) != "Zs"
    }  # fmt: skip


def command(folder, name, *arguments):
    """What a command prints."""
    line = [sys.executable, f"workflow/scripts/{name}.py", *arguments]
    outcome = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    return outcome.stdout + outcome.stderr


def state_and_compare(folder: Path) -> None:
    """The statement of a usage, and a comparison with other headline numbers, another title and other packages."""
    outcome = run(folder, "--cores", "2", *STATEMENT)
    (folder / "statement.txt").write_text(outcome.stdout)
    assert outcome.returncode == 0, outcome.stdout
    base = Path(shutil.copytree(folder / "results", folder / "base"))
    headline = escaped.read_csv(base / "headline.csv", infer_schema_length=None)
    escaped.write_csv(headline.with_columns(computed=2 * pl.col("computed")), base / "headline.csv")
    recorded = json.loads((base / "provenance.json").read_text())
    recorded["studies"]["current"]["title"] = "Another"
    (base / "provenance.json").write_text(json.dumps(recorded))
    (folder / "compared.txt").write_text(command(folder, "compare_builds", "base", "results/changes", "1"))


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory) -> Path:
    """A finished build, the statement of a usage and a comparison of builds, which tests only read."""
    return made_once(tmp_path_factory, "poisoned", poisoned_sources, finish=state_and_compare)


def test_the_terminal_shows_every_sign(poisoned):
    told = [(poisoned / name).read_text() for name in ("terminal.txt", "statement.txt", "compared.txt")]
    told += [command(poisoned, "list_sources"), command(poisoned, "validate"), command(poisoned, "verify_results")]
    told += [command(poisoned, "explain", "--detail", "full", "--", f"current long {MODEL} energy_wh_p50")]
    told += [command(poisoned, "explain", "--format", form, "--", "current long frontier") for form in ("text", "json")]
    assert [text for text in told if unseen(text)] == []
    assert all("Traceback" not in text for text in told)
    assert "H" in told[3] and MODEL in told[6]


def test_a_shell_runs_nothing_of_it(poisoned):
    assert not [path for path in poisoned.rglob("hostile*") if ".snakemake" not in path.parts]


def test_no_cell_of_csv_is_a_formula(poisoned):
    count = 0
    for path in results(poisoned, ".csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            for cell in chain.from_iterable(csv.reader(handle)):
                count += "window.hostile" in cell
                assert not cell.startswith(FORMULA) or re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", cell), (path, cell[:60])
    assert count > 1000


def test_no_cell_of_a_workbook_is_a_formula_or_an_address(poisoned):
    count = 0
    for path in results(poisoned, ".xlsx"):
        for sheet in openpyxl.load_workbook(path):
            for cell in chain.from_iterable(sheet.iter_rows()):
                count += "window.hostile" in str(cell.value)
                assert cell.data_type != "f", (path, sheet.title, cell.coordinate)
                assert cell.hyperlink is None or (cell.hyperlink.target is None and sheet.title in ("Answers", "About"))
    assert count > 1000


def test_databases_hold_it_as_text(poisoned):
    for path in results(poisoned, ".duckdb"):
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
            texts = str([connection.execute(f'FROM "{name}"').fetchall() for name in tables])
        assert "DROP TABLE headline" in texts


def test_markdown_has_links_to_the_web_alone_and_no_markup(poisoned):
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for path in results(poisoned, ".md"):
        if path.name == "README.md":
            continue
        text = path.read_text(encoding="utf-8")
        assert unseen(text) == set()
        for token in chain.from_iterable((token, *(token.children or ())) for token in reader.parse(text)):
            if token.type.startswith("html"):
                assert not re.sub(r"</?(details|summary)>|[\w, ]", "", token.content).strip(), token.content
            if token.type == "link_open":
                assert urlsplit(token.attrs["href"]).scheme in WEB
            if token.type == "image":
                assert token.attrs["src"] in ("power.png", "models.png")
        assert "window.hostile" in text


def test_drawings_hold_nothing_but_marks(poisoned):
    shown = 0
    for path in results(poisoned, ".svg"):
        shown += "window.hostile" in path.read_text(encoding="utf-8")
        for element in ElementTree.parse(path).iter():
            assert element.tag.rpartition("}")[2] in {
                *("svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clipPath", "linearGradient", "stop"),
                *("style", "title", "circle"),
            }, (path, element.tag)
            assert not [name for name in element.attrib if name.lower().startswith("on") or name.endswith("href")]
    assert shown > 20


LINKS = "[...document.querySelectorAll('[href], [src], [action], [formaction]')].map(e => e.href ?? e.src ?? '')"
HANDLERS = (
    "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => a.name.startsWith('on')).length"
)


def test_pages_run_ask_and_complain_of_nothing(poisoned, browser):
    context = browser.new_context(offline=True)
    context.set_default_timeout(1000 * HANGS_S)
    said, asked = [], []
    for path in results(poisoned, ".html", ".svg"):
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        if path.name == "dashboard.html":
            page.wait_for_selector("html[data-ready]")
            for study in page.locator("[name=study]").all():
                study.dispatch_event("click")  # a long title may lie over it
                assert study.is_checked()
                page.wait_for_timeout(200)
        if path.suffix == ".html":
            page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            links = {urlsplit(link).scheme for link in page.evaluate(LINKS) if isinstance(link, str)}
            assert links <= {*WEB, "file", "data", "blob", ""}, (path, links)
            assert "window.hostile" in page.content() or path.name == "dashboard.html"
            assert page.evaluate(HANDLERS) == 0, path
        page.mouse.move(300, 300)
        assert page.evaluate("window.hostile") is None, path
        page.close()
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
