"""Figures of the chapter throughput."""
