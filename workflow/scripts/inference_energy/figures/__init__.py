"""One module a figure, in folders named as the chapters; the theme and how figures are saved."""
