"""Files that are made: whole and on the disk once they have a name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write(path: Path, save: Callable[[BinaryIO], object]) -> Path:
    """A new file with what `save` writes, on the disk when this returns."""
    with path.open("xb") as file:
        save(file)
        file.flush()
        os.fsync(file.fileno())
    return path


def sync(folder: Path) -> None:
    """Have the names of new files on the disk, too."""
    if os.name == "nt":
        return  # Folders can't be opened there.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
