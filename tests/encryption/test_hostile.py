"""A hostile server, and a hostile member: what they change is noticed, and tells them nothing."""

from __future__ import annotations

import os
import re

import pytest

from parley.client.encryption import (
    Admitted,
    Claim,
    Epoch,
    FileOpener,
    FileSealer,
    Kind,
    LinkKey,
    Opener,
    Person,
    Sealer,
    Unreadable,
    admit,
    begin,
    history,
)
from parley.client.encryption.envelope import HEADER_BYTES, SIZES
from parley.client.encryption.files import CHUNK_BYTES
from parley.client.encryption.keys import ITERATIONS
from parley.client.encryption.octets import from_base64url, to_base64url
from parley.client.encryption.people import _ORDER
from tests.cases import together

KEY, OTHER_KEY = bytes(32), b"\1" * 32
FIRST, OTHER = Epoch.derive(KEY), Epoch.derive(OTHER_KEY)
ALICE, BOB, MALLORY = Person.generate(), Person.generate(), Person.generate()


def sealed(body: bytes = b"Hello", *, person: Person = ALICE, client_id: str = "c") -> str:
    return Sealer(FIRST, FIRST.room, person, "alice").seal(body, client_id=client_id)


def reason(envelope: str, *, room: bytes = FIRST.room, epochs: tuple[Epoch, ...] = (FIRST,)) -> str:
    with pytest.raises(Unreadable) as refused:
        Opener(room, *epochs).open(envelope, user_id="alice", client_id="c")
    return refused.value.reason


# --- messages ---


def test_no_octet_of_a_message_can_be_another() -> None:
    octets, opener = from_base64url(sealed()), Opener(FIRST.room, FIRST)
    for at in range(len(octets)):
        for change in (1, 0x80, 0xFF):
            changed = octets[:at] + bytes((octets[at] ^ change,)) + octets[at + 1 :]
            with pytest.raises(Unreadable):
                opener.open(to_base64url(changed), user_id="alice", client_id="c")


def test_no_message_can_be_cut_or_grow() -> None:
    octets = from_base64url(sealed())
    for length in range(len(octets)):
        assert reason(to_base64url(octets[:length])) == "malformed"
    assert reason(to_base64url(octets + bytes(256))) in ("not_authentic", "malformed")


def test_what_is_said_in_one_room_cannot_be_shown_in_another() -> None:
    assert reason(sealed(), room=OTHER.room) == "not_authentic"
    assert reason(sealed(), room=OTHER.room, epochs=(OTHER,)) == "not_authentic"


def test_what_is_said_in_one_epoch_cannot_be_shown_in_another() -> None:
    later = Epoch.derive(KEY, number=1)
    octets = bytearray(from_base64url(sealed()))
    octets[5] = 1
    assert reason(to_base64url(bytes(octets)), epochs=(FIRST, later)) == "not_authentic"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.MESSAGE])
def test_a_message_cannot_be_shown_as_of_another_kind(kind: Kind) -> None:
    octets = bytearray(from_base64url(sealed()))
    octets[1] = kind
    assert reason(to_base64url(bytes(octets))) == "not_authentic"


def test_what_it_answers_cannot_be_swapped() -> None:
    sealer = Sealer(FIRST, FIRST.room, ALICE, "alice")
    answers = from_base64url(sealer.seal(b"Yes", client_id="c", target=b"\1" * 32))
    swapped = answers[: HEADER_BYTES - 32] + b"\2" * 32 + answers[HEADER_BYTES:]
    assert reason(to_base64url(swapped)) == "not_authentic"


class Forger(Person):
    """A member who says to be somebody else, and signs with a key of their own."""

    def __init__(self, victim: Person, own: Person) -> None:
        self.public = victim.public
        self._own = own

    def sign(self, octets: bytes) -> bytes:
        return self._own.sign(octets)


def test_no_member_can_write_as_another() -> None:
    assert reason(sealed(person=Forger(ALICE, MALLORY))) == "not_signed"


class Malleable(Person):
    """Who signs with the other of the two signatures that say the same."""

    def __init__(self) -> None:
        own = Person.generate()
        self.public, self._own = own.public, own

    def sign(self, octets: bytes) -> bytes:
        signature = self._own.sign(octets)
        s = _ORDER - int.from_bytes(signature[32:], "big")
        return signature[:32] + s.to_bytes(32, "big")


def test_a_signature_has_one_spelling() -> None:
    assert reason(sealed(person=Malleable())) == "not_signed"


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, bytes(63) + b"\1"])
def test_what_is_no_signature_is_none(signature: bytes) -> None:
    class Unsigned(Person):
        def __init__(self) -> None:
            self.public = ALICE.public

        def sign(self, octets: bytes) -> bytes:
            return signature

    assert reason(sealed(person=Unsigned())) == "not_signed"


