"""The page `dashboard.html`: one file that computes and draws offline."""

import base64
import gzip
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import polars as pl
from docutils.core import publish_parts

from inference_energy.answers.points import POINTS
from inference_energy.common.conversions import WH_PER_GWH
from inference_energy.common.links import web_address
from inference_energy.dashboard import coding, formulas, own
from inference_energy.dashboard.payload import DRAWS
from inference_energy.figures import palette

FLEET_QUANTITIES = (
    ("gpus", "GPUs to install"),
    ("nodes", "Nodes"),
    ("headroom", "Installed over what the busiest hour needs"),
    ("average_power_mw", "Average power"),
    ("peak_power_mw", "Power in the busiest hour"),
    ("emissions_t_per_day", "CO2e per day"),
    ("water_m3_per_day", "Water per day"),
)
SCRIPTS = ("energy", "own", "ask", "readable", "entered", "address", "charts", "controls", "view", "question", "page")
# What is asked of a GPU of the reader's own, with what the page starts with.
OWN_GPU = (
    ("tdp_w", "TDP, W", "900"),
    ("memory_gb", "Memory, GB", "192"),
    ("bandwidth_gb_per_s", "Bandwidth, GB/s", "6000"),
    ("peak_fp16_tflop_per_s", "Peak, 16 bits, TFLOP/s", "1200"),
    ("peak_fp8_tflop_per_s", "Peak, 8 bits, TFLOP/s", "2400"),
    ("peak_fp4_tflop_per_s", "Peak, 4 bits, TFLOP/s", ""),
)
# Label of a statement by its kind; other kinds are not shown as points of reference.
KINDS = {
    "provider_measurement": "measured",
    "executive_statement": "stated",
    "first_principles": "modelled",
    "throughput_based": "modelled",
}
REFERENCE_SOURCE = "published_statements"
WEB_SEARCH = "web_search"
QUERIES_OF_REFERENCE = 1e9


def page(
    templates: Path,
    *,
    version: str,
    studies: list[dict],
    numbers: dict,
    figures: Iterable[Mapping[str, Any]],
    sources: list[dict],
    asked_title: str,
    library: str,
) -> str:
    """The page as HTML, from a folder with `page.html.jinja`, `style.css` and the scripts.

    `studies` have name, title and rows of evidence, the first shown first; `numbers` are what the page computes with,
    as `coding.coded` takes it; `figures` are from `figures`, in the order in which they are shown; `sources` are those
    of benchmarks, with their origin and number of rows; `asked_title` is the title of the study of single questions;
    `library` is the script that draws.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["web_address"] = web_address
    plain, arrays = coding.coded(numbers | {"version": version})
    groups: dict[str, list[Mapping]] = {}
    for figure in figures:
        groups.setdefault(figure["group"], []).append(figure)
    return environment.get_template("page.html.jinja").render(
        version=version,
        studies=studies,
        fleet_quantities=FLEET_QUANTITIES,
        figure_groups=[{"title": title, "figures": of_group} for title, of_group in groups.items()],
        sources=sources,
        style=jinja2.utils.markupsafe.Markup((templates / "style.css").read_text()),
        data=packed(json.dumps(plain, allow_nan=False, separators=(",", ":")).encode()),
        arrays=packed(arrays),
        draws=DRAWS,
        points=POINTS,
        own_draws=own.DRAWS,
        own_gpu=OWN_GPU,
        asked_title=asked_title,
        vega=_inline(library),
        formulas=_inline(formulas.script()),
        serving=_inline(formulas.serving_script()),
        **{script: _inline((templates / f"{script}.js").read_text()) for script in SCRIPTS},
    )


def packed(content: bytes) -> str:
    """Bytes compressed, in letters that HTML can hold."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _inline(script: str) -> str:
    """A script that cannot end its own element."""
    return script.replace("</script", "<\\/script")


def plate(listed: Mapping[str, Any], *, svg: str, specification: Mapping, caption: str) -> dict:
    """One figure as the page shows it.

    Args:
        listed: its heading `group`, its `path` from the page without its ending, and its `wildcards`.
        svg: the drawing.
        specification: its Vega-Lite specification, which holds its title.
        caption: reStructuredText with the wildcards of its rule.
    """
    title = specification["title"]["text"]
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups()
    return {
        "group": listed["group"],
        "id": re.sub(r"[^a-z0-9]+", "-", listed["path"].removeprefix("figures/").lower()),
        "file": listed["path"],
        "alt": title if isinstance(title, str) else " ".join(title),
        "packed": packed(palette.adaptive(svg).encode()),
        "width": round(float(width)),
        "height": round(float(height)),
        "caption": caption_html(caption, listed["wildcards"]),
    }


