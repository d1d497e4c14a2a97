"""A file of which little is read."""

from __future__ import annotations

import os
from typing import BinaryIO

MAX_READS = 20_000
MAX_BYTES = 8 * 1024 * 1024


class TooMuch(Exception):
    """More would have to be read than is worth it."""


class Window:
    """Reads parts of a file by their place, and not for ever."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        self._reads = 0
        self._bytes = 0

    def read(self, at: int, size: int) -> bytes:
        """Up to `size` bytes from there: fewer at the end of the file, none before its beginning.

        Raises `TooMuch` once that comes to too much in all.
        """
        self._reads += 1
        self._bytes += size
        if self._reads > MAX_READS or self._bytes > MAX_BYTES:
            raise TooMuch
        if not 0 <= at < self.size:
            return b""
        self._file.seek(at)
        return self._file.read(size)
