"""What the entries of a resolved study say: classes, members and their weights."""

from inference_energy.common.errors import InputError, one_of

# What every study has and a fleet serves.
WORKLOADS = ("traditional", "long")


def node_power_kw(study: dict, model: str) -> float:
    """Maximum power of the 8-GPU node that serves a model, in kW."""
    power = study["node_power_kw"]
    return power.get("by_model", {}).get(model, power["default"])


def hardware_mix(study: dict, model_class: str) -> list[dict]:
    """GPUs and precisions that serve a class, with shares that sum to 1."""
    mix = study["classes"][model_class].get("hardware", study["hardware"])
    total = sum(entry["share"] for entry in mix)
    return [entry | {"share": entry["share"] / total} for entry in mix if entry["share"] > 0]


def model_weights(study: dict, model_class: str) -> dict[str, float]:
    """Weights of a class's models, those of weight 0 left out, summing to 1."""
    weights = {model: weight for model, weight in study["classes"][model_class]["weights"].items() if weight > 0}
    total = sum(weights.values())
    return {model: weight / total for model, weight in weights.items()}


def model_classes(study: dict) -> dict[str, str]:
    """Class that every model of a study is served in, by model; where classes share a model the first of them."""
    classes = study["classes"]
    return {model: name for name in reversed(classes) for model in model_weights(study, name)}


def model_alone(study: dict, model: str) -> dict:
    """A study of one model: its class, every query of which that model serves; nothing of other models.

    Raises:
        InputError: a model that no class of the study is served by.
    """
    known = model_classes(study)
    if model not in known:
        raise InputError(f"model: found {model!r}; allowed: {one_of(known)}, which the study serves")
    of_class = {key: of for key, of in study["classes"][known[model]].items() if key != "mix_concentration"}
    return study | {"classes": {known[model]: of_class | {"weights": {model: 1}}}}


def members(study: dict) -> list[tuple[str, str, str]]:
    """Every model, GPU and precision that some class of a study is served with, each once, in order."""
    found = [
        (model, entry["gpu"], entry["precision"])
        for model_class in study["classes"]
        for model in model_weights(study, model_class)
        for entry in hardware_mix(study, model_class)
    ]
    return list(dict.fromkeys(found))


def class_weights(study: dict, subject: str) -> dict[str, float]:
    """Weight of every member of a model class, summing to 1."""
    weights = study["classes"][subject]["weights"]
    total = sum(weights.values())
    return {model: weight / total for model, weight in weights.items()}


def subjects(study: dict, models: list[str]) -> dict[str, tuple[str, dict[str, float]]]:
    """Everything that gets a row: kind and member weights by name, models first, then classes."""
    return {model: ("model", {model: 1.0}) for model in models} | {
        name: ("class", class_weights(study, name)) for name in study["classes"]
    }
