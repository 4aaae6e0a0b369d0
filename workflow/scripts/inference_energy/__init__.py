"""Energy per LLM query from token throughput: the pure functions behind the workflow."""

import os

# A job is one thread: matrices here are small, and threads of the linear algebra library that wait for each other made
# jobs three times slower. It also keeps sums in the same order on any machine.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
