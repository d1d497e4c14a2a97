"""REST: bodies and replies, one module a noun, and the table of calls."""
