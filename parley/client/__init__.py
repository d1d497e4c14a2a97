"""For programs that take part: what is more than a call. Imports nothing of the server."""
