"""The offline page of what-if questions: its numbers, their coding, the formulas in JavaScript, and the page."""
