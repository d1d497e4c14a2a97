"""Calls that go on, and the devices in them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from parley.records import Call, CallPeer, CallPerson
from parley.storage.prepared import Prepared, p
from parley.storage.schema import call_peers, calls, participants

_people = msgspec.json.Decoder(tuple[CallPerson, ...])
_ids = msgspec.json.Decoder(tuple[str, ...])
_OF_ONE = calls.c.conversation_id == p("conversation_id")
_FIND = Prepared(sa.select(*calls.c).where(_OF_ONE), calls.c)
_PEER_COLUMNS = [*call_peers.c, participants.c.username]
_PEERS = Prepared(
    sa.select(*_PEER_COLUMNS)
    .join_from(
        call_peers,
        participants,
        sa.and_(
            participants.c.conversation_id == call_peers.c.conversation_id,
            participants.c.user_id == call_peers.c.user_id,
        ),
    )
    .where(call_peers.c.conversation_id == p("conversation_id"))
    .order_by(call_peers.c.joined_at, call_peers.c.id),
    _PEER_COLUMNS,
)


def find(connection: sa.Connection, conversation_id: int) -> Call | None:
    """The call in a conversation; None where there is none."""
    row = _FIND.first(connection, conversation_id=conversation_id)
    if row is None:
        return None
    return Call(
        row.conversation_id,
        row.id,
        row.started_at,
        row.started_by,
        _people.decode(row.people),
        _ids.decode(row.put_out),
        tuple(_peer(each) for each in _PEERS.run(connection, conversation_id=conversation_id)),
    )


def running(connection: sa.Connection) -> list[int]:
    """The ids of the conversations in which there is a call."""
    return [id for (id,) in connection.execute(sa.select(calls.c.conversation_id))]


def start(
    connection: sa.Connection, conversation_id: int, id: str, *, by: CallPerson, at: datetime
) -> Call:
    """A call with nobody in it yet."""
    call = Call(conversation_id, id, at, by.user_id, (by,), (), ())
    connection.execute(
        calls.insert().values(
            conversation_id=conversation_id,
            id=id,
            started_at=at,
            started_by=by.user_id,
            people=_encoded(call.people),
            put_out="[]",
        )
    )
    return call


def change(
    connection: sa.Connection,
    conversation_id: int,
    *,
    people: tuple[CallPerson, ...],
    put_out: tuple[str, ...],
) -> None:
    connection.execute(
        calls.update()
        .where(calls.c.conversation_id == conversation_id)
        .values(people=_encoded(people), put_out=_encoded(put_out))
    )


def hand_over(connection: sa.Connection, conversation_id: int, *, to: str) -> None:
    """Somebody else called, as far as what the call leaves is concerned."""
    connection.execute(
        calls.update().where(calls.c.conversation_id == conversation_id).values(started_by=to)
    )


def end(connection: sa.Connection, conversation_id: int) -> None:
    """There is no call there any more, nor anybody in it."""
    connection.execute(call_peers.delete().where(call_peers.c.conversation_id == conversation_id))
    connection.execute(calls.delete().where(calls.c.conversation_id == conversation_id))


def put_peer(
    connection: sa.Connection, conversation_id: int, peer: CallPeer, *, at: datetime
) -> None:
    """Add it, or say what it sends now, and through which process."""
    sent = {
        "process": peer.process,
        "has_audio": peer.has_audio,
        "has_video": peer.has_video,
        "has_screen": peer.has_screen,
        "has_hand": peer.has_hand,
    }
    found = connection.execute(
        call_peers.update()
        .where(call_peers.c.conversation_id == conversation_id, call_peers.c.id == peer.id)
        .values(sent)
    )
    if not found.rowcount:
        connection.execute(
            call_peers.insert().values(
                conversation_id=conversation_id,
                id=peer.id,
                user_id=peer.user_id,
                joined_at=at,
                **sent,
            )
        )


def remove_peers(connection: sa.Connection, conversation_id: int, ids: Collection[str]) -> int:
    """How many of these were there."""
    removed = connection.execute(
        call_peers.delete().where(
            call_peers.c.conversation_id == conversation_id, call_peers.c.id.in_(list(ids))
        )
    )
    return removed.rowcount


Seen = frozenset[tuple[Any, ...]]
"""What there is of a call, to tell whether another reading found the same."""


def everywhere(connection: sa.Connection) -> dict[int, Seen]:
    """By conversation: the devices in its call, with what they send."""
    found: dict[int, set[tuple[Any, ...]]] = {}
    for row in connection.execute(
        sa.select(
            call_peers.c.conversation_id,
            call_peers.c.id,
            call_peers.c.has_audio,
            call_peers.c.has_video,
            call_peers.c.has_screen,
            call_peers.c.has_hand,
        )
    ):
        found.setdefault(row[0], set()).add(tuple(row[1:]))
    return {id: frozenset(peers) for id, peers in found.items()}


def seen(call: Call) -> Seen:
    """The same of one that was read."""
    return frozenset(
        (each.id, each.has_audio, each.has_video, each.has_screen, each.has_hand)
        for each in call.peers
    )


def left_behind(connection: sa.Connection, living: Collection[int]) -> list[tuple[int, str]]:
    """Devices whose sockets none of these processes has, each with its conversation."""
    found = connection.execute(
        sa.select(call_peers.c.conversation_id, call_peers.c.id).where(
            call_peers.c.process.not_in(list(living))
        )
    )
    return [(conversation_id, id) for conversation_id, id in found]


def _peer(row: Any) -> CallPeer:
    return CallPeer(
        row.id,
        row.user_id,
        row.username,
        row.process,
        row.has_audio,
        row.has_video,
        row.has_screen,
        row.has_hand,
    )


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()
