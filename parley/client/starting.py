"""Starting a conversation."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from parley.client import types
from parley.client.rest import Rest


@dataclass(frozen=True, slots=True)
class Started:
    """Its link, to share; and the token that proves whose it is, to keep."""

    link: str
    token: str


async def start(
    server: str,
    *,
    title: str | None = None,
    description: str | None = None,
    listed: bool = False,
    encrypted: bool = False,
    token: str | None = None,
    context: ssl.SSLContext | None = None,
) -> Started:
    """Start one at a server such as `https://talk.example.org`. Raises `Refused`, `Unreachable`.

    An encrypted one has no title or description that the server knows, and nobody can change its
    key.
    """
    rest = Rest(server.rstrip("/"), context)
    rest.token = token
    body: dict[str, object] = {"visibility": "listed" if listed else "unlisted"}
    fragment = ""
    if encrypted:
        from parley.client.encryption import Epoch, LinkKey
        from parley.client.encryption.octets import to_base64url

        key = LinkKey.generate()
        proof = to_base64url(Epoch.derive(key.key).proof_hash)
        body |= {"encrypted": True, "read_proof_hash": proof}
        fragment = f"#{key.fragment()}"
    else:
        body |= {"title": title, "description": description}
    made = await rest.call(types.JoinReply, "POST", "/api/conversations/create", body)
    link = f"{server.rstrip('/')}/conversation/{made.room_id}{fragment}"
    return Started(link, made.token or token or "")
