"""Which of the formats an export is in."""

from __future__ import annotations

from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused


def open_chat(archive: Archive, *, choose: str | None = None, order: str | None = None) -> Chat:
    """The conversation in it; of several the one called `choose`. `order` is that of the dates'
    parts, `dmy`, `mdy` or `ymd`, where the file leaves it open.

    Raises `ImportRefused` where no format fits, or where there is something to be chosen.
    """
    raise ImportRefused("Parley can't tell what this file is. It reads exports of other chats.")
