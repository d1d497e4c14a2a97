"""A person's own keys, of one device in one room: to sign with, and to be handed new epochs by."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from parley.client.encryption.errors import Unreadable
from parley.client.encryption.octets import sha256

POINT_BYTES = 64
SIGNATURE_BYTES = 64
SCALAR_BYTES = 32
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (SEC 2, section 2.4.2)."""
_CURVE = ec.SECP256R1()
_ECDSA = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What all may know of a person."""

    signing: bytes
    exchange: bytes

    @property
    def id(self) -> bytes:
        """By which wrapped keys and links name them."""
        return sha256("person", self.signing, self.exchange)[:16]

    def safety_number(self, room: bytes) -> str:
        """What two people read to each other, to know that they see the same key: six times five
        digits.
        """
        octets = sha256("safety number", room, self.signing)
        fives = (int.from_bytes(octets[at : at + 5], "big") % 100_000 for at in range(0, 30, 5))
        return " ".join(f"{each:05}" for each in fives)


class Person:
    """The private keys."""

    def __init__(
        self, signing: ec.EllipticCurvePrivateKey, exchange: ec.EllipticCurvePrivateKey
    ) -> None:
        self._signing = signing
        self._exchange = exchange
        self.public = PublicKeys(_octets(signing.public_key()), _octets(exchange.public_key()))

    @classmethod
    def generate(cls) -> Person:
        return cls(ec.generate_private_key(_CURVE), ec.generate_private_key(_CURVE))

    @classmethod
    def from_octets(cls, octets: bytes) -> Person:
        """What `octets` gave. Raises `Unreadable` for what is no two keys."""
        if len(octets) != 2 * SCALAR_BYTES:
            raise Unreadable("malformed")
        try:
            return cls(_private(octets[:SCALAR_BYTES]), _private(octets[SCALAR_BYTES:]))
        except ValueError:
            raise Unreadable("malformed") from None

    @property
    def octets(self) -> bytes:
        """The private keys, for whoever keeps them in a safe place."""
        both = (self._signing, self._exchange)
        return b"".join(
            each.private_numbers().private_value.to_bytes(SCALAR_BYTES, "big") for each in both
        )

    def sign(self, octets: bytes) -> bytes:
        r, s = decode_dss_signature(self._signing.sign(octets, _ECDSA))
        s = min(s, _ORDER - s)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def shared_with(self, point: bytes) -> bytes:
        """The secret that only the two who have either private key know. Raises `Unreadable`."""
        return self._exchange.exchange(ec.ECDH(), _point(point))


def fresh_exchange() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(_CURVE)


def shared(private: ec.EllipticCurvePrivateKey, point: bytes) -> bytes:
    return private.exchange(ec.ECDH(), _point(point))


def octets_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    return _octets(private.public_key())


def require_exchange(point: bytes) -> None:
    """Raises `Unreadable` for what no key can be handed by."""
    _point(point)


class Verifier:
    """Of one signing key."""

    def __init__(self, point: bytes) -> None:
        """Raises `Unreadable` for what is no point of the curve."""
        self._key = _point(point)

    def require(self, signature: bytes, octets: bytes) -> None:
        """Raises `Unreadable`. Of the two signatures that say the same only one is taken."""
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if not 0 < r < _ORDER or not 0 < s <= _ORDER // 2:
            raise Unreadable("not_signed")
        try:
            self._key.verify(encode_dss_signature(r, s), octets, _ECDSA)
        except InvalidSignature:
            raise Unreadable("not_signed") from None


def _point(octets: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, b"\4" + octets)
    except ValueError:
        raise Unreadable("malformed") from None


def _private(octets: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(octets, "big"), _CURVE)


def _octets(key: ec.EllipticCurvePublicKey) -> bytes:
    numbers = key.public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
