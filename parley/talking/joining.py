"""Taking part as whoever one was the last time on this computer."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from parley.client import BadLink, Client, Refused
from parley.client.links import Link
from parley.talking.remembered import Known, People

LINK_MAX_BYTES = 10_000


class NoName(Exception):
    """Nobody said who takes part."""


@dataclass(frozen=True)
class Who:
    """What whoever runs the command says of themselves."""

    name: str | None = None
    passphrase: str | None = None
    is_new: bool = False
    """Not who it was the last time."""
    context: ssl.SSLContext | None = None


def link_of(text: str) -> str:
    """`@FILE` stands for the link in that file: other users see what is typed in a command.

    Raises `BadLink`.
    """
    if not text.startswith("@"):
        return text
    try:
        with Path(text[1:]).open(encoding="utf-8", errors="replace") as file:
            return file.read(LINK_MAX_BYTES).strip()
    except OSError as error:
        raise BadLink(f"{text[1:]} can't be read: {error.strerror}.") from error


@contextlib.asynccontextmanager
async def joined(text: str, who: Who, people: People | None = None) -> AsyncIterator[Client]:
    """Somebody who takes part, kept for the next time.

    Raises what `Client` does, `NoName` and `Unusable`.
    """
    talk = await join(text, who, people)
    try:
        yield talk
    finally:
        await talk.close()


async def join(text: str, who: Who, people: People | None = None) -> Client:
    """The same, for whoever closes it themselves."""
    people = people or People()
    given = Link.parse(text)
    known = None if who.is_new else people.find(given, who.name)
    if known is not None:
        return await _come_back(given, known, who)
    with people.alone():  # so that two who start at the same time are one person
        known = None if who.is_new else people.find(given, who.name)
        if known is not None:
            return await _come_back(given, known, who)
        if who.name is None:
            raise NoName
        talk = Client(text, name=who.name, passphrase=who.passphrase, context=who.context)
        await talk.__aenter__()
        keep(talk, given, people)
        return talk


def keep(talk: Client, given: Link, people: People) -> None:
    """Who it is, for the next time; also where the conversation has another link by now."""
    if talk.token is not None:
        keys = None if talk.keys is None else talk.keys.octets.hex()
        known = Known(talk.me.username, talk.token, talk.link.room_id, keys)
        people.keep([given, talk.link], known)


async def _come_back(given: Link, known: Known, who: Who) -> Client:
    room = f"{given.server}/conversation/{known.room_id}"
    if given.fragment:
        room += f"#{given.fragment}"
    keys = None
    if known.keys is not None:
        from parley.client.encryption import Person

        keys = Person.from_octets(bytes.fromhex(known.keys))
    talk = Client(
        room, token=known.token, passphrase=who.passphrase, keys=keys, context=who.context
    )
    try:
        await talk.__aenter__()
    except Refused as refused:
        if refused.code != "forbidden":
            raise
        raise Refused(
            refused.code,
            f"You take part here as {known.name} no more. Add --new to join as somebody new.",
        ) from refused
    return talk
