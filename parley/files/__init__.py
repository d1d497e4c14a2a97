"""Where files are kept, and where uploads come in: bytes by id, and nothing of conversations."""
