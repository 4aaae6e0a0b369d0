"""Headline quantities, printed next to computed; bridge between studies; golden numbers."""
