"""How a client came to us: what its opening request said."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
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
        listed = scope["headers"]
        client = scope.get("client")
        return cls(
            headers=_of_known(listed) if isinstance(listed, tuple) else _by_name(listed),
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


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    named: dict[str, str] = {}
    for name, value in headers:
        named.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return named


_of_known = functools.lru_cache(maxsize=256)(_by_name)
"""For those of `heads.Known`."""

HostRule = Callable[[str, str], bool]
"""Whether a request that names this `Host` may have this path of the server."""
OriginRule = Callable[[Handshake], bool]
"""Whether a handshake from its origin may be answered."""
CrossOriginRule = Callable[[Handshake], str | None]
"""The other origin whose scripts may read the answer, if it comes from an allowed one."""
