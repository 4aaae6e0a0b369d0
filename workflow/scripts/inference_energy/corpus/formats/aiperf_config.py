"""What `input_config` of AIPerf's and GenAI-Perf's exports says of a run, in the layouts of their versions.

Sources of the layouts: ai-dynamo/aiperf, `aiperf/common/config/` (2025) and `src/aiperf/config/phases.py` (2026);
triton-inference-server/perf_analyzer, `genai-perf/genai_perf/config/`.
"""

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.json_files import part
from inference_energy.corpus.formats.values import number

RATED = ("poisson", "gamma", "constant", "user_centric", "fixed_schedule")


def model_name(config: object, place: str) -> str | None:
    """The model that was asked.

    Raises:
        InputError: several models, whose requests the export mixes.
    """
    models = part(config, "models")
    stated = [part(config, "endpoint", "model_names"), part(config, "model_names"), part(config, "model")]
    stated += [part(models, "items") or models]
    found = next((value for value in stated if value), [])
    entries = found if isinstance(found, list) else [found]
    names = {part(entry, "name") if isinstance(entry, dict) else entry for entry in entries if _named(entry)}
    if len(names) > 1:
        raise InputError(f"{place}: input_config: found {len(names)} models; allowed: one")
    return next(iter(names), None)


def load(config: object) -> tuple[str | None, object, object]:
    """How requests arrive, the limit of requests in flight, and the rate of requests per second, as far as stated."""
    settings = _settings(config)
    limit, rate = settings.get("concurrency"), settings.get("request_rate", settings.get("rate"))
    # ASSUME: a cap on requests in flight governs the load, whatever the request rate.
    if number(limit) is not None:
        return "closed_loop", limit, rate
    rated = number(rate) is not None or settings.get("type") in RATED
    return "server" if rated or part(config, "input", "fixed_schedule") is True else None, None, rate


def _settings(config: object) -> dict:
    """The part that controls the load: one profiling phase, a section of its own, or the configuration itself."""
    phases = part(config, "phases")
    if isinstance(phases, list):
        measured = [phase for phase in phases if "profiling" in (part(phase, "kind"), part(phase, "name"))]
        return measured[0] if len(measured) == 1 else {}
    sections = [part(config, "loadgen"), part(config, "perf_analyzer", "stimulus"), config]
    return next((section for section in sections if isinstance(section, dict)), {})


def _named(entry: object) -> bool:
    return isinstance(entry, str) or isinstance(part(entry, "name"), str)
