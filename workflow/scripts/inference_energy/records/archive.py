"""A run as one file, for others to check and repeat: a Workflow Run RO-Crate of inputs, code, results and packages."""

import gzip
import io
import tarfile
from pathlib import Path

from inference_energy.common import files as common_files
from inference_energy.common.errors import InputError
from inference_energy.common.yaml_files import read_yaml
from inference_energy.records import crate, imports, packages, provenance

FOLDER = Path("archive")
SCRIPTS = Path("workflow/scripts")
# Documents for readers that a run does not read, by their names in the archive.
DOCUMENTS = {
    "REPEAT.md": "docs/repeat.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CITATION.cff": "CITATION.cff",
    "LICENSE": "LICENSE",
    "Makefile": "Makefile",
    "README.md": "README.md",
    "SECURITY.md": "SECURITY.md",
    "config/README.md": "config/README.md",
    "results/README.md": "results/README.md",
}
# Scripts that the Makefile calls besides Snakemake, with the modules behind them.
COMMANDS = (
    "archive_run",
    "compare_builds",
    "compare_statements",
    "explain",
    "headline_table",
    "list_sources",
    "new_source",
    "recognise_usage",
    "validate",
    "verify_results",
)
TIME = 315_532_800  # 1980-01-01 for every file: the time of packing does not matter


def members(recorded: dict, root: Path) -> dict[str, Path]:
    """Every file of an archive, by its name in it: those named by provenance or by this module."""
    paths = {*provenance.input_checksums(recorded), *recorded["outputs"], str(provenance.FILE)}
    for command in COMMANDS:
        script = root / SCRIPTS / f"{command}.py"
        found = [script, *map(Path, imports.imported(script, root / SCRIPTS))]
        paths |= {str(path.relative_to(root)) for path in found}
    return {name: root / path for name, path in sorted(({path: path for path in paths} | DOCUMENTS).items())}


def pack(root: Path) -> Path:
    """Write the archive of the run in a folder, the same bytes for the same files; returns its path in the folder.

    Raises:
        InputError: no finished run, files that are not those of its provenance, or a document that is missing.
    """
    recorded = provenance.read(root / provenance.FILE)
    different = provenance.differences(recorded, root)
    if different:
        raise InputError(
            f"{different[0]} ({len(different)} files are not those of {provenance.FILE}; run `make` first)"
        )
    files = members(recorded, root)
    for path in files.values():
        if not path.is_file():
            raise InputError(f"{path}: no such file; an archive holds it")
        if common_files.leads_out(path, root):
            raise InputError(f"{path}: found a link out of the project; allowed: a file in it, as an archive holds it")
    project = recorded["project"]
    # Files that only the archive has.
    written = {packages.FILE: packages.bill_of_materials(root / "requirements.lock", project)}
    citation = read_yaml(root / "CITATION.cff")
    written[crate.FILE] = crate.metadata(recorded, [*files, *written], citation)
    contents = {member: common_files.as_json(content).encode() for member, content in written.items()}
    name = f"{project['name']}-{project['version']}"
    target = root / FOLDER / f"{name}.tar.gz"
    with (
        common_files.complete(target) as (unfinished,),
        unfinished.open("wb") as handle,
        # Without a name and a time of its own in the header.
        gzip.GzipFile(filename="", mode="wb", fileobj=handle, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for member in sorted({*files, *contents}):
            path, text = files.get(member), contents.get(member, b"")
            entry = tarfile.TarInfo(f"{name}/{member}")
            entry.size, entry.mtime, entry.mode = path.stat().st_size if path else len(text), TIME, 0o644
            with path.open("rb") if path else io.BytesIO(text) as content:
                archive.addfile(entry, content)
    return target
