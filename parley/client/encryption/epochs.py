"""New epochs: a new key, handed to each who stays, so that whoever is removed cannot read on."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parley.client.encryption.errors import Unreadable
from parley.client.encryption.keys import KEY_BYTES, Epoch
from parley.client.encryption.octets import Reader, derive, labelled, u16, u32
from parley.client.encryption.people import (
    SIGNATURE_BYTES,
    Person,
    PublicKeys,
    Verifier,
    fresh_exchange,
    octets_of,
    shared,
)

VERSION = 1
HEAD_BYTES = 165
_NONCE = bytes(12)
"""Each key here encrypts once."""
_KEYS_BYTES = KEY_BYTES + 1 + KEY_BYTES
_HISTORY_BYTES = 16 + 1 + _KEYS_BYTES + 16
_WRAPPED_BYTES = _KEYS_BYTES + 16
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a record of a new epoch gave."""

    epoch: Epoch
    room: bytes
    before: Epoch | None
    """The one before it, where it was passed on."""


def begin(
    maker: Person,
    before: Epoch,
    room: bytes,
    stay: Collection[PublicKeys],
    *,
    stretched: bytes = b"",
    with_history: bool = True,
    key: bytes | None = None,
) -> tuple[Epoch, bytes]:
    """The next epoch, and the record of it that the server keeps for all. Its `key` makes the new
    link.
    """
    number = before.number + 1
    epoch = Epoch.derive(key or secrets.token_bytes(KEY_BYTES), stretched=stretched, number=number)
    ephemeral = fresh_exchange()
    head = b"".join(
        (
            bytes((VERSION,)),
            u32(number),
            maker.public.signing,
            octets_of(ephemeral),
            epoch.commitment,
        )
    )
    passed_on = (b"\1" + _keys(before)) if with_history else bytes(1 + _KEYS_BYTES)
    record = head + _seal(_history_key(epoch), room + passed_on, labelled("history", head))
    record += u16(len(stay))
    for person in stay:
        key = _wrapping_key(shared(ephemeral, person.exchange), room, head, person)
        record += person.id + _seal(key, _keys(epoch), labelled("wrap", room, head))
    return epoch, record + maker.sign(labelled("epoch record", room, record))


def number_of(record: bytes) -> int:
    """Of the epoch that it begins. Raises `Unreadable` for what is no record."""
    return _number(_parts(record)[0])


def admit(record: bytes, me: Person, room: bytes, owners: Iterable[bytes]) -> Admitted:
    """For somebody who stays. `owners`: the signing keys of those who may begin an epoch.

    Raises `Unreadable`: `not_for_us` where nothing in it is.
    """
    head, _, wrapped = _checked(record, room, owners)
    mine = wrapped.get(me.public.id)
    if mine is None:
        raise Unreadable("not_for_us")
    key = _wrapping_key(me.shared_with(head[69:133]), room, head, me.public)
    epoch = _epoch(_open(key, mine, labelled("wrap", room, head)), _number(head))
    return _admitted(record, epoch, room)


def history(record: bytes, epoch: Epoch, owners: Iterable[bytes] | None = None) -> Admitted:
    """For somebody who has the new link: the room's tag, and the epoch before.

    Without `owners` anybody may have made it: whoever gave the link answers for it.
    """
    admitted = _admitted(record, epoch, None)
    _checked(record, admitted.room, owners)
    return admitted


def _admitted(record: bytes, epoch: Epoch, room: bytes | None) -> Admitted:
    head, sealed, _, _ = _parts(record)
    if epoch.number != _number(head):
        raise Unreadable("unknown_epoch")
    if not hmac.compare_digest(epoch.commitment, head[133:165]):
        raise Unreadable("not_authentic")
    reader = Reader(_open(_history_key(epoch), sealed, labelled("history", head)))
    found, is_passed_on, keys = reader.take(16), reader.number(1), reader.rest()
    if room is not None and found != room:
        raise Unreadable("wrong_room")
    return Admitted(epoch, found, _epoch(keys, epoch.number - 1) if is_passed_on else None)


def _checked(
    record: bytes, room: bytes, owners: Iterable[bytes] | None
) -> tuple[bytes, bytes, dict[bytes, bytes]]:
    head, sealed, wrapped, signature = _parts(record)
    maker = head[5:69]
    if owners is not None and maker not in set(owners):
        raise Unreadable("not_by_an_owner")
    signed = labelled("epoch record", room, record[:-SIGNATURE_BYTES])
    Verifier(maker).require(signature, signed)
    return head, sealed, wrapped


def _parts(record: bytes) -> tuple[bytes, bytes, dict[bytes, bytes], bytes]:
    reader = Reader(record)
    head = reader.take(HEAD_BYTES)
    if head[0] != VERSION:
        raise Unreadable("unknown_version")
    sealed = reader.take(_HISTORY_BYTES)
    wrapped = {reader.take(_ID_BYTES): reader.take(_WRAPPED_BYTES) for _ in range(reader.number(2))}
    signature = reader.take(SIGNATURE_BYTES)
    if reader.rest() or not _number(head):
        raise Unreadable("malformed")
    return head, sealed, wrapped, signature


def _number(head: bytes) -> int:
    return int.from_bytes(head[1:5], "big")


def _keys(epoch: Epoch) -> bytes:
    has_passphrase = bytes((1 if epoch.stretched else 0,))
    return epoch.key + has_passphrase + epoch.stretched.ljust(KEY_BYTES, b"\0")


def _epoch(keys: bytes, number: int) -> Epoch:
    reader = Reader(keys)
    key, has_passphrase, stretched = reader.take(KEY_BYTES), reader.number(1), reader.rest()
    return Epoch.derive(key, stretched=stretched if has_passphrase else b"", number=number)


def _history_key(epoch: Epoch) -> bytes:
    return derive("history", epoch.secret, u32(epoch.number))


def _wrapping_key(secret: bytes, room: bytes, head: bytes, person: PublicKeys) -> bytes:
    return derive("wrap", secret, room + head + person.signing + person.exchange)


def _seal(key: bytes, plain: bytes, bound: bytes) -> bytes:
    return AESGCM(key).encrypt(_NONCE, plain, bound)


def _open(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(_NONCE, sealed, bound)
    except InvalidTag:
        raise Unreadable("not_authentic") from None