def caption_html(caption: str, wildcards: Mapping[str, str]) -> str:
    """A caption of Snakemake's report as HTML: reStructuredText in which the rule's wildcards are named."""
    rendered = jinja2.Template(caption, undefined=jinja2.StrictUndefined).render(snakemake={"wildcards": wildcards})
    settings = {"report_level": 5, "halt_level": 2, "file_insertion_enabled": False, "raw_enabled": False}
    return publish_parts(rendered, writer="html5", settings_overrides=settings)["body"]


def references(statements: pl.DataFrame, loads: pl.DataFrame) -> dict[str, list[dict]]:
    """Points of reference for a query, Wh, and for a fleet, GWh per day: label, value, kind and address of each."""
    of_query = statements.filter(pl.col("source") == REFERENCE_SOURCE, pl.col("kind").is_in(KINDS))
    search = loads.row(by_predicate=pl.col("reference") == WEB_SEARCH, named=True)
    per_search = search["energy_gwh_per_day"] * WH_PER_GWH / QUERIES_OF_REFERENCE
    queries = [("Web search", search["source"], per_search, "stated", search["source"])]
    queries += [
        (f"{row['subject']}, {row['query']}", row["citation"], row["energy_wh"], KINDS[row["kind"]], row["url"])
        for row in of_query.sort("energy_wh", "row_id").iter_rows(named=True)
    ]
    days = [
        (row["label"], row["derivation"], row["energy_gwh_per_day"], "stated", row["source"])
        for row in loads.iter_rows(named=True)
    ]
    names = ("label", "citation", "value", "kind", "url")
    return {
        of: [dict(zip(names, (*point, web_address(url)), strict=True)) for *point, url in points]
        for of, points in (("query", queries), ("fleet", days))
    }


def evidence(rows: list[dict], urls: Mapping[str, str]) -> list[dict]:
    """Rows of `evidence.yaml` with their links: name and address of each source, table and publication.

    The rows are of one method; `urls` are the addresses of benchmark sources.
    """
    return [
        {name: row.get(name) for name in ("ingredient", "kind", "rests_on", "yours")}
        | {
            "links": [
                *((name, urls[name]) for name in row.get("sources", []) if name in urls),
                *([(f"resources/{row['table']}.csv", f"../resources/{row['table']}.csv")] if "table" in row else []),
                *([tuple(row["link"])] if "link" in row else []),
            ]
        }
        for row in rows
    ]


def figures(listed: Iterable[Mapping[str, Any]], results: Path, captions: Path) -> list[dict]:
    """Figures with everything that is shown of them.

    `listed` are group, path below the folder of the page, caption and wildcards of each.
    """
    return [
        plate(
            entry,
            svg=(results / f"{entry['path']}.svg").read_text(),
            specification=json.loads((results / f"{entry['path']}.json").read_text()),
            caption=(captions / f"{entry['caption']}.rst").read_text(),
        )
        for entry in listed
    ]


def headings(studies: Mapping[str, dict], kinds: Mapping[str, list[dict]], origins: pl.DataFrame) -> list[dict]:
    """Name, title and evidence of every study.

    `kinds` are rows of `evidence.yaml` by method, `origins` is table `source`.
    """
    urls = {source: url for source, url in origins.select("source", "url").iter_rows() if web_address(url)}
    return [
        {"name": name, "title": study["title"], "evidence": evidence(kinds[study["method"]], urls)}
        for name, study in studies.items()
    ]


def zones(grid: pl.DataFrame) -> dict[str, dict]:
    """Facts of every grid zone, by its code."""
    names = ("label", "carbon_gco2e_per_kwh", "carbon_basis", "water_l_per_kwh")
    return {row["zone"]: {name: row[name] for name in names} for row in grid.sort("label").iter_rows(named=True)}


def sources(origins: pl.DataFrame, counts: pl.DataFrame) -> list[dict]:
    """Every benchmark source with its origin and accepted rows."""
    rows = dict(counts.select("source", "rows_accepted").iter_rows())
    first = origins.unique("source", keep="first", maintain_order=True)
    names = ("source", "publisher", "title", "url", "read_on", "licence")
    return [{name: row[name] for name in names} | {"rows": rows[row["source"]]} for row in first.iter_rows(named=True)]
