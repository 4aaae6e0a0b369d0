"""Command behind `make site`: builds the site in results/site, with the packages of requirements-site.lock."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from inference_energy import estimate
from inference_energy.common import escaped, jobs
from inference_energy.common.errors import InputError
from inference_energy.site import build

parser = jobs.Arguments(description=__doc__)
parser.add_argument("address", nargs="?", default="", help="where the site will be, for its feeds: https://.../")
parser.add_argument("--out", type=Path, default=Path("results/site"), help="folder of the site, written anew")
arguments = parser.parse_args()


def ask(model: str, input_tokens: int, output_tokens: int, cached_share: float):
    """An estimate on the GPUs of the study."""
    return estimate(model, input_tokens=input_tokens, output_tokens=output_tokens, cached_share=cached_share)


with jobs.command(), tempfile.TemporaryDirectory() as folder:
    stage, made = Path(folder, "sources"), Path(folder, "site")
    stage.mkdir()
    document, models = build.sources(Path(), stage, ask, arguments.address)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-d", f"{folder}/doctrees", str(stage), str(made)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode or told.stderr:
        raise InputError(" ".join(told.stderr.replace(f"{stage}/", "").split()))
    build.beside(Path(), made, document, models, stage)
    shutil.rmtree(arguments.out, ignore_errors=True)
    shutil.move(made, arguments.out)
escaped.show(f"Open {arguments.out / 'index.html'}")
