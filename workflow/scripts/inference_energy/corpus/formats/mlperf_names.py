"""What the results of MLPerf Inference say in words: the model, its data set, the serving engine, and the GPUs."""

import re

LANGUAGE_MODELS = ("llama", "gptj", "gpt-j", "gpt-oss", "mixtral", "mistral", "deepseek")  # how their names begin
# Every submission to the closed division of a benchmark runs the benchmark's own data set.
PROMPTS = {
    "llama2-70b": "MLPerf OpenOrca",
    "llama3.1-405b": "MLPerf LongBench, LongDataCollections, RULER and GovReport",
    "llama3.1-8b": "MLPerf CNN/DailyMail",
    "gptj": "MLPerf CNN/DailyMail",
    "gpt-j": "MLPerf CNN/DailyMail",
    "mixtral-8x7b": "MLPerf OpenOrca, GSM8K and MBXP",
    "gpt-oss-120b": "MLPerf summarisation at low reasoning effort",
    "deepseek-r1": "MLPerf AIME, MATH500, GPQA, MMLU-Pro and LiveCodeBench",
}
# The first that the software text names. TensorRT alone comes last: its version is not that of TensorRT-LLM.
ENGINES = {
    name: re.compile(rf"(?<![a-z]){spelling}(?:[\s_-]*v?(?P<version>\d[^\s,;]*))?", re.IGNORECASE)
    for name, spelling in {"vLLM": "vllm", "SGLang": "sglang", "TensorRT-LLM": r"(?:tensorrt|trt)[\s_-]*llm"}.items()
}
TENSORRT = re.compile("tensorrt", re.IGNORECASE)
INTERACTIVE = re.compile("-interactive", re.IGNORECASE)
BETWEEN_GPUS = re.compile(r",|;|\+|&|\band\b")
GPU_NAME = re.compile(r"nvidia|amd|intel|\(x\d+\)", re.IGNORECASE)
COUNT_AFTER_NAME = re.compile(r"\s*\(x(\d+)\)$")
POWER_CAP_AFTER_NAME = re.compile(r"\s*\(power cap[^()]*\)$", re.IGNORECASE)


def is_language_model(model: str) -> bool:
    """Whether a benchmark is of a language model."""
    return model.lower().startswith(LANGUAGE_MODELS)


def without_scenario(model: str) -> str:
    """The model alone: rounds since v5.0 make the interactive scenario of some a model of its own."""
    return INTERACTIVE.sub("", model)


def prompts(model: str) -> str:
    """Data set of a benchmark; named after the benchmark itself where it is not known here."""
    name = model.lower().replace("_", ".")
    return next((prompts for start, prompts in PROMPTS.items() if name.startswith(start)), f"MLPerf {name}")


def engine(software: str) -> tuple[str | None, str | None]:
    """Serving engine and its version; null where the text does not name them."""
    for name, pattern in ENGINES.items():
        found = pattern.search(software)
        if found:
            return name, found["version"]
    # ASSUME: language models are served by TensorRT-LLM where a submitter names only TensorRT, on which it is built.
    return ("TensorRT-LLM", None) if TENSORRT.search(software) else (None, None)


def kinds_of_gpu(accelerator: str) -> int:
    """Number of different GPUs that a system names."""
    return sum(1 for part in BETWEEN_GPUS.split(accelerator) if GPU_NAME.search(part)) or 1


def gpu(accelerator: str) -> str:
    """The GPU alone, without a count or a power cap behind it."""
    return COUNT_AFTER_NAME.sub("", POWER_CAP_AFTER_NAME.sub("", accelerator))


def counted(accelerator: str, per_node: float | None) -> int | None:
    """GPUs of a system by the count behind the name; null if there is none, or if it may be of a single node."""
    found = COUNT_AFTER_NAME.search(accelerator)
    # ASSUME: a count larger than that of a node is of the whole system, some of whose nodes are not full.
    return int(found[1]) if found and per_node is not None and int(found[1]) > per_node else None
