"""The built site: complete by itself, reachable, the same bytes again."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from inference_energy.answers.factors import CONTEXTS
from inference_energy.common import yaml_files
from inference_energy.common.files import ROOT
from inference_energy.corpus.origins import sha256
from inference_energy.site import model_pages
from inference_energy.site.documents import OUTSIDE, anchors, links

SITE = ROOT / "results/site"
PAGES = ("index", "explore", "models/index", "models/deepseek-r1", "models/gpt-oss-120b", "numbers", "public", "search")
DOCUMENTS = ("docs/index", "docs/results", "docs/validation", "docs/method", "docs/corpus", "docs/api", "config/README")
WIDTHS = (360, 1280)


@pytest.fixture(scope="module")
def index():
    return json.loads((SITE / "v1/index.json").read_text())


def test_every_link_inside_leads_somewhere():
    pages = {page: page.read_text(encoding="utf-8") for page in SITE.rglob("*.html")}
    named = {page: anchors(text) for page, text in pages.items()}
    broken = []
    for page, text in pages.items():
        for link in links(text):
            path, _, anchor = unquote(link).partition("#")
            target = (page.parent / path.partition("?")[0]).resolve() if path else page
            if OUTSIDE.match(link) or (target.is_file() and (not anchor or anchor in named.get(target, {anchor}))):
                continue
            broken.append(f"{page.relative_to(SITE)}: {link}")
    assert len(pages) > 100
    assert broken == []


def test_every_model_of_the_registry_has_a_page_and_its_factors(index):
    document = json.loads((SITE / "v1/factors.json").read_text())
    schema = json.loads((SITE / "v1/factors.schema.json").read_text())
    models = {row[1] for row in document["rows"]}
    of_models = {entry["path"] for entry in index["files"] if entry["path"].startswith("v1/models/")}
    assert {page.stem for page in (SITE / "models").glob("*.html")} - {"index"} == {
        model_pages.slug(model) for model in models
    }
    rows = 0
    for model in models:
        own = json.loads((SITE / f"v1/models/{model_pages.slug(model)}.json").read_text())
        assert {row[1] for row in own["rows"]} == {model}
        rows += len(own["rows"])
    assert rows == len(document["rows"])
    yaml_files.check(own, schema, "the last model")
    assert of_models <= {entry["path"] for entry in index["files"]}


def test_the_index_is_of_these_files(index):
    yaml_files.check(index, json.loads((SITE / "v1/index.schema.json").read_text()), "v1/index.json")
    assert {entry["path"]: entry["sha256"] for entry in index["files"]} == {
        str(path.relative_to(SITE / "v1")): sha256(path)
        for path in (SITE / "v1").rglob("*")
        if path.is_file() and path.name != "index.json"
    }


def test_feeds_tell_the_same():
    items = json.loads((SITE / "feed.json").read_text())["items"]
    ids = [each.text for each in ElementTree.parse(SITE / "feed.xml").iterfind("{*}entry/{*}id")]
    assert [item["id"] for item in items] == ids
    assert len(ids) == len(set(ids)) >= 4
    places = anchors((SITE / "numbers.html").read_text())
    assert all(item["url"].partition("#")[2] in places for item in items)


def test_a_page_shows_the_factors_of_its_model():
    text = (SITE / "models/deepseek-r1.html").read_text()
    document = json.loads((SITE / "v1/models/deepseek-r1.json").read_text())
    names = list(document["columns"])
    rows = [dict(zip(names, row, strict=True)) for row in document["rows"]]
    shown = [
        row
        for row in rows
        if (row["boundary"], row["context"], row["speed_tok_per_s"])
        == (model_pages.BOUNDARY, model_pages.CONTEXT, model_pages.SHOWN_SPEED)
    ]
    assert len(shown) == len(re.findall(r'circle cx="[\d.]+%"', text)) > 10
    assert "4,000 tokens in and 500 out" in text and CONTEXTS[model_pages.CONTEXT] == (4_000, 500)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", [*PAGES, *DOCUMENTS])
def test_pages_are_accessible_and_load_nothing_from_elsewhere(browser, name, dark):
    # Documents look alike: each is looked at narrow by day and wide by night, which is half of the time.
    for width in WIDTHS if name in PAGES else WIDTHS[dark : dark + 1]:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
        )
        page, asked, said = context.new_page(), [], []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("console", lambda message, said=said: said.append(message.text))
        page.goto((SITE / f"{name}.html").as_uri())
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"wider than {width} px"
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        assert said == []
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        context.close()


def test_another_build_has_the_same_bytes(tmp_path):
    command = [sys.executable, str(ROOT / "workflow/scripts/build_site.py"), "--out", str(tmp_path / "site")]
    environment = os.environ | {"TZ": "Pacific/Chatham", "LC_ALL": "C"}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr

    def contents(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    first, second = contents(SITE), contents(tmp_path / "site")
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []
