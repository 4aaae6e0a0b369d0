"""Energy per LLM query from token throughput: the pure functions behind the workflow."""
