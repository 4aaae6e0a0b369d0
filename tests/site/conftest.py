"""The built site: this runs in the environment of `make site`."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("sphinx") else ["*"]
