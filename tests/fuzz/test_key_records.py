"""Any text where the record of a new key belongs: only what has its shape is kept, and as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parley.client.encryption.octets import from_base64url, to_base64url
from tests.encryption.members import Member, shaped_record
from tests.fuzz.effort import examples
from tests.fuzz.values import TEXT
from tests.people import Json, Person
from tests.security.room import done

HASH = "A" * 43
LEAST, EACH = 329, 97
SHAPED = st.builds(
    lambda version, number, told, count, more, fill: to_base64url(
        bytes((version,))
        + number.to_bytes(4, "big")
        + bytes((fill,)) * 258
        + told.to_bytes(2, "big")
        + bytes((fill,)) * max(0, 64 + count * EACH + more)
    ),
    st.sampled_from([0, 1, 1, 1, 2, 255]),
    st.integers(0, 3) | st.integers(0, 2**32 - 1),
    st.integers(0, 3) | st.integers(0, 2**16 - 1),
    st.integers(0, 3),
    st.sampled_from([0, 0, 0, 0, 1, -1, EACH, -64]),
    st.integers(0, 255),
)
TEXTS = st.one_of(
    TEXT,
    SHAPED,
    SHAPED.map(lambda text: text + "="),
    SHAPED.map(lambda text: text[:-1] + "B"),
    SHAPED.map(lambda text: text[:-1] + "é"),
)


def number_of(text: str) -> int | None:
    """Of what docs/encryption.md calls a record, in other words than the server's; else None."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if any(letter not in letters for letter in text):
        return None
    bits = "".join(f"{letters.index(letter):06b}" for letter in text)
    whole = len(bits) // 8
    if len(bits) - 8 * whole == 6 or "1" in bits[8 * whole :] or whole < LEAST:
        return None
    version, number = int(bits[:8], 2), int(bits[8:40], 2)
    count = int(bits[8 * 263 : 8 * 265], 2)
    return number if version == 1 and whole == LEAST + EACH * count and number else None


@pytest.fixture
async def ada(person: Callable[..., Person]) -> Member:
    return await Member.founds(person("Ada"))


async def kept_by(ada: Member) -> list[Json]:
    found: list[Json] = (await done(ada.who, "GET", f"{ada.path}/epochs"))["epochs"]
    return found


@pytest.mark.usefixtures("log")
@examples(120)
@given(text=TEXTS)
@example(text=shaped_record(1))
async def test_only_what_has_its_shape_is_kept(ada: Member, text: str) -> None:
    before = await kept_by(ada)
    is_next = number_of(text) == len(before) + 1
    body = {"record": text, "read_proof_hash": HASH}
    status, reply = await ada.who.call("POST", f"{ada.path}/epochs", body)
    after = await kept_by(ada)
    if is_next:
        assert (status, reply["number"]) == (201, len(before) + 1)
        assert after == [*before, {"number": len(before) + 1, "record": text}]
        return
    assert after == before
    if number_of(text) is None:
        assert reply["code"] in ("bad_request", "too_large"), reply
    elif status == 201:  # it is the one there is
        assert before[-1]["record"] == text
    else:
        assert (reply["code"], reply["epoch"]) == ("epoch_taken", len(before))


def test_what_the_oracle_takes_is_what_clients_make() -> None:
    assert number_of(shaped_record(7, 3)) == 7
    assert number_of(to_base64url(from_base64url(shaped_record(7, 3)) + b"\0")) is None
