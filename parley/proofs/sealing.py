"""Entries with their proof, as lines of JSON: written here, one after the other.

Each entry is a JSON object on a line of its own. What is hashed of it is the line up to its last
field, `salt`, and a closing brace. docs/exports.md says all of it byte for byte.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from parley.proofs.notes import BadNote, Checkpoint, Key, Signer, bytes_of, text_signed
from parley.proofs.tree import HASH_BYTES, Tree, leaf_hash, root_of

SALT_BYTES = 32
_IN_MEMORY_BYTES = 1024 * 1024
_PIECE_BYTES = 48 * 1024
"""A multiple of three, so that pieces of base64 can stand one behind the other."""
_B64 = 44
"""Characters of base64 for 32 bytes."""
_BEFORE_SALT, _AFTER_SALT = b',"salt":"', b'"}'
_TAIL = len(_BEFORE_SALT) + _B64 + len(_AFTER_SALT)
_BEFORE_COMMITMENT = b'{"commitment":"'
_REDACTED = len(_BEFORE_COMMITMENT) + _B64 + len(_AFTER_SALT)
_HEAD, _KEY, _LEAVES, _END = b'{"head":', b',"key":', b',"leaves":"', b'"}'


class BadLine(Exception):
    """It is not written as an entry is, or as the proof is: why, as a sentence."""


def commitment(content: bytes, salt: bytes) -> bytes:
    """What stands for an entry: without the salt it tells nothing of it."""
    return hashlib.sha256(salt + content).digest()


class Sealer:
    """Gives each entry its salt, and at the end the proof of all. Close it."""

    def __init__(self) -> None:
        self._tree = Tree()
        # Of a million entries they would be 32 MB.
        self._leaves = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115

    def close(self) -> None:
        self._leaves.close()

    def sealed(self, entries: Sequence[bytes]) -> list[bytes]:
        """The lines of these entries, each a JSON object, without the line breaks."""
        salts = os.urandom(SALT_BYTES * len(entries))
        lines, hashes = [], []
        for at, entry in enumerate(entries):
            salt = salts[SALT_BYTES * at : SALT_BYTES * (at + 1)]
            hash = leaf_hash(commitment(entry, salt))
            self._tree.add(hash)
            hashes.append(hash)
            lines.append(
                entry[:-1] + _BEFORE_SALT + base64.b64encode(salt) + _AFTER_SALT,
            )
        self._leaves.write(b"".join(hashes))
        return lines

    def proof(self, signer: Signer, origin: str) -> Iterator[bytes]:
        """The last line, in pieces, without the line break: the signed head of the tree, the key,
        and the hashes of all leaves, by which it is found out where something was changed.
        """
        note = signer.sign(str(Checkpoint(origin, self._tree.size, self._tree.root())))
        yield _HEAD + _json(note) + _KEY + _json(str(signer.key)) + _LEAVES
        self._leaves.seek(0)
        while piece := self._leaves.read(_PIECE_BYTES):
            yield base64.b64encode(piece)
        yield _END


def _json(value: str) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def commitment_of(line: bytes) -> bytes:
    """Of the entry on a line, also of one that was taken out. Raises `BadLine`."""
    if line.startswith(_BEFORE_COMMITMENT) and len(line) == _REDACTED:
        return _bytes(line[len(_BEFORE_COMMITMENT) : -len(_AFTER_SALT)], line)
    content, salt = parted(line)
    return commitment(content, salt)


def parted(line: bytes) -> tuple[bytes, bytes]:
    """What an entry says, and its salt. Raises `BadLine`."""
    if line[-_TAIL:].startswith(_BEFORE_SALT):
        return line[:-_TAIL] + b"}", _bytes(line[-_TAIL:][len(_BEFORE_SALT) : -2], line)
    raise BadLine("It is not written as an entry is.")


def redacted(line: bytes) -> bytes:
    """A line that stands for it: it tells nothing of the entry, and proves the others as before.
    Raises `BadLine`.
    """
    return _BEFORE_COMMITMENT + base64.b64encode(commitment_of(line)) + _AFTER_SALT


def is_redacted(line: bytes) -> bool:
    return line.startswith(_BEFORE_COMMITMENT)


def _bytes(text: bytes, line: bytes) -> bytes:
    if not line.endswith(_AFTER_SALT):
        raise BadLine("It is not written as an entry is.")
    try:
        return bytes_of(text.decode("ascii"))
    except ValueError as error:
        raise BadLine("Its salt or commitment is damaged.") from error


class Proof(NamedTuple):
    """What the last line says, once its parts are known to fit together."""

    checkpoint: Checkpoint
    key: Key
    leaves: bytes
    """Their hashes, one behind the other."""
    note: str

    @classmethod
    def read(cls, line: bytes, pinned: Key | None = None) -> Proof:
        """Of the last line. Raises `BadLine` where it is not one, or was changed, or where
        another key than `pinned` signed it.
        """
        found = _object(line)
        try:
            note, key_line, leaves_text = (str(found[name]) for name in ("head", "key", "leaves"))
            key, leaves = Key.read(key_line), bytes_of(leaves_text)
        except KeyError as error:
            raise BadLine("It is no proof.") from error
        except ValueError as error:
            raise BadLine("The list of hashes in the proof is damaged.") from error
        except BadNote as error:
            raise BadLine(str(error)) from error
        written = _HEAD + _json(note) + _KEY + _json(key_line) + _LEAVES
        if str(key) != key_line or line != written + leaves_text.encode() + _END:
            raise BadLine("The proof is not as Parley writes it.")
        proof = cls(signed(note, key, pinned), key, leaves, note)
        if len(leaves) != proof.checkpoint.size * HASH_BYTES:
            raise BadLine("The list of hashes in the proof is longer or shorter than was signed.")
        if root_of(leaves) != proof.checkpoint.root:
            raise BadLine("The list of hashes in the proof is not the one that was signed.")
        return proof


def signed(note: str, key: Key, pinned: Key | None) -> Checkpoint:
    """What was signed. Raises `BadLine` where it wasn't, or not by the key that is pinned."""
    if pinned is not None and pinned.public != key.public:
        raise BadLine(f"It is signed by another key than yours: {key}")
    try:
        checkpoint = Checkpoint.read(text_signed(note, key))
    except BadNote as error:
        raise BadLine(str(error)) from error
    if not checkpoint.origin.startswith(f"{key.name}/"):  # a key's name itself is not signed
        raise BadLine("The key has another name than the server that signed this.")
    return checkpoint


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadLine("It is no proof.")
    return found
