"""A derivation as JSON, for machines."""

import json

from inference_energy.explain.searched import Answer
from inference_energy.explain.step import Node


def rendered(node: Node | None, answer: Answer) -> str:
    """The derivation and its question, and others that may have been meant; these alone if none is best."""
    content = {
        "question": answer.best and answer.best.words,
        "assumed": answer.best and answer.best.assumed,
        "derivation": node and as_dict(node),
        "others": [{"value": other.value, "question": other.words} for other in answer.others],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def as_dict(node: Node) -> dict:
    """A step and all below it; what is empty is left out."""
    place = node.place and {name: value for name, value in vars(node.place).items() if value not in ("", None)}
    facts = {
        "label": node.label,
        "symbol": node.symbol,
        "value": node.value,
        "unit": node.unit,
        "formula": node.formula,
        "inserted": node.inserted() if node.formula else "",
        "result": node.result if node.formula else None,
        "exact": node.exact if node.formula else None,
        "note": node.note,
        "place": place,
        "children": [as_dict(child) for child in node.children],
    }
    return {name: value for name, value in facts.items() if value not in ("", None, [])}
