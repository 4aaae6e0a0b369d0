"""A software bill of materials (CycloneDX) of the locked packages, the same bytes for the same lock."""

import re
from pathlib import Path

from packaging.requirements import Requirement

FILE = "sbom.cdx.json"
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill_of_materials(lock: Path, project: dict[str, str]) -> dict:
    """Name, version, address and checksums of every package of a lock.

    Args:
        lock: requirements with `==` and hashes.
        project: `name` and `version` of what uses them.
    """
    # One entry per package: its line, and the lines of hashes and comments behind it.
    entries = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "project", **project}},
        "components": sorted(map(_component, entries), key=lambda component: component["purl"]),
    }


def _component(entry: str) -> dict:
    required = Requirement(entry.partition("\\")[0])
    version = str(required.specifier).removeprefix("==")
    address = f"pkg:pypi/{required.name}@{version}"
    # A package has a checksum for each of its files, as it is built for many systems.
    checksums = [{"alg": "SHA-256", "content": found} for found in sorted(set(_HASH.findall(entry)))]
    return {
        "type": "library",
        "bom-ref": address,
        "name": required.name,
        "version": version,
        "scope": "optional" if required.marker else "required",  # some systems or versions of Python do without it
        "purl": address,
        "hashes": checksums,
    }
