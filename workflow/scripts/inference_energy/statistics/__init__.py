"""Distributions, mixtures, histograms, quantiles and named random draws."""
