"""Proofs of lists of entries."""
