"""Figures of the chapter validation."""
