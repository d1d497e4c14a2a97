"""A message as the server has it: sealed, signed, and bound to where it stands."""

from __future__ import annotations

import enum
import hmac
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parley.client.encryption.chain import NOTHING_SEEN, Claim
from parley.client.encryption.errors import Unreadable
from parley.client.encryption.keys import Epoch
from parley.client.encryption.octets import (
    Reader,
    counted,
    derive,
    from_base64url,
    labelled,
    sha256,
    to_base64url,
    u32,
    u64,
)
from parley.client.encryption.people import POINT_BYTES, SIGNATURE_BYTES, Person, Verifier
from parley.client.encryption.streams import NONCE_BYTES, STREAM_BYTES, Stream

VERSION = 1
HEADER_BYTES = 162
TAG_BYTES = 16
COMMITMENT_BYTES = 32
NO_TARGET = bytes(32)
ROOM_BYTES = 16
SIZES = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 49152)
"""What is encrypted is made as long as one of these, so that the server sees nine lengths only."""
_BEFORE_BODY = SIGNATURE_BYTES + 8 + 32 + 4
BODY_MAX_BYTES = SIZES[-1] - _BEFORE_BODY
_STREAMS_KEPT = 1_000

Kept = TypeVar("Kept")


class Kind(enum.IntEnum):
    MESSAGE = 1
    EDIT = 2
    INTRODUCTION = 3
    ABOUT = 4
    REACTION = 5


