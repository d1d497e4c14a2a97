"""Who hears what: who sits where, and what each socket is told."""
