"""Whatever is sent as the record of a new key: only what has its shape is kept, and as it is."""

from __future__ import annotations

import base64
import hashlib

import pytest_asyncio

from parley.client.encryption.octets import from_base64url, to_base64url
from parley.contract import EPOCH_RECORD_MAX_BYTES, FRAME_MAX_BYTES
from tests import lasting
from tests.cases import together
from tests.encryption.members import Member, new_key, shaped_record
from tests.people import Json
from tests.security.conftest import Open
from tests.security.room import People, done, refused

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

MOST = (EPOCH_RECORD_MAX_BYTES - 329) // 97
"""So many people fit."""


def changed(octets: bytes, at: int, byte: int) -> str:
    return to_base64url(octets[:at] + bytes((byte,)) + octets[at + 1 :])


RECORD = from_base64url(shaped_record(1, 2))
WRONG = {
    "of another version": changed(RECORD, 0, 2),
    "with a number of 0": changed(RECORD, 4, 0),
    "that counts one more": changed(RECORD, 264, 3),
    "that counts one less": changed(RECORD, 264, 1),
    "that counts very many": changed(RECORD, 263, 255),
    "with a byte more": to_base64url(RECORD + b"\0"),
    "with a byte less": to_base64url(RECORD[:-1]),
    "cut off in its head": to_base64url(RECORD[:100]),
    "of nothing but a head": to_base64url(RECORD[:165]),
    "with padding": base64.urlsafe_b64encode(RECORD).decode(),
    "in base64 that isn't base64url": base64.b64encode(b"\1\xff\xfe" + RECORD[3:]).decode(),
    "with bits left over": shaped_record(1)[:-1] + "B",
    "of other letters": "é" * 600,
    "of nothing": "",
}


@pytest_asyncio.fixture(loop_scope="module")
async def ada(person: People) -> Member:
    return await Member.founds(person("Ada"))


async def unchanged(ada: Member) -> None:
    kept = await done(ada.who, "GET", f"{ada.path}/epochs")
    assert (kept["epoch"], kept["epochs"]) == (0, [])
    await ada.says("Under the first key")


@together("what", sorted(WRONG))
async def test_a_record_that_is_none_is_refused(ada: Member, what: str) -> None:
    body = {"record": WRONG[what], "read_proof_hash": "A" * 43}
    for path in ("epochs", "link"):
        assert await refused(ada.who, "POST", f"{ada.path}/{path}", body) == "bad_request"
    await unchanged(ada)


@together("hash", ["", "A" * 42, "A" * 42 + "B", "A" * 44, "é" * 43])
async def test_a_hash_that_is_none_is_refused(ada: Member, hash: str) -> None:
    body = {"record": shaped_record(1), "read_proof_hash": hash}
    code = "too_large" if len(hash) > 43 else "bad_request"
    for path in ("epochs", "link"):
        assert await refused(ada.who, "POST", f"{ada.path}/{path}", body) == code
    await unchanged(ada)


@together("number", [2, 3, 2**31, 2**32 - 1])
async def test_only_the_next_number_is_taken(ada: Member, number: int) -> None:
    body = {"record": shaped_record(number), "read_proof_hash": "A" * 43}
    for path in ("epochs", "link"):
        status, reply = await ada.who.call("POST", f"{ada.path}/{path}", body)
        assert (status, reply["code"], reply["epoch"]) == (409, "epoch_taken", 0)
    await unchanged(ada)


async def test_the_same_number_with_anything_else_is_taken(person: People) -> None:
    ada = await Member.founds(person("Ada"))
    body = {"record": shaped_record(1), "read_proof_hash": "A" * 43}
    await done(ada.who, "POST", f"{ada.path}/epochs", body)
    for other in ({"record": shaped_record(1, 1)}, {"read_proof_hash": "B" * 42 + "A"}):
        status, reply = await ada.who.call("POST", f"{ada.path}/epochs", {**body, **other})
        assert (status, reply["code"], reply["epoch"]) == (409, "epoch_taken", 1)


