"""Files, piece by piece: none is held whole, and none can be cut off, swapped or left out."""

from __future__ import annotations

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parley.client.encryption.errors import Unreadable
from parley.client.encryption.octets import derive, labelled, u32

VERSION = 1
KEY_BYTES = 32
HEADER_BYTES = 33
CHUNK_BYTES = 1024 * 1024
TAG_BYTES = 16
CHUNKS_MAX = 2**32


class FileSealer:
    """Of one file, read once from its beginning to its end, under a key of its own.

    Whoever starts again makes a new one: what is read a second time may have changed meanwhile, and
    would be encrypted under the nonces of the first.
    """

    def __init__(self) -> None:
        self.key = secrets.token_bytes(KEY_BYTES)
        """What the message that names the file holds."""
        self._chunks = _Chunks(self.key)
        self.header = self._chunks.header
        """What stands before the chunks."""

    def seal(self, chunk: bytes, *, is_last: bool) -> bytes:
        """The next chunk: of `CHUNK_BYTES`, but for the last, which is shorter or as long."""
        if len(chunk) > CHUNK_BYTES or (len(chunk) < CHUNK_BYTES and not is_last):
            raise ValueError("Only the last chunk can be shorter.")
        nonce = self._chunks.next(is_last=is_last)
        return self._chunks.cipher.encrypt(nonce, chunk, self._chunks.bound)


class FileOpener:
    """Takes the pieces in their order."""

    def __init__(self, key: bytes, header: bytes) -> None:
        """Raises `Unreadable` where the key is another's."""
        if len(key) != KEY_BYTES or len(header) != HEADER_BYTES:
            raise Unreadable("malformed")
        if header[0] != VERSION:
            raise Unreadable("unknown_version")
        self._chunks = _Chunks(key)
        if not hmac.compare_digest(header, self._chunks.header):
            raise Unreadable("not_authentic")

    def open(self, sealed: bytes, *, is_last: bool) -> bytes:
        """`is_last`: whether nothing comes after it. Raises `Unreadable`."""
        if not TAG_BYTES <= len(sealed) <= CHUNK_BYTES + TAG_BYTES:
            raise Unreadable("malformed")
        nonce = self._chunks.next(is_last=is_last)
        try:
            return self._chunks.cipher.decrypt(nonce, sealed, self._chunks.bound)
        except InvalidTag:
            raise Unreadable("not_authentic") from None


def sealed_length(length: int) -> int:
    """Of a whole file, encrypted."""
    chunks = max(1, -(-length // CHUNK_BYTES))
    return HEADER_BYTES + length + chunks * TAG_BYTES


class _Chunks:
    """The key, and nonces that count the chunks and tell the last one."""

    def __init__(self, key: bytes) -> None:
        both = derive("file", key, length=64)
        self.cipher = AESGCM(both[:32])
        self.header = bytes((VERSION,)) + both[32:]
        self.bound = labelled("file", self.header)
        self._count = 0
        self._is_over = False

    def next(self, *, is_last: bool) -> bytes:
        if self._is_over or self._count == CHUNKS_MAX:
            raise Unreadable("malformed")
        nonce = bytes(7) + u32(self._count) + bytes((1 if is_last else 0,))
        self._count, self._is_over = self._count + 1, is_last
        return nonce
