"""Who follows what is theirs: pages that list the conversations of a session, and are told what is
new there without sitting in any.

Of a message it costs one look into a table whether anybody follows its conversation. What is told
is read afresh, rights and all, for one session after the other, with rests between: never for each
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
FOLLOWERS_MAX = 20
"""Sockets of one session: the newest. Nobody looks at more lists at once."""
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
    records.ParticipantClaimed,
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
        self._by_session: dict[int, dict[str, None]] = {}
        """In the order in which they came."""
        self._due: dict[str, set[int]] = {}
        """What is to be told to whom."""
        self._telling: asyncio.Task[None] | None = None

    @property
    def session_ids(self) -> set[int]:
        """Of all who follow."""
        return set(self._by_session)

    async def follow(self, sid: str, session: records.Session) -> None:
        """From now on this socket is told what is new in all that its session takes part in."""
        self.stop(sid)
        self._followers[sid] = _Follower(session)
        sids = self._by_session.setdefault(session.id, {})
        sids[sid] = None
        if len(sids) > FOLLOWERS_MAX:
            self.stop(next(iter(sids)))
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
        del sids[sid]
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
        if isinstance(event, records.SessionRenewed):
            # Whoever held it by the token before, whatever else they hold since.
            for sid in list(self._by_session.get(event.session_id, ())):
                if sid != event.socket and event.concerns(self._followers[sid].session):
                    self.stop(sid)
            return
        if isinstance(event, _FOR_ALL):
            self._note(self.of.get(event.conversation_id, ()), event.conversation_id)
            return
        if isinstance(event, records.InviteMade | records.InviteAnswered):
            of_account = tuple(self._by_session.get(event.session_id, ()))
            self._server.send_to(of_account, "invites_changed", contract.InvitesChanged())
            return
        session_id = _of_one(event)
        if session_id is None:
            return
        sids = self._by_session.get(session_id, ())
        for sid in sids:
            self._add(sid, event.conversation_id)
        self._note(sids, event.conversation_id)

    def look_again(self, conversation_ids: Iterable[int]) -> None:
        """Something may have happened there that nobody told of."""
        for conversation_id in conversation_ids:
            self._note(self.of.get(conversation_id, ()), conversation_id)

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
                for session_id, of_them in self._by_sessions(due).items():
                    begun = loop.time()
                    await self._tell(session_id, of_them)
                    await asyncio.sleep(REST * (loop.time() - begun))
                await asyncio.sleep(max(0, next_at - loop.time()))
        except Exception:
            log.exception("following_failed")
        finally:
            self._telling = None

    def _by_sessions(self, due: dict[str, set[int]]) -> dict[int, dict[str, set[int]]]:
        """What is due to a session's sockets: it is read once for all of them."""
        sessions: dict[int, dict[str, set[int]]] = {}
        for sid, conversation_ids in due.items():
            if follower := self._followers.get(sid):
                sessions.setdefault(follower.session.id, {})[sid] = conversation_ids
        return sessions

    async def _tell(self, session_id: int, due: dict[str, set[int]]) -> None:
        sids = [sid for sid in due if sid in self._by_session.get(session_id, ())]
        if not sids:
            return
        session = self._followers[sids[0]].session
        try:
            found = await participation.some(
                self._context, session, sorted(set().union(*due.values()))
            )
        except ParleyError:
            return  # it cannot be read now; the next time tells it
        for sid in sids:
            for conversation_id, own in found.items():
                follower = self._followers.get(sid)
                if follower is None or follower.session.id != session_id:
                    break
                if conversation_id in due[sid]:
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
        case records.PartChanged() | records.ReadingMoved():
            return event.session_id
    return None
