"""The Python client is held to the vectors that are written down, to the last bit."""

from __future__ import annotations

from typing import Any

import pytest

from parley.client.encryption import (
    Chain,
    Claim,
    Epoch,
    FileOpener,
    Kind,
    Link,
    LinkKey,
    Opener,
    Sealer,
    Unreadable,
    admit,
    history,
)
from parley.client.encryption.files import HEADER_BYTES
from tests.encryption.fixed import FixedPerson, FixedStream, vectors

KEYS = vectors("keys")
ENVELOPES = vectors("envelopes")
REFUSED = vectors("refused")
EPOCHS = vectors("epochs")
CHAIN = vectors("chain")


@pytest.mark.parametrize("each", KEYS["keys"], ids=lambda each: each["fragment"][-12:])
def test_keys_are_derived_so(each: Any) -> None:
    link = LinkKey.parse("#" + each["fragment"])
    assert link.fragment() == each["fragment"]
    stretched = link.stretched(each["passphrase"]) if each["passphrase"] else b""
    assert stretched.hex() == each["stretched"]
    epoch = Epoch.derive(link.key, stretched=stretched)
    found = (epoch.secret, epoch.proof, epoch.proof_hash, epoch.room, epoch.commitment)
    names = ("secret", "proof", "proof_hash", "room", "commitment")
    assert [value.hex() for value in found] == [each[name] for name in names]


@pytest.mark.parametrize("each", KEYS["people"], ids=lambda each: each["name"])
def test_people_are_named_so(each: Any) -> None:
    public = person(each).public
    found = {"signing": public.signing, "exchange": public.exchange, "id": public.id}
    assert {name: value.hex() for name, value in found.items()} == {
        name: each[name] for name in found
    }
    assert public.safety_number(bytes.fromhex(KEYS["keys"][0]["room"])) == each["safety_number"]
    assert len(each["safety_number"]) == len("12345 " * 6) - 1


@pytest.mark.parametrize("each", ENVELOPES["envelopes"], ids=lambda each: each["client_id"])
def test_messages_are_sealed_so(each: Any) -> None:
    epoch = Epoch.derive(bytes.fromhex(ENVELOPES["key"]))
    alice = FixedPerson(int(ENVELOPES["signing_private"], 16), 1)
    stream = FixedStream(bytes.fromhex(ENVELOPES["stream"]), [bytes.fromhex(ENVELOPES["nonce"])])
    sealer = Sealer(epoch, epoch.room, alice, each["user_id"], stream)
    claim = Claim(each["claim"]["seq"], bytes.fromhex(each["claim"]["hash"]))
    target = bytes.fromhex(each["target"]) if each["target"] else None
    body, kind = bytes.fromhex(each["body"]), Kind[each["kind"].upper()]
    sealed = sealer.seal(body, client_id=each["client_id"], kind=kind, target=target, claim=claim)
    assert sealed == each["envelope"]
    opened = Opener(epoch.room, epoch).open(
        sealed, user_id=each["user_id"], client_id=each["client_id"]
    )
    assert (opened.body, opened.kind, opened.target, opened.claim) == (body, kind, target, claim)
    assert opened.digest.hex() == each["digest"]


@pytest.mark.parametrize("each", REFUSED["refused"], ids=lambda each: each["what"])
def test_what_is_wrong_is_refused(each: Any) -> None:
    epoch = Epoch.derive(bytes.fromhex(REFUSED["key"]))
    with pytest.raises(Unreadable) as refused:
        Opener(epoch.room, epoch).open(
            each["envelope"], user_id=each["user_id"], client_id=each["client_id"]
        )
    assert refused.value.reason == each["reason"]


def test_the_log_is_hashed_so() -> None:
    log = Chain(from_beginning=True)
    for each in CHAIN["links"]:
        assert not log.take(Link(each["seq"], bytes.fromhex(each["digest"]), log.claim()))
        assert log.claim().hash.hex() == each["hash_after"]


@pytest.mark.parametrize("each", CHAIN["shown"], ids=lambda each: each["what"])
def test_what_is_shown_is_judged_so(each: Any) -> None:
    log = Chain(from_beginning=each["from_beginning"])
    faults = log.take_all(
        Link(link["seq"], bytes.fromhex(link["digest"]), claim_of(link["claim"]), link.get("epoch"))
        for link in each["log"]
    )
    assert [{"what": fault.what, "seq": fault.seq} for fault in faults] == each["faults"]
    assert log.claim() == claim_of(each["claim"])


@pytest.mark.parametrize("each", EPOCHS["records"], ids=["with history", "without"])
def test_a_new_epoch_is_handed_over_so(each: Any) -> None:
    owners = [bytes.fromhex(EPOCHS["maker"])]
    record, room = bytes.fromhex(each["record"]), bytes.fromhex(each["room"])
    key, stretched = bytes.fromhex(each["key"]), bytes.fromhex(each["stretched"])
    by_link = Epoch.derive(key, stretched=stretched, number=1)
    for found in (admit(record, person(EPOCHS), room, owners), history(record, by_link, owners)):
        assert found.epoch == by_link
        assert found.room == room
        before = found.before.key.hex() if found.before else None
        assert before == each["before"]


@pytest.mark.parametrize("each", vectors("files")["files"], ids=["empty", "short"])
def test_files_are_sealed_so(each: Any) -> None:
    sealed = bytes.fromhex(each["sealed"])
    opener = FileOpener(bytes.fromhex(each["key"]), sealed[:HEADER_BYTES])
    assert opener.open(sealed[HEADER_BYTES:], is_last=True).hex() == each["plain"]


def claim_of(written: Any) -> Claim | None:
    return None if written is None else Claim(written["seq"], bytes.fromhex(written["hash"]))


def person(each: Any) -> FixedPerson:
    return FixedPerson(int(each["signing_private"], 16), int(each["exchange_private"], 16))