def test_a_signing_key_that_is_no_point_is_refused() -> None:
    class Nowhere(Person):
        def __init__(self) -> None:
            self.public = type(ALICE.public)(b"\5" * 64, ALICE.public.exchange)

        def sign(self, octets: bytes) -> bytes:
            return bytes(64)

    assert reason(sealed(person=Nowhere())) == "malformed"


def test_the_server_sees_one_of_nine_lengths() -> None:
    seen = {len(from_base64url(sealed(b"x" * length))) for length in range(0, 49_044, 97)}
    assert seen == {HEADER_BYTES + size + 16 for size in SIZES}


def test_the_same_words_twice_have_nothing_in_common_but_who_and_where() -> None:
    sealer = Sealer(FIRST, FIRST.room, ALICE, "alice")
    one, two = (from_base64url(sealer.seal(b"Hello", client_id="c")) for _ in range(2))
    assert one[:86] == two[:86]
    same = sum(a == b for a, b in zip(one[162:], two[162:], strict=True))
    assert same < len(one) // 16


# --- the link ---


@together(
    "fragment",
    [
        "",
        "#",
        "k=",
        "k=short",
        f"k={'A' * 42}",
        f"k={'A' * 44}",
        f"k={'A' * 42}B",
        f"k={'A' * 43}=",
        f"k={'A' * 43}&p=1",
        f"k={'A' * 43}&p={ITERATIONS - 1}",
        f"k={'A' * 43}&p=10000001",
        f"k={'A' * 43}&p=-600000",
        f"k={'A' * 43}&p=6e5",
        f"k={'A' * 43}&p=٦٠٠٠٠٠",
        f"k={'A' * 43}&o=AAAA",
    ],
)
def test_what_is_no_key_is_refused(fragment: str) -> None:
    with pytest.raises(Unreadable):
        LinkKey.parse(fragment)


def test_a_key_is_read_as_it_was_written() -> None:
    for link in (
        LinkKey.generate(),
        LinkKey.generate(with_passphrase=True),
        LinkKey.generate(owner=ALICE.public.id),
    ):
        assert LinkKey.parse(link.fragment()) == link
        assert LinkKey.parse(f"#{link.fragment()}") == link


@pytest.mark.parametrize("written", ["&amp;", "%26", "%26amp;", "%26amp%3B"])
def test_a_key_is_read_as_programs_write_it_that_pass_links_on(written: str) -> None:
    link = LinkKey.generate(with_passphrase=True, owner=ALICE.public.id)
    passed_on = link.fragment().replace("&", written)
    assert LinkKey.parse(passed_on) == link
    assert LinkKey.parse(passed_on.replace("=", "%3d")) == link


def test_keys_are_not_shown_where_objects_are() -> None:
    link = LinkKey(b"\xaa" * 32)
    # Its address in memory may have anything.
    assert "aa" not in re.sub(r"\b0x[0-9a-f]+", "", repr(link).lower())
    assert "secret" not in repr(FIRST)


def test_another_passphrase_is_another_key() -> None:
    link = LinkKey.generate(with_passphrase=True)
    proofs = {
        Epoch.derive(link.key, stretched=link.stretched(words) if words else b"").proof
        for words in ("", "open sesame", "open sesame ", "OPEN SESAME")
    }
    assert len(proofs) == 4


# --- new epochs ---


def test_who_was_removed_reads_nothing_of_the_next_epoch_even_with_the_record() -> None:
    epoch, record = begin(ALICE, FIRST, FIRST.room, [ALICE.public, BOB.public])
    assert admit(record, BOB, FIRST.room, [ALICE.public.signing]).epoch == epoch
    with pytest.raises(Unreadable) as refused:
        admit(record, MALLORY, FIRST.room, [ALICE.public.signing])
    assert refused.value.reason == "not_for_us"
    said = Sealer(epoch, FIRST.room, ALICE, "alice").seal(b"Gone", client_id="c")
    assert reason(said) == "unknown_epoch"
    with pytest.raises(Unreadable):
        history(record, Epoch.derive(FIRST.key, number=1))


def test_who_is_no_owner_begins_no_epoch() -> None:
    """Else somebody who was removed would, with the server's help."""
    _, record = begin(MALLORY, FIRST, FIRST.room, [BOB.public, MALLORY.public])
    with pytest.raises(Unreadable) as refused:
        admit(record, BOB, FIRST.room, [ALICE.public.signing])
    assert refused.value.reason == "not_by_an_owner"
    octets = bytearray(record)
    octets[5:69] = ALICE.public.signing
    with pytest.raises(Unreadable) as refused:
        admit(bytes(octets), BOB, FIRST.room, [ALICE.public.signing])
    assert refused.value.reason == "not_signed"


