"""A derivation as JSON, for machines."""

import json

from inference_energy.common.step import Node, as_dict
from inference_energy.explain.searched import Answer


def rendered(node: Node | None, answer: Answer) -> str:
    """The derivation and its question, and others that may have been meant; these alone if none is best."""
    content = {
        "question": answer.best and answer.best.words,
        "assumed": answer.best and answer.best.assumed,
        "derivation": node and as_dict(node, set()),
        "others": [{"value": other.value, "question": other.words} for other in answer.others],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
