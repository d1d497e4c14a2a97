"""What happened: published on the bus after the commit, in commit order."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from parley.records.accounts import Look
from parley.records.claims import Claim
from parley.records.conversations import Conversation
from parley.records.knocks import Knock
from parley.records.messages import Message
from parley.records.participants import Participant
from parley.records.readings import Reading
from parley.records.sessions import Session


class MessageSent(Struct, frozen=True, tag=True):
    message: Message

    @property
    def conversation_id(self) -> int:
        return self.message.conversation_id


class ParticipantArrived(Struct, frozen=True, tag=True):
    participant: Participant
    participant_count: int

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class ParticipantLeft(Struct, frozen=True, tag=True):
    participant: Participant
    participant_count: int
    is_everywhere: bool = False
    """Whether they left on all their devices, by their own wish."""

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class PartChanged(Struct, frozen=True, tag=True):
    """Somebody came in, or left for good, of which nobody else is told."""

    conversation_id: int
    session_id: int


class ParticipantProven(Struct, frozen=True, tag=True):
    """They used their token for the first time."""

    room_id: str
    participant: Participant

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class ParticipantWonBack(Struct, frozen=True, tag=True):
    """Whoever joined as them first came with the token: another session is them no more."""

    room_id: str
    participant: Participant

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class ReadingMoved(Struct, frozen=True, tag=True):
    """Somebody read on, or shows it or not from now on."""

    conversation_id: int
    room_id: str
    session_id: int
    """Theirs."""
    reading: Reading
    is_shown: bool
    """Whether the others are told how far they have read."""
    is_withdrawn: bool = False
    """Whether the others were told until now."""
    socket: str | None = None
    """The one that they told it on, which need not hear of it."""


class TypingChanged(Struct, frozen=True, tag=True):
    conversation_id: int
    user_id: str
    username: str
    is_typing: bool


class ConversationEnded(Struct, frozen=True, tag=True):
    conversation_id: int
    room_id: str
    seq: int
    ended_at: datetime


class MessageChanged(Struct, frozen=True, tag=True):
    message: Message

    @property
    def conversation_id(self) -> int:
        return self.message.conversation_id


class ConversationChanged(Struct, frozen=True, tag=True):
    """Its title, its description or what its owners decided."""

    conversation: Conversation

    @property
    def conversation_id(self) -> int:
        return self.conversation.id


class LinkReplaced(Struct, frozen=True, tag=True):
    conversation_id: int
    old_room_id: str
    room_id: str


class ParticipantRemoved(Struct, frozen=True, tag=True):
    room_id: str
    participant: Participant
    participant_count: int

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class Knocked(Struct, frozen=True, tag=True):
    """For owners alone."""

    room_id: str
    knock: Knock

    @property
    def conversation_id(self) -> int:
        return self.knock.conversation_id


class KnockAnswered(Struct, frozen=True, tag=True):
    """For owners, and for who knocked."""

    room_id: str
    knock: Knock

    @property
    def conversation_id(self) -> int:
        return self.knock.conversation_id


class LookChanged(Struct, frozen=True, tag=True):
    """Somebody's mark looks otherwise from now on."""

    conversation_id: int
    room_id: str
    look: Look


class RoleChanged(Struct, frozen=True, tag=True):
    """Somebody is an owner no more, or is one now."""

    room_id: str
    participant: Participant

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class InviteMade(Struct, frozen=True, tag=True):
    """An account is invited. For its own devices alone."""

    conversation_id: int
    session_id: int


class InviteAnswered(Struct, frozen=True, tag=True):
    """It said something to that. For its own devices alone."""

    conversation_id: int
    session_id: int


class Claimed(Struct, frozen=True, tag=True):
    """Somebody claims to be a person whose words were imported. For owners alone."""

    room_id: str
    claim: Claim

    @property
    def conversation_id(self) -> int:
        return self.claim.conversation_id


class ClaimAnswered(Struct, frozen=True, tag=True):
    """For owners, and for who claimed."""

    room_id: str
    claim: Claim
    is_agreed: bool

    @property
    def conversation_id(self) -> int:
        return self.claim.conversation_id


class ConversationImported(Struct, frozen=True, tag=True):
    """What was said elsewhere is all there."""

    conversation_id: int


class ParticipantClaimed(Struct, frozen=True, tag=True):
    """The session of one is another from now on, whose words were imported."""

    room_id: str
    before: Participant
    now: Participant

    @property
    def conversation_id(self) -> int:
        return self.now.conversation_id


