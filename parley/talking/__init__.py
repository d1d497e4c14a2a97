"""Taking part from a terminal: who you are there, and `say`, `tail` and `upload` for scripts."""
