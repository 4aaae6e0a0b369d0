"""The site as a whole: its sources in a folder of their own, what Sphinx makes of them, and what lies beside."""

import itertools
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
from markupsafe import Markup

from inference_energy.answers.estimate import Estimate
from inference_energy.common import escaped, files, html
from inference_energy.common.readable import between, two_digits
from inference_energy.headline import answers, golden
from inference_energy.site import documents, model_pages, numbers, public
from inference_energy.studies.files import resolve

TITLE = "inference-energy"
HERO = "docs/hero.png"  # figure of the first page
# How Sphinx builds the site. Nothing is loaded from elsewhere, and nothing depends on the day or the machine.
SPHINX = {
    "project": TITLE,
    "extensions": ["myst_parser"],
    "root_doc": "index",
    "source_suffix": {".md": "markdown"},
    "myst_heading_anchors": 4,
    # Files that Sphinx does not make are linked as `beside:path`.
    "myst_url_schemes": {"http": None, "https": None, "mailto": None, "beside": "{{path}}"},
    "html_theme": "furo",
    "html_title": TITLE,
    "html_static_path": ["_static"],
    "html_css_files": ["site.css"],
    "html_copy_source": False,
    "html_use_index": False,
    "html_show_sphinx": False,
    "html_show_copyright": False,
    "html_theme_options": {
        # Blue of 4.5 to 1 and more on both backgrounds.
        "light_css_variables": {"color-brand-primary": "#0b57a4", "color-brand-content": "#0b57a4"},
        "dark_css_variables": {"color-brand-primary": "#8ab8f0", "color-brand-content": "#8ab8f0"},
    },
    "pygments_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "highlight_language": "none",
    "suppress_warnings": ["misc.highlighting_failure"],
}


def sources(root: Path, stage: Path, ask: Callable[..., Estimate], address: str) -> tuple[Mapping, list[str]]:
    """Write everything that Sphinx reads.

    Args:
        root: folder of the project, with a build.
        stage: folder of the sources.
        ask: as `inference_energy.estimate`.
        address: where the site will be, for the feeds; may be empty.

    Returns:
        The content of `factors.json`, and the names of the models that have a page.
    """
    templates, results = root / "workflow/templates", root / "results"
    document = json.loads((results / "factors.json").read_text(encoding="utf-8"))
    tables = model_pages.ModelTables(
        factors=pl.read_parquet(results / "factors.parquet"),
        models=pl.read_parquet(results / "validated/models.parquet"),
        runs=pl.read_parquet(results / "serving/serving_runs.parquet"),
        scores=escaped.read_csv(results / "validation/scores.csv"),
        origins=pl.read_parquet(results / "validated/sources.parquet"),
    )
    files.write(stage / "conf.py", "".join(f"{name} = {value!r}\n" for name, value in SPHINX.items()))
    names = documents.staged(root, stage)
    shutil.copyfile(root / HERO, stage / HERO)
    (stage / "_static").mkdir(exist_ok=True)
    files.write(stage / "_static/site.css", (templates / "site.css").read_text(encoding="utf-8"))

    pages = [model_pages.page(model, tables, ask) for model in sorted(tables.models["model"], key=str.lower)]
    for page in pages:
        asked = escaped.shell(page["model"])
        path = stage / f"models/{page['slug']}.md"
        html.write(path, templates / "model.md.j2", asked=Markup(asked), cite=document["cite"], **page)
    html.write(
        stage / "models/index.md",
        templates / "models.md.j2",
        study=document["study"],
        models=[_listed(page) for page in pages],
    )
    html.write(stage / "explore.md", templates / "explore.md.j2")
    _what_moved(root, stage, templates, address)
    html.write(stage / "public.md", templates / "public.md.j2", tables=public.TABLES.items(), cite=document["cite"])
    headline = escaped.read_csv(results / "headline.csv").to_dicts()
    study = answers.told_first(list(dict.fromkeys(row["study"] for row in headline)))
    subject = resolve(study, root / "config/studies")["fleet"]["subject"]
    html.write(
        stage / "index.md",
        templates / "site.md.j2",
        version=document["version"],
        valid_from=document["valid_from"],
        study=study,
        answers=[
            {
                "question": of.question,
                "statistic": of.statistic,
                "short": f"{two_digits(of.value)} {of.unit}",
                "interval": between(of.p05, of.p95),
            }
            for of in answers.answers(headline, study, subject)
        ],
        models=len(pages),
        documents=_in_order(root, names),
    )
    return document, [page["model"] for page in pages]