_ABOUT_ANOTHER = {Kind.EDIT, Kind.REACTION}
_ABOUT_NONE = {Kind.INTRODUCTION, Kind.ABOUT}


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that is what it says it is."""

    kind: Kind
    epoch: int
    sender: bytes
    """The public key it is signed by."""
    target: bytes | None
    """The digest of the message it answers, edits or reacts to."""
    claim: Claim
    """What its sender had seen by then."""
    body: bytes
    digest: bytes


def digest(envelope: bytes) -> bytes:
    """By which others refer to it."""
    return sha256("digest", envelope)


class Sealer:
    """Of one person, in one tab or process. Those of several never share a key."""

    def __init__(
        self,
        epoch: Epoch,
        room: bytes,
        person: Person,
        user_id: str,
        stream: Stream | None = None,
    ) -> None:
        self._epoch = epoch
        self._room = room
        self._person = person
        self._user_id = user_id
        self._stream = stream or Stream()

    def seal(
        self,
        body: bytes,
        *,
        client_id: str,
        kind: Kind = Kind.MESSAGE,
        target: bytes | None = None,
        claim: Claim = NOTHING_SEEN,
    ) -> str:
        """What is sent as the message. To send it again, send what this gave: not another one.

        Raises `ValueError` where the body is too long, or the kind asks for another target.
        """
        target = target or NO_TARGET
        _require_target(kind, target)
        stream, nonce = self._stream.next()
        sender = self._person.public.signing
        key, commitment = _stream_key(self._epoch, self._room, sender, stream)
        header = b"".join(
            (
                bytes((VERSION, kind)),
                u32(self._epoch.number),
                sender,
                stream,
                nonce,
                commitment,
                target,
            )
        )
        bound = _bound(self._room, self._user_id, client_id, header)
        signed = _padded(u64(claim.seq) + claim.hash + u32(len(body)) + body)
        signature = self._person.sign(_to_sign(bound, signed))
        return to_base64url(header + AESGCM(key).encrypt(nonce, signature + signed, bound))


class Opener:
    """Opens what anybody in the room sealed, in the epochs it knows."""

    def __init__(self, room: bytes, *epochs: Epoch) -> None:
        self._room = room
        self._epochs = {epoch.number: epoch for epoch in epochs}
        self._keys: OrderedDict[bytes, tuple[bytes, bytes]] = OrderedDict()
        self._verifiers: OrderedDict[bytes, Verifier] = OrderedDict()

    def add(self, epoch: Epoch) -> None:
        self._epochs[epoch.number] = epoch

    def open(self, envelope: str, *, user_id: str, client_id: str) -> Opened:
        """`user_id` and `client_id` as the server tells them: where it lies, this fails.

        Raises `Unreadable`.
        """
        octets = from_base64url(envelope)
        reader = Reader(octets)
        version, number = reader.number(1), reader.number(1)
        if version != VERSION:
            raise Unreadable("unknown_version")
        try:
            kind = Kind(number)
        except ValueError:
            raise Unreadable("unknown_version") from None
        epoch = self._epochs.get(reader.number(4))
        sender, stream = reader.take(POINT_BYTES), reader.take(STREAM_BYTES)
        nonce, commitment = reader.take(NONCE_BYTES), reader.take(COMMITMENT_BYTES)
        target, sealed = reader.take(32), reader.rest()
        if len(sealed) - TAG_BYTES not in SIZES:
            raise Unreadable("malformed")
        if epoch is None:
            raise Unreadable("unknown_epoch")
        key, expected = self._key(epoch, sender, stream)
        if not hmac.compare_digest(commitment, expected):
            raise Unreadable("not_authentic")
        bound = _bound(self._room, user_id, client_id, octets[:HEADER_BYTES])
        try:
            plain = AESGCM(key).decrypt(nonce, sealed, bound)
        except InvalidTag:
            raise Unreadable("not_authentic") from None
        signature, signed = plain[:SIGNATURE_BYTES], plain[SIGNATURE_BYTES:]
        self._verifier(sender).require(signature, _to_sign(bound, signed))
        try:
            _require_target(kind, target)
        except ValueError:
            raise Unreadable("malformed") from None
        inner = Reader(signed)
        claim = Claim(inner.number(8), inner.take(32))
        body = inner.take(inner.number(4))
        if _padded(signed[: inner.at]) != signed:
            raise Unreadable("malformed")
        answers = None if target == NO_TARGET else target
        return Opened(kind, epoch.number, sender, answers, claim, body, digest(octets))

    def _key(self, epoch: Epoch, sender: bytes, stream: bytes) -> tuple[bytes, bytes]:
        """Somebody who sends much sends it in one stream."""
        name = u32(epoch.number) + sender + stream
        found = self._keys.get(name)
        if found is None:
            found = _stream_key(epoch, self._room, sender, stream)
            _keep(self._keys, name, found)
        return found

    def _verifier(self, sender: bytes) -> Verifier:
        found = self._verifiers.get(sender)
        if found is None:
            found = Verifier(sender)
            _keep(self._verifiers, sender, found)
        return found


def _keep(store: OrderedDict[bytes, Kept], name: bytes, kept: Kept) -> None:
    store[name] = kept
    if len(store) > _STREAMS_KEPT:
        store.popitem(last=False)


def _stream_key(epoch: Epoch, room: bytes, sender: bytes, stream: bytes) -> tuple[bytes, bytes]:
    both = derive("stream", epoch.secret, room + sender + stream, length=64)
    return both[:32], both[32:]


def _bound(room: bytes, user_id: str, client_id: str, header: bytes) -> bytes:
    """The associated data: all that the server must not change."""
    try:
        return labelled("envelope", room, counted(user_id), counted(client_id), header)
    except (UnicodeEncodeError, OverflowError):
        raise Unreadable("malformed") from None


def _to_sign(bound: bytes, signed: bytes) -> bytes:
    return labelled("signature", sha256("bound", bound), signed)


def _padded(octets: bytes) -> bytes:
    """As long as the smallest size that fits, together with the signature before it."""
    for size in SIZES:
        if len(octets) <= size - SIGNATURE_BYTES:
            return octets.ljust(size - SIGNATURE_BYTES, b"\0")
    raise ValueError(f"A message has at most {BODY_MAX_BYTES} bytes.")


def _require_target(kind: Kind, target: bytes) -> None:
    is_about_another = target != NO_TARGET
    if kind in _ABOUT_ANOTHER and not is_about_another:
        raise ValueError("It has to say which message it is about.")
    if kind in _ABOUT_NONE and is_about_another:
        raise ValueError("It is about no other message.")
