"""How a client came to us: what its opening request said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

REQUEST_ID = "parley.request_id"
"""In a scope: what its request is called."""


class Handshake(Struct, frozen=True):
    """The opening request of a Socket.IO connection."""

    headers: dict[str, str]
    """By lower-case name; where one came twice, the first."""
    scheme: str
    """`http` or `https`, as the connection itself is."""
    is_websocket: bool
    address: str
    """The peer's address, empty where the server tells none."""
    auth: dict[str, Any] = {}
    """What the client gave as `auth`."""
    request_id: str = ""
    """What a trusted proxy calls the request; empty where none called it anything."""

    @classmethod
    def from_scope(cls, scope: dict[str, Any], auth: Any = None) -> Handshake:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
        client = scope.get("client")
        return cls(
            headers=headers,
            scheme="https" if scope.get("scheme") in ("https", "wss") else "http",
            is_websocket=scope["type"] == "websocket",
            address=client[0] if client else "",
            auth=auth if isinstance(auth, dict) else {},
            request_id=scope.get(REQUEST_ID, ""),
        )

    def with_only(self, names: frozenset[str]) -> Handshake:
        """The same without other headers: it is kept as long as its client stays."""
        kept = {name: value for name, value in self.headers.items() if name in names}
        return replace(self, headers=kept)

    def with_auth(self, auth: Any) -> Handshake:
        """The same, with what the client gave as `auth` after it."""
        return replace(self, auth=auth if isinstance(auth, dict) else {})


HostRule = Callable[[str, str], bool]
"""Whether a request that names this `Host` may have this path of the server."""
OriginRule = Callable[[Handshake], bool]
"""Whether a handshake from its origin may be answered."""
CrossOriginRule = Callable[[Handshake], str | None]
"""The other origin whose scripts may read the answer, if it comes from an allowed one."""
