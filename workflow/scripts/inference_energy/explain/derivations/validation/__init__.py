"""Derivations of the validation: scores, other methods, published estimates, services."""
