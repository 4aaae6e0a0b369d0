"""A derivation as indented text for a terminal."""

from collections.abc import Iterable

from inference_energy.common.step import Node
from inference_energy.common.step_text import BRIEF_DIGITS, Writer, shown
from inference_energy.explain.searched import Answer, Found
from inference_energy.explain.summary import summary

OTHERS = 8


def rendered(node: Node, answer: Answer | None = None, *, full: bool = False) -> str:
    """The derivation below a node as text, after a summary; an answer says what was asked, and other matches.

    In full, it has every row and quotation; else what a reader needs to follow it.
    """
    writer = Writer(full=full)
    if answer and answer.best:
        writer.lines += [*summary(node, answer.best), "", "Derivation:"]
    writer.step(node, 0)
    if answer and answer.others:
        writer.lines += ["", "Other matches:", *others(answer.others)]
    if not full:
        writer.lines += ["", "Every row: DETAIL=full. For machines: FORMAT=json."]
    return "\n".join(writer.lines)


def choice(answer: Answer) -> str:
    """Numbers to choose from if none is the most likely."""
    return "\n".join(["Several public numbers print as this value; choose one:", *others(answer.others)])


def others(found: Iterable[Found]) -> list[str]:
    """Numbers to choose from, a command each."""
    found = list(found)
    lines = [f"  {shown(each.value, count=BRIEF_DIGITS)}: {each.command}" for each in found[:OTHERS]]
    return lines if len(found) <= OTHERS else [*lines, f"  and {len(found) - OTHERS} more"]
