"""Files with a proof, read again: JSON Lines, JSON, and ZIP files with JSON Lines in them."""

from __future__ import annotations

import errno
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from parley.proofs.sealing import SALT_BYTES, BadLine

MEMBER = "conversation.jsonl"
"""In a ZIP file: what all else in it is proven by."""
LINE_MAX_BYTES = 256 * 1024 * 1024
"""The proof is the longest, with 43 bytes for each entry."""
OF_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError)
"""What Python's reader of ZIP files lets through: `RuntimeError` where one is encrypted or packed
in a way it doesn't know, `OSError` where it is led to before the file begins.
"""
_FIRSTS = (b'{"parley_export":', b'{"commitment":"')
_UNSIGNED = b'{"parley_export":1,"unsigned":"encrypted",'
"""How what a browser made of an encrypted conversation begins."""
_BEGIN = b'{"success":true,"export":\n'
_MESSAGES = b',"messages":[\n'
_CLOSE = b'],"proof":\n'
_END = b"}\n"


def is_damage(error: Exception) -> bool:
    """Whether it is one of the file's, and not of the disk's."""
    return not isinstance(error, OSError) or error.errno == errno.EINVAL


class Line(NamedTuple):
    number: int
    """From 1, as editors count."""
    text: bytes
    is_proof: bool
    """Whether it stands where the proof belongs."""


class NoProof(Exception):
    """There is nothing in it that could be checked: why, as a sentence."""


class Damaged(NoProof):
    """A ZIP file that can't be read on."""


class Broken(BadLine):
    """Between the entries something is not as Parley writes it, at this line."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number = number


def lines(file: IO[bytes]) -> Iterator[Line]:
    """The entries and the proof. Raises `NoProof`, `Broken`."""
    first = file.readline(LINE_MAX_BYTES)
    if first == _BEGIN:
        yield from _of_object(file)
    elif first.startswith(_UNSIGNED):
        raise NoProof(
            "This export isn't signed: a browser made it of an encrypted conversation, which the "
            "server can't read. So whether anything in it was changed can't be told."
        )
    elif first.startswith(_FIRSTS) or b',"salt":"' in first[-64:]:
        yield from _of_lines(first, file)
    elif first.startswith(b"{"):
        raise NoProof("This is no export of Parley's, or it was written anew by another program.")
    else:
        raise NoProof(
            "This file carries no proof. Exports as JSON Lines, JSON or ZIP do; Markdown and "
            "pages don't."
        )


def _of_lines(first: bytes, file: IO[bytes]) -> Iterator[Line]:
    number, line = 1, first
    while True:
        after = file.readline(LINE_MAX_BYTES)
        yield Line(number, _text(number, line), is_proof=not after)
        if not after:
            return
        number, line = number + 1, after


def _of_object(file: IO[bytes]) -> Iterator[Line]:
    yield Line(2, _text(2, file.readline(LINE_MAX_BYTES)), is_proof=False)
    if file.readline() != _MESSAGES:
        raise Broken(3, 'It should be `,"messages":[`.')
    number = 4
    while (line := file.readline(LINE_MAX_BYTES)) != _CLOSE:
        if number > 4:
            if not line.startswith(b","):
                raise Broken(number, "The file ends, or goes on otherwise than Parley writes it.")
            line = line[1:]
        yield Line(number, _text(number, line), is_proof=False)
        number += 1
    yield Line(number + 1, _text(number + 1, file.readline(LINE_MAX_BYTES)), is_proof=True)
    if file.read(len(_END) + 1) != _END:
        raise Broken(number + 2, "The file ends otherwise than Parley writes it.")


def _text(number: int, line: bytes) -> bytes:
    if not line.endswith(b"\n"):
        raise Broken(number, "The file ends here, in the middle of a line: the rest is missing.")
    return line[:-1]


class Export:
    """A file with entries and a proof. Raises `NoProof` for a ZIP file with neither, and for what
    can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive: zipfile.ZipFile | None = None
        with path.open("rb") as file:
            is_zip = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        if is_zip:
            try:
                self.archive = zipfile.ZipFile(path)
                self.archive.getinfo(MEMBER)
            except OF_DAMAGE as error:
                if not is_damage(error):
                    raise
                raise NoProof(f"This ZIP file is damaged: {error}") from error
            except KeyError as error:
                raise NoProof(f"There is no {MEMBER} in this ZIP file.") from error

    def close(self) -> None:
        if self.archive is not None:
            self.archive.close()

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Its lines, from the beginning. What is done with them may raise `Damaged`."""
        if self.archive is None:
            with self.path.open("rb") as file:
                yield file
            return
        try:
            with self.archive.open(MEMBER) as file:
                yield file
        except OF_DAMAGE as error:
            if not is_damage(error):
                raise
            raise Damaged(f"The ZIP file is damaged: {error}.") from error

    @property
    def entries_max(self) -> int | None:
        """So many an archive can hold: salts are random, and can't be packed."""
        if self.archive is None:
            return None
        return self.archive.getinfo(MEMBER).compress_size // SALT_BYTES