async def test_the_longest_record_is_kept_as_it_is_and_a_longer_one_is_not(
    person: People,
) -> None:
    ada = await Member.founds(person("Ada"))
    longest = shaped_record(1, MOST)
    assert len(longest) > FRAME_MAX_BYTES
    body = {"record": shaped_record(1, MOST + 1), "read_proof_hash": "A" * 43}
    assert await refused(ada.who, "POST", f"{ada.path}/epochs", body) == "too_large"
    assert await refused(ada.who, "POST", f"{ada.path}/link", body) == "too_large"
    await done(ada.who, "POST", f"{ada.path}/epochs", {**body, "record": longest})
    [kept] = (await done(ada.who, "GET", f"{ada.path}/epochs"))["epochs"]
    assert kept == {"number": 1, "record": longest}
    body = {"record": shaped_record(2, MOST), "read_proof_hash": "A" * 43}
    await done(ada.who, "POST", f"{ada.path}/link", body)


async def test_only_owners_change_the_key(person: People) -> None:
    ada = await Member.founds(person("Ada"))
    ben = await Member.comes(person("Ben"), ada.keyring.link, ada.room_id)
    zoe = person("Zoe")
    proof = to_base64url(ada.keyring.newest.proof)
    zoe.token = (await done(zoe, "POST", f"{ada.path}/enter", {"read_proof": proof}))["token"]
    body = new_key(*ben.keyring.begin([]))
    for path in ("epochs", "link"):
        for who in (ben.who, zoe):
            assert await refused(who, "POST", f"{ada.path}/{path}", body) == "forbidden"
        code = await refused(person("Mallory"), "POST", f"{ada.path}/{path}", body)
        assert code == "read_proof_required"
    await unchanged(ada)


async def test_after_the_end_the_key_stays(person: People) -> None:
    ada = await Member.founds(person("Ada"))
    body = new_key(*ada.keyring.begin([]))
    await done(ada.who, "POST", f"{ada.path}/end", {})
    for path in ("epochs", "link"):
        assert await refused(ada.who, "POST", f"{ada.path}/{path}", body) == "conversation_ended"


async def test_what_is_not_encrypted_has_no_key(person: People) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    body = {"record": shaped_record(1), "read_proof_hash": "A" * 43}
    for path in ("epochs", "link"):
        whole = f"/api/conversations/{room_id}/{path}"
        assert await refused(ada, "POST", whole, body) == "bad_request"
    kept = await done(ada, "GET", f"/api/conversations/{room_id}/epochs")
    assert (kept["epoch"], kept["epochs"], kept["has_more"]) == (0, [], False)


@together("after", ["-1", "x", "1.5", str(2**60)])
async def test_records_are_asked_for_by_a_number(ada: Member, after: str) -> None:
    path = f"{ada.path}/epochs?after={after}"
    assert await refused(ada.who, "GET", path) == "bad_request"


@together("number", [1, 2**32 - 1])
async def test_an_envelope_under_a_key_there_is_not_is_refused(ada: Member, number: int) -> None:
    sealed = ada.sealed("Hello", "a-1")
    octets = from_base64url(sealed["message"])
    wrong: Json = {
        **sealed,
        "message": to_base64url(octets[:2] + number.to_bytes(4, "big") + octets[6:]),
    }
    refusal = await ada.sends(wrong)
    assert (refusal["code"], refusal["epoch"]) == ("epoch_over", 0)
    assert await refused(ada.who, "POST", f"{ada.path}/messages", wrong) == "epoch_over"
    # What has no such shape is no matter of keys.
    assert (await ada.sends({**sealed, "message": "AQEAAAAB"}))["code"] == "bad_request"
    await unchanged(ada)


async def test_the_server_keeps_no_proof_of_the_new_key(opened: Open) -> None:
    async with opened() as house:
        ada = await Member.founds(house.guest("Ada"))
        epoch, record = ada.keyring.begin([])
        await done(ada.who, "POST", f"{ada.path}/epochs", new_key(epoch, record))
        assert hashlib.sha256(epoch.proof).digest() == epoch.proof_hash
        kept = str(await done(ada.who, "GET", f"{ada.path}/manage"))
        kept += str(await done(ada.who, "GET", f"{ada.path}/acts"))
        kept += str(await done(ada.who, "GET", ada.path))
        for secret in (epoch.proof, epoch.key, epoch.proof_hash):
            assert to_base64url(secret) not in kept
