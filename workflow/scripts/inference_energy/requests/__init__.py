"""How long prompts and answers are: traces and distributions of lengths."""
