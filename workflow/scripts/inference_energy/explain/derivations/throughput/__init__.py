"""Derivations of throughput: fits, transferred curves, attainment, latency."""
