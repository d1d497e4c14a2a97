"""One server for one data folder: two would not hear of what the other stored."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from parley.errors import DataFolderInUse, DataFolderUnusable

if sys.platform != "win32":
    import fcntl

NAME = "parley.lock"


class FolderLock:
    """Held from `take()` to `release()`, and let go by the system if the process dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        # Looked at before every commit: pathlib's own work would be the larger part.
        self._name = str(self._path)
        self._file: int | None = None

    def take(self) -> None:
        """Raises `DataFolderInUse` and `DataFolderUnusable`."""
        # There SQLite's own lock keeps two writers apart, though not two servers.
        if sys.platform != "win32" and self._file is None:
            self._file = self._locked()

    def keep(self) -> None:
        """Take it again if its file is not the one in the folder any more: a lock of a file
        that was removed keeps nobody out. Raises `DataFolderInUse`.
        """
        if sys.platform == "win32" or self._file is None:
            return
        held = os.fstat(self._file)
        with contextlib.suppress(FileNotFoundError):
            there = os.stat(self._name)
            if (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino):
                return
        taken = self._locked()
        self.release()
        self._file = taken

    def _locked(self) -> int:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataFolderUnusable(
                f"{self._path} cannot be opened ({error.strerror}). "
                "Remove it, or give another folder with --data."
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise DataFolderInUse(
                f"Another Parley server is using the data folder {self._path.parent}. "
                "Stop that one, or give another folder with --data."
            ) from error
        return file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
