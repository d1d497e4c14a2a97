"""Files of encrypted conversations, sealed before they go up and opened once they are down."""

from __future__ import annotations

import tempfile
from typing import BinaryIO

from parley.client.encryption import FileOpener, FileSealer, Unreadable
from parley.client.encryption.files import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, sealed_length


def sealed(file: BinaryIO, size: int) -> tuple[BinaryIO, bytes, int]:
    """What goes up, the key of it, and how long it is. On the disk where it is large."""
    sealer = FileSealer()
    into = tempfile.SpooledTemporaryFile(max_size=8 * CHUNK_BYTES)  # noqa: SIM115  # who gets it closes it
    into.write(sealer.header)
    left = size
    while True:
        chunk = file.read(min(CHUNK_BYTES, left))
        left -= len(chunk)
        is_last = not left or not chunk
        into.write(sealer.seal(chunk, is_last=is_last))
        if is_last:
            break
    into.seek(0)
    return into, sealer.key, sealed_length(size)  # type: ignore[return-value]


def opened(file: BinaryIO, key: bytes, into: BinaryIO) -> int:
    """Write what is sealed there into a file; how many bytes. Nothing where any of it is wrong.

    Raises `Unreadable`.
    """
    size = _checked(file, key, None)
    file.seek(0)
    _checked(file, key, into)
    return size


def _checked(file: BinaryIO, key: bytes, into: BinaryIO | None) -> int:
    opener = FileOpener(key, file.read(HEADER_BYTES))
    size, chunk = 0, file.read(CHUNK_BYTES + TAG_BYTES)
    if not chunk:
        raise Unreadable("cut_off")
    while chunk:
        following = file.read(CHUNK_BYTES + TAG_BYTES)
        plain = opener.open(chunk, is_last=not following)
        size += len(plain)
        if into is not None:
            into.write(plain)
        chunk = following
    return size