class GrantsTakenBack(Struct, frozen=True, tag=True):
    """Who read or owned by a link that is valid no more, or came in at a door that changed."""

    conversation_id: int
    session_ids: tuple[int, ...]
    is_open: bool = False
    """Whether they may read on as strangers."""


class EpochBegan(Struct, frozen=True, tag=True):
    """Another key is used from here on in an encrypted conversation."""

    conversation_id: int
    room_id: str
    number: int
    seq: int


class MessagesErased(Struct, frozen=True, tag=True):
    """Everything said up to a seq is gone, for its time was over."""

    conversation_id: int
    room_id: str
    through: int
    seq: int


class ConversationDeleted(Struct, frozen=True, tag=True):
    conversation_id: int
    room_id: str


class SessionRenewed(Struct, frozen=True, tag=True):
    """Another token proves a session from now on; or on a device of an account, none does."""

    session_id: int
    socket: str | None
    """The socket that was given the token, if one was."""
    device_id: int = 0
    """Where the token was kept; 0 where the session says it."""
    is_over: bool = False
    """Whether the device was signed out: nobody who held the token is anybody any more."""

    def concerns(self, session: Session) -> bool:
        """Whether this session was held by the token before."""
        return session.id == self.session_id and self.device_id in (0, session.device_id)


class DevicesChanged(Struct, frozen=True, tag=True):
    """A session has a device that is notified, or has none any more."""

    session_id: int
    has_any: bool

    @property
    def conversation_id(self) -> int:
        return 0


class HostChanged(Struct, frozen=True, tag=True):
    """Whoever runs the server decided something for all of it."""

    @property
    def conversation_id(self) -> int:
        return 0


class ReportsChanged(Struct, frozen=True, tag=True):
    """Something was reported, or the host is done with a report."""

    is_new: bool

    @property
    def conversation_id(self) -> int:
        return 0


class WebhooksChanged(Struct, frozen=True, tag=True):
    """A webhook was made, changed or removed. For whoever sends to them alone."""

    conversation_id: int


class CallChanged(Struct, frozen=True, tag=True):
    """Somebody came into a call or left it, or what they send is another."""

    conversation_id: int
    news: Literal["", "began", "people", "over"] = ""
    """Whether it is another call than before, or others are in it."""


class CallTold(Struct, frozen=True, tag=True):
    """What an owner did in a call, for these peers."""

    conversation_id: int
    what: Literal["muted", "put_out", "ended"]
    by: str
    """The owner's name; empty where they never joined."""
    peers: tuple[str, ...]


class CallSignalled(Struct, frozen=True, tag=True):
    """A piece of what one browser tells another, to connect: on its way alone, stored nowhere."""

    conversation_id: int
    from_peer: str
    to_peer: str
    piece: int
    """Counted from 0."""
    pieces: int
    data: str
    """Of its JSON."""


class Asked(Struct, frozen=True, tag=True):
    """Somebody wants something of a bot: for it alone. What, is stored."""

    conversation_id: int
    ask_id: str
    bot: str
    """Its user_id."""


class AskAnswered(Struct, frozen=True, tag=True):
    """A bot answered: for whoever asked alone."""

    conversation_id: int
    ask_id: str
    text: str


Event = (
    MessageSent
    | ParticipantArrived
    | ParticipantLeft
    | ParticipantProven
    | ParticipantWonBack
    | PartChanged
    | ReadingMoved
    | TypingChanged
    | ConversationEnded
    | MessageChanged
    | ConversationChanged
    | LinkReplaced
    | ParticipantRemoved
    | Knocked
    | KnockAnswered
    | InviteMade
    | InviteAnswered
    | Claimed
    | ClaimAnswered
    | ParticipantClaimed
    | ConversationImported
    | GrantsTakenBack
    | RoleChanged
    | LookChanged
    | EpochBegan
    | MessagesErased
    | ConversationDeleted
    | SessionRenewed
    | DevicesChanged
    | HostChanged
    | ReportsChanged
    | WebhooksChanged
    | CallChanged
    | CallTold
    | CallSignalled
    | Asked
    | AskAnswered
)


def seq_of(event: Event) -> int:
    """Its place in the log of its conversation; 0 for what has none."""
    match event:
        case MessageSent():
            return event.message.seq
        case MessageChanged():
            return event.message.changed_seq
        case ConversationEnded() | MessagesErased() | EpochBegan():
            return event.seq
    return 0


def conversation_of(event: Event) -> int:
    """The id of the conversation that it happened in; 0 for what concerns a session everywhere."""
    return 0 if isinstance(event, SessionRenewed) else event.conversation_id
