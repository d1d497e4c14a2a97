"""Mail: which addresses we write to, what we write, and how it is handed over."""
