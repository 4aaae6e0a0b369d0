"""Mean lengths of prompts and answers in tokens, each with its kind: fixed, mean or unknown."""

from inference_energy.corpus.formats.values import number, positive


def length_between(mean: object, shortest: object, longest: object) -> tuple[float | None, str]:
    """Mean length in tokens, and its kind: fixed only where the shortest is the longest."""
    mean, ends = positive(mean), {number(shortest), number(longest)}
    return mean, "unknown" if mean is None else "fixed" if ends == {mean} else "mean"


def length_columns(**sides: tuple[object, str]) -> dict[str, object]:
    """Columns of the mean lengths in tokens and of their kinds, of `input` and of `output`."""
    return {
        f"{side}_{name}": value
        for side, length in sides.items()
        for name, value in zip(("tokens", "length_kind"), length, strict=True)
    }


def lengths_in_id(lengths: dict[str, tuple[float | None, str]]) -> list[tuple[str, object]]:
    """Parts of a row id for the mean lengths of `input` and `output`, as for `length_columns`."""
    means = {prefix: lengths[side][0] for prefix, side in (("in-", "input"), ("out-", "output"))}
    return [(prefix, None if mean is None else f"{mean:g}") for prefix, mean in means.items()]
