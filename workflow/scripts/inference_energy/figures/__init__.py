"""One module a figure, in folders named as the chapters; the registry says what each is drawn from."""
