"""Figures of the chapter statement."""
