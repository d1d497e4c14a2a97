"""What socket events do, one module a noun: ask the domain, say what is acknowledged."""
