"""What the handlers of events work with."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from parley.domain import access, conversations
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import NotJoined
from parley.limits.limiter import Limits
from parley.live.asking import AskedOfBots
from parley.live.audience import Audience, Client
from parley.live.calls import Calling
from parley.live.seating import Seating
from parley.wire.server import Server

Outcome = msgspec.Struct | Awaitable[msgspec.Struct]
"""What an event's acknowledgement holds, or will; a message sent or changed stands for its
own."""


@dataclass(frozen=True, slots=True)
class Site:
    """Of one server."""

    context: Context
    limits: Limits
    server: Server
    audience: Audience
    seating: Seating
    calling: Calling
    asking: AskedOfBots
    has_calls: bool


async def refuse_unseated(site: Site, client: Client, room_id: str) -> NoReturn:
    access.require_open((await find(site, client, room_id)).conversation)
    raise NotJoined


async def find(site: Site, client: Client, room_id: str) -> Found:
    session = client.session_in(room_id)
    return await conversations.find(site.context, room_id, session)
