"""Command behind `make compare-statements A=x B=y`: the difference of two statements, by cause."""

from pathlib import Path

from inference_energy.common import escaped, files, html, jobs
from inference_energy.figures import render
from inference_energy.figures.statement import statement_difference
from inference_energy.statement import comparison, comparison_text, stated
from markupsafe import Markup

TEMPLATES = Path("workflow/templates")

parser = jobs.Arguments(description=__doc__)
parser.add_argument("before", help="a usage, a month of it as example@2026-03, or a folder with a statement")
parser.add_argument("after", help="likewise")
parser.add_argument("out", type=Path, help="folder for difference.html, .md, .csv and its figure")
arguments = parser.parse_args()
with jobs.command():
    before, after = (stated.read(given, name) for given, name in ((arguments.before, "A"), (arguments.after, "B")))
    parts = comparison.difference(before, after)
    content = comparison_text.content(before, after, parts)
    drawn = render.formats(statement_difference.draw(parts=parts, before=before.name, after=after.name))
    for ending, drawing in drawn.items():
        with files.complete(arguments.out / f"difference.{ending}") as (unfinished,):
            unfinished.write_bytes(drawing)
    for ending in ("html", "md"):
        html.write(
            arguments.out / f"difference.{ending}",
            TEMPLATES / f"statement_difference.{ending}.j2",
            drawing=Markup(drawn["svg"].decode()),
            **content,
        )
    escaped.write_csv(parts, arguments.out / "difference.csv")
for label, text in content["summary"]:
    escaped.show(f"{label}: {text}")
escaped.show(str(arguments.out / "difference.html"))
