"""What the server takes for an encrypted message: nothing but what docs/encryption.md describes."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain import envelopes
from parley.errors import BadRequest

EDIT = 2
SIGNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def spelled(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def envelope(version: int = 1, kind: int = 1, size: int = 256, fill: bytes = b"\xff") -> bytes:
    length = envelopes.HEADER_BYTES + envelopes.TAG_BYTES + size
    return (bytes((version, kind)) + bytes(4) + fill * length)[:length]  # of the first key


def require(text: str) -> None:
    envelopes.require_new(text, type="encrypted", client_id="c-1", names_others=False, epoch=0)


@pytest.mark.parametrize("size", sorted(envelopes.SIZES))
@pytest.mark.parametrize("kind", [1, 3, 4, 5])
@pytest.mark.parametrize("fill", [b"\x00", b"\x7f", b"\xff"])
def test_each_kind_and_length_is_taken(size: int, kind: int, fill: bytes) -> None:
    require(spelled(envelope(kind=kind, size=size, fill=fill)))


@pytest.mark.parametrize(("version", "kind"), [(0, 1), (2, 1), (255, 1), (1, 0), (1, 6), (1, 255)])
def test_other_versions_and_kinds_are_refused(version: int, kind: int) -> None:
    with pytest.raises(BadRequest, match="must be one as"):
        require(spelled(envelope(version, kind)))


def test_an_edit_is_no_new_message() -> None:
    with pytest.raises(BadRequest, match="is an edit"):
        require(spelled(envelope(kind=EDIT)))


@pytest.mark.parametrize("length", [0, 1, 3, 177, 433, 435, 436, 691, 49_330 + 1])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(BadRequest, match="must be one as"):
        require(spelled((envelope(size=49_152) + b"\xff")[:length]))


@pytest.mark.parametrize("sign", ["=", "+", "/", " ", "\n", "\0", "é", "\N{FULLWIDTH DIGIT ONE}"])
@pytest.mark.parametrize("place", [0, 1, 300, -1])
def test_other_signs_are_refused(sign: str, place: int) -> None:
    signs = list(spelled(envelope()))
    signs[place] = sign
    with pytest.raises(BadRequest, match="must be one as"):
        require("".join(signs))


@given(st.text("ABCwxyz019-_=+", max_size=9) | st.binary(max_size=40).map(spelled))
def test_of_several_spellings_one_is_taken(text: str) -> None:
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        is_one = spelled(octets) == text
    except ValueError:
        is_one = False
    if is_one and len(octets) == envelopes.HASH_BYTES:
        assert envelopes.read_proof(text) == octets
    else:
        with pytest.raises(BadRequest):
            envelopes.read_proof(text)


@given(st.binary(min_size=32, max_size=32))
def test_each_proof_is_taken_as_it_is_spelled(proof: bytes) -> None:
    text = spelled(proof)
    assert envelopes.read_proof(text) == proof
    # The last sign's two unused bits are zero: the next one in the alphabet spells the same bytes.
    with pytest.raises(BadRequest):
        envelopes.read_proof(text[:-1] + SIGNS[SIGNS.index(text[-1]) + 1])
