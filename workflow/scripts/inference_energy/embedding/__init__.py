"""Estimates inside other tools, each an extra of the package: OpenTelemetry, LiteLLM, assistants that speak MCP."""
