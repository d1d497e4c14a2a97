"""What is random elsewhere, as somebody chose it: so that there is one right answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from parley.client.encryption.people import _ORDER, Person
from parley.client.encryption.streams import Stream

VECTORS = Path(__file__).parent / "vectors"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


class FixedPerson(Person):
    """Who signs the same in the same way each time (RFC 6979)."""

    def __init__(self, signing: int, exchange: int) -> None:
        curve = ec.SECP256R1()
        self._key = ec.derive_private_key(signing, curve)
        super().__init__(self._key, ec.derive_private_key(exchange, curve))

    def sign(self, octets: bytes) -> bytes:
        ecdsa = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self._key.sign(octets, ecdsa))
        return r.to_bytes(32, "big") + min(s, _ORDER - s).to_bytes(32, "big")


class FixedStream(Stream):
    def __init__(self, stream: bytes, nonces: Iterable[bytes]) -> None:
        super().__init__()
        self._given = [(stream, nonce) for nonce in nonces]

    def next(self) -> tuple[bytes, bytes]:
        return self._given.pop(0)
