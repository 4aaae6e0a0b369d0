"""The site: documents, a page per model, the public tables under one address, and feeds of what moved."""
