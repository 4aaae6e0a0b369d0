"""Names of models and GPUs as files have them, resolved by rule to the names of a registry."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.corpus.formats.values import PRECISION_NAMES

# A folder of the Hugging Face cache: models--MAKER--NAME/snapshots/REVISION.
CACHE_FOLDER = re.compile(r"models--(?P<maker>[^/]+?)--(?P<name>[^/]+)")
FILE_ENDING = re.compile(r"\.(gguf|safetensors|bin|pt|engine)$")
# What gateways write around a name: a region and maker before it, a version, route or way of serving behind it. The
# maker stays where it is part of the name: deepseek.r1 of Bedrock.
GATEWAY = re.compile(
    r"^(?:(?:us|us-gov|eu|apac|jp|au|ca|sa|me|global)\.)?(?:(?:ai21|amazon|anthropic|cohere|google|meta|minimax|mistral"
    r"|moonshot|moonshotai|nvidia|openai|qwen|stability|writer|zai)\.)?"
)
ROUTE = re.compile(
    r"(?::(?:free|beta|nitro|floor|extended|online|latest|\d+)|-v?\d+:\d+(?::\w+)?|@\w+|-maas|-tput|(?<=b)-versatile"
    r"|(?<=instruct)-turbo(?:-free)?)$"
)
POINT = re.compile(r"(?<=v\d)p(?=\d)")  # of versions, as Fireworks writes it: v3p3
MAKER_WORDS = re.compile(r"^(?:meta|nvidia|amd instinct|amd|intel|google|aws)[\s_-]+")
_PRECISIONS = sorted((re.escape(name) for name in PRECISION_NAMES if name != "half"), key=len, reverse=True)
PRECISION = re.compile(rf"(?:^|[\s_.-])(?P<format>{'|'.join(_PRECISIONS)})(?=$|[\s_.-])")
# Endings that name a tuning, a number format or a date of the same network.
ENDING = re.compile(
    rf"[\s_.:-]+(?:instruct|chat|it|hf|preview|dynamic|quantized|block|tee|ptq"
    rf"|(?:{'|'.join(_PRECISIONS)})(?:[\s_-]v\d)?"
    r"|20\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01]))$"
)
BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s_.:-]+(?=\d)")
SEPARATORS = re.compile(r"[\s_.:]+|-(?!\d)|(?<!\d)-")


def key(name: str) -> str:
    """A name without case, maker, path, separators, and endings that name a tuning, a number format or a date.

    `/models/models--openai--gpt-oss-120b/snapshots/b5c9/`, `openai/gpt-oss-120b` and `GPT OSS 120B` have one key.
    """
    text = re.sub(r"[^\S ]+", " ", name.strip().lower())
    cached = CACHE_FOLDER.search(text)
    last = cached["name"] if cached else PurePosixPath(text.replace("\\", "/")).name
    text = FILE_ENDING.sub("", last)
    for pattern in (ROUTE, GATEWAY, MAKER_WORDS):
        text = pattern.sub("", text)
    text = POINT.sub(".", text)
    shorter = ENDING.sub("", text)
    while shorter != text:
        text, shorter = shorter, ENDING.sub("", shorter)
    # Between digits a separator has a meaning: Qwen3-8B is not Qwen 38B.
    return SEPARATORS.sub("", BETWEEN_DIGITS.sub("-", text))


def precision_in(name: str) -> str | None:
    """The number format of the weights that the name of a model states; null if none or several."""
    found = {PRECISION_NAMES[match["format"]] for match in PRECISION.finditer(name.lower())}
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class Names:
    """The names a column may hold."""

    registry: Path  # the file that lists them
    canonical: dict[str, str]  # the name used throughout, by every name and alias

    def resolve(self, name: str | None) -> str | None:
        """The name used throughout; null for a name that no rule resolves.

        An exact name or alias comes first, then the key of a name, then that of an alias. A key that would stand for
        two aliases resolves to neither.
        """
        if name is None or name in self.canonical:
            return self.canonical.get(name)
        found = self._keys.get(key(name), set())
        return next(iter(found)) if len(found) == 1 else None

    def allowed(self, unknown: str) -> str:
        """What to write instead of an unknown name."""
        several = self._keys.get(key(unknown), set())
        if len(several) > 1:
            return f"one of {one_of(sorted(several))}, which {self.registry} has under such a name"
        return f"a name or alias in {self.registry}: {like(unknown, self.canonical)}"

    @cached_property
    def _keys(self) -> dict[str, set[str]]:
        names, aliases = defaultdict(set), defaultdict(set)
        for alias, name in self.canonical.items():
            names[key(name)].add(name)
            aliases[key(alias)].add(name)
        return {**aliases, **names}


def read_names(path: Path, registry: pl.DataFrame, column: str) -> Names:
    """Every name and alias of a registry.

    Raises:
        InputError: a name that stands for two rows; two names with one key.
    """
    canonical: dict[str, str] = {}
    for name, aliases in registry.select(column, "aliases").iter_rows():
        for alias in (name, *(part.strip() for part in (aliases or "").split("|") if part.strip())):
            if canonical.setdefault(alias, name) != name:
                raise InputError(
                    f"{path}: aliases: found {alias!r} for {canonical[alias]} and for {name}; allowed: one {column}"
                )
    by_key: dict[str, str] = {}
    for name in registry[column]:
        if by_key.setdefault(key(name), name) != name:
            raise InputError(
                f"{path}: {column}: found {by_key[key(name)]!r} and {name!r}; allowed: names that differ in more than"
                " case, maker, separators, tuning, number format or date"
            )
    return Names(path, canonical)


def network() -> pl.Expr:
    """The network behind a model of the registry: fine-tuned models of one network have the same throughput."""
    return pl.coalesce("same_network_as", "model").alias("network")
