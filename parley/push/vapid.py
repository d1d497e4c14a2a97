"""Who we are to a push service (RFC 8292): a signed claim in every request."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VALID_S = 12 * 3600
"""A day is the most that is allowed; machines' clocks differ."""
NEW_AFTER_S = VALID_S // 2
ORIGINS_MAX = 1_000
"""So many push services' claims are kept at once: a client may name any."""
SEED_BYTES = 40
"""64 bits more than the group has, so that every key is as likely (FIPS 186-5, A.2.1)."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's group."""


def private_key(seed: bytes) -> ec.EllipticCurvePrivateKey:
    """The key that follows from a secret of `SEED_BYTES`."""
    if len(seed) != SEED_BYTES:
        raise ValueError("not a seed")
    return ec.derive_private_key(1 + int.from_bytes(seed, "big") % (_ORDER - 1), ec.SECP256R1())


def public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """What browsers subscribe with, `applicationServerKey`: base64url of the point."""
    return text_of(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


class Vapid:
    """Makes the header `Authorization`, once for each push service and half its time."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, *, contact: str, clock: Callable[[], float]
    ) -> None:
        """`contact`: a `mailto:` or `https:` where the push service's people reach the host;
        `clock` gives seconds since 1970.
        """
        self._key = key
        self._public = public_key(key)
        self._contact = contact
        self._clock = clock
        self._made: dict[str, tuple[float, str]] = {}

    def authorization(self, endpoint: str) -> str:
        """For the push service that this is an address of."""
        origin = _origin(endpoint)
        now = self._clock()
        made_at, header = self._made.get(origin, (0.0, ""))
        if not 0 <= now - made_at < NEW_AFTER_S:
            header = f"vapid t={self._token(origin, now)}, k={self._public}"
            if len(self._made) >= ORIGINS_MAX:
                self._made.clear()
            self._made[origin] = (now, header)
        return header

    def _token(self, audience: str, now: float) -> str:
        claims = {"aud": audience, "exp": int(now) + VALID_S, "sub": self._contact}
        signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
        signature = self._key.sign(signed.encode("ascii"), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(signature)
        return f"{signed}.{text_of(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _origin(endpoint: str) -> str:
    """As browsers write it (RFC 6454): in small letters, without the port that is understood."""
    parts = urlsplit(endpoint)
    host = parts.netloc.lower().removesuffix(":443").removesuffix(":")
    return f"{parts.scheme}://{host}"


def _json(value: object) -> str:
    return text_of(json.dumps(value, separators=(",", ":")).encode())


def text_of(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).decode("ascii").rstrip("=")
