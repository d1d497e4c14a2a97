"""The Merkle tree of RFC 9162, section 2.1, with SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """One that grows by its leaves' hashes, and keeps as many of them as it is high."""

    __slots__ = ("_whole", "size")

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[bytes] = []
        """Of each bit of the size, the largest first: the root of a full tree of as many leaves."""

    def add(self, hash: bytes) -> None:
        """`hash` is what `leaf_hash` gave."""
        self.size += 1
        done = self.size
        while not done & 1:
            hash = node_hash(self._whole.pop(), hash)
            done >>= 1
        self._whole.append(hash)

    def root(self) -> bytes:
        if not self._whole:
            return EMPTY
        *others, root = self._whole
        for left in reversed(others):
            root = node_hash(left, root)
        return root


def root_of(hashes: bytes | bytearray) -> bytes:
    """Of leaves whose hashes stand one behind the other."""
    tree = Tree()
    for at in range(0, len(hashes), HASH_BYTES):
        tree.add(bytes(hashes[at : at + HASH_BYTES]))
    return tree.root()


def inclusion(hashes: bytes | bytearray, index: int) -> list[bytes]:
    """What proves that the leaf `index` (from 0) is in the tree of these: the other half of each
    tree that it stands in, the smallest first (2.1.3.1).
    """
    level = [bytes(hashes[at : at + HASH_BYTES]) for at in range(0, len(hashes), HASH_BYTES)]
    if not 0 <= index < len(level):
        raise ValueError("no such leaf")
    path = []
    # A last one without a pair rises as it is: it has no other half on that level.
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        level = [
            node_hash(*pair) if len(pair) == 2 else pair[0]
            for pair in (level[at : at + 2] for at in range(0, len(level), 2))
        ]
        index >>= 1
    return path


def root_by(hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root of a tree of `size` leaves that has this one at `index`, by a path that
    `inclusion` gave (2.1.3.2); None where a path is of another length.
    """
    if not 0 <= index < size:
        return None
    last = size - 1
    for other in path:
        if not last:
            return None
        if index & 1 or index == last:
            hash = node_hash(other, hash)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            hash = node_hash(hash, other)
        index, last = index >> 1, last >> 1
    return None if last else hash
