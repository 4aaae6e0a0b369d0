"""Distributions, mixtures, quantiles and named random draws."""
