"""What a host does beside the server, whether or not it runs: save the database, and let somebody
own a conversation again.

The server itself is not asked: both use its database, as its own connections do.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from parley.config import Config
from parley.domain import role_links
from parley.errors import ConversationUnknown, OldLink, ParleyError
from parley.storage import beside
from parley.storage.backup import Backup, back_up
from parley.storage.folder import NAME


def backup(config: Config, target: Path) -> Backup:
    """Copy the database to a new file. Raises `BackupFailed`."""
    return back_up(config.data, target)


def owner_link(config: Config, room: str) -> str:
    """A link that makes whoever opens it an owner, once and for ten minutes.

    `room` is a conversation's id or its link. Raises `StartupError`s.
    """
    room_id = _room_id(room)
    try:
        made = beside.write(
            config.data, lambda connection: role_links.make_link_of_host(connection, room_id)
        )
    except OldLink as error:
        raise ConversationUnknown(
            f"The link with {room_id} was replaced by another. Give the one it has now."
        ) from error
    except (ParleyError, UnicodeEncodeError) as error:  # the latter for what is no text at all
        raise ConversationUnknown(
            f"There is no conversation {room_id!r} in {config.data / NAME}. Give the last part of "
            "its link, or all of it."
        ) from error
    return f"{_base(config)}/link/{made.code}"


def _room_id(room: str) -> str:
    """The id in a link; what is none is one already."""
    try:
        parts = urlsplit(room).path.split("/")
    except ValueError:  # what only looks like a link
        return room
    return parts[parts.index("conversation") + 1] if "conversation" in parts[:-1] else room


def _base(config: Config) -> str:
    return config.public_url or f"http://localhost:{config.port}"
