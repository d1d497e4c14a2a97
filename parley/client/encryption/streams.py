"""Nonces that cannot repeat: each tab, process or thread counts in a stream of its own."""

from __future__ import annotations

import os
import secrets
import threading
import weakref

from parley.client.encryption.octets import u64

STREAM_BYTES = 16
NONCE_BYTES = 12
STREAM_MESSAGES_MAX = 2**24
"""Then another one begins: far from where AES-GCM wears out, and far above what anybody says."""

_all: weakref.WeakSet[Stream] = weakref.WeakSet()


class Stream:
    """Counts, in memory alone: what is written down could be read twice, and counted on from twice.

    A nonce is four random bytes and the count. The count alone keeps it from repeating; the random
    bytes are for machines whose memory somebody copies while they run.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._id = b""
        self._count = 0
        self._begin()
        _all.add(self)

    def next(self) -> tuple[bytes, bytes]:
        """The stream's id, which picks the key, and a nonce that it never gave before."""
        with self._lock:
            if self._count == STREAM_MESSAGES_MAX:
                self._begin()
            count, self._count = self._count, self._count + 1
            return self._id, secrets.token_bytes(4) + u64(count)

    def _begin(self) -> None:
        self._id = secrets.token_bytes(STREAM_BYTES)
        self._count = 0

    def after_fork(self) -> None:
        """A child has the parent's count: it must have another stream."""
        self._lock = threading.Lock()
        self._begin()


def _after_fork() -> None:
    for stream in _all:
        stream.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
