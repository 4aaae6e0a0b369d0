"""Provenance, archive, and comparison with another build."""
