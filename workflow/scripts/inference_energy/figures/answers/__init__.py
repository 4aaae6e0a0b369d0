"""Figures of the chapter answers."""
