"""The line that everybody is shown, by the host's word."""

from __future__ import annotations

import secrets

import msgspec
import sqlalchemy as sa

from parley.contract import ANNOUNCEMENT_MAX_CHARS
from parley.domain import admins, host, text
from parley.domain.admins import By
from parley.domain.context import Context
from parley.domain.host import ANNOUNCEMENT
from parley.records import Announcement
from parley.storage import facts

ID_BYTES = 6


async def announce(context: Context, said: str, *, by: By) -> str:
    """Show everybody a line, instead of the one they are shown; an empty one shows none. As it is
    shown. Raises `TooLarge`, and as `admins.allow`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> str:
        deed = admins.allow(connection, by, "announced", at=at)
        line = text.announcement(said, ANNOUNCEMENT_MAX_CHARS)
        if line:
            shown = Announcement(secrets.token_urlsafe(ID_BYTES), line)
            facts.put(connection, ANNOUNCEMENT, msgspec.json.encode(shown).decode())
        else:
            facts.remove(connection, ANNOUNCEMENT)
        deed.note(connection, line)
        return line

    return await host.change(context, work)
