"""Parley: the self-hosted place to talk by link."""

__version__ = "0.1.0"
