"""An authenticator made of software, which lies as it is told."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from parley.domain.passkeys import decoded, encoded

Json = dict[str, Any]
PRESENT, VERIFIED, SYNCED, ATTESTED = 0x01, 0x04, 0x18, 0x40


@dataclass
class Passkey:
    rp_id: str
    user_handle: bytes
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    counter: int = 0


@dataclass
class Authenticator:
    """What somebody holds, and the browser that asks it for a page of `origin`."""

    origin: str = "http://localhost"
    counts: bool = False
    """Whether it counts how often a passkey was used; those that sync don't."""
    flags: int = PRESENT | VERIFIED
    passkeys: list[Passkey] = field(default_factory=list)

    def makes(self, options: Json, **lies: Any) -> Json:
        """What `credentials.create()` gives, as JSON."""
        passkey = Passkey(options["rp"]["id"], decoded(options["user"]["id"], "id"))
        passkey.id = lies.get("id", passkey.id)
        self.passkeys.append(passkey)
        public: Any = ES256
        public = public.from_cryptography_key(passkey.key.public_key())
        said = AuthenticatorData.create(
            _hash(lies.get("rp_id", passkey.rp_id).encode()),
            AuthenticatorData.FLAG(self.flags | ATTESTED),
            self._counted(passkey),
            AttestedCredentialData.create(b"\0" * 16, passkey.id, public),
        )
        client_data = self._client_data("webauthn.create", options, lies)
        return {
            "id": encoded(passkey.id),
            "rawId": encoded(passkey.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(client_data),
                "attestationObject": encoded(AttestationObject.create("none", said, {})),
                "transports": ["internal", "made-up"],
            },
        }

    def shows(self, options: Json, passkey: Passkey | None = None, **lies: Any) -> Json:
        """What `credentials.get()` gives, as JSON."""
        passkey = passkey or self.passkeys[-1]
        said = AuthenticatorData.create(
            _hash(lies.get("rp_id", passkey.rp_id).encode()),
            AuthenticatorData.FLAG(lies.get("flags", self.flags)),
            lies.get("counter", self._counted(passkey)),
        )
        client_data = self._client_data("webauthn.get", options, lies)
        key = lies.get("key", passkey.key)
        signature = key.sign(said + _hash(client_data), ec.ECDSA(hashes.SHA256()))
        return {
            "id": encoded(lies.get("id", passkey.id)),
            "rawId": encoded(passkey.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(client_data),
                "authenticatorData": encoded(said),
                "signature": encoded(signature),
                "userHandle": encoded(lies.get("user_handle", passkey.user_handle)),
            },
        }

    def _counted(self, passkey: Passkey) -> int:
        if self.counts:
            passkey.counter += 1
        return passkey.counter

    def _client_data(self, type: str, options: Json, lies: Json) -> bytes:
        said = {
            "type": lies.get("type", type),
            "challenge": lies.get("challenge", options["challenge"]),
            "origin": lies.get("origin", self.origin),
            "crossOrigin": lies.get("cross_origin", False),
        }
        return json.dumps(said).encode()


def garbled(said: bytes) -> bytes:
    """Something that is nearly CBOR."""
    return cbor.encode({"fmt": "none", "authData": said, "attStmt": {}})


def _hash(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
