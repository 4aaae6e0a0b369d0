"""The bill of materials names every package of the lock, by the main rules of the CycloneDX schema."""

import re
from pathlib import Path

from inference_energy.records.packages import bill_of_materials

ROOT = Path(__file__).parents[3]
PROJECT = {"name": "n", "version": "1.2"}
LOCK = """\
two-words==2.0.1 ; sys_platform == 'win32' \\
    --hash=sha256:{b} \\
    --hash=sha256:{a}
    # via
    #   one
one[extra]==1.0 \\
    --hash=sha256:{a}
"""


def test_packages_by_hand(tmp_path):
    a, b = "a" * 64, "b" * 64
    (tmp_path / "lock").write_text(LOCK.format(a=a, b=b))
    one, two = bill_of_materials(tmp_path / "lock", PROJECT)["components"]
    assert one == {
        "type": "library",
        "bom-ref": "pkg:pypi/one@1.0",
        "name": "one",
        "version": "1.0",
        "scope": "required",
        "purl": "pkg:pypi/one@1.0",
        "hashes": [{"alg": "SHA-256", "content": a}],
    }
    assert (two["purl"], two["scope"]) == ("pkg:pypi/two-words@2.0.1", "optional")
    assert [found["content"] for found in two["hashes"]] == [a, b]


def test_the_lock_by_the_rules_of_the_schema():
    lock = ROOT / "requirements.lock"
    bill, text = bill_of_materials(lock, PROJECT), lock.read_text()
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert bill["metadata"]["component"].keys() == {"type", "bom-ref", "name", "version"}
    components = bill["components"]
    pinned = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, flags=re.MULTILINE))
    assert {component["name"]: component["version"] for component in components} == pinned
    references = [component["bom-ref"] for component in components]
    assert references == sorted(set(references))
    for component in components:
        assert component["type"] == "library"
        assert component["scope"] in ("required", "optional")
        assert re.fullmatch(r"pkg:pypi/[a-z0-9.-]+@[A-Za-z0-9.+!-]+", component["purl"])
        assert component["hashes"]
        for checksum in component["hashes"]:
            assert checksum["alg"] == "SHA-256"
            assert re.fullmatch(r"[0-9a-f]{64}", checksum["content"])
    hashes = [found for component in components for found in component["hashes"]]
    assert len(hashes) == text.count("--hash=")
