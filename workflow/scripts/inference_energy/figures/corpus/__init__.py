"""Figures of the chapter corpus."""
