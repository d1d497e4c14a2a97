"""Encrypting as RFC 8291 has it, read by another's reading of it."""

from __future__ import annotations

import os

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from parley.push.encryption import BODY_MAX_BYTES, TEXT_MAX_BYTES, encrypt
from tests.push.service import bytes_of, text_of

SAID = b"When I grow up, I want to be a watermelon"
THEIRS = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH, SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def _key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(bytes_of(text), "big"), ec.SECP256R1())


def test_the_example_of_the_rfc_comes_out_as_there() -> None:
    """RFC 8291, appendix A."""
    body = encrypt(
        SAID, key=bytes_of(KEY), auth=bytes_of(AUTH), salt=bytes_of(SALT), ours=_key(OURS)
    )
    assert text_of(body) == BODY
    read = http_ece.decrypt(
        body, private_key=_key(THEIRS), auth_secret=bytes_of(AUTH), version="aes128gcm"
    )
    assert read == SAID


def test_two_bodies_of_one_text_have_nothing_in_common() -> None:
    first, second = (encrypt(SAID, key=bytes_of(KEY), auth=bytes_of(AUTH)) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    assert first[86:] != second[86:]


def test_the_longest_text_is_one_record_and_a_longer_one_is_refused() -> None:
    theirs, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    key = theirs.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    body = encrypt(b"x" * TEXT_MAX_BYTES, key=key, auth=auth)
    assert len(body) == BODY_MAX_BYTES
    read = http_ece.decrypt(body, private_key=theirs, auth_secret=auth, version="aes128gcm")
    assert read == b"x" * TEXT_MAX_BYTES
    with pytest.raises(ValueError, match="more than"):
        encrypt(b"x" * (TEXT_MAX_BYTES + 1), key=key, auth=auth)


@pytest.mark.parametrize("key", [b"", b"\4" + b"\0" * 64, b"\4" + b"\1" * 64, b"\2" + b"\1" * 32])
def test_what_is_no_point_of_the_curve_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the library's own words
        encrypt(SAID, key=key, auth=bytes_of(AUTH))
