"""What whoever runs the server may do with conversations: list, show, end and delete them.

Reading goes to the database itself. What changes something is done by the server where one runs,
so that everybody there is told, and by ourselves where none does.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from parley import contract, logs, present
from parley.app import Parley, create_app, web_site
from parley.bus import Bus
from parley.bus.shared import SharedBus
from parley.config import EVERYBODY, Config
from parley.control.wire import NobodyThere, Refused, ask_any
from parley.domain import conversations, files, inspecting, owning
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context
from parley.errors import (
    ConversationNotFound,
    ConversationUnknown,
    DataFolderInUse,
    ParleyError,
    StartupError,
)
from parley.records import Inspected, Sized
from parley.storage import beside

T = TypeVar("T")

READ_AT_ONCE = 500
TAKES_OVER_WITHIN_S = 10.0
"""How long a server may take to start, or to stop, before it is told that it answers nobody."""
TRIES_EVERY_S = 0.25
CARRIED_WITHIN_S = 5.0
"""How long what carries hints between processes may take to be ready."""


class Deleted(Struct):
    room_id: str
    messages: int
    participants: int
    links: int
    files: int


class Ended(Struct):
    room_id: str


def listed(
    config: Config, *, state: str = "all", limit: int | None = None
) -> Iterator[contract.HostedConversation]:
    """The newest first. `state` is `active`, `ended` or `all`. Raises `DatabaseUnusable`."""
    is_active = {"active": True, "ended": False}.get(state)
    before: int | None = None
    while limit is None or limit > 0:
        some = READ_AT_ONCE if limit is None else min(limit, READ_AT_ONCE)

        def query(
            connection: sa.Connection, before: int | None = before, some: int = some
        ) -> list[Sized]:
            return inspecting.some(connection, before=before, limit=some, is_active=is_active)

        found = beside.read(config, query)
        yield from map(present.hosted, found)
        if len(found) < some:
            return
        before = found[-1].conversation.id
        limit = None if limit is None else limit - len(found)


def show(config: Config, room: str) -> contract.HostedDetails:
    """`room` is a conversation's id or its link, also one that was replaced. `online` is None where
    no server runs.

    Raises `ConversationUnknown`, `DatabaseUnusable`.
    """
    found = _inspected(config, room)
    online = _online(config, found.conversation.id)
    return present.inspected(found, public_url=base(config), online=online)


def end(config: Config, room: str) -> Ended:
    """Nobody says anything there any more. Raises `StartupError`s."""
    room_id = _current(config, room)

    async def work(context: Context) -> Ended:
        ended = await conversations.end_as_host(context, room_id, by=AT_COMMAND_LINE)
        return Ended(ended.room_id)

    return done(config, "end", {"room_id": room_id}, Ended, work, about=room_id)


def delete(config: Config, room: str) -> Deleted:
    """It is gone for good, for everybody. Raises `StartupError`s."""
    room_id = _current(config, room)

    async def work(context: Context) -> Deleted:
        gone = await owning.delete_as_host(context, room_id, by=AT_COMMAND_LINE)
        await owning.erase_deleted(context)
        await files.erase_bytes(context)
        return msgspec.convert(gone, Deleted, from_attributes=True)

    return done(config, "delete", {"room_id": room_id}, Deleted, work, about=room_id)


def room_id_of(room: str) -> str:
    """The id in a link; what is none is one already."""
    try:
        parts = urlsplit(room).path.split("/")
    except ValueError:  # what only looks like a link
        return room
    return parts[parts.index("conversation") + 1] if "conversation" in parts[:-1] else room


def base(config: Config) -> str:
    """How the links of this server begin."""
    return config.public_url or f"http://localhost:{config.port}"


def done(
    config: Config,
    do: str,
    fields: Mapping[str, str],
    type: type[T],
    work: Callable[[Context], Awaitable[T]],
    *,
    about: str = "",
) -> T:
    """Have the server do it, or do it as no server runs. Raises `StartupError`s, which say what
    they are `about`.
    """

    logs.log_to(sys.stderr, "warning")

    async def act() -> T:
        try:
            async with asyncio.timeout(TAKES_OVER_WITHIN_S):
                while True:
                    try:
                        answer = await ask_any(config.data, do, **fields)
                        return msgspec.json.decode(answer, type=type)
                    except NobodyThere:
                        pass
                    app = create_app(_bare(config))
                    try:
                        await app.open()
                        break
                    except DataFolderInUse:
                        # A server that starts or stops: it answers soon, or is gone.
                        await asyncio.sleep(TRIES_EVERY_S)
        except TimeoutError:
            _raise_in_use(config)
        return await _beside(app, work)

    try:
        return asyncio.run(act())
    except (Refused, ParleyError) as error:
        raise StartupError(f"{about}: {error}" if about else str(error)) from error


def _inspected(config: Config, room: str) -> Inspected:
    room_id = room_id_of(room)
    try:
        return beside.read(config, lambda connection: inspecting.one(connection, room_id))
    except (ConversationNotFound, UnicodeEncodeError) as error:  # the latter for what is no text
        raise ConversationUnknown(
            f"There is no conversation {room_id!r} in {beside.where(config)}. Give the last part "
            "of its link, or all of it."
        ) from error


def _current(config: Config, room: str) -> str:
    found = _inspected(config, room)
    if found.was_found_by_old_link:
        raise ConversationUnknown(
            f"The link with {room_id_of(room)} was replaced by another. Give the one it has now: "
            f"{found.conversation.room_id}."
        )
    return found.conversation.room_id


def _online(config: Config, conversation_id: int) -> int | None:
    try:
        answer = asyncio.run(ask_any(config.data, "online", ids=[conversation_id]))
        [count] = msgspec.json.decode(answer, type=list[int])
    except (NobodyThere, Refused, ValueError):
        return None
    return count


async def _beside(app: Parley, work: Callable[[Context], Awaitable[T]]) -> T:
    context = web_site(app).context
    try:
        async with _told_to_others(context.bus):
            return await work(context)
    finally:
        context.slices.stop()
        if context.filing is not None:
            await context.filing.workshop.close()
        await app.close()


@contextlib.asynccontextmanager
async def _told_to_others(bus: Bus) -> AsyncIterator[None]:
    """What happens in the block is told to the processes that serve, where there may be some."""
    if not isinstance(bus, SharedBus):
        yield
        return
    carrying = asyncio.create_task(bus.run())
    try:
        for _ in range(int(CARRIED_WITHIN_S / TRIES_EVERY_S)):
            if not bus.is_away:
                break  # else they find it by themselves, some seconds later
            await asyncio.sleep(TRIES_EVERY_S)
        yield
        await bus.close()
    finally:
        carrying.cancel()
        await asyncio.wait([carrying])


def _raise_in_use(config: Config) -> NoReturn:
    raise DataFolderInUse(
        f"Another Parley is using the data folder {config.data}, and does not answer. Try again, "
        "or stop it meanwhile."
    )


def _bare(config: Config) -> Config:
    """Without what only a server needs."""
    return replace(
        config,
        metrics=False,
        metrics_listen="",
        metrics_token_file=None,
        rate_limits=False,
        smtp_url="",
        smtp_password_file=None,
        mail_from="",
        oidc_providers=None,
        who_may_start=EVERYBODY,
    )
