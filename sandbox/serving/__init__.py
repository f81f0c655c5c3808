"""The HTTP server on loopback: what stands between a socket and the made-up API."""
