"""Energy of LLM requests in traces: attributes of the GenAI spans of OpenTelemetry. It needs the extra `opentelemetry`.

A span processor gets a span when it has ended, and an ended span is read-only. `EnergySpanExporter` therefore wraps the
exporter, and hands it copies of the GenAI spans with the attributes added. Behind a `BatchSpanProcessor` this happens
in the thread that exports, so that requests do not wait for it.

    provider.add_span_processor(BatchSpanProcessor(EnergySpanExporter(OTLPSpanExporter(), gpu="H100", zone="FRA")))
"""

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from inference_energy.embedding.attributes import Energies, Options

if TYPE_CHECKING:
    from inference_energy.answers.own import Model

OPERATION = "gen_ai.operation.name"
# Operations that are one request to a model. Spans of agents and workflows add up those below them; embeddings are no
# answers. Older instrumentations do not name the operation.
REQUESTS = (None, "chat", "text_completion", "generate_content")
# Attributes by what they say, with older names of the same after the present one.
MODEL = ("gen_ai.response.model", "gen_ai.request.model")
INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
CACHED = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens")


class EnergySpanExporter(SpanExporter):
    """Adds the energy of each LLM request to its span, and hands all spans to another exporter.

    The attributes are `inference_energy.energy_wh` (median, Wh) with `_p05`, `_p95` and `_mean`, likewise
    `emissions_gco2e` (g) and `water_l` (litres) where a zone is given, and `model`, `boundary`, `evidence`, `study`,
    `version` and `contents`. A span of a model that is not known has none, and one line in the log says so.
    """

    def __init__(
        self,
        exporter: SpanExporter,
        *,
        models: "Mapping[str, str | Model] | None" = None,
        **options: Unpack[Options],
    ):
        """Around an exporter.

        Args:
            exporter: gets all spans.
            models: what a name in spans stands for, such as the name of a deployment: `{"prod-chat": "GPT-4o"}`.
            options: what spans do not say, see `Options`: gpu, zone, boundary, study and others.
        """
        self.exporter = exporter
        self.energies = Energies(models, options)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export spans, those of LLM requests with their energy."""
        return self.exporter.export([self._with_energy(span) for span in spans])

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self.exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Have the exporter export what it holds."""
        return self.exporter.force_flush(timeout_millis)

    def _with_energy(self, span: ReadableSpan) -> ReadableSpan:
        try:
            found = self._energy(span.attributes or {})
            return _copied(span, found) if found else span
        except Exception as error:
            self.energies.fault("no energy of a span", error)
            return span

    def _energy(self, given: Mapping[str, Any]) -> dict[str, str | float]:
        if given.get(OPERATION) not in REQUESTS:
            return {}
        return self.energies.attributes(
            [given.get(name) for name in MODEL],
            input_tokens=_first(given, INPUT),
            output_tokens=_first(given, OUTPUT),
            cached_tokens=_first(given, CACHED),
        )


def _first(given: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((given[name] for name in names if given.get(name) is not None), None)


def _copied(span: ReadableSpan, found: Mapping[str, str | float]) -> ReadableSpan:
    """A copy of a span with more attributes; what else the SDK counts of it, such as dropped events, stays."""
    enriched = copy.copy(span)
    attributes = BoundedAttributes(attributes={**(span.attributes or {}), **found})
    attributes.dropped = span.dropped_attributes
    enriched._attributes = attributes
    return enriched
