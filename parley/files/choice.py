"""Which store a server has."""

from __future__ import annotations

from parley.config import Config
from parley.files.store import FILES, Folder, Store


def store_of(config: Config) -> Store:
    """The folder `files` of the data folder."""
    return Folder(config.data / FILES)
