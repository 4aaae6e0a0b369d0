"""Settings of two runs, compared key by key."""

from typing import Any

ABSENT = None  # the value of a key that is not there


def changed_parameters(before: dict, now: dict) -> list[dict[str, Any]]:
    """Keys that differ, each with its value `before` and `now`; none where the key is not there."""
    old, new = (dict(_leaves(content, "")) for content in (before, now))
    return [
        {"key": key, "before": old.get(key, ABSENT), "now": new.get(key, ABSENT)}
        for key in sorted(old.keys() | new)
        if old.get(key, ABSENT) != new.get(key, ABSENT)
    ]


def _leaves(node: Any, key: str) -> list[tuple[str, Any]]:
    if not isinstance(node, dict):
        return [(key, node)]
    return [leaf for name, child in node.items() for leaf in _leaves(child, f"{key}.{name}" if key else str(name))]
