"""Energy of LLM requests in the logs of LiteLLM: a callback. It needs the extra `litellm`.

    litellm.callbacks = [EnergyLogger(gpu="H100", zone="FRA")]

LiteLLM calls `logging_hook` and its async twin before the loggers, on the data that these then get. The energy is added
there, so that every logger has it whatever the order of the callbacks.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Unpack

from litellm.integrations.custom_logger import CustomLogger

from inference_energy.embedding.attributes import PREFIX, Energies, Options

if TYPE_CHECKING:
    from inference_energy.answers.own import Model

# Calls that are one answer of a language model: not embeddings, images, files.
CALLS = {"completion", "text_completion", "responses", "anthropic_messages", "generate_content"}
CALLS |= {f"a{name}" for name in CALLS}
REMEMBERED = 10_000  # requests that the sink has had

Sink = Callable[[dict[str, str | float], dict[str, Any]], None]


class EnergyLogger(CustomLogger):
    """Adds the energy of each answer to what LiteLLM logs of it, and gives it to a function.

    The attributes are those of `docs/embedding.md`: `inference_energy.energy_wh` (median, Wh) and others. They are in
    the `metadata` of `standard_logging_object` and of `litellm_params`, where loggers look for it. Answers from the
    cache of LiteLLM have none, nor have those of a model that is not known, about which a line is logged.
    """

    def __init__(
        self,
        sink: Sink | None = None,
        *,
        models: "Mapping[str, str | Model] | None" = None,
        **options: Unpack[Options],
    ):
        """Of all requests.

        Args:
            sink: is called once for each answer that has an energy, with its attributes and with what LiteLLM gives to
                loggers (`kwargs`). It may run in any thread.
            models: what a name in requests stands for, such as the name of a deployment: `{"prod-chat": "GPT-4o"}`.
            options: what requests do not say, see `Options`: gpu, zone, boundary, study and others.
        """
        super().__init__()
        self.sink = sink
        self.energies = Energies(models, options)
        self._had: deque[str] = deque(maxlen=REMEMBERED)
        self._lock = Lock()

    def logging_hook(self, kwargs: dict, result: Any, call_type: str) -> tuple[dict, Any]:
        """Add the energy to what the loggers get."""
        try:
            self._add(kwargs)
        except Exception as error:
            self.energies.fault("no energy in the logs of LiteLLM", error)
        return kwargs, result

    async def async_logging_hook(self, kwargs: dict, result: Any, call_type: str) -> tuple[dict, Any]:
        """The same, in a thread: the first estimate takes a second, in which the event loop goes on."""
        if kwargs.get("standard_logging_object"):  # not there for the parts of a stream
            await asyncio.to_thread(self.logging_hook, kwargs, result, call_type)
        return kwargs, result

    def log_success_event(self, kwargs: dict, response_obj: Any, start_time: Any, end_time: Any) -> None:
        """Give the energy to the sink."""
        try:
            self._give(kwargs)
        except Exception as error:
            self.energies.fault("the sink of energies failed", error)

    async def async_log_success_event(self, kwargs: dict, response_obj: Any, start_time: Any, end_time: Any) -> None:
        """The same."""
        self.log_success_event(kwargs, response_obj, start_time, end_time)

    def _add(self, kwargs: dict) -> None:
        logged = kwargs.get("standard_logging_object")
        if not logged or logged.get("call_type") not in CALLS or logged.get("cache_hit"):
            return
        usage = (logged.get("metadata") or {}).get("usage_object") or {}
        found = self.energies.attributes(
            [
                (logged.get("model_map_information") or {}).get("model_map_key"),  # the `base_model` of a deployment
                logged.get("model"),
                (logged.get("hidden_params") or {}).get("litellm_model_name"),
                logged.get("model_group"),
            ],
            input_tokens=logged.get("prompt_tokens"),
            output_tokens=logged.get("completion_tokens"),
            cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
        )
        if found:
            # New dictionaries: the present ones may be those of the caller.
            params = kwargs.get("litellm_params") or {}
            kwargs["standard_logging_object"] = {**logged, "metadata": {**(logged.get("metadata") or {}), **found}}
            kwargs["litellm_params"] = {**params, "metadata": {**(params.get("metadata") or {}), **found}}

    def _give(self, kwargs: dict) -> None:
        logged = kwargs.get("standard_logging_object")
        found = {
            name: value
            for name, value in ((logged or {}).get("metadata") or {}).items()
            if isinstance(name, str) and name.startswith(PREFIX)
        }
        if self.sink is None or not found:
            return
        # Of some calls LiteLLM tells the loggers twice, as synchronous and as asynchronous.
        call = kwargs.get("litellm_call_id") or logged.get("id")
        with self._lock:
            if call in self._had:
                return
            self._had.append(call)
        self.sink(found, kwargs)
