"""How the service behind a usage is supplied, and what the GHG Protocol calls its emissions."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from inference_energy.common.errors import InputError, one_of

OWN, RENTED, BOUGHT = "own_machines", "rented_machines", "bought_tokens"
SCOPE_2, CATEGORY_1 = "Scope 2", "Scope 3, category 1"
# ASSUME: where a usage file does not state the supply, tokens are bought: a claim of control over machines needs a
# statement. Source: GHG Protocol Corporate Standard, chapter 3 (operational control).
DEFAULT = BOUGHT


@dataclass(frozen=True, kw_only=True)
class Supply:
    """What one way of supply means in a greenhouse gas inventory by operational control."""

    words: str  # for readers
    treatment: str  # why its emissions belong where they do
    electricity: str  # scope and category of the electricity
    embodied: str  # scope and category of making the servers
    scope: str  # of the electricity, `SCOPE_2` or `CATEGORY_1`


SUPPLIES: Mapping[str, Supply] = {
    OWN: Supply(
        words="own machines",
        treatment="Servers that the organisation owns and operates, in its own building or in colocation. Their"
        " electricity is purchased electricity: Scope 2, location-based and market-based. With colocation this includes"
        " the cooling and losses that the operator of the building passes on.",
        electricity="Scope 2, purchased electricity",
        embodied="Scope 3, category 2 (capital goods)",
        scope=SCOPE_2,
    ),
    RENTED: Supply(
        words="rented machines",
        treatment="Servers or GPUs that are rented, as cloud instances or bare metal, and that the organisation"
        " operates: leased assets under operational control, so their electricity is Scope 2. An organisation that"
        " judges that its provider has the control states `bought_tokens`: then all is Scope 3, category 1.",
        electricity="Scope 2, purchased electricity of leased assets",
        embodied="Scope 3, category 8 (upstream leased assets)",
        scope=SCOPE_2,
    ),
    BOUGHT: Supply(
        words="bought tokens",
        treatment="Tokens or requests that are bought from a provider, who operates the machines. All of it is Scope 3,"
        " category 1; nothing is Scope 2. The two methods of Scope 2 are not defined there: the market-based number"
        " says what follows if the provider's contracts are counted, and is for information.",
        electricity="Scope 3, category 1 (purchased goods and services)",
        embodied="Scope 3, category 1 (purchased goods and services)",
        scope=CATEGORY_1,
    ),
}


def of_sources(usage: dict, place: str) -> dict[str, str]:
    """The supply of every log and bill of a usage, by its name.

    Raises:
        InputError: a name under `supply` that is no log or bill.
    """
    sources = [*usage["logs"], *usage["bills"]]
    given = usage.get("supply", DEFAULT)
    if isinstance(given, str):
        return dict.fromkeys(sources, given)
    unknown = given.keys() - set(sources)
    if unknown:
        raise InputError(
            f"{place}: supply: found {one_of([*map(str, unknown)])}; allowed: {one_of(sources)}, the logs and bills"
        )
    return {source: given.get(source, DEFAULT) for source in sources}


def assumed(usage: dict) -> list[str]:
    """Logs and bills whose supply the usage file does not state."""
    given = usage.get("supply", {})
    return [] if isinstance(given, str) else [name for name in (*usage["logs"], *usage["bills"]) if name not in given]


def labelled(rows: pl.DataFrame, supplies: Mapping[str, str]) -> pl.DataFrame:
    """Rows with their `supply`, by their `source`, and the `scope` of their electricity."""
    scopes = {name: SUPPLIES[supply].scope for name, supply in supplies.items()}
    return rows.with_columns(
        supply=pl.col("source").replace_strict(supplies, return_dtype=pl.String),
        scope=pl.col("source").replace_strict(scopes, return_dtype=pl.String),
    )
