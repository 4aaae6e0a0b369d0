"""Wiring of rule usage_statement."""

from pathlib import Path

from inference_energy.common import escaped, files, html
from inference_energy.statement import as_json, tables, text
from inference_energy.tables import wiring
from markupsafe import Markup

DRAWINGS = {"power": "Energy over time", "models": "Energy by model"}

with wiring.job(snakemake) as job:
    read = {name: job.table(name) for name in tables.TABLES}
    content = job.call(text.content, read)
    drawings = [
        {"label": label, "svg": Markup(path.read_text(encoding="utf-8")), "file": path.with_suffix(".png").name}
        for label, path in ((label, job.path(name)) for name, label in DRAWINGS.items())
    ]
    for output, template in (("html", "page"), ("md", "text")):
        html.write(Path(snakemake.output[output]), job.path(template), drawings=drawings, **content)
    escaped.write_csv(read["statement"], snakemake.output.csv)
    files.write_json(Path(snakemake.output.json), job.call(as_json.statement, read))
    job.logger.info("%s", dict(content["figures"]))
