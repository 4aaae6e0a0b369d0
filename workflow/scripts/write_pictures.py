"""Writes the figures that documents show into docs/, from the results; called by `make pictures`."""

from pathlib import Path

from inference_energy.figures import render

RESULTS, DOCS = Path("results"), Path("docs")
# Figures by the name of their picture; those with a second one for readers with a dark screen.
PICTURES = {
    "hero": "figures/comparison/energy_by_answer_length",
    "energy_by_class": "figures/current/energy_by_class",
    "held_out_scores": "figures/comparison/held_out_scores",
    "method_bridge": "figures/comparison/method_bridge",
    "throughput_forms": "figures/benchmarks/throughput_forms",
}
DARK = ("hero",)

for name, path in PICTURES.items():
    svg = (RESULTS / f"{path}.svg").read_text(encoding="utf-8")
    (DOCS / f"{name}.png").write_bytes(render.picture(svg))
    if name in DARK:
        (DOCS / f"{name}_dark.png").write_bytes(render.picture(render.dark(svg)))
