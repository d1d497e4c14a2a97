"""Who follows what is theirs: pages that list the conversations of a session, and are told what is
new there without sitting in any.

Of a message it costs one look into a table whether anybody follows its conversation. What is told
is read afresh, rights and all, for one socket after the other, with rests between: never for each
message, and never more than once a second for each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from msgspec import UNSET

from parley import contract, present, records
from parley.domain import participation
from parley.domain.context import Context
from parley.errors import ParleyError
from parley.live.rooms import Sender

log = structlog.get_logger(__name__)

SOON_S = 0.05
"""What happens together is told together."""
REST = 3
"""So many times as long as a reading took it rests: others read, too."""

_FOR_ALL = (
    records.MessageSent,
    records.MessageChanged,
    records.MessagesErased,
    records.ConversationChanged,
    records.ConversationEnded,
    records.ConversationDeleted,
    records.GrantsTakenBack,
    records.LinkReplaced,
    records.ParticipantRemoved,
    records.ParticipantWonBack,
    records.RoleChanged,
)
"""What changes the row of whoever takes part."""


@dataclass(slots=True)
class _Follower:
    session: records.Session
    room_ids: dict[int, str | None] = field(default_factory=dict)
    """What it follows, and the room id it knows each by; None for what it was not told of."""


class Following:
    """`happened` is for what the bus brings."""

    def __init__(self, context: Context, server: Sender) -> None:
        self._context = context
        self._server = server
        self.of: dict[int, set[str]] = {}
        """The sockets that follow each conversation."""
        self._followers: dict[str, _Follower] = {}
        self._by_session: dict[int, set[str]] = {}
        self._due: dict[str, set[int]] = {}
        """What is to be told to whom."""
        self._telling: asyncio.Task[None] | None = None

    async def follow(self, sid: str, session: records.Session) -> None:
        """From now on this socket is told what is new in all that its session takes part in."""
        self.stop(sid)
        self._followers[sid] = _Follower(session)
        self._by_session.setdefault(session.id, set()).add(sid)
        for conversation_id, room_id in (
            await participation.room_ids(self._context, session)
        ).items():
            self._add(sid, conversation_id, room_id)

    def stop(self, sid: str) -> None:
        """It is gone, or begins anew."""
        self._due.pop(sid, None)
        follower = self._followers.pop(sid, None)
        if follower is None:
            return
        for conversation_id in list(follower.room_ids):
            self._remove(sid, follower, conversation_id)
        sids = self._by_session[follower.session.id]
        sids.discard(sid)
        if not sids:
            del self._by_session[follower.session.id]

    def close(self) -> None:
        """Tell nobody anything any more."""
        if self._telling is not None:
            self._telling.cancel()

    def happened(self, event: records.Event) -> None:
        """Note who is to be told of it."""
        if not self._followers:
            return
        if isinstance(event, _FOR_ALL):
            self._note(self.of.get(event.conversation_id, ()), event.conversation_id)
            return
        session_id = _of_one(event)
        if session_id is None or isinstance(event, records.SessionRenewed):
            return
        sids = self._by_session.get(session_id, ())
        for sid in sids:
            self._add(sid, event.conversation_id)
        self._note(sids, event.conversation_id)

    def _add(self, sid: str, conversation_id: int, room_id: str | None = None) -> None:
        follower = self._followers.get(sid)
        if follower is not None and conversation_id not in follower.room_ids:
            follower.room_ids[conversation_id] = room_id
            self.of.setdefault(conversation_id, set()).add(sid)

    def _remove(self, sid: str, follower: _Follower, conversation_id: int) -> None:
        follower.room_ids.pop(conversation_id, None)
        sids = self.of.get(conversation_id, set())
        sids.discard(sid)
        if not sids:
            self.of.pop(conversation_id, None)

    def _note(self, sids: Iterable[str], conversation_id: int) -> None:
        for sid in sids:
            self._due.setdefault(sid, set()).add(conversation_id)
        if self._due and self._telling is None:
            self._telling = asyncio.get_running_loop().create_task(self._tell_all())

    async def _tell_all(self) -> None:
        """In rounds, as long as there is something to tell."""
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(SOON_S)
            while self._due:
                next_at = loop.time() + contract.GATHER_S
                due, self._due = self._due, {}
                for sid, conversation_ids in due.items():
                    begun = loop.time()
                    await self._tell(sid, sorted(conversation_ids))
                    await asyncio.sleep(REST * (loop.time() - begun))
                await asyncio.sleep(max(0, next_at - loop.time()))
        except Exception:
            log.exception("following_failed")
        finally:
            self._telling = None

    async def _tell(self, sid: str, conversation_ids: list[int]) -> None:
        follower = self._followers.get(sid)
        if follower is None:
            return
        try:
            found = await participation.some(self._context, follower.session, conversation_ids)
        except ParleyError:
            return  # it cannot be read now; the next time tells it
        for conversation_id, own in found.items():
            if self._followers.get(sid) is not follower:
                return
            self._tell_one(sid, follower, conversation_id, own)

    def _tell_one(
        self, sid: str, follower: _Follower, conversation_id: int, own: records.Own | None
    ) -> None:
        known = follower.room_ids.get(conversation_id)
        if own is None:
            self._remove(sid, follower, conversation_id)
            row: contract.OwnConversation | None = None
        else:
            row = present.own(own)
            follower.room_ids[conversation_id] = row.room_id
            known = known or row.room_id
        if known is not None:
            told = contract.MineChanged(room_id=known, conversation=UNSET if row is None else row)
            self._server.send_to((sid,), "mine_changed", told)


def _of_one(event: records.Event) -> int | None:
    """The session that alone is to be told of it."""
    match event:
        case records.ParticipantArrived(participant=person):
            return person.session_id
        case records.ParticipantLeft(participant=person, is_everywhere=True):
            return person.session_id
        case records.PartEnded() | records.ReadingMoved():
            return event.session_id
    return None
