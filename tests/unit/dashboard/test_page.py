"""The parts of the page that no browser is needed for."""

import base64
import gzip
from pathlib import Path

import jinja2
import polars as pl
import pytest
from built_page import numbers
from inference_energy.answers.own import LIMITS, Gpu
from inference_energy.common.yaml_files import read_yaml
from inference_energy.dashboard import formulas, page as dashboard_page, payload
from inference_energy.dashboard.page import caption_html, evidence, packed, page, plate, references
from inference_energy.figures import palette

pytestmark = pytest.mark.slow

DASHBOARD = Path(__file__).parents[3] / "workflow/dashboard"
SVG = '<svg width="790" height="697" viewBox="0 0 790.4 697"><text>A</text></svg>'
FIGURE = plate(
    {"group": "Fleet", "path": "figures/one/fleet_plan", "wildcards": {"study": "one", "workload": "plan"}},
    svg=SVG,
    specification={"title": {"text": ["A fleet draws", "a lot"]}},
    caption="Of study **{{ snakemake.wildcards.study }}**.\n\nSee ``here``.",
)


def built(**changes):
    arguments = {
        "version": "1.2.3",
        "studies": [{"name": "one", "title": "One", "evidence": []}],
        "numbers": {"first": "one"},
        "figures": [FIGURE],
        "sources": [],
        "asked_title": "Now",
        "library": "// draws\n",
    }
    return page(DASHBOARD, **(arguments | changes))


def test_packed_text_comes_back_and_is_the_same_every_time():
    assert gzip.decompress(base64.b64decode(packed(b"Wh"))) == b"Wh"
    assert packed(b"Wh") == packed(b"Wh")


def test_a_page_holds_its_numbers_and_figures():
    html = built()
    assert numbers(html) == {"first": "one", "version": "1.2.3"}
    assert packed(palette.adaptive(SVG).encode()) in html
    assert 'alt="A fleet draws a lot"' in html and 'width="790" height="697"' in html
    assert "1.2.3" in html and f"{payload.DRAWS} of the draws" in " ".join(html.split())
    assert html == built()


def test_text_of_others_cannot_become_markup():
    source = dict.fromkeys(("source", "publisher", "url", "read_on", "licence"), "x") | {"rows": 1}
    html = built(sources=[source | {"title": "<script>alert(1)</script>"}])
    assert "<script>alert(1)</script>" not in html and "&lt;script&gt;alert(1)" in html


def test_numbers_that_json_has_no_word_for_are_refused():
    with pytest.raises(ValueError, match="Out of range"):
        built(numbers={"energy": float("nan")})


def test_a_caption_becomes_html_with_its_study():
    html = caption_html("Study **{{ snakemake.wildcards.study }}**.\n\nSecond.", {"study": "current"})
    assert "<strong>current</strong>" in html and html.count("<p>") == 2
    with pytest.raises(jinja2.UndefinedError):
        caption_html("{{ snakemake.wildcards.nothing }}", {"study": "current"})


def test_references_say_what_they_are():
    statements = pl.DataFrame(
        {
            "source": ["published_statements", "published_statements", "jegham"],
            "row_id": ["a", "b", "c"],
            "kind": ["executive_statement", "top_down", "executive_statement"],
            "subject": ["Chat", "Chat", "Other"],
            "query": ["mean query"] * 3,
            "citation": ["Somebody"] * 3,
            "energy_wh": [0.34, 2.9, 1.0],
            "url": ["https://example.org"] * 3,
        }
    )
    loads = pl.DataFrame(
        {
            "reference": ["web_search", "site"],
            "label": ["Searches", "Site"],
            "energy_gwh_per_day": [0.3, 0.5],
            "derivation": ["1e9 x 0.3 Wh", "30 MW"],
            "source": ["A report (2024)", "https://example.org/site"],
        }
    )
    found = references(statements, loads)
    assert [(of["label"], of["value"], of["kind"]) for of in found["query"]] == [
        ("Web search", pytest.approx(0.3), "stated"),
        ("Chat, mean query", 0.34, "stated"),
    ]
    assert [of["url"] for of in found["fleet"]] == [None, "https://example.org/site"]


def test_evidence_leads_to_its_sources():
    rows = [{"ingredient": "Power", "kind": "measured", "rests_on": "Runs.", "sources": ["a", "gone"], "table": "t"}]
    (found,) = evidence(rows, {"a": "https://example.org/a"})
    assert found["links"] == [("a", "https://example.org/a"), ("resources/t.csv", "../resources/t.csv")]


def test_every_ingredient_of_the_page_names_sources_that_exist():
    root = DASHBOARD.parents[1]
    for method, rows in read_yaml(DASHBOARD / "evidence.yaml").items():
        assert method in ("published", "nested")
        for row in rows:
            assert row["kind"] in ("measured", "modelled", "stated", "assumed")
            assert all((root / "resources/benchmarks" / source).is_dir() for source in row.get("sources", []))
            assert "table" not in row or (root / f"resources/{row['table']}.csv").is_file()


def test_every_script_of_the_page_is_in_it():
    assert {path.stem for path in DASHBOARD.glob("*.js")} == set(dashboard_page.SCRIPTS)


def test_formulas_stand_before_what_computes_with_them():
    html = built()
    assert formulas.script() in html
    assert formulas.serving_script() in html
    places = [html.index(f"const {name} =") for name in ("Formulas", "Serving", "Energy", "Own", "Ask", "Question")]
    assert places == sorted(places)


def test_every_parameter_of_a_gpu_is_asked():
    asked = {name for name, _, _ in dashboard_page.OWN_GPU}
    assert asked == {name for name in LIMITS if name != "gpus_per_node"}
    Gpu(**{name: float(value) for name, _, value in dashboard_page.OWN_GPU if value})  # what the page starts with
