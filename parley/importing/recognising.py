"""Which of the formats an export is in; and what else a file is, where it is none."""

from __future__ import annotations

import inspect
from importlib import import_module

from parley.importing import unread
from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused

READERS = (
    *("parley", "telegram", "slack", "discord", "mattermost", "element", "google_chat", "teams"),
    *("rocket_chat", "whatsapp", "irc"),
)
"""Modules of this package, those whose format is told by least last."""


def open_chat(archive: Archive, *, choose: str | None = None, order: str | None = None) -> Chat:
    """The conversation in it; of several the one called `choose`. `order` is that of the dates'
    parts, `dmy`, `mdy` or `ymd`, where the file leaves it open.

    Raises `ImportRefused` where no format fits, with what the file is instead, and where there is
    none that is called `choose`. Where there are several and none is chosen, reading the entries
    does.
    """
    for name in READERS:
        chat = _recognised(name, archive, order or None)
        if chat is not None:
            if choose:
                chat.choose(choose)
            return chat
    raise ImportRefused(unread.what_it_is(archive))


def _recognised(reader: str, archive: Archive, order: str | None) -> Chat | None:
    module = f"{__package__}.{reader}"
    recognise = import_module(module).recognise
    wishes = {"order": order} if "order" in inspect.signature(recognise).parameters else {}
    found: Chat | None = recognise(archive, **wishes)
    return found
