"""Derivations of throughput: fits, and rows predicted without themselves."""
