"""Formats of benchmark files: one module reads one format into checked rows."""
