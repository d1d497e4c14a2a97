"""The nouns, and what can happen to them, as frozen structs: cheap to make, one a message.

The ground floor: imports nothing of ours. Storage takes and gives these, the
domain decides on them, the bus carries the events, `present` turns them into
wire objects. Times are timezone-aware and in UTC.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Visibility(StrEnum):
    """Whether a conversation stands in the public list."""

    LISTED = "listed"
    UNLISTED = "unlisted"


class Role(StrEnum):
    """What somebody may do in one conversation. Readers take no part in it."""

    OWNER = "owner"
    MEMBER = "member"
    READER = "reader"


class Standing(StrEnum):
    """What a session is to a conversation, as far as it was let in, invited or put out."""

    OWNER = "owner"
    MEMBER = "member"
    READER = "reader"
    STRANGER = "stranger"
    REMOVED = "removed"


class Session(Struct, frozen=True):
    """Who somebody is: the holder of a secret whose hash we keep."""

    id: int
    created_at: datetime
    token_used: bool
    """Whether the secret was ever presented back to us."""


class Conversation(Struct, frozen=True):
    """One place to talk. `seq` counts its changes: messages, edits, the ending."""

    id: int
    room_id: str
    title: str
    description: str
    visibility: Visibility
    created_at: datetime
    created_by: str
    owner_session_id: int
    ended_at: datetime | None
    seq: int
    message_count: int
    participant_count: int
    last_activity_at: datetime
    is_locked: bool
    """Whether nobody new comes in."""
    is_knock: bool
    """Whether who is new asks first."""
    is_read_only: bool
    """Whether only owners speak."""
    passphrase_hash: str | None
    keep_days: int | None
    """After how many days messages are erased; None for never."""
    erased_through: int
    """Messages up to this seq were erased so."""

    @property
    def is_active(self) -> bool:
        return self.ended_at is None


class Head(Struct, frozen=True):
    """What is looked at before a message is stored: the conversation, and who would say it."""

    seq: int
    """Of the conversation's last change."""
    is_active: bool
    is_read_only: bool
    session_id: int | None
    """Whose that participant is now; None where nobody is called so."""
    username: str
    role: Role
    is_alike: bool
    is_unproven: bool
    is_removed: bool


class Participant(Struct, frozen=True):
    """One person in one conversation; `left_at` is set while they are away for good."""

    conversation_id: int
    user_id: str
    username: str
    session_id: int
    role: Role
    joined_at: datetime
    left_at: datetime | None
    visits: int
    """How often they came in, counted from their first socket on: tells a late leave from a
    newer visit. 0 for who was never on a socket."""
    named_at: datetime
    """Since when they hold their name, or one that can be taken for it."""
    removed_at: datetime | None = None
    """When an owner put them out; None for who was not, or was let back."""
    is_alike: bool = False
    """Whether their name can be taken for that of an owner, or of who holds it longer."""
    unproven_from: str | None = None
    """As long as their token was never used: the key of where they came from, as
    `proof.place_key` has it, empty where nobody noted it. None once they are proven."""
    first_session_id: int | None = None
    """The session that joined as this, where another took it up since."""

    @property
    def is_unproven(self) -> bool:
        return self.unproven_from is not None

    def visits_next(self, *, on_socket: bool) -> int:
        """`visits` once they come again."""
        return self.visits + 1 if on_socket or self.visits else 0


class Message(Struct, frozen=True):
    """What somebody said, at its place `seq` in the conversation's log."""

    conversation_id: int
    seq: int
    id: str
    changed_seq: int
    user_id: str
    username: str
    text: str
    type: str
    sent_at: datetime
    client_id: str | None
    role: Role = Role.MEMBER
    """Of whoever said it, then."""
    is_alike: bool = False
    """Whether their name could be taken for another's, then."""
    is_unproven: bool = False
    """Whether they had never used their token, then."""
    deleted_at: datetime | None = None
    """When it was deleted: its text is gone."""


class Link(Struct, frozen=True):
    """A link that gives a role; its code is known only to those it was given."""

    id: int
    conversation_id: int
    role: Role
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    uses: int
    """How many people came in by it."""
    uses_max: int | None
    last_used_at: datetime | None


class Knock(Struct, frozen=True):
    """Somebody who asks to be let in."""

    id: str
    conversation_id: int
    session_id: int
    username: str
    asked_at: datetime
    answer: str | None
    """`admitted` or `declined`; `crowded_out` where it made room for another; None while
    nobody answered."""
    room_id: str
    """At which they knocked: a newer one is not for strangers to learn."""
    place: str = ""
    """The key of where they knocked from; empty where nobody noted it."""


class AtTheDoor(Struct, frozen=True):
    """How it stands with somebody who may have to knock."""

    may_come_in: bool
    """As they are, without knocking."""
    knock: Knock | None
    is_locked: bool = False
    """Whether nobody new comes in just now."""


class Act(Struct, frozen=True):
    """Something an owner did, as the list of acts tells it."""

    id: int
    at: datetime
    who: str
    act: str
    about: str


class ListPosition(Struct, frozen=True):
    """Where a page of the list goes on: behind the conversation last seen."""

    last_activity_at: datetime
    id: int


class PeoplePosition(Struct, frozen=True):
    """Where the list of people goes on: behind the one last seen."""

    joined_at: datetime
    user_id: str


