"""Signing what goes out, as Standard Webhooks 1.0 says (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hmac

from parley.secret import Secret

PREFIX = "whsec_"
SECRET_BYTES = 32
"""The specification asks for 24 to 64."""
MARK = "Parley-Webhook"
"""A header of all that goes out: what comes in with it would go round in circles."""


def secret_of(server: Secret, salt: str) -> bytes:
    """What signs for one webhook, and is kept nowhere."""
    return server.derive(f"webhook {salt}", SECRET_BYTES)


def told(secret: bytes) -> str:
    """The secret, as whoever checks signatures is given it."""
    return PREFIX + base64.b64encode(secret).decode("ascii")


def headers(secret: bytes, *, id: str, at_s: int, body: bytes) -> dict[str, str]:
    """For a try at `at_s`, seconds since 1970. `id` is the same in each try."""
    signed = b"%s.%d." % (id.encode("ascii"), at_s) + body
    signature = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode("ascii")
    return {
        "Content-Type": "application/json",
        "User-Agent": "Parley-Webhook/1",
        "webhook-id": id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{signature}",
        MARK: "1",
    }
