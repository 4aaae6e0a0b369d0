"""Throughput of benchmark rows as a function of lengths: the published form and another; speed of one user."""
