"""What `pip install .` and `make wheel` check before they build the package."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface):
    """A package without tables could not answer anything."""

    def initialize(self, version: str, build_data: dict) -> None:
        """Check that the pipeline has run.

        Raises:
            SystemExit: it has not.
        """
        built = Path(self.root) / "results/package/build.json"
        if self.target_name == "wheel" and not built.is_file():
            raise SystemExit(f"Error: {built}: found no tables to package; allowed: a clone in which `make` has run")
