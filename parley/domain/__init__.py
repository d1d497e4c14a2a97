"""What happens, one module a noun. Decides, stores, and says what happened after the commit."""