def test_no_octet_of_a_record_can_be_another() -> None:
    epoch, record = begin(ALICE, FIRST, FIRST.room, [BOB.public, MALLORY.public])
    owners = [ALICE.public.signing]
    for at in range(len(record)):
        changed = record[:at] + bytes((record[at] ^ 1,)) + record[at + 1 :]
        with pytest.raises(Unreadable):
            admit(changed, BOB, FIRST.room, owners)
        with pytest.raises(Unreadable):
            history(changed, epoch, owners)
    for length in range(0, len(record), 7):
        with pytest.raises(Unreadable):
            admit(record[:length], BOB, FIRST.room, owners)
    with pytest.raises(Unreadable):
        admit(record + b"\0", BOB, FIRST.room, owners)


def test_a_record_of_one_room_is_none_of_another() -> None:
    _, record = begin(ALICE, FIRST, FIRST.room, [BOB.public])
    with pytest.raises(Unreadable):
        admit(record, BOB, OTHER.room, [ALICE.public.signing])


def test_two_epochs_of_one_number_are_told_apart() -> None:
    """A server that shows one record to some and another to others gains nothing by it: what is
    said in one opens in no other."""
    one, _ = begin(ALICE, FIRST, FIRST.room, [BOB.public])
    two, _ = begin(ALICE, FIRST, FIRST.room, [BOB.public])
    said = Sealer(one, FIRST.room, ALICE, "alice").seal(b"Hello", client_id="c")
    assert reason(said, epochs=(two,)) == "not_authentic"


def test_history_is_passed_on_from_epoch_to_epoch_or_not() -> None:
    second, record = begin(ALICE, FIRST, FIRST.room, [ALICE.public])
    third, later = begin(ALICE, second, FIRST.room, [ALICE.public], stretched=b"\2" * 32)
    found = history(later, Epoch.derive(third.key, stretched=third.stretched, number=2))
    assert found == Admitted(third, FIRST.room, second)
    assert found.before is not None
    assert history(record, found.before).before == FIRST
    fourth, without = begin(ALICE, third, FIRST.room, [], with_history=False)
    assert history(without, fourth) == Admitted(fourth, FIRST.room, None)


# --- files ---


def file_of(*pieces: bytes) -> tuple[FileSealer, list[bytes]]:
    sealer = FileSealer()
    last = len(pieces) - 1
    return sealer, [sealer.seal(piece, is_last=at == last) for at, piece in enumerate(pieces)]


def opened(sealer: FileSealer, chunks: list[bytes]) -> bytes:
    opener = FileOpener(sealer.key, sealer.header)
    last = len(chunks) - 1
    return b"".join(opener.open(chunk, is_last=at == last) for at, chunk in enumerate(chunks))


def test_no_chunk_of_a_file_can_be_left_out_swapped_or_repeated() -> None:
    pieces = [os.urandom(CHUNK_BYTES), os.urandom(CHUNK_BYTES), b"end"]
    sealer, chunks = file_of(*pieces)
    assert opened(sealer, chunks) == b"".join(pieces)
    one, two, three = chunks
    for wrong in (
        [one],
        [one, two],
        [two, three],
        [one, three],
        [two, one, three],
        [one, one, two, three],
        [one, two, three, three],
        [three],
    ):
        with pytest.raises(Unreadable):
            opened(sealer, wrong)


def test_no_octet_of_a_file_can_be_another() -> None:
    sealer, [chunk] = file_of(b"A short file.")
    for at in range(len(chunk)):
        changed = chunk[:at] + bytes((chunk[at] ^ 1,)) + chunk[at + 1 :]
        with pytest.raises(Unreadable):
            opened(sealer, [changed])
    for at in range(len(sealer.header)):
        header = bytearray(sealer.header)
        header[at] ^= 1
        with pytest.raises(Unreadable):
            FileOpener(sealer.key, bytes(header))


def test_a_chunk_of_one_file_is_none_of_another() -> None:
    (one, _), (_, [other]) = file_of(b"x"), file_of(b"x")
    with pytest.raises(Unreadable):
        opened(one, [other])


def test_a_file_goes_on_after_no_last_chunk() -> None:
    sealer, _ = file_of(b"x")
    with pytest.raises(Unreadable):
        sealer.seal(b"y", is_last=True)
    with pytest.raises(ValueError, match="shorter"):
        FileSealer().seal(b"short", is_last=False)


def test_a_claim_beyond_what_a_browser_counts_is_refused() -> None:
    sealer = Sealer(FIRST, FIRST.room, ALICE, "alice")
    assert reason(sealer.seal(b"", client_id="c", claim=Claim(2**53, bytes(32)))) == "malformed"
