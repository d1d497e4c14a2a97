"""Storing what is said: all that waits to be said at once, so that each costs less."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import MESSAGE_MAX_CHARS
from parley.domain import access, chatter, envelopes, files, meaning, text
from parley.domain.context import Context
from parley.errors import ConversationNotFound, Forbidden, ParleyError
from parley.records import Head, Message, Participant, Role
from parley.storage import bots as stored_bots
from parley.storage import conversations as stored_conversations
from parley.storage import files as stored_files
from parley.storage import messages as stored
from parley.storage import participants as stored_participants
from parley.storage import saying as stored_saying
from parley.storage import sessions as stored_sessions

KEY_BYTES = 9
"""What nobody can guess of a message's id; before it stands the seq."""
_KEY_CHARS = KEY_BYTES * 4 // 3


class Sent(Struct, frozen=True):
    message: Message
    duplicate: bool
    """Whether it was stored before, under the same client_id."""


class Draft(Struct, frozen=True):
    """What somebody wants to say."""

    text: str
    type: str | None = None
    client_id: str | None = None
    reply_to: str | None = None
    """The id of the message it answers."""
    mentions: tuple[str, ...] = ()
    """The user_ids of those who were chosen, of several with the names in it."""
    attachments: tuple[str, ...] = ()
    """The ids of files that whoever sends it uploaded."""
    buttons: str | None = None
    """What a bot puts under it, as it is kept."""
    parts: str | None = None
    """What its Markdown comes to. Found as it is sent, before anybody waits for its storing."""


class Apart(Exception):
    """These can't be stored in one go."""


class Saying(Struct, frozen=True):
    """A work of the writer, that goes together with others."""

    context: Context
    sender: Participant
    draft: Draft

    def __call__(self, connection: sa.Connection) -> Sent:
        """Store it. Raises `ParleyError`s."""
        [outcome] = Saying.together(connection, [self])
        if isinstance(outcome, ParleyError):
            raise outcome
        return outcome

    @staticmethod
    def together(connection: sa.Connection, works: Sequence[Saying]) -> list[Sent | ParleyError]:
        """Store them. Raises `Apart`."""
        wanted = {(work.sender.conversation_id, work.sender.user_id) for work in works}
        heads = stored_conversations.heads(connection, wanted)
        batch = _Batch(connection, heads, len(works), works[0].context.clock())
        outcomes = [batch.outcome(work) for work in works]
        if not batch.said:
            return outcomes
        if stored_saying.say(connection, batch.said, batch.counted, at=batch.at):
            batch.note()
            return outcomes
        if len(works) > 1:
            raise Apart("Some of it was said before.")
        [(message, session_id)] = batch.said
        first = stored.by_client_id(
            connection, message.conversation_id, session_id, message.client_id
        )
        if first is None:
            raise Apart("It was said before, and isn't there.")
        return [Sent(first, duplicate=True)]


