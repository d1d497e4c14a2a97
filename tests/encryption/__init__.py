"""Conversations that the server cannot read."""
