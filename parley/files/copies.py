"""A second name for each file, beside a copy of the database: for a backup."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from parley.files.store import PREVIEW, place_of, sync


def copy_files(store: Path, ids: Iterable[str], into: Path) -> tuple[int, int]:
    """Give these a place in the new folder `into`, too; how many that are, and of how many bytes.

    Nothing is copied where both are on one file system that can link: a file never changes. Those
    that are gone meanwhile are left out. Raises `OSError`; then `into` may be half done.
    """
    into.mkdir(mode=0o700)
    count, size = 0, 0
    for id in ids:
        with contextlib.suppress(FileNotFoundError):
            size += _copy(store, id, into)
            count += 1
        with contextlib.suppress(FileNotFoundError):
            _copy(store, id + PREVIEW, into)
    for folder in (*(each for each in into.iterdir() if each.is_dir()), into):
        sync(folder)
    return count, size


def _copy(store: Path, key: str, into: Path) -> int:
    source, target = place_of(store, key), place_of(into, key)
    size = source.stat().st_size
    target.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one that cannot link
        shutil.copyfile(source, target)
        target.chmod(0o600)
        sync(target)
    return size
