"""From benchmark rows to GPU time: fits, transferred curves, attainment, latency."""
