"""The energy of a request as flat attributes, for spans and logs of other tools; it never raises.

What estimates need is imported with the first request (about a second); each later one takes 2 ms.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from inference_energy.common.errors import InputError, one_line

if TYPE_CHECKING:
    from inference_energy.answers.estimate import Estimate
    from inference_energy.answers.own import Gpu, Model

logger = logging.getLogger("inference_energy.embedding")

PREFIX = "inference_energy."
MOST_CAUSES = 1_000  # that are logged: names of models come from callers


class Options(TypedDict, total=False):
    """What requests do not say: arguments of `estimate`, the same for all of them."""

    gpu: "str | Gpu"  # GPU; left out: those of the study
    precision: str  # number format of the weights
    workload: str  # workload whose queries the service answers beside each one
    study: str | Mapping[str, Any]  # name of a study, or what differs from one
    boundary: str  # what is metered: `gpu_boards`, `node`, `datacenter` or `fleet`
    speed_tok_per_s: float  # tokens a second that users see
    batch: float  # most running requests of a replica, in place of a speed
    pue: float  # energy of the datacenter over that of its IT
    zone: str  # zone of the grid, for emissions and water


class Energies:
    """Attributes of requests, estimated with the same options; a fault is logged once per cause, and gives none."""

    def __init__(self, models: "Mapping[str, str | Model] | None" = None, options: Options | None = None):
        """Of requests with these options.

        Args:
            models: what a name that requests use stands for, such as the name of a deployment.
            options: arguments of `estimate`.

        Raises:
            TypeError: an option that there is not.
        """
        self.models = dict(models or {})
        self.options = dict(options or {})
        unknown = sorted(set(self.options) - set(Options.__annotations__))
        if unknown:
            raise TypeError(f"found option {unknown[0]!r}; allowed: {', '.join(Options.__annotations__)}")
        self._logged: set[tuple[str, str]] = set()

    def attributes(
        self, names: Iterable[str | None], *, input_tokens: Any, output_tokens: Any, cached_tokens: Any = None
    ) -> dict[str, str | float]:
        """Attributes of a request; none if there is no estimate of it.

        Args:
            names: names of its model, the most exact first; those in `models` come before.
            input_tokens: tokens of the prompt, those of the cache included.
            output_tokens: tokens of the answer.
            cached_tokens: tokens of the prompt that were in the cache; none: the share of the study.
        """
        if input_tokens is None or output_tokens is None:
            return {}
        first: tuple[str, Exception] | None = None
        given = dict.fromkeys(name for name in names if name and isinstance(name, str))
        for name in sorted(given, key=lambda name: name not in self.models):
            try:
                return _flat(self._estimate(name, input_tokens, output_tokens, cached_tokens))
            except Exception as error:
                first = first or (name, error)
        if first is not None:
            name, error = first
            self.fault(f"no energy of requests to {one_line(name)}", error)
        return {}

    def fault(self, what: str, error: Exception) -> None:
        """Log what failed, once per cause: the same kind of fault of the same thing."""
        known = isinstance(error, InputError)
        # A message has numbers of the request in it; what they are of stands before the first colon.
        cause = (what, str(error).partition(":")[0] if known else type(error).__name__)
        if cause not in self._logged and len(self._logged) < MOST_CAUSES:
            self._logged.add(cause)
            logger.warning("%s: %s", what, error if known else one_line(f"{type(error).__name__}: {error}"))

    def _estimate(self, name: str, input_tokens: Any, output_tokens: Any, cached_tokens: Any) -> "Estimate":
        from inference_energy.answers.estimate import estimate

        options = dict(self.options)
        if cached_tokens is not None and input_tokens:
            options["cached_share"] = min(1.0, cached_tokens / input_tokens)
        model = self.models.get(name, name)
        return estimate(model, input_tokens=input_tokens, output_tokens=output_tokens, **options)


def _flat(of: "Estimate") -> dict[str, str | float]:
    """An estimate as attributes with the unit in the name; add up means, medians do not add up."""
    quantities = {"energy_wh": of.energy_wh, "emissions_gco2e": of.emissions_gco2e, "water_l": of.water_l}
    found: dict[str, str | float] = {}
    for name, values in quantities.items():
        if values is not None:
            found |= {name: values.p50, f"{name}_p05": values.p05, f"{name}_p95": values.p95}
            found[f"{name}_mean"] = values.mean
    held = of.served.packaged
    found |= {"model": of.served.subject.label, "boundary": of.boundary, "evidence": of.evidence.kind}
    found |= {"study": of.served.study, "version": held.version, "contents": held.contents}
    return {PREFIX + name: value for name, value in found.items()}
