"""One server for one data folder: two would not hear of what the other stored."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from parley.errors import DataFolderInUse

if sys.platform != "win32":
    import fcntl

NAME = "parley.lock"


class FolderLock:
    """Held from `take()` to `release()`, and let go by the system if the process dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._file: int | None = None

    def take(self) -> None:
        """Raises `DataFolderInUse`."""
        # There SQLite's own lock keeps two writers apart, though not two servers.
        if sys.platform == "win32" or self._file is not None:
            return
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise DataFolderInUse(
                f"Another Parley server is using the data folder {self._path.parent}. "
                "Stop that one, or give another folder with --data."
            ) from error
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
