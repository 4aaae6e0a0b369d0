"""`python -m inference_energy` is the command `inference-energy`."""

from inference_energy.answers.command import run

run()