class Snapshot(Struct, frozen=True):
    """A conversation as it stands at `conversation.seq`: who is in it, and its newest messages."""

    conversation: Conversation
    standing: Standing
    """What the one who asked is to it."""
    person: Participant | None
    """And who they are in it, if they ever joined."""
    participants: tuple[Participant, ...]
    """The first of those who are in it: see `domain.people.first`."""
    messages: tuple[Message, ...]
    has_more: bool
    """Whether there are messages older than these."""
    newest_message_seq: int
    """The seq of the last message of all, 0 where there is none: are these the newest?"""
    people_cursor: str | None = None
    """Where the list goes on with those who are not among `participants`; None where all are."""
    online: frozenset[str] = frozenset()
    """The user ids that hold an open socket in the conversation, of those it tells of."""
    online_count: int = 0
    """How many people do in all."""
    is_delta: bool = False
    """Whether `messages` are only those that changed after the seq that was asked for."""


class Recent(Struct, frozen=True):
    """A conversation as it stands, with enough of what changed lately to tell whoever was away."""

    snapshot: Snapshot
    """As for somebody new."""
    changes: tuple[Message, ...]
    """Every message that changed after `since`, in the order of their changes."""
    since: int


class Changes(Struct, frozen=True):
    """What changed in a conversation after a seq, in order, known up to `seq`."""

    seq: int
    messages: tuple[Message, ...]
    more: bool
    is_active: bool
    erased_through: int


class Overview(Struct, frozen=True):
    """A conversation as its owners see it."""

    conversation: Conversation
    person: Participant | None
    """Who the one who asks is in it, if they ever joined."""
    participants: tuple[Participant, ...]
    """A page of those who are in it, or those of the name that was looked for."""
    people_cursor: str | None
    """Where the list goes on, if it does."""
    waiting: tuple[Knock, ...]
    """Who asks to be let in, the longest waiting first."""
    removed: tuple[Participant, ...]
    """The latest first."""
    left: tuple[Participant, ...]
    """Who left by themselves, the latest first; of many only those."""
    left_count: int
    """How many that are in all."""
    nameless: int
    """How many came in by the passphrase or an answered knock, and gave no name."""
    links: tuple[Link, ...]
    """Every one that was made, the newest first."""
    acts: tuple[Act, ...]
    """The newest first, or those before one."""
    has_older_acts: bool = False


# What happened: published on the bus after the commit, in commit order.


class MessageSent(Struct, frozen=True):
    message: Message

    @property
    def conversation_id(self) -> int:
        return self.message.conversation_id


class ParticipantArrived(Struct, frozen=True):
    participant: Participant
    participant_count: int

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class ParticipantLeft(Struct, frozen=True):
    participant: Participant
    participant_count: int

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class ParticipantProven(Struct, frozen=True):
    """They used their token for the first time."""

    room_id: str
    participant: Participant

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class ParticipantWonBack(Struct, frozen=True):
    """Whoever joined as them first came with the token: another session is them no more."""

    room_id: str
    participant: Participant

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class TypingChanged(Struct, frozen=True):
    conversation_id: int
    user_id: str
    username: str
    is_typing: bool


class ConversationEnded(Struct, frozen=True):
    conversation_id: int
    room_id: str
    seq: int
    ended_at: datetime


class MessageChanged(Struct, frozen=True):
    message: Message

    @property
    def conversation_id(self) -> int:
        return self.message.conversation_id


class ConversationChanged(Struct, frozen=True):
    """Its title, its description or what its owners decided."""

    conversation: Conversation

    @property
    def conversation_id(self) -> int:
        return self.conversation.id


class LinkReplaced(Struct, frozen=True):
    conversation_id: int
    old_room_id: str
    room_id: str


class ParticipantRemoved(Struct, frozen=True):
    room_id: str
    participant: Participant
    participant_count: int

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class Knocked(Struct, frozen=True):
    """For owners alone."""

    room_id: str
    knock: Knock

    @property
    def conversation_id(self) -> int:
        return self.knock.conversation_id


class KnockAnswered(Struct, frozen=True):
    """For owners, and for who knocked."""

    room_id: str
    knock: Knock

    @property
    def conversation_id(self) -> int:
        return self.knock.conversation_id


class RoleChanged(Struct, frozen=True):
    """Somebody is an owner no more."""

    room_id: str
    participant: Participant

    @property
    def conversation_id(self) -> int:
        return self.participant.conversation_id


class GrantsTakenBack(Struct, frozen=True):
    """Who read or owned by a link that is valid no more, or came in at a door that changed."""

    conversation_id: int
    session_ids: tuple[int, ...]
    is_open: bool = False
    """Whether they may read on as strangers."""


class MessagesErased(Struct, frozen=True):
    """Everything said up to a seq is gone, for its time was over."""

    conversation_id: int
    room_id: str
    through: int
    seq: int


class ConversationDeleted(Struct, frozen=True):
    conversation_id: int
    room_id: str


class SessionRenewed(Struct, frozen=True):
    """Another token proves a session from now on."""

    session_id: int
    socket: str | None
    """The socket that was given the token, if one was."""


Event = (
    MessageSent
    | ParticipantArrived
    | ParticipantLeft
    | ParticipantProven
    | ParticipantWonBack
    | TypingChanged
    | ConversationEnded
    | MessageChanged
    | ConversationChanged
    | LinkReplaced
    | ParticipantRemoved
    | Knocked
    | KnockAnswered
    | GrantsTakenBack
    | RoleChanged
    | MessagesErased
    | ConversationDeleted
    | SessionRenewed
)
