"""Text and JSON files that take their place only when complete, the same bytes every time."""

import json
from pathlib import Path
from typing import Any


def write(path: Path, text: str) -> None:
    """Write a text file; what stood there before stays until it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys, likewise."""
    write(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
