"""Errors, jobs, files, YAML, CSV, comments, pages and formulas: nothing about energy."""
