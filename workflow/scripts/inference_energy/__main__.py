"""`python -m inference_energy` is the command `inference-energy`."""

from inference_energy.embedding.command import run

if __name__ == "__main__":
    run()
