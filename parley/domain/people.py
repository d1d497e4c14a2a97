"""Who is in a conversation: the first of them, and all page by page."""

from __future__ import annotations

import base64
import binascii

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from parley.contract import PEOPLE_IN_STATE, QUERY_MAX_CHARS
from parley.contract.decode import is_plain_number
from parley.domain import door, names
from parley.domain.context import Context
from parley.errors import BadRequest
from parley.records import Participant, PeoplePosition, Session
from parley.storage import cluster as stored_cluster
from parley.storage import participants as stored
from parley.storage.schema import milliseconds, moment

OWNERS_FIRST_MAX = PEOPLE_IN_STATE // 2


class People(Struct, frozen=True):
    """Some of the people in a conversation."""

    shown: tuple[Participant, ...]
    cursor: str | None
    """Where the list goes on; None where it ends."""
    online: frozenset[str] = frozenset()
    """The user ids of those shown who hold an open socket."""


def first(connection: sa.Connection, conversation_id: int) -> People:
    """All in the order of joining, or, of more than a state holds, the owners and the first."""
    read = stored.present(connection, conversation_id, limit=PEOPLE_IN_STATE + 1)
    if len(read) <= PEOPLE_IN_STATE:
        return People(read, None)
    owners = stored.present_owners(connection, conversation_id, limit=OWNERS_FIRST_MAX)
    is_owner = {each.user_id for each in owners}
    others = [each for each in read if each.user_id not in is_owner]
    others = others[: PEOPLE_IN_STATE - len(owners)]
    return People((*owners, *others), _cursor(others[-1]))


def after(
    connection: sa.Connection, conversation_id: int, *, cursor: str | None, limit: int
) -> People:
    """A page in the order of joining: the first, or that after the cursor. Raises `BadRequest`."""
    position = _position(cursor) if cursor else None
    read = stored.present(connection, conversation_id, limit=limit + 1, after=position)
    return People(read[:limit], _cursor(read[limit - 1]) if len(read) > limit else None)


async def page(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    limit: int,
    cursor: str | None = None,
    name: str = "",
    are_here: bool = False,
) -> People:
    """The same for who may read; or those that a message can mean by a name that holds `name`, with
    `are_here` only who has not gone.

    Raises as `conversations.find`, `BadRequest`.
    """
    key = names.skeleton(name[:QUERY_MAX_CHARS])

    def query(connection: sa.Connection) -> tuple[int, People]:
        found = door.readable(connection, room_id, session)
        if key:
            named = stored.named(
                connection, found.id, key, limit=limit, is_heard=not are_here, are_here=are_here
            )
            people = People(named, None)
        else:
            people = after(connection, found.id, cursor=cursor, limit=limit)
        return found.id, with_online_elsewhere(context, connection, found.id, people)

    return with_online_here(context, *await context.database.read(query))


def with_online_elsewhere(
    context: Context, connection: sa.Connection, conversation_id: int, people: People
) -> People:
    """With who of them is online, where the database knows that, as there are several processes."""
    if context.cluster is None:
        return people
    user_ids = [person.user_id for person in people.shown]
    away = context.cluster.away(context, conversation_id)
    online = stored_cluster.online(connection, conversation_id, user_ids, away)
    return replace(people, online=online)


def with_online_here(context: Context, conversation_id: int, people: People) -> People:
    """The same where only this process knows it."""
    if context.cluster is not None:
        return people
    return replace(people, online=context.presence.online(conversation_id, people.shown))


def _cursor(last: Participant) -> str:
    position = f"{milliseconds(last.joined_at)}.{last.user_id}"
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(cursor: str) -> PeoplePosition:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at_ms, _, user_id = base64.urlsafe_b64decode(padded).decode().partition(".")
        joined_at = moment(int(at_ms)) if is_plain_number(at_ms) else None
    except (ValueError, binascii.Error, OverflowError):
        joined_at = None
    if joined_at is None:
        raise BadRequest("Unknown cursor. Start again without it.")
    return PeoplePosition(joined_at, user_id)
