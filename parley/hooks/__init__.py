"""Hooks: reading what other programs send, and signing and sending what they are told."""
