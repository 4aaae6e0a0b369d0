"""Figures of the chapter energy."""
