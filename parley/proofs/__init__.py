"""Proving that a list of entries is as it was: a Merkle tree over it, whose head is signed.

Nothing here knows what the entries are.
"""
