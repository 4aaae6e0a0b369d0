"""The offline page of what-ifs: engine, payload and page."""
