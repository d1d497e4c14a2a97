"""Any text where an encrypted message belongs: only what has its shape is stored, and as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parley.client.encryption import Kind
from parley.client.encryption.envelope import HEADER_BYTES, SIZES, TAG_BYTES
from parley.client.encryption.octets import to_base64url
from tests.encryption.talk import Talker, encrypted, new_epoch
from tests.fuzz.effort import examples
from tests.fuzz.values import TEXT
from tests.people import Json, Person
from tests.security.room import done

LENGTHS = [HEADER_BYTES + size + TAG_BYTES for size in SIZES[:3]]
SHAPED = st.builds(
    lambda start, kind, length, fill: to_base64url(
        bytes((start, kind)) + bytes((fill,)) * (length - 2)
    ),
    st.sampled_from([0, 1, 1, 1, 2, 255]),
    st.integers(0, 7),
    st.sampled_from([*LENGTHS, LENGTHS[0] - 1, LENGTHS[0] + 1, 2, HEADER_BYTES]),
    st.integers(0, 255),
)
TEXTS = st.one_of(
    TEXT,
    SHAPED,
    SHAPED.map(lambda text: text + "="),
    SHAPED.map(lambda text: text[:-1] + "B"),
    SHAPED.map(lambda text: text[:-1] + "é"),
    SHAPED.map(lambda text: f" {text}"),
)
CLIENT_IDS = st.one_of(st.none(), TEXT.filter(lambda text: len(text) <= 64))


def is_one(text: str, *, is_edit: bool) -> bool:
    """What docs/encryption.md says of its shape, in other words than the server's."""
    lengths = {(HEADER_BYTES + size + TAG_BYTES) * 8 for size in SIZES}
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if any(letter not in letters for letter in text):
        return False
    bits = "".join(f"{letters.index(letter):06b}" for letter in text)
    whole = len(bits) // 8 * 8
    if len(bits) - whole == 6 or whole not in lengths or "1" in bits[whole:]:
        return False
    version, kind = int(bits[:8], 2), int(bits[8:16], 2)
    return version == 1 and (kind == Kind.EDIT if is_edit else kind in (1, 3, 4, 5))


@pytest.fixture
async def talker(person: Callable[..., Person]) -> Talker:
    ada, epoch = person("Ada"), new_epoch()
    return await Talker.joins(ada, epoch, await ada.starts(title="", **encrypted(epoch)))


async def log_of(talker: Talker) -> list[Json]:
    path = f"/api/conversations/{talker.room_id}/messages?limit=200"
    found: list[Json] = (await done(talker.who, "GET", path))["messages"]
    return found


@pytest.mark.usefixtures("log")
@examples(150)
@given(text=TEXTS, client_id=CLIENT_IDS, number=st.integers(0, 2**64))
@example(text=to_base64url(b"\1\1" + bytes(LENGTHS[0] - 2)), client_id="c", number=0)
async def test_only_what_has_its_shape_is_stored(
    talker: Talker, text: str, client_id: str | None, number: int
) -> None:
    before = await log_of(talker)
    fresh = None if client_id is None else f"{client_id[:30]}{number}"
    data = {"room_id": talker.room_id, "type": "encrypted", "message": text, "client_id": fresh}
    ack = await talker.who.ask("send_message", data)
    after = await log_of(talker)
    if ack["ok"] and not ack.get("duplicate"):
        assert is_one(text, is_edit=False)
        assert after[-1]["message"] == text
    elif not ack["ok"]:
        assert ack["code"] in ("bad_request", "too_large"), ack
        assert after == before
        assert not is_one(text, is_edit=False) or fresh is None or "\0" in fresh or has_lone(fresh)


@pytest.mark.usefixtures("log")
@examples(60)
@given(text=TEXTS)
async def test_nothing_but_an_edit_of_it_replaces_a_message(talker: Talker, text: str) -> None:
    if not await log_of(talker):
        await talker.says("Hello", "a-1")
    [message] = await log_of(talker)
    ack = await talker.who.ask(
        "edit_message", {"room_id": talker.room_id, "id": message["id"], "message": text}
    )
    assert not ack["ok"]
    assert ack["code"] in ("bad_request", "too_large"), ack
    assert await log_of(talker) == [message]
    assert talker.reads(message) == "Hello"


def has_lone(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
