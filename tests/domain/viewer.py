"""Somebody who looks once and then only listens: old state and events make the new state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from parley.records import (
    ConversationEnded,
    Event,
    Message,
    MessageChanged,
    MessageSent,
    ParticipantArrived,
    ParticipantLeft,
    Snapshot,
)


@dataclass
class Viewer:
    seq: int = 0
    is_active: bool = True
    messages: list[Message] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    """Names by user id."""

    @classmethod
    def looks(cls, snapshot: Snapshot) -> Viewer:
        return cls(
            snapshot.conversation.seq,
            snapshot.conversation.is_active,
            list(snapshot.messages),
            {person.user_id: person.username for person in snapshot.participants},
        )

    def hears(self, event: Event) -> None:
        match event:
            case MessageSent(message=message):
                self._counts(message.seq)
                self.messages.append(message)
            case MessageChanged(message=message):
                self._counts(message.changed_seq)
                self.messages = changed_in(self.messages, message)
            case ConversationEnded(seq=seq):
                self._counts(seq)
                self.is_active = False
            case ParticipantArrived(participant=person):
                self.people[person.user_id] = person.username
            case ParticipantLeft(participant=person):
                del self.people[person.user_id]

    def _counts(self, seq: int) -> None:
        assert self.is_active, "nothing comes after the end"
        assert seq == self.seq + 1
        self.seq = seq

    def agrees(self, fresh: Snapshot, here: dict[str, str]) -> None:
        """`here` are the names of all who are on a socket or just lost it.

        Of those who joined over REST alone no event tells: they may be missing.
        """
        now = Viewer.looks(fresh)
        assert (self.seq, self.is_active) == (now.seq, now.is_active)
        assert self.messages[-len(now.messages) :] == now.messages
        assert self.people.keys() <= now.people.keys()
        assert now.people.items() >= here.items()
        assert self.people.items() >= here.items()


def changed_in(messages: Iterable[Message], message: Message) -> list[Message]:
    """With the message as it is now, and what answers it telling so."""
    return [message if each.seq == message.seq else quoting(each, message) for each in messages]


def quoting(answer: Message, message: Message) -> Message:
    """The same, but for what it quotes, where that is the message that changed."""
    quoted = answer.answered
    if quoted is None or quoted.id != message.id:
        return answer
    is_gone = message.deleted_at is not None
    return replace(answer, answered=replace(quoted, begins=message.text, is_gone=is_gone))