class _Batch:
    """What goes into one statement, and what has to be noted after it."""

    def __init__(
        self,
        connection: sa.Connection,
        heads: Mapping[tuple[int, str], Head],
        count: int,
        at: datetime,
    ) -> None:
        self.said: list[tuple[Message, int]] = []
        """With the session that says it."""
        self._connection = connection
        self._heads = heads
        self.at = at
        keys = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES * count)).decode()
        self._keys = [keys[begin : begin + _KEY_CHARS] for begin in range(0, len(keys), _KEY_CHARS)]
        self.counted: dict[int, tuple[int, int]] = {}
        """By conversation, its seq by now, and how much is said."""
        self._by_client_id: dict[tuple[int, int, str], Message] = {}
        self._attached: list[tuple[tuple[str, ...], int]] = []
        """The files that a message names, and its seq."""
        self._new_speakers: set[tuple[int, str]] = set()

    def outcome(self, saying: Saying) -> Sent | ParleyError:
        """What comes of it, if all can be stored."""
        sender, draft = saying.sender, saying.draft
        conversation_id, session_id = sender.conversation_id, sender.session_id
        head = self._heads.get((conversation_id, sender.user_id))
        if head is None:
            return ConversationNotFound()
        try:
            access.require_still_there(head, sender)
        except ParleyError as error:
            return error
        if draft.client_id is not None:
            first = self._by_client_id.get((conversation_id, session_id, draft.client_id))
            if first is not None:
                return Sent(first, duplicate=True)
        try:
            message = self._composed(head, sender, draft)
        except ParleyError as error:
            # Who missed the answer may ask again, though what they said could not be said now.
            first = stored.by_client_id(
                self._connection, conversation_id, session_id, draft.client_id
            )
            return error if first is None else Sent(first, duplicate=True)
        self._add(message, session_id)
        if not head.has_spoken:
            self._new_speakers.add((conversation_id, sender.user_id))
        return Sent(message, duplicate=False)

    def note(self) -> None:
        """That it was stored."""
        connection = self._connection
        for ids, seq in self._attached:
            stored_files.send(connection, ids, seq=seq)
        for message, _ in self.said:
            if message.role is Role.BOT:
                stored_bots.note_acted(
                    connection, message.conversation_id, message.user_id, at=self.at
                )
            if message.answered is not None or message.mentions is not None:
                meaning.note(connection, message)
        for conversation_id, user_id in self._new_speakers:
            stored_participants.note_spoken(connection, conversation_id, user_id)

    def _composed(self, head: Head, sender: Participant, draft: Draft) -> Message:
        connection, conversation_id = self._connection, sender.conversation_id
        if head.role is Role.BOT:
            self._require_bot(sender)
        elif draft.buttons:
            raise Forbidden("Only bots can put buttons under a message.")
        is_bound = head.is_read_only or head.is_for_others
        introduces = head.is_encrypted and is_bound and not draft.attachments
        access.require_speaking(
            head,
            introduces=introduces and envelopes.is_introduction(draft.text, type=draft.type),
        )
        if head.is_encrypted:
            envelopes.require_new(
                draft.text,
                type=draft.type,
                client_id=draft.client_id,
                names_others=bool(draft.reply_to or draft.mentions),
                epoch=head.epoch,
            )
        elif len(draft.text) > MESSAGE_MAX_CHARS:
            text.message(draft.text)
        answered = None
        if draft.reply_to:
            answered = meaning.answered(connection, conversation_id, draft.reply_to)
        attached = files.attachable(
            connection, conversation_id, sender.session_id, draft.attachments
        )
        meant = meaning.NOBODY
        if not head.is_encrypted:
            meant = meaning.decide(
                connection, conversation_id, draft.text, parts=draft.parts, chosen=draft.mentions
            )
        seq, _ = self.counted.get(conversation_id, (head.seq, 0))
        seq += 1
        message = Message(
            conversation_id,
            seq,
            f"{seq}-{self._keys.pop()}",
            seq,
            sender.user_id,
            head.username,
            draft.text or files.names(attached),
            draft.type or "text",
            self.at,
            draft.client_id,
            head.role,
            head.is_alike,
            head.is_unproven,
            answered=answered,
            mentions=meant.mentions,
            parts=meant.parts,
            attachments=files.together(attached),
            buttons=draft.buttons or None,
        )
        if draft.attachments:
            self._attach(draft.attachments, seq)
        return message

    def _require_bot(self, sender: Participant) -> None:
        """It may speak, by what is stored now, and does not talk with bots alone."""
        connection, said = self._connection, [message for message, _ in self.said]
        access.require_allowed(stored_sessions.by_id(connection, sender.session_id), ("write",))
        chatter.require_company(
            connection, sender.conversation_id, sender.user_id, at=self.at, before=said
        )

    def _attach(self, ids: tuple[str, ...], seq: int) -> None:
        """Of two messages that name one file only the first may: that it does isn't noted yet."""
        if any(not set(ids).isdisjoint(others) for others, _ in self._attached):
            raise Apart("Two of them name the same file.")
        self._attached.append((ids, seq))

    def _add(self, message: Message, session_id: int) -> None:
        conversation_id = message.conversation_id
        _, count = self.counted.get(conversation_id, (0, 0))
        self.counted[conversation_id] = (message.seq, count + 1)
        self.said.append((message, session_id))
        if message.client_id is not None:
            self._by_client_id[conversation_id, session_id, message.client_id] = message
