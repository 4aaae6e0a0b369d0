"""Benchmark files in, checked rows out: origins, formats, checks, registries, corrections."""
