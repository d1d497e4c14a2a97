"""What a link to a conversation says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from parley.client.errors import BadLink

_PATH = re.compile(r"(?P<root>.*)/(?P<kind>conversation|link)/(?P<id>[^/]+)/?")


@dataclass(frozen=True, slots=True)
class Link:
    """`code` is that of a link that gives a role; then the room id is not known yet. `fragment` is
    the key of an encrypted conversation.
    """

    server: str
    """Where it is, without a slash at its end."""
    room_id: str
    code: str = ""
    fragment: str = ""

    @classmethod
    def parse(cls, text: str) -> Link:
        """Raises `BadLink`."""
        try:
            parts = urlsplit(text.strip())
            is_somewhere = bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise BadLink("This is no address.") from None
        found = _PATH.fullmatch(parts.path)
        if parts.scheme not in ("http", "https") or not is_somewhere or found is None:
            raise BadLink(
                "A link to a conversation looks like https://talk.example.org/conversation/…"
            )
        server = f"{parts.scheme}://{parts.netloc}{found['root']}"
        id = unquote(found["id"])
        if found["kind"] == "link":
            return cls(server, "", code=id, fragment=parts.fragment)
        return cls(server, id, fragment=parts.fragment)

    @property
    def socket(self) -> str:
        """Where its server takes WebSockets."""
        return f"ws{self.server.removeprefix('http')}/socket.io/?EIO=4&transport=websocket"

    @property
    def path(self) -> str:
        """Of the conversation, for REST."""
        return f"/api/conversations/{quote(self.room_id, safe='')}"
