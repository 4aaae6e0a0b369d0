"""A run as a Workflow Run RO-Crate: what an archive is, for catalogues and tools that read such crates.

https://www.researchobject.org/workflow-run-crate/profiles/workflow_run_crate/
"""

from collections.abc import Iterable
from pathlib import PurePath

FILE = "ro-crate-metadata.json"
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
WORKFLOW = "Snakefile"
LANGUAGE = {
    "@id": "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
    "@type": "ComputerLanguage",
    "name": "Snakemake",
    "alternateName": "SMK",
    "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
    "url": {"@id": "https://snakemake.github.io"},
}
# Kinds of inputs (`provenance.KINDS`) that are data or settings of a run; the others are its code.
DATA = ("benchmarks", "workloads", "resources", "configuration")
FORMATS = {  # of files by their ending; all others are text
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".duckdb": "application/vnd.duckdb",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml",
}


def metadata(recorded: dict, members: Iterable[str], citation: dict) -> dict:
    """The metadata of the crate, with every file of the archive.

    Args:
        recorded: provenance of the run.
        members: paths of all files in the archive, without the metadata itself.
        citation: CITATION.cff, with `title`, `license` and `authors`.
    """
    data = [path for kind in DATA for path in recorded["inputs"].get(kind, {})]
    results = list(recorded["outputs"])
    authors = [_author(author) for author in citation["authors"]]
    licence = {
        "@id": f"https://spdx.org/licenses/{citation['license']}",
        "@type": "CreativeWork",
        "name": citation["license"],
    }
    software = recorded["software"]
    version = str(software.get("packages", {}).get("snakemake"))
    engine = {
        "@id": f"https://github.com/snakemake/snakemake/releases/tag/v{version}",
        "@type": "SoftwareApplication",
        "name": "Snakemake",
        "version": version,
        "url": "https://snakemake.github.io",
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of {recorded['project']['name']} {recorded['project']['version']}",
        "description": f"All results of the configured studies, on Python {software.get('python')}.",
        "agent": _references(authors),
        "instrument": {"@id": WORKFLOW},
        "object": _ids(data),
        "result": _ids(results),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": citation["title"],
        "description": "A run with its inputs, code, results and packages, to check and repeat: REPEAT.md says how.",
        "datePublished": _day(recorded),
        "license": {"@id": licence["@id"]},
        "author": _references(authors),
        "publisher": _references(authors[:1]),
        "conformsTo": [{"@id": profile} for profile in PROFILES],
        "mainEntity": {"@id": WORKFLOW},
        "mentions": {"@id": run["@id"]},
        "hasPart": _ids(sorted(members)),
    }
    workflow = {
        "@id": WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": citation["title"],
        "description": "Rules from published benchmarks to the energy of a query.",
        "version": recorded["project"]["version"],
        "conformsTo": {"@id": BIOSCHEMAS},
        "encodingFormat": "text/plain",
        "license": {"@id": licence["@id"]},
        "author": _references(authors),
        "programmingLanguage": {"@id": LANGUAGE["@id"]},
        "softwareRequirements": {"@id": engine["@id"]},
    }
    descriptor = {
        "@id": FILE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": [{"@id": CRATE}, {"@id": list(PROFILES)[-1]}],
    }
    profiles = [
        {"@id": address, "@type": "CreativeWork", "name": name, "version": address.rpartition("/")[2]}
        for address, name in PROFILES.items()
    ]
    listed = [_file(path) for path in sorted(members) if path != WORKFLOW]
    entities = [descriptor, root, workflow, run, LANGUAGE, engine, licence, *authors, *profiles, *listed]
    return {"@context": f"{CRATE}/context", "@graph": entities}


def _day(recorded: dict) -> str:
    """The day on which the newest source was read: as old as the run's data are, and the same in every repetition."""
    return max((str(origin["read_on"]) for origin in recorded.get("origins", {}).values()), default="1980-01-01")


def _author(author: dict) -> dict:
    """A person or group of CITATION.cff."""
    name = author.get("name") or f"{author['given-names']} {author['family-names']}"
    identifier = author.get("orcid") or f"#{name.replace(' ', '-')}"
    return {"@id": identifier, "@type": "Organization" if "name" in author else "Person", "name": name}


def _file(path: str) -> dict:
    format_ = FORMATS.get(PurePath(path).suffix, "text/plain")
    about = {"about": {"@id": "./"}} if path == "README.md" else {}
    return {"@id": path, "@type": "File", "name": path, "encodingFormat": format_, **about}


def _ids(paths: Iterable[str]) -> list[dict]:
    return [{"@id": path} for path in paths]


def _references(entities: Iterable[dict]) -> dict | list[dict]:
    """One reference, or a list of several."""
    found = _ids(entity["@id"] for entity in entities)
    return found[0] if len(found) == 1 else found
