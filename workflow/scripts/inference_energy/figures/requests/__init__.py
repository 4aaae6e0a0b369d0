"""Figures of the chapter requests."""
