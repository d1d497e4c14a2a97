"""Making good what was lost and stands in no log: read marks, knocks, claims, renewed sessions.

Nothing counts these, as that would cost every mark a write more. So what people here were told is
remembered, as they are told, and after a loss compared with what is stored.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from parley import records
from parley.domain import behind
from parley.domain.context import Context
from parley.live.audience import Audience
from parley.wire.server import Server

AMEND_EVERY_S = 0.9
"""At most, however long hints are lost."""
RESTS = 9
"""So many times as long as it took, as it looks at all that people here see."""
KNOCKS_REMEMBERED = 200
"""Of a conversation, the newest: whoever knocks again and again must not fill our memory."""
FORGET_BEYOND = 64
"""So many conversations in which nobody sits any more may be remembered."""
OPENED, ADMITTED = "opened", "admitted"


@dataclass(slots=True)
class _Told:
    """What those in a conversation were told last, as far as this process knows."""

    readings: dict[str, records.Reading] = field(default_factory=dict)
    """By user id."""
    knocks: dict[str, records.Knock] = field(default_factory=dict)
    """By id, with the answers that were told."""
    claims: dict[str, records.Claim] = field(default_factory=dict)
    """By the user id of who claims."""
    changes: int = 0
    """How often anything of it changed."""


class Amends:
    def __init__(self, context: Context, audience: Audience, server: Server) -> None:
        self._context = context
        self._audience = audience
        self._server = server
        self._told: dict[int, _Told] = {}
        self._suspects: set[str] = set()
        """Sockets whose session seemed to be proven by another secret when it was looked at last.
        One that is being given the new one does so for a moment.
        """
        self._is_due = False
        self._again_s = -math.inf

    @property
    def is_due(self) -> bool:
        """Whether more is to be looked at soon."""
        return self._is_due or bool(self._suspects)

    def hear(self, event: records.Event) -> None:
        """This is being told."""
        match event:
            case records.ReadingMoved():
                told = self._of(event.conversation_id)
                told.readings[event.reading.user_id] = event.reading
            case records.Knocked() | records.KnockAnswered():
                told = self._of(event.conversation_id)
                told.knocks.pop(event.knock.id, None)  # the newest stands last
                told.knocks[event.knock.id] = event.knock
                if len(told.knocks) > KNOCKS_REMEMBERED:
                    del told.knocks[next(iter(told.knocks))]
            case records.Claimed():
                told = self._of(event.conversation_id)
                told.claims[event.claim.user_id] = event.claim
            case records.ClaimAnswered():
                told = self._of(event.conversation_id)
                told.claims.pop(event.claim.user_id, None)
            case _:
                return
        told.changes += 1

    async def look(self, *, is_lossy: bool) -> None:
        """Where hints were lost, tell what was not told. Raises `Unavailable`."""
        self._is_due = self._is_due or is_lossy
        if not self.is_due:
            if len(self._told) > len(self._audience.rooms) + FORGET_BEYOND:
                self._forget_but(self._waited_for())
            return
        now_s = asyncio.get_running_loop().time()
        if now_s < self._again_s:
            return
        await self._tell_readings()
        await self._tell_doors()
        await self._send_off_strangers()
        self._is_due = False
        took_s = asyncio.get_running_loop().time() - now_s
        self._again_s = now_s + took_s + max(AMEND_EVERY_S, RESTS * took_s)

    def _waited_for(self) -> set[int]:
        """Where somebody waits at the door."""
        return {id for client in self._audience.clients.values() for id in client.knocks}

    def _forget_but(self, ids: Collection[int]) -> None:
        """Forget what was told where nobody sits, but for these."""
        rooms = self._audience.rooms
        self._told = {id: told for id, told in self._told.items() if id in rooms or id in ids}

    def _of(self, conversation_id: int) -> _Told:
        return self._told.setdefault(conversation_id, _Told())

    def _tell(self, event: records.Event) -> None:
        self.hear(event)
        self._audience.deliver(event)

    async def _tell_readings(self) -> None:
        rooms = self._audience.rooms
        before = {id: self._of(id).changes for id in rooms}
        for event in await behind.readings(self._context, before):
            told = self._told.get(event.conversation_id)
            if event.conversation_id not in rooms or told is None:
                continue
            known = told.readings.get(event.reading.user_id)
            if known == event.reading:
                continue
            is_older = known is not None and known.seq > event.reading.seq
            if not is_older and told.changes == before[event.conversation_id]:
                self._audience.deliver(event)
                told.readings[event.reading.user_id] = event.reading

    async def _tell_doors(self) -> None:
        audience = self._audience
        ids = {id for id in audience.rooms if audience.has_owner(id)} | self._waited_for()
        self._forget_but(ids)
        if not ids:
            return
        before = {id: self._of(id).changes for id in ids}
        found = await behind.doors(self._context, ids)
        for id, room_id in found.deleted.items():
            audience.deliver(records.ConversationDeleted(id, room_id))
        still = {
            id: room_id
            for id, room_id in found.room_ids.items()
            if self._of(id).changes == before[id]
        }
        for knock in found.knocks:
            if knock.conversation_id in still:
                self._tell_knock(still[knock.conversation_id], knock)
        claims = {(claim.conversation_id, claim.user_id): claim for claim in found.claims}
        for claim in found.claims:
            known = self._of(claim.conversation_id).claims.get(claim.user_id)
            if claim.conversation_id in still and known != claim:
                self._tell(records.Claimed(still[claim.conversation_id], claim))
        for id, room_id in still.items():
            for claim in list(self._of(id).claims.values()):
                if (id, claim.user_id) not in claims:
                    is_agreed = await behind.was_agreed(self._context, claim)
                    self._tell(records.ClaimAnswered(room_id, claim, is_agreed))

    def _tell_knock(self, room_id: str, knock: records.Knock) -> None:
        if knock.answer == OPENED:
            knock = replace(knock, answer=ADMITTED)
        known = self._of(knock.conversation_id).knocks.get(knock.id)
        if knock.answer is None:
            if known is None or (known.answer, known.username) != (None, knock.username):
                self._tell(records.Knocked(room_id, knock))
            return
        somebody_waits = any(
            client.knocks.get(knock.conversation_id) == knock.session_id
            for client in self._audience.clients.values()
        )
        if somebody_waits or known is None or known.answer != knock.answer:
            self._tell(records.KnockAnswered(room_id, knock))

    async def _send_off_strangers(self) -> None:
        """Whoever holds a session by a secret that proves it no more must come back with the one
        there is now.
        """
        audience = self._audience
        marks = await behind.session_marks(self._context, audience.held_sessions())
        suspects = {
            client.sid
            for client in audience.clients.values()
            for session in client.sessions
            if session.mark and _is_over(session, marks)
        }
        for sid in suspects & self._suspects:
            self._server.send_off(sid)
        self._suspects = suspects - self._suspects


def _is_over(session: records.Session, marks: Mapping[int, int]) -> bool:
    """Whether it is proven by another secret, or on a device where nobody is signed in any more."""
    mark = marks.get(session.device_id or session.id)
    return session.is_of_account if mark is None else mark != session.mark
