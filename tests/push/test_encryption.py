"""What is pushed is encrypted as RFC 8291 has it, in one record."""

from __future__ import annotations

import os

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from parley.push.encryption import BODY_MAX_BYTES, TEXT_MAX_BYTES, encrypt, public_key
from tests.push.service import bytes_of, text_of

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDERS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVERS = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def test_the_example_of_the_rfc_comes_out_byte_for_byte() -> None:
    ours = ec.derive_private_key(int.from_bytes(bytes_of(SENDERS), "big"), ec.SECP256R1())
    made = encrypt(
        PLAIN, key=bytes_of(RECEIVERS), auth=bytes_of(AUTH), salt=bytes_of(SALT), ours=ours
    )
    assert text_of(made) == BODY


@pytest.mark.parametrize("length", [0, 1, 100, TEXT_MAX_BYTES])
def test_whom_it_is_for_reads_it_in_one_record(length: int) -> None:
    key, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    text = os.urandom(length)
    body = encrypt(text, key=point(key), auth=auth)
    assert len(body) <= BODY_MAX_BYTES == int.from_bytes(body[16:20], "big")
    got = http_ece.decrypt(body, private_key=key, auth_secret=auth, version="aes128gcm")
    assert got == text


def test_the_longest_text_fills_the_record_and_a_longer_one_is_refused() -> None:
    key, auth = point(ec.generate_private_key(ec.SECP256R1())), os.urandom(16)
    assert len(encrypt(b"x" * TEXT_MAX_BYTES, key=key, auth=auth)) == BODY_MAX_BYTES
    with pytest.raises(ValueError, match="more than"):
        encrypt(b"x" * (TEXT_MAX_BYTES + 1), key=key, auth=auth)


def test_no_two_bodies_share_a_salt_or_a_key() -> None:
    key, auth = point(ec.generate_private_key(ec.SECP256R1())), os.urandom(16)
    one, other = (encrypt(PLAIN, key=key, auth=auth) for _ in range(2))
    assert one[:16] != other[:16]
    assert one[21:86] != other[21:86]


GOOD = point(ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"\0",
        b"\0" * 65,
        b"\x04" + b"\0" * 64,
        b"\x04" + b"\xff" * 64,
        GOOD[:-1],
        GOOD + b"\0",
        GOOD[:-1] + bytes([GOOD[-1] ^ 1]),
        b"\x05" + GOOD[1:],
        bytes([2 + GOOD[-1] % 2]) + GOOD[1:33],
    ],
    ids=["none", "short", "zeros", "at_zero", "too_large", "cut", "longer", "off", "odd", "packed"],
)
def test_a_key_that_is_no_point_of_the_curve_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        public_key(key)
    with pytest.raises(ValueError, match=r"."):
        encrypt(PLAIN, key=key, auth=bytes(16))
