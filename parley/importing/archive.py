"""The members of an export: of a ZIP file or a folder, or the one file that it is.

An archive comes from anybody: how much it holds, how far it unfolds and what its members are called
is checked before anything of it is read, and what was announced is all that is read.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from parley.importing.chats import ImportRefused

MEMBERS_MAX = 100_000
MEMBER_MAX_BYTES = 4 * 1024**3
TOTAL_MAX_BYTES = 64 * 1024**3
RATIO_MAX = 200
"""Text of chats is packed to a tenth; what unfolds to more than this is no chat."""
RATIO_FROM_BYTES = 10 * 1024 * 1024
"""Smaller members do no harm, however tightly they are packed."""
DIRECTORY_MAX_BYTES = 64 * 1024 * 1024
"""Of a ZIP file's list of members, which is read as a whole."""

_LENGTH, _ENDS_AT = 5, 9
"""Where `_EndRecData` has the length of the list of members, and where the list ends."""


class Archive:
    """What lies in it, by path with `/` between, in composed Unicode (NFC).

    Raises `ImportRefused` for what is no archive, holds too much, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        self._members: dict[str, tuple[Callable[[], IO[bytes]], int]] = {}
        if path.is_dir():
            self._list_folder(path)
        elif is_zip(path):
            self._list_zip(path)
        else:
            self._members[path.name] = (partial(_opened, path), path.stat().st_size)

    def close(self) -> None:
        if self._zip is not None:
            self._zip.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def names(self) -> Iterator[str]:
        return iter(self._members)

    def size(self, name: str) -> int:
        """In bytes, unfolded."""
        return self._members[name][1]

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Its bytes, as a stream that can't be wound back. Raises `ImportRefused` once more
        comes than was announced, or what is damaged."""
        opened, size = self._members[name]
        try:
            stream = opened()
        except Exception as error:  # zipfile lets through whatever its decoders raise
            raise ImportRefused(f"{_shown(name)} can't be opened: {error}") from error
        with stream, io.BufferedReader(_Bounded(stream, size, name), 256 * 1024) as bounded:
            yield bounded

    def _list_folder(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                self._add(
                    path.relative_to(folder).as_posix(),
                    partial(_opened, path),
                    path.stat().st_size,
                )

    def _list_zip(self, path: Path) -> None:
        _check_directory(path)
        self._zip = _zip_file(path)
        try:
            self._list_members(self._zip)
        except ImportRefused:
            self.close()
            raise

    def _list_members(self, opened: zipfile.ZipFile) -> None:
        total = 0
        for info in opened.infolist():
            if info.is_dir():
                continue
            if info.flag_bits & 1:
                raise ImportRefused("This ZIP file is encrypted. Export it without a password.")
            total += info.file_size
            is_bomb = info.file_size > RATIO_FROM_BYTES and (
                info.file_size > RATIO_MAX * max(1, info.compress_size)
            )
            if is_bomb or info.file_size > MEMBER_MAX_BYTES or total > TOTAL_MAX_BYTES:
                raise ImportRefused("This ZIP file holds more than an export would.")
            self._add(info.filename, partial(opened.open, info), info.file_size)

    def _add(self, name: str, opened: Callable[[], IO[bytes]], size: int) -> None:
        # Names of files are bytes to some systems, and needn't be text.
        name = name.encode("utf-8", "replace").decode()
        name = unicodedata.normalize("NFC", name.replace("\\", "/"))
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or name[1:2] == ":":
            raise ImportRefused(f"This archive names a file outside itself: {_shown(name)}")
        if len(self._members) >= MEMBERS_MAX:
            raise ImportRefused(f"This archive holds more than {MEMBERS_MAX:,} files.")
        self._members.setdefault(name, (opened, size))


def is_zip(path: Path) -> bool:
    """By its first bytes: of one with members, or of an empty one."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _zip_file(path: Path) -> zipfile.ZipFile:
    try:
        try:
            # Slack writes UTF-8 without the flag that says so.
            return zipfile.ZipFile(path, metadata_encoding="utf-8")
        except UnicodeDecodeError:
            return zipfile.ZipFile(path)
    except Exception as error:
        raise ImportRefused(f"This ZIP file is damaged: {error}") from error


def _check_directory(path: Path) -> None:
    """Before Python reads the whole list of members into memory: whether there are too many.

    What a ZIP file says of their number may be a lie, so they are counted. Where the list is, is
    asked of Python's own function: read in another way, it might be another list.
    """
    with path.open("rb") as file:
        try:
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        except (OSError, zipfile.BadZipFile) as error:
            raise ImportRefused(f"This ZIP file is damaged: {error}") from error
        if end is None:
            raise ImportRefused("This ZIP file is cut off: its end is missing.")
        length, ends_at = end[_LENGTH], end[_ENDS_AT]
        if length <= DIRECTORY_MAX_BYTES:
            # Two records of 64-bit sizes, 76 bytes, may stand between the list and its end.
            file.seek(max(0, ends_at - length - 76))
            listed = file.read(length + 76)
        if length > DIRECTORY_MAX_BYTES or listed.count(b"PK\x01\x02") > MEMBERS_MAX:
            raise ImportRefused(f"This archive holds more than {MEMBERS_MAX:,} files.")


def _shown(name: str) -> str:
    """In a sentence: on one line, and not too long."""
    return "".join([each if each.isprintable() else "?" for each in name[:100]])


class _Bounded(io.RawIOBase):
    """A stream of at most so many bytes."""

    def __init__(self, stream: IO[bytes], size: int, name: str) -> None:
        self._stream, self._left, self._name = stream, size, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            piece = self._stream.read(min(len(view), max(1, self._left)))
        except Exception as error:  # zlib, bz2 and lzma each have an error of their own
            raise ImportRefused(f"{_shown(self._name)} is damaged: {error}") from error
        if len(piece) > self._left:
            raise ImportRefused(f"{_shown(self._name)} holds more than the archive says.")
        self._left -= len(piece)
        view[: len(piece)] = piece
        return len(piece)
