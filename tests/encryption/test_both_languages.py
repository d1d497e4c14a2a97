"""What the browser's code writes the Python client reads, and the other way round."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.client.encryption import (
    Claim,
    Epoch,
    FileOpener,
    FileSealer,
    Kind,
    Opener,
    Person,
    PublicKeys,
    Sealer,
    Unreadable,
    admit,
    begin,
)
from parley.client.encryption.envelope import BODY_MAX_BYTES
from parley.client.encryption.files import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, sealed_length
from parley.client.encryption.octets import from_base64url, to_base64url
from tests.asking_node import Other, asking, needs_node
from tests.effort import times

pytestmark = [pytest.mark.longer, needs_node]

IDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=64)
KEYS = st.binary(min_size=32, max_size=32)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.integers(0, BODY_MAX_BYTES).map(lambda length: b"x" * length),
    st.sampled_from([148, 149, BODY_MAX_BYTES]).map(lambda length: b"y" * length),
)
KINDS = st.sampled_from(list(Kind))
SEQS = st.integers(0, 2**53 - 1)
some = settings(
    max_examples=times(20, full=60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def other() -> Iterator[Other]:
    """Asks the browser's code, in Node.js."""
    with asking(Path(__file__).parent / "other.mjs") as ask:
        yield ask


def target_for(kind: Kind, target: bytes) -> bytes | None:
    if kind in (Kind.EDIT, Kind.REACTION):
        return target
    return None if kind in (Kind.INTRODUCTION, Kind.ABOUT) else target


@some
@given(key=KEYS, user_id=IDS, client_id=IDS, body=BODIES, kind=KINDS, seq=SEQS, hash=KEYS)
def test_a_message_of_python_is_read_by_the_browser(
    other: Other,
    key: bytes,
    user_id: str,
    client_id: str,
    body: bytes,
    kind: Kind,
    seq: int,
    hash: bytes,
) -> None:
    epoch, person = Epoch.derive(key), Person.generate()
    target = target_for(kind, b"\7" * 32)
    sealer = Sealer(epoch, epoch.room, person, user_id)
    envelope = sealer.seal(
        body, client_id=client_id, kind=kind, target=target, claim=Claim(seq, hash)
    )
    found = other("open", key=key.hex(), user_id=user_id, client_id=client_id, envelope=envelope)
    opened = Opener(epoch.room, epoch).open(envelope, user_id=user_id, client_id=client_id)
    assert found == {
        "body": body.hex(),
        "kind": kind.name.lower(),
        "target": None if target is None else target.hex(),
        "seq": seq,
        "hash": hash.hex(),
        "sender": person.public.signing.hex(),
        "digest": opened.digest.hex(),
    }


@some
@given(key=KEYS, user_id=IDS, client_id=IDS, body=BODIES, kind=KINDS, seq=SEQS, hash=KEYS)
def test_a_message_of_the_browser_is_read_by_python(
    other: Other,
    key: bytes,
    user_id: str,
    client_id: str,
    body: bytes,
    kind: Kind,
    seq: int,
    hash: bytes,
) -> None:
    epoch, target = Epoch.derive(key), target_for(kind, b"\7" * 32)
    sealed = other(
        "seal",
        key=key.hex(),
        user_id=user_id,
        client_id=client_id,
        body=body.hex(),
        kind=kind.name.lower(),
        target=None if target is None else target.hex(),
        seq=seq,
        hash=hash.hex(),
    )
    opened = Opener(epoch.room, epoch).open(
        sealed["envelope"], user_id=user_id, client_id=client_id
    )
    assert (opened.body, opened.kind, opened.target) == (body, kind, target)
    assert opened.claim == Claim(seq, hash)


def test_both_refuse_a_body_that_is_too_long(other: Other) -> None:
    body, epoch = b"x" * (BODY_MAX_BYTES + 1), Epoch.derive(bytes(32))
    with pytest.raises(ValueError, match="at most"):
        Sealer(epoch, epoch.room, Person.generate(), "a").seal(body, client_id="c")
    asked = {"user_id": "a", "client_id": "c", "kind": "message", "seq": 0, "hash": "00" * 32}
    assert "at most" in other("seal", key="00" * 32, body=body.hex(), **asked)["refused"]


@some
@given(data=st.data(), body=st.binary(max_size=100))
def test_both_refuse_the_same_of_what_was_changed(
    other: Other, data: st.DataObject, body: bytes
) -> None:
    epoch = Epoch.derive(bytes(32))
    envelope = Sealer(epoch, epoch.room, Person.generate(), "a").seal(body, client_id="c")
    octets = bytearray(from_base64url(envelope))
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    changed = to_base64url(bytes(octets))
    with pytest.raises(Unreadable) as refused:
        Opener(epoch.room, epoch).open(changed, user_id="a", client_id="c")
    found = other("open", key="00" * 32, user_id="a", client_id="c", envelope=changed)
    assert found == {"refused": refused.value.reason}


def test_each_lets_the_other_into_a_new_epoch(other: Other) -> None:
    their = {name: bytes.fromhex(point) for name, point in other("whoami").items()}
    me, first = Person.generate(), Epoch.derive(b"\1" * 32)
    epoch, record = begin(me, first, first.room, [PublicKeys(**their), me.public])
    asked = {"record": record.hex(), "room": first.room.hex()}
    owners = [me.public.signing.hex()]
    assert other("admit", **asked, owners=owners) == {
        "key": epoch.key.hex(),
        "before": first.key.hex(),
    }
    assert other("admit", **asked, owners=[]) == {"refused": "not_by_an_owner"}
    stay = [{"signing": me.public.signing.hex(), "exchange": me.public.exchange.hex()}]
    begun = other("begin", key=first.key.hex(), stay=stay)
    found = admit(bytes.fromhex(begun["record"]), me, first.room, [their["signing"]])
    assert found.epoch.key.hex() == begun["key"]
    assert found.before == first


NEARLY = pytest.mark.long("a byte more tells most of it")


@pytest.mark.parametrize(
    "length",
    [
        *(0, 1, CHUNK_BYTES + 1),
        pytest.param(CHUNK_BYTES - 1, marks=NEARLY),
        pytest.param(CHUNK_BYTES, marks=NEARLY),
    ],
)
def test_a_file_of_each_is_read_by_the_other(other: Other, length: int) -> None:
    plain = os.urandom(length)
    sealer = FileSealer()
    pieces = [plain[at : at + CHUNK_BYTES] for at in range(0, max(1, length), CHUNK_BYTES)]
    sealed = sealer.header + b"".join(
        sealer.seal(piece, is_last=at == len(pieces) - 1) for at, piece in enumerate(pieces)
    )
    assert len(sealed) == sealed_length(length)
    found = other("open_file", key=sealer.key.hex(), sealed=sealed.hex())
    assert found == {"plain": plain.hex()}
    theirs = other("seal_file", plain=plain.hex())
    octets = bytes.fromhex(theirs["sealed"])
    assert len(octets) == sealed_length(length)
    opener = FileOpener(bytes.fromhex(theirs["key"]), octets[:HEADER_BYTES])
    step, rest = CHUNK_BYTES + TAG_BYTES, octets[HEADER_BYTES:]
    chunks = [rest[at : at + step] for at in range(0, len(rest), step)]
    opened = [opener.open(chunk, is_last=chunk is chunks[-1]) for chunk in chunks]
    assert b"".join(opened) == plain
