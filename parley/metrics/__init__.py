"""Numbers about a running server, for Prometheus."""
