"""The archive as an RO-Crate, by its validator: this runs in the environment of `make crate`."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("rocrate_validator") else ["*"]
