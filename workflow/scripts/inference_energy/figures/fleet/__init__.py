"""Figures of the chapter fleet."""
