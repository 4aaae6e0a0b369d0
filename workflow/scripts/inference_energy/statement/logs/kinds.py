"""What a file is by its name: its format, or why it is not read."""

import gzip
import re
import zlib
from pathlib import Path

from inference_energy.common.errors import one_of

FORMATS = {
    "parquet": (".parquet", ".pq"),
    "csv": (".csv", ".tsv"),
    "jsonl": (".jsonl", ".ndjson"),
    "json": (".json",),
}
ENDINGS = tuple(ending for of_format in FORMATS.values() for ending in of_format)
COMPRESSED = (".zst", ".zstd", ".bz2", ".xz", ".lz4", ".lzma", ".br", ".snappy", ".z", ".zip", ".7z", ".tar", ".tgz")
COPIES = (".bak", ".old", ".orig", ".tmp", ".temp", ".part", ".partial", ".crdownload", ".swp", "~")
# Files beside logs that hold none, also where the usage file says what format files without a known ending have.
OTHERS = (
    *(".md", ".rst", ".html", ".htm", ".pdf", ".png", ".jpg", ".svg", ".xlsx", ".xls", ".docx", ".py", ".sql", ".sh"),
    *(".yaml", ".yml", ".toml", ".ini", ".crc", ".md5", ".sha1", ".sha256", ".sig"),
)
# What the rotation of logs adds to a name: .1, -20260331, .2026-03-31-12.
ROTATED = re.compile(r"[._-](?:\d{1,4}|\d{4}-?\d\d(?:-?\d\d(?:[t_.-]?\d\d(?:[:-]?\d\d){0,2}z?)?)?)$")


def format_of(name: str, stated: str | None = None) -> tuple[str | None, str]:
    """The format of a file, or none and the reason.

    Upper case, gzip and rotation do not hide an ending: `A.CSV`, `a.jsonl.gz` and `a.jsonl.2.gz` are read. `stated` is
    the format that the usage file states for files whose ending is not known.
    """
    lower = name.lower()
    if lower.startswith((".", "~$")) or lower == "_success":
        return None, "hidden, or a mark of another program"
    found = _by_ending(lower)
    if lower.endswith(COPIES) or _uncompressed(lower).endswith(COPIES):
        return None, "by its ending a backup or an unfinished copy"
    if lower.endswith(COMPRESSED) or _uncompressed(lower).endswith(COMPRESSED):
        return None, "compressed, or an archive; only .gz is read"
    if stated is None:
        return found, "" if found else f"no known ending; known are {one_of(ENDINGS)}, or `format` in the usage file"
    if found not in (None, stated) and {found, stated} != {"json", "jsonl"}:  # .json may hold an object per line
        return None, f"by its ending {found}, not the {stated} that the usage file states"
    if lower.endswith(OTHERS):
        return None, "by its ending no log"
    return stated, ""


def _by_ending(lower: str) -> str | None:
    before = ""
    while lower != before:
        for name, endings in FORMATS.items():
            if lower.endswith(endings) and not (name == "parquet" and before.endswith(".gz")):
                return name
        before, lower = lower, ROTATED.sub("", _uncompressed(lower))
    return None


def _uncompressed(lower: str) -> str:
    return lower.removesuffix(".gz")


def is_copy(path: Path) -> bool:
    """Whether a file `x.gz` is the compressed copy of a file `x` beside it, by length and checksum of the content."""
    plain = path.with_suffix("")
    if path.suffix.lower() != ".gz" or not plain.is_file():
        return False
    with path.open("rb") as file:
        file.seek(-min(8, path.stat().st_size), 2)
        end = file.read(8)
    size = plain.stat().st_size
    if len(end) < 8 or int.from_bytes(end[4:], "little") != size % 2**32:
        return False
    checksum = 0
    with plain.open("rb") as file:
        while block := file.read(2**20):
            checksum = zlib.crc32(block, checksum)
    return int.from_bytes(end[:4], "little") == checksum


def is_gzip(start: bytes) -> bool:
    """Whether a file is compressed, by its first bytes."""
    return start.startswith(b"\x1f\x8b")


def opened(path: str):
    """A file of bytes, uncompressed."""
    with Path(path).open("rb") as file:
        compressed = is_gzip(file.read(2))
    return gzip.open(path, "rb") if compressed else Path(path).open("rb")
