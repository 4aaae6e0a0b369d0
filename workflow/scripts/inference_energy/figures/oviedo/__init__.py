"""Figures of the chapter oviedo."""
