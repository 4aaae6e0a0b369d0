"""Figures of the chapter headline."""
