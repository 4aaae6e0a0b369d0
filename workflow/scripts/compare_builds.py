"""Command behind `make compare BASE=x`: differences from another build, and changed inputs."""

from pathlib import Path

from inference_energy.common import escaped, files, jobs
from inference_energy.common.errors import InputError
from inference_energy.records import builds, report, revisions

parser = jobs.Arguments(description=__doc__)
parser.add_argument("base", help="a project folder with a finished build, a folder of results, or a git revision")
parser.add_argument("out", type=Path, help="folder for changes.md and changes.json")
parser.add_argument("cores", help="how many cores a revision is built with")
parser.add_argument("--check", action="store_true", help="whether the base is there, and nothing else")
arguments = parser.parse_args()
with jobs.command():
    if not arguments.base:
        raise InputError(f"BASE: found nothing; allowed: {builds.ALLOWED}, as in `make compare BASE=main`")
    folder = Path(arguments.base) if Path(arguments.base).is_dir() else None
    commit = None if folder else revisions.commit(arguments.base, Path())
    base = builds.in_folder(folder, arguments.base) if folder else None
    if arguments.check:
        escaped.show(f"Base: {arguments.base}" + (f", commit {commit[:12]}" if commit else ""))
        raise SystemExit
    now = builds.in_folder(Path(), "this build")
    if commit:
        folder = revisions.built(commit, Path(), arguments.cores, escaped.show)
        base = builds.in_folder(folder, f"{arguments.base} ({commit[:12]})")
    changes = report.compare(base, now)
files.write_json(arguments.out / "changes.json", report.as_json(changes))
files.write(arguments.out / "changes.md", report.as_markdown(changes))
escaped.show(*report.verdict(changes), f"{arguments.out / 'changes.md'}, {arguments.out / 'changes.json'}")
