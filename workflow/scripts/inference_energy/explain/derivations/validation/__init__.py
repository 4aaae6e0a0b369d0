"""Derivations of the validation: backtest, scores, other methods, published estimates."""
