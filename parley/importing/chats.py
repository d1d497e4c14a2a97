"""What every reader makes of its format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct

NOT_THERE = "This file isn't in the export."
"""Why an attachment has no bytes, where the format tells no other reason."""
ONE_ALONE = "This file holds one conversation: there is nothing to choose from."


class Person(Struct, frozen=True):
    """Somebody who speaks, reacts or is named in the file."""

    key: str
    """By which entries name them: what the format has for it (an id, a number), else the name."""
    name: str
    is_bot: bool = False


class Attachment(Struct, frozen=True):
    """A file that a message came with."""

    name: str
    path: str | None = None
    """Of its bytes in the archive; None where the export left them out."""
    type: str | None = None
    """The media type the format tells; what Parley serves is told by the content."""
    size: int | None = None
    """In bytes, where the format tells."""
    missing: str | None = None
    """Why its bytes aren't there, as a sentence for people; None where they are."""


class Reaction(Struct, frozen=True):
    emoji: str
    """One emoji as Unicode has it; what isn't one (`custom_emoji`) stands as `:name:`."""
    people: tuple[str, ...] = ()
    """The keys of those known to have reacted so."""
    count: int = 0
    """How many did, where the format tells no more; at least those that are named."""


class Entry(Struct, frozen=True, kw_only=True):
    """One message, or one line that the service itself wrote."""

    key: str
    """What `reply_to` of others names; once only in a file."""
    place: str
    """Where it stands in the file, for people: `line 12`, `general/2024-01-31.json, message 3`."""
    sent_at: datetime
    """Aware where the format knows the zone; naive where it is the exporting device's local time,
    which has to be asked for."""
    person: str | None = None
    """The key of whoever said it; None where the service did, and for deleted messages where nobody
    knows any more."""
    text: str = ""
    """As Parley writes it: Markdown where the format has marks of its own."""
    is_service: bool = False
    """Whether it is the service's own line (`Ana created the group`), not somebody's words."""
    is_deleted: bool = False
    edited_at: datetime | None = None
    """When it was edited; `sent_at` itself where the format only tells that it was."""
    reply_to: str | None = None
    """The key of the entry it answers. There may be none of that key, or one that comes later;
    never its own, but hostile files have circles of several."""
    attachments: tuple[Attachment, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    is_pinned: bool = False


class Problem(Struct, frozen=True):
    """Something that could not be read, or not as a whole."""

    place: str
    what: str
    """A sentence for people."""


class Chat(Protocol):
    """A conversation in a file. `entries` may be read several times, each time from its start."""

    system: str
    """Where it comes from, as people call it: `WhatsApp`, `Slack`."""
    title: str
    """What the conversation was called; empty where the format doesn't tell."""
    needs_zone: bool
    """Whether its times are naive."""
    people: dict[str, Person]
    """By key. Whole only once all entries were read: some formats name people as they come."""

    description: str = ""
    """What it was about, where the format tells."""
    choices: tuple[str, ...] = ()
    """The names of the conversations in the file, each once, where it holds several. A single one
    is chosen by itself."""

    def choose(self, name: str) -> None:
        """Take this one of the `choices`: title and entries are those of it.

        Raises `ImportRefused` where there is none of that name.
        """
        raise ImportRefused(ONE_ALONE)

    def entries(self) -> Iterator[Entry | Problem]:
        """In the file's order, which may not be the order of time. Memory doesn't grow with the
        file. What can't be read is a `Problem` in its place, and the next entry follows.

        Raises `ImportRefused` where nothing after this can be read, and where several
        conversations are in the file and none was chosen.
        """


class ImportRefused(Exception):
    """The file can't be imported: why, and where, as a sentence for people."""
