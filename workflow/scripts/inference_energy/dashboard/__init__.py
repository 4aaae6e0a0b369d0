"""The offline page of what-if questions: engine, payload and page."""
