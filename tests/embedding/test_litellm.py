"""Energy in the logs of LiteLLM, with its mocked answers: nothing goes over the network."""

import asyncio
import inspect
import logging
import socket
import threading
import time

import litellm
import pytest
from inference_energy import estimate
from inference_energy.embedding.litellm import EnergyLogger
from litellm.integrations.custom_logger import CustomLogger

ASKED = [{"role": "user", "content": "hello there"}]
ENERGY = "inference_energy.energy_wh"


class Kept(CustomLogger):
    """Another logger, which keeps what it gets."""

    def __init__(self):
        super().__init__()
        self.events = []

    def log_success_event(self, kwargs, response_obj, start_time, end_time):  # noqa: D102
        self.events.append((kwargs["standard_logging_object"], kwargs["litellm_params"]["metadata"]))

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):  # noqa: D102
        self.log_success_event(kwargs, response_obj, start_time, end_time)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Refuses connections, except those within the process."""
    connect = socket.socket.connect

    def refused(self, address):
        if self.family != socket.AF_UNIX:
            raise AssertionError(f"a connection to {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refused)


@pytest.fixture
def logged():
    """What a logger that comes first gets of some requests, and what the sink gets."""

    def logged(request, answers=1, **given):
        kept, sunk = Kept(), []
        litellm.logging_callback_manager._reset_all_callbacks()
        energy = EnergyLogger(given.pop("sink", lambda found, kwargs: sunk.append(found)), **given)
        litellm.callbacks = [kept, energy]
        request_in_loop = inspect.iscoroutinefunction(request)

        async def run():
            returned = await request() if request_in_loop else await asyncio.to_thread(request)
            deadline = time.monotonic() + 10
            while len(kept.events) < answers and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)  # for what should not come
            return returned

        returned = asyncio.run(run())
        return returned, kept.events, sunk

    yield logged
    litellm.logging_callback_manager._reset_all_callbacks()


def expected(model="A", **given):
    return estimate(model, input_tokens=10, output_tokens=20, **given).wh


def test_an_answer(logged):
    given = {"a": 1}
    returned, events, sunk = logged(
        lambda: litellm.completion("openai/A", ASKED, mock_response="hi", metadata=given), gpu="G", zone="ABC"
    )
    assert returned.choices[0].message.content == "hi"
    ((payload, metadata),) = events
    assert (payload["prompt_tokens"], payload["completion_tokens"]) == (10, 20)
    assert payload["metadata"][ENERGY] == metadata[ENERGY] == expected(gpu="G")
    assert payload["metadata"]["inference_energy.boundary"] == "datacenter"
    assert metadata["a"] == 1
    assert len(sunk) == 1
    assert sunk[0].items() <= metadata.items()
    assert "inference_energy.emissions_gco2e" in sunk[0]
    assert not any(name.startswith("inference_energy") for name in given)


def test_an_answer_of_the_event_loop(logged):
    threads = []
    seen = EnergyLogger.logging_hook

    async def request():
        return await litellm.acompletion("openai/A", ASKED, mock_response="hi")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            EnergyLogger, "logging_hook", lambda *given: threads.append(threading.current_thread()) or seen(*given)
        )
        _, events, sunk = logged(request, gpu="G")
    assert [payload["metadata"][ENERGY] for payload, _ in events] == [expected(gpu="G")]
    assert [found[ENERGY] for found in sunk] == [expected(gpu="G")]
    assert threads
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("in_loop", [False, True])
def test_a_stream_counts_once(logged, in_loop):
    async def in_event_loop():
        stream = await litellm.acompletion("openai/A", ASKED, mock_response="hi you", stream=True)
        return [part async for part in stream]

    def in_thread():
        return list(litellm.completion("openai/A", ASKED, mock_response="hi you", stream=True))

    parts, events, sunk = logged(in_event_loop if in_loop else in_thread)
    assert len(parts) > 1
    ((payload, _),) = events
    wh = estimate("A", input_tokens=payload["prompt_tokens"], output_tokens=payload["completion_tokens"]).wh
    assert payload["metadata"][ENERGY] == wh
    assert [found[ENERGY] for found in sunk] == [wh]


def test_a_call_that_loggers_hear_of_twice(logged):
    async def request():
        return await litellm.aresponses(model="openai/A", input="x", mock_response="hi")

    _, events, sunk = logged(request, models={"gpt-4.1-2025-04-14": "A"})
    assert events
    assert len(sunk) == 1


@pytest.mark.parametrize(
    ("info", "models", "answers"),
    [
        ({"base_model": "A"}, None, "A"),
        ({}, {"prod-chat": "B"}, "B"),
        ({}, {"openai/my-own": "B"}, "B"),
    ],
)
def test_a_deployment_has_the_model_behind_it(logged, info, models, answers):
    deployment = {"model": "openai/my-own", "api_key": "x", "mock_response": "hi"}
    router = litellm.Router([{"model_name": "prod-chat", "litellm_params": deployment, "model_info": info}])

    async def request():
        return await router.acompletion("prod-chat", ASKED)

    _, _, sunk = logged(request, models=models)
    assert [found[ENERGY] for found in sunk] == [expected(answers)]


PAYLOAD = {"call_type": "completion", "model": "A", "prompt_tokens": 10, "completion_tokens": 20, "metadata": {}}


def test_tokens_of_a_prompt_that_the_service_had_in_its_cache():
    usage = {"usage_object": {"prompt_tokens_details": {"cached_tokens": 5}}}
    kwargs = {"standard_logging_object": PAYLOAD | {"metadata": usage}}
    found, _ = EnergyLogger().logging_hook(kwargs, None, "completion")
    assert found["standard_logging_object"]["metadata"][ENERGY] == expected(cached_share=0.5)


def test_an_answer_from_the_cache_of_litellm_takes_no_energy():
    for cache_hit in (None, False, True):
        kwargs = {"standard_logging_object": PAYLOAD | {"cache_hit": cache_hit}}
        EnergyLogger().logging_hook(kwargs, None, "completion")
        assert (ENERGY in kwargs["standard_logging_object"]["metadata"]) == (cache_hit is not True)


def test_embeddings_are_no_answers(logged, caplog):
    async def request():
        return await litellm.aembedding("openai/A", ["x"], mock_response=[0.1])

    _, events, sunk = logged(request)
    assert not any(name.startswith("inference_energy") for payload, _ in events for name in payload["metadata"])
    assert sunk == []
    assert _lines(caplog) == []


def test_a_fault_breaks_nothing(logged, caplog):
    def request():
        return [litellm.completion("openai/nobody", ASKED, mock_response="hi") for _ in range(2)]

    returned, events, sunk = logged(request, answers=2)
    assert [each.choices[0].message.content for each in returned] == ["hi", "hi"]
    assert len(events) == 2
    assert sunk == []
    (line,) = _lines(caplog)
    assert line.startswith("no energy of requests to nobody: model: found 'nobody'; allowed: ")

    caplog.clear()

    def broken(found, kwargs):
        raise RuntimeError("full\ndisk")

    def known():
        return [litellm.completion("openai/A", ASKED, mock_response="hi") for _ in range(2)]

    returned, events, _ = logged(known, answers=2, sink=broken)
    assert len(returned) == len(events) == 2
    (line,) = _lines(caplog)
    assert line.startswith("the sink of energies failed: RuntimeError: full")

    caplog.clear()
    for unexpected in ({"standard_logging_object": 3}, {"standard_logging_object": {"call_type": "completion"}}):
        assert EnergyLogger().logging_hook(unexpected, "result", "completion") == (unexpected, "result")
        EnergyLogger(print).log_success_event(unexpected, None, None, None)
    assert all(len(line.splitlines()) == 1 for line in _lines(caplog))


def _lines(caplog):
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "inference_energy.embedding" and record.levelno == logging.WARNING
    ]
