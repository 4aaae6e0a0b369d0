"""Writes the figures that documents show into docs/, from the results; called by `make pictures`."""

from pathlib import Path

from inference_energy.figures import registry, render

RESULTS, DOCS = Path("results"), Path("docs")

for name, path in registry.PICTURES.items():
    svg = (RESULTS / f"{path}.svg").read_text(encoding="utf-8")
    (DOCS / f"{name}.png").write_bytes(render.picture(svg))
    if name in registry.ALSO_DARK:
        (DOCS / f"{name}_dark.png").write_bytes(render.picture(render.dark(svg)))
