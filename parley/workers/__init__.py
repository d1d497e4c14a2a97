"""Several processes on one port: one that supervises, and those that do the work."""
