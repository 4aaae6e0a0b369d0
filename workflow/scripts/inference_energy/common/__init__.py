"""Errors, jobs, files, YAML, CSV, comments and pages: nothing about energy."""
