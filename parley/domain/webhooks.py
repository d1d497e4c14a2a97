"""Hooks out: addresses that owners have told what happens in a conversation."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from parley.addresses import Network
from parley.contract import DELIVERIES_SHOWN
from parley.domain import audit, door
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest, NotFound
from parley.outward import NotAllowed, require_askable
from parley.records import Delivery, PausedFor, Session, Webhook, WebhooksChanged
from parley.storage import deliveries as stored_deliveries
from parley.storage import webhooks as stored

WEBHOOKS_MAX = 10
"""Of one conversation: each message is sent to all of them."""
SALT_BYTES = 16
EVENT_ID_BYTES = 15
USUAL_EVENTS = ("new_message",)


def new_event_id() -> str:
    return f"evt_{secrets.token_hex(EVENT_ID_BYTES)}"


def require_url(url: str, networks: Sequence[Network]) -> str:
    """Raises `BadRequest` for where nothing may be sent."""
    try:
        return require_askable(url.strip(), networks, near_in_the_clear=True)
    except NotAllowed as error:
        raise BadRequest(f"url {error}.") from error


async def make(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    url: str,
    events: Sequence[str] | None,
    networks: Sequence[Network] = (),
) -> Webhook:
    """From now on it is told; of what was said before it hears nothing. For owners."""
    at, askable = context.clock(), require_url(url, networks)
    wanted = tuple(dict.fromkeys(events or USUAL_EVENTS))

    def work(connection: sa.Connection) -> Webhook:
        found = door.owned(connection, room_id, session)
        if len(stored.of(connection, found.id)) >= WEBHOOKS_MAX:
            raise BadRequest(
                f"A conversation tells at most {WEBHOOKS_MAX} addresses. Remove one first."
            )
        audit.note(connection, found, "made_webhook", at=at, about=_host(askable))
        return stored.insert(
            connection,
            conversation_id=found.id,
            url=askable,
            events=wanted,
            salt=secrets.token_hex(SALT_BYTES),
            through=found.conversation.seq,
            at=at,
        )

    return await context.database.write(work, lambda made: _tell(context, made))


async def of(context: Context, room_id: str, session: Session | None) -> tuple[Webhook, ...]:
    """For owners, the oldest first."""

    def query(connection: sa.Connection) -> tuple[Webhook, ...]:
        return stored.of(connection, door.owned(connection, room_id, session).id)

    return await context.database.read(query)


async def stopped(context: Context, conversation_id: int) -> int:
    """How many are told nothing, though no owner said so."""
    found = await context.database.read(stored.of, conversation_id)
    return sum(each.paused_for not in (None, PausedFor.OWNER) for each in found)


async def change(
    context: Context,
    room_id: str,
    session: Session | None,
    webhook_id: int,
    *,
    url: str | UnsetType = UNSET,
    events: Sequence[str] | UnsetType = UNSET,
    paused: bool | UnsetType = UNSET,
    networks: Sequence[Network] = (),
) -> Webhook:
    """What is left out stays as it is. Going on tries at once what waits. Raises `NotFound`."""
    at, changes = context.clock(), dict[str, Any]()
    if url is not UNSET:
        changes["url"] = require_url(url, networks)
    if events is not UNSET:
        changes["events"] = tuple(dict.fromkeys(events))

    def work(connection: sa.Connection) -> Webhook:
        found, before = _found(connection, room_id, session, webhook_id)
        if changes:
            audit.note(
                connection,
                found,
                "changed_webhook",
                at=at,
                about=_host(changes.get("url", before.url)),
            )
        more = dict(changes)
        if changes.get("url", before.url) != before.url:
            more |= {"failing_since": None, "failures": 0, "retry_at": None, "took_at": None}
        if paused is True and not before.is_paused:
            more |= {"paused_at": at, "paused_for": PausedFor.OWNER.value}
            audit.note(connection, found, "paused_webhook", at=at, about=_host(before.url))
        elif paused is False and before.is_paused:
            more |= {"paused_at": None, "paused_for": None}
            more |= {"failing_since": None, "failures": 0, "retry_at": None}
            audit.note(connection, found, "resumed_webhook", at=at, about=_host(before.url))
        if more:
            stored.change(connection, webhook_id, **more)
        now = stored.by_id(connection, webhook_id)
        if now is None:
            raise NotFound(_NONE)
        return now

    return await context.database.write(work, lambda now: _tell(context, now))


async def remove(context: Context, room_id: str, session: Session | None, webhook_id: int) -> None:
    """Nothing is sent to it any more, nor kept of what was. Raises `NotFound`."""
    at = context.clock()

    def work(connection: sa.Connection) -> Webhook:
        found, webhook = _found(connection, room_id, session, webhook_id)
        stored.remove(connection, webhook_id)
        audit.note(connection, found, "removed_webhook", at=at, about=_host(webhook.url))
        return webhook

    await context.database.write(work, lambda gone: _tell(context, gone))


async def deliveries(
    context: Context, room_id: str, session: Session | None, webhook_id: int
) -> tuple[Delivery, ...]:
    """The newest, for owners. Raises `NotFound`."""

    def query(connection: sa.Connection) -> tuple[Delivery, ...]:
        _found(connection, room_id, session, webhook_id)
        return stored_deliveries.newest(connection, webhook_id, limit=DELIVERIES_SHOWN)

    return await context.database.read(query)


async def replay(
    context: Context, room_id: str, session: Session | None, webhook_id: int, delivery_id: int
) -> None:
    """Send it again, behind what waits. Raises `NotFound`."""
    at = context.clock()

    def work(connection: sa.Connection) -> Webhook:
        _, webhook = _found(connection, room_id, session, webhook_id)
        if not stored_deliveries.add_again(connection, webhook, delivery_id, at=at):
            raise NotFound("No such delivery. They are kept for a few days, the newest alone.")
        return webhook

    await context.database.write(work, lambda webhook: _tell(context, webhook))


_NONE = "No such webhook, or it has already been removed."


def _found(
    connection: sa.Connection, room_id: str, session: Session | None, webhook_id: int
) -> tuple[Found, Webhook]:
    found = door.owned(connection, room_id, session)
    webhook = stored.by_id(connection, webhook_id)
    if webhook is None or webhook.conversation_id != found.id:
        raise NotFound(_NONE)
    return found, webhook


def _host(url: str) -> str:
    """What the list of acts says of it: a path may hold a secret."""
    return urlsplit(url).hostname or ""


def _tell(context: Context, webhook: Webhook) -> None:
    context.bus.publish(WebhooksChanged(webhook.conversation_id))
