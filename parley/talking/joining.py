"""Taking part as whoever one was the last time on this computer."""

from __future__ import annotations

import contextlib
import functools
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from parley import client
from parley.client import BadLink, Client, Refused, Waiting
from parley.client.links import Link
from parley.talking.remembered import Known, People

if TYPE_CHECKING:
    from parley.client.encryption import Person

LINK_MAX_BYTES = 10_000


class NoName(Exception):
    """Nobody said who takes part."""


class NoScreen(Exception):
    """Why there can be no conversation on the screen: a sentence for whoever asked for it."""


@dataclass(frozen=True)
class Who:
    """What whoever runs the command says of themselves."""

    name: str | None = None
    passphrase: str | None = None
    is_new: bool = False
    """Not who it was the last time."""
    token: str | None = None
    """Of whoever was let in just now."""
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


@contextlib.asynccontextmanager
async def watching(text: str, who: Who, people: People | None = None) -> AsyncIterator[Client]:
    """Somebody who only reads, and is not seen: by the link, or by what let them in before.

    Raises what `Client` does, and `Unusable`.
    """
    people = people or People()
    given = Link.parse(text)
    known = None if who.is_new else people.find(given)
    watch = functools.partial(Client.watch, passphrase=who.passphrase, context=who.context)
    if known is None:
        talk = watch(text)
    else:
        talk = watch(_room(given, known), token=known.token, keys=_keys(known))
    try:
        await talk.__aenter__()
    except Refused as refused:
        raise _in_words(refused, known) from refused
    try:
        if known is None:
            keep(talk, given, people)
        yield talk
    finally:
        await talk.close()


async def join(text: str, who: Who, people: People | None = None) -> Client:
    """The same, for whoever closes it themselves."""
    people = people or People()
    given = Link.parse(text)
    known = _known(people, given, who)
    if known is not None and known.name:
        return await _come_back(given, known, who)
    with people.alone():  # so that two who start at the same time are one person
        known = _known(people, given, who)
        if known is not None and known.name:
            return await _come_back(given, known, who)
        if who.name is None:
            raise NoName
        if known is not None:
            talk = await _come_back(given, known, who)
        else:
            talk = Client(text, name=who.name, passphrase=who.passphrase, context=who.context)
            await talk.__aenter__()
        keep(talk, given, people)
        return talk


def _known(people: People, given: Link, who: Who) -> Known | None:
    if who.token is not None:
        return Known("", who.token, given.room_id)
    return None if who.is_new else people.find(given, who.name)


async def knock(text: str, who: Who, waiting: Callable[[Waiting], None]) -> Who:
    """Ask to be let in under `who.name`, and wait for that: who can join then. The knock is kept,
    for whoever looks again later. Raises what `parley.client.knock` does, and `Unusable`.
    """
    people = People()
    given = Link.parse(text)
    before = _known(people, given, who)

    def asked(told: Waiting) -> None:
        people.keep([given], Known("", told.token, given.room_id))
        waiting(told)

    token = await client.knock(
        text,
        name=who.name or "",
        token=None if before is None else before.token,
        waiting=asked,
        context=who.context,
    )
    return replace(who, token=token)


def keep(talk: Client, given: Link, people: People) -> None:
    """Who it is, for the next time; also where the conversation has another link by now."""
    if talk.token is not None:
        own = talk.keys if talk.me.username else None  # nobody knows those of who only reads
        keys = None if own is None else own.octets.hex()
        known = Known(talk.me.username, talk.token, talk.link.room_id, keys)
        people.keep([given, talk.link], known)


async def _come_back(given: Link, known: Known, who: Who) -> Client:
    talk = Client(
        _room(given, known),
        name=None if known.name else who.name,
        token=known.token,
        passphrase=who.passphrase,
        keys=_keys(known),
        context=who.context,
    )
    try:
        await talk.__aenter__()
    except Refused as refused:
        raise _in_words(refused, known) from refused
    return talk


def _room(given: Link, known: Known) -> str:
    room = f"{given.server}/conversation/{known.room_id}"
    return f"{room}#{given.fragment}" if given.fragment else room


def _keys(known: Known) -> Person | None:
    if known.keys is None:
        return None
    from parley.client.encryption import Person

    return Person.from_octets(bytes.fromhex(known.keys))


def _in_words(refused: Refused, known: Known | None) -> Refused:
    if known is None or refused.code != "forbidden":
        return refused
    as_whom = f" as {known.name}" if known.name else ""
    told = f"You take part here{as_whom} no more. Add --new to come as somebody new."
    return Refused(refused.code, told)
