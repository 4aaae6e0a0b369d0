"""One number in one line: estimates from a question in Python or on the command line, without a build."""