def beside(root: Path, site: Path, document: Mapping, models: list[str], stage: Path) -> None:
    """Copy what is part of the site without Sphinx: public tables, feeds, pages of the build and what they link to."""
    public.write(document, models, root, site)
    for name in ("feed.json", "feed.xml"):
        files.write(site / name, (stage / name).read_text(encoding="utf-8"))
    documents.with_what_they_link(root, documents.PAGES, site)
    for path in sorted(site.rglob("*.html")):
        if not (root / path.relative_to(site)).is_file():
            files.write(path, enlarged(accessible(path.read_text(encoding="utf-8"))))


def accessible(text: str) -> str:
    """A page of Sphinx and its theme with what they leave out for those who use a keyboard or listen.

    Tables and blocks of code that scroll can be reached with the keyboard; headings of the navigation have a level;
    every landmark has a name of its own; no heading is empty or missing.
    """
    count = itertools.count(1)
    text = re.sub(
        r'<div class="table-wrapper([^"]*)">',
        lambda found: (
            f'<div class="table-wrapper{found[1]}" role="region" aria-label="Table {next(count)}" tabindex="0">'
        ),
        text,
    )
    text = text.replace('<th class="head"><p></p></th>', '<td class="head"></td>')
    if "<h1" not in text:
        text = text.replace('<div id="search-results">', '<h1>Search</h1>\n<div id="search-results">')
    text = text.replace("<pre>", '<pre tabindex="0">')
    text = text.replace('class="caption" role="heading"', 'class="caption" role="heading" aria-level="2"')
    text = text.replace('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="Pages">')
    return re.sub(r'<aside class="toc-drawer([^"]*)">', r'<aside class="toc-drawer\1" aria-label="On this page">', text)


def enlarged(text: str) -> str:
    """A page in which every figure that is no link is one to its picture, which a phone shows large enough to read."""
    image = r'(<a [^>]*>)?<img [^>]*?src="([^"]*_images/[^"]+)"[^>]*>'
    return re.sub(image, lambda of: of[0] if of[1] else f'<a href="{of[2]}">{of[0]}</a>', text)


def _listed(page: Mapping) -> dict:
    registry, first = page["registry"], page["first"]
    return {
        "model": page["model"],
        "slug": page["slug"],
        "total": f"{registry['total_parameters_billions']:g}",
        "active": f"{registry['active_parameters_billions']:g}",
        "wh": two_digits(first.wh),
        "interval": between(*first.interval),
        "runs": f"{sum(row['runs'] for row in page['runs']):,}" if page["runs"] else "–",
    }


def _what_moved(root: Path, stage: Path, templates: Path, address: str) -> None:
    labels = {
        (row["study"], row["quantity"]): row["label"]
        for row in escaped.read_csv(root / "results/headline.csv").iter_rows(named=True)
    }
    moved = escaped.read_csv(root / "docs/numbers.csv", schema=golden.MOVED_SCHEMA)
    found = numbers.changes(moved, labels, (root / "CHANGELOG.md").read_text(encoding="utf-8"))
    html.write(stage / "numbers.md", templates / "numbers.md.j2", changes=found)
    files.write_json(stage / "feed.json", numbers.json_feed(found, address))
    files.write(stage / "feed.xml", numbers.atom(found, address))


def _in_order(root: Path, names: list[str]) -> list[str]:
    """Documents of `docs/` in the order of its index; those that it forgets are an error of the build."""
    index = (root / "docs/index.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| \[[^\]]*\]\((\w+)\.md\)", index, re.MULTILINE)
    return [f"docs/{name}" for name in told if f"docs/{name}.md" in names]
