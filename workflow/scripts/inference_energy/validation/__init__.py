"""Estimates compared with measurements and with other methods."""
