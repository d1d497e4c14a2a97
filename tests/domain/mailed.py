"""Conversations on a server that sends mail, and people who want some."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from parley.config import Config
from parley.domain import (
    conversations,
    mail_wishes,
    messages,
    participants,
    sessions,
)
from parley.domain.context import Context
from parley.domain.mailing import Mailing, Shown
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.records import Conversation, Participant, Session
from tests.databases import beside
from tests.mail.postbox import Postbox, text_of

if TYPE_CHECKING:
    from tests.domain.conftest import Clock

ADDRESS = "ben@example.org"
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
SHOWN = Shown(
    title=lambda conversation: conversation.title,
    excerpt=lambda text: text,
    link=lambda conversation: f"http://localhost/conversation/{conversation.room_id}",
)


@dataclass
class Guest:
    """Somebody in a conversation, and their session."""

    session: Session
    person: Participant

    @property
    def id(self) -> str:
        return self.person.user_id


@dataclass
class House:
    """A server that sends mail, and the box it goes to."""

    context: Context
    clock: Clock
    box: Postbox
    mailing: Mailing = field(init=False)

    def __post_init__(self) -> None:
        self.starts_again()

    def starts_again(self) -> None:
        """As after a stop, or a kill: nothing is known but what is stored."""
        self.mailing = Mailing(self.context, SHOWN)

    async def goes_on(self, time: timedelta) -> None:
        """So much time passes, then it is looked what there is to send."""
        self.clock.goes_on(time)
        await self.mailing.round()

    async def starts(self, title: str = "Tea") -> tuple[Conversation, Guest]:
        """A conversation of Ada's, who has joined it."""
        created = await conversations.create(self.context, None, title=title)
        session = await sessions.resolve(self.context, created.token)
        return created.conversation, await self.joins(created.conversation, "Ada", session)

    async def joins(
        self, conversation: Conversation, name: str, session: Session | None = None
    ) -> Guest:
        joining = Joining(session, username=name)
        joined = await participants.join(self.context, conversation.room_id, joining)
        if joined.token is not None:
            session = await sessions.resolve(self.context, joined.token)
        assert session is not None
        return Guest(session, joined.participant)

    async def says(
        self, conversation: Conversation, guest: Guest, text: str, reply_to: str = ""
    ) -> str:
        self.clock.goes_on(timedelta(seconds=1))
        draft = Draft(text, reply_to=reply_to)
        sent = await messages.send_as(self.context, conversation.room_id, guest.session, draft)
        return sent.message.id

    async def wants(self, guest: Guest, address: str = ADDRESS, *, words: bool = False) -> None:
        """They give an address, and its owner confirms that."""
        await mail_wishes.ask(self.context, guest.session, address, words=words)
        await self.mailing.round()
        await mail_wishes.confirm(self.context, code_in(self.box.mails[-1], "confirm"))
        self.box.mails.clear()

    def told(self, address: str = ADDRESS) -> list[EmailMessage]:
        """The mails about new messages that came."""
        return [mail for mail in self.box.to(address) if "New messages" in str(mail["Subject"])]


def code_in(mail: EmailMessage, kind: str) -> str:
    """The code of the link in a mail."""
    [found] = [line for line in text_of(mail).split() if f"/mail/{kind}/" in line]
    return found.rpartition("/")[2]


def asked(box: Postbox, address: str = ADDRESS) -> int:
    return sum("Confirm" in str(mail["Subject"]) for mail in box.to(address))


Two = tuple[Conversation, Guest, Guest]


def rows(config: Config, statement: str) -> list[Any]:
    with beside(config.data) as connection:
        found: list[Any] = connection.execute(statement).fetchall()
        return found
