"""Words that the figures of studies of method `nested` have in common."""

NAMES = {"gpu_boards": "GPU boards", "node": "Node", "datacenter": "Datacenter", "fleet": "Fleet"}
WITHIN = {
    "gpu_boards": "the GPU boards",
    "node": "the node",
    "datacenter": "the datacenter (node x PUE)",
    "fleet": "the fleet (datacenter and overheads)",
}


def subject_of(study: dict) -> str:
    """Label of the class that the fleet serves."""
    return study["classes"][study["fleet"]["subject"]]["label"]
