"""One module per figure: each takes tables and returns a chart."""
