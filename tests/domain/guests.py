"""People on several devices: guests with conversations, and one with an account."""

from __future__ import annotations

from dataclasses import dataclass

from parley.domain import accounts, conversations, messages, participants, recovery, sessions
from parley.domain.accounts import Entered, Where
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.records import Conversation, Participant, Session
from parley.storage import participants as stored

PHONE = Where("Firefox on Android", "203.0.113.0/24")
DESK = Where("Safari on Mac", "198.51.100.0/24")


@dataclass
class Device:
    """A browser or a program, and the secret it holds."""

    context: Context
    token: str | None = None

    async def session(self) -> Session:
        found = await sessions.resolve(self.context, self.token)
        assert found is not None
        return found

    async def is_known(self) -> bool:
        return await sessions.resolve(self.context, self.token) is not None

    async def starts(self, title: str = "Tea", name: str | None = "Ana") -> Conversation:
        known = await self.session() if self.token else None
        created = await conversations.create(self.context, known, title=title)
        self.token = created.token or self.token
        if name is not None:
            await self.joins(created.conversation, name)
        return created.conversation

    async def joins(self, conversation: Conversation, name: str | None = None) -> Participant:
        known = await self.session() if self.token else None
        joining = Joining(known, username=name, keeps_cookie=True)
        joined = await participants.join(self.context, conversation.room_id, joining)
        self.token = joined.token or self.token
        return joined.participant

    async def says(self, conversation: Conversation, text: str) -> str:
        sent = await messages.send_as(
            self.context, conversation.room_id, await self.session(), Draft(text)
        )
        return sent.message.id

    async def is_in(self, conversation: Conversation) -> Participant | None:
        """Whom it is there."""
        mine = await self.session()
        return await self.context.database.read(stored.by_session, conversation.id, mine.id)

    async def keeps(self, name: str = "Ana", where: Where = PHONE) -> tuple[str, ...]:
        """Start an account; the recovery codes."""
        known = await self.session() if self.token else None
        started = await recovery.start(self.context, known, where, name)
        self.token = started.entered.token
        return started.codes

    async def signs_in(self, code: str, *, bring: bool = True, where: Where = DESK) -> Entered:
        known = await self.session() if self.token else None
        entered = await recovery.sign_in(self.context, known, where, code, bring=bring)
        self.token = entered.token or self.token
        return entered

    async def mine(self) -> accounts.Mine:
        found = await accounts.mine(self.context, await self.session())
        assert found is not None
        return found
