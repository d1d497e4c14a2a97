"""Which store a server has."""

from __future__ import annotations

from parley.config import Config
from parley.errors import FilesUnusable, the_extra
from parley.files.store import FILES, Folder, Store


def store_of(config: Config) -> Store:
    """The bucket that is set, or else the folder `files` of the data folder.

    Raises `FilesUnusable`, but asks no bucket anything yet.
    """
    if not config.files_url:
        return Folder(config.data / FILES)
    try:
        from parley.files.bucket import Bucket
    except ImportError:
        raise FilesUnusable(f"Keeping files in a bucket needs {the_extra('s3')}") from None
    return Bucket(config.files_url)
