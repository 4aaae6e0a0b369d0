"""A derivation as JSON, for machines."""

import json

from inference_energy.explain.searched import Answer
from inference_energy.explain.step import Node


def rendered(node: Node | None, answer: Answer) -> str:
    """The derivation and its question, and others that may have been meant; these alone if none is best."""
    content = {
        "question": answer.best and answer.best.words,
        "assumed": answer.best and answer.best.assumed,
        "derivation": node and as_dict(node, set()),
        "others": [{"value": other.value, "question": other.words} for other in answer.others],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def as_dict(node: Node, told: set[tuple]) -> dict:
    """A step and all below it, but for what is empty, and for what is below steps named in `told`, to which it adds."""
    facts = {name: getattr(node, name) for name in ("label", "symbol", "value", "unit", "formula", "note")}
    if node.formula:
        facts |= {"inserted": node.inserted(), "result": node.result, "exact": node.exact}
    place = vars(node.place).items() if node.place else ()
    facts["place"] = {name: value for name, value in place if value not in ("", None)}
    if node.children and node.name in told:
        facts["as_above"] = True
    else:
        told.add(node.name)
        facts["children"] = [as_dict(child, told) for child in node.children]
    return {name: value for name, value in facts.items() if value not in ("", None, [], {})}
