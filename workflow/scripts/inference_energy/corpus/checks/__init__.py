"""Checks across rows of the corpus: one module holds checks of one kind."""
