"""The published method exactly as printed (arXiv 2509.20241, Joule 2026); frozen."""
