"""Energy of GenAI spans, through the real SDK."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from inference_energy import estimate
from inference_energy.embedding import opentelemetry as embedded
from inference_energy.embedding.opentelemetry import EnergySpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

ROOT = Path(__file__).parents[2]
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "A",
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 500,
}
ENERGY = "inference_energy.energy_wh"


@pytest.fixture(params=[SimpleSpanProcessor, BatchSpanProcessor])
def traced(request):
    """Spans as another exporter gets them, by name, after their energy was added."""

    def traced(spans, limits=None, **options):
        kept = InMemorySpanExporter()
        provider = TracerProvider(resource=Resource({"service.name": "s"}), span_limits=limits)
        provider.add_span_processor(request.param(EnergySpanExporter(kept, **options)))
        tracer = provider.get_tracer("instrumentation", "1")
        with tracer.start_as_current_span("parent"):
            for name, attributes in spans.items():
                with tracer.start_as_current_span(name, kind=SpanKind.CLIENT) as span:
                    span.add_event("event", {"at": 1})
                    span.set_status(Status(StatusCode.OK))
                    span.set_attributes(attributes)
        assert provider.force_flush()
        provider.shutdown()
        return {span.name: span for span in kept.get_finished_spans()}

    return traced


def test_a_chat_has_its_energy(traced):
    found = traced({"chat A": CHAT}, gpu="G", zone="ABC", boundary="node")
    expected = estimate("A", "G", input_tokens=1000, output_tokens=500, zone="ABC", boundary="node")
    given = found["chat A"].attributes
    assert given[ENERGY] == expected.wh
    assert (given[f"{ENERGY}_p05"], given[f"{ENERGY}_p95"]) == expected.interval
    assert given["inference_energy.emissions_gco2e"] == expected.emissions_gco2e.p50
    assert given["inference_energy.boundary"] == "node"
    assert given["inference_energy.evidence"] == "physics only"
    assert given["inference_energy.version"] == "1.2.3"
    assert CHAT.items() <= given.items()
    assert not any(name.startswith("inference_energy") for name in found["parent"].attributes)


def test_what_else_a_span_has_stays(traced):
    limits = SpanLimits(max_span_attributes=len(CHAT), max_events=0)
    found = traced({"chat A": {"lost": 1} | CHAT}, limits)
    span, parent = found["chat A"], found["parent"]
    assert span.parent.span_id == parent.context.span_id
    assert (span.kind, span.status.status_code) == (SpanKind.CLIENT, StatusCode.OK)
    assert span.start_time < span.end_time
    assert (span.dropped_attributes, span.dropped_events) == (1, 1)
    assert span.resource.attributes["service.name"] == "s"
    assert span.instrumentation_scope.name == "instrumentation"
    assert json.loads(span.to_json())["attributes"][ENERGY] == span.attributes[ENERGY]


@pytest.mark.parametrize(
    ("changed", "share"),
    [
        ({}, None),
        ({"gen_ai.usage.cache_read.input_tokens": 500}, 0.5),
        ({"gen_ai.response.model": "A", "gen_ai.request.model": "B"}, None),
        ({"gen_ai.response.model": "A-of-today"}, None),
        ({"gen_ai.operation.name": "text_completion"}, None),
    ],
)
def test_what_requests_say(traced, changed, share):
    found = traced({"x": CHAT | changed})["x"].attributes
    assert found[ENERGY] == estimate("A", input_tokens=1000, output_tokens=500, cached_share=share).wh


def test_older_names_of_attributes(traced):
    older = {
        "gen_ai.request.model": "A",
        "gen_ai.usage.prompt_tokens": 1000,
        "gen_ai.usage.completion_tokens": 500,
    }
    assert traced({"x": older})["x"].attributes[ENERGY] == estimate("A", input_tokens=1000, output_tokens=500).wh


@pytest.mark.parametrize(
    "changed",
    [
        {"gen_ai.operation.name": "invoke_agent"},  # adds up the chats below it
        {"gen_ai.operation.name": "embeddings"},
        {"gen_ai.operation.name": "execute_tool"},
    ],
)
def test_spans_that_are_not_one_answer(traced, changed, caplog):
    found = traced({"x": CHAT | changed, "y": {"http.request.method": "GET"}})
    assert not any(name.startswith("inference_energy") for span in found.values() for name in span.attributes)
    assert caplog.records == []


def test_a_fault_breaks_nothing(traced, caplog, monkeypatch):
    unknown = CHAT | {"gen_ai.request.model": "nobody"}
    found = traced({"a": unknown, "b": unknown, "c": CHAT})
    assert ENERGY in found["c"].attributes
    assert dict(found["a"].attributes) == unknown
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "no energy of requests to nobody: model: found 'nobody'"
    ]
    caplog.clear()
    monkeypatch.setattr(embedded, "BoundedAttributes", None)  # as a version of the SDK may change
    found = traced({"a": CHAT, "b": CHAT})
    assert dict(found["a"].attributes) == CHAT
    assert [record.getMessage() for record in caplog.records] == [
        "no energy of a span: TypeError: 'NoneType' object is not callable"
    ]


def test_estimates_are_not_imported_before_the_first_request():
    code = """
import sys
from inference_energy.embedding.opentelemetry import EnergySpanExporter
EnergySpanExporter(None, gpu="H100")
print([name for name in ("inference_energy.answers", "scipy", "mcp", "litellm") if name in sys.modules])
"""
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "workflow/scripts")},
    )
    assert told.stdout == "[]\n"
