"""Whom a message is meant for: the people that "@Name" in it means, and whom it answers."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from parley.contract.terms import MEANT_MAX
from parley.domain import names, naming
from parley.domain.at_names import LOOKS_MAX, ends, folded, may_begin
from parley.errors import NotFound
from parley.grammar import markdown
from parley.records import Answered, Message, Participant
from parley.storage import messages as stored
from parley.storage import naming as held
from parley.storage import participants as stored_participants

People = tuple[tuple[str, str], ...]


class Meaning(Struct, frozen=True):
    """Whom a text means, and what its Markdown comes to with them."""

    people: People = ()
    """Each name as it is written there, without the "@", and the user_id of whom it means."""
    parts: str | None = None

    @property
    def mentions(self) -> str | None:
        """As it is kept and sent: their user_ids in JSON, each once; None for nobody."""
        if not self.people:
            return None
        user_ids = [*dict.fromkeys(user_id for _, user_id in self.people)]
        return msgspec.json.encode(user_ids).decode()


NOBODY = Meaning()


def decide(
    connection: sa.Connection,
    conversation_id: int,
    text: str,
    *,
    parts: str | None,
    chosen: Iterable[str] = (),
    before: Meaning = NOBODY,
) -> Meaning:
    """Whom the text means, of those who are here or have spoken: the longest name that stands
    after an "@" and ends where a word does, and is no code. For use inside a transaction.

    `parts` are what its Markdown comes to, but for them: found before anybody waits for it.
    `chosen` are user_ids: of several people with one name it means the chosen one, else the one
    whose name it is. (Of many names that look alike only the foremost are read: another is meant
    where it is chosen.) `before` is what the text meant before it was edited: whoever bears another
    name since is still meant by the one that stands there.
    """
    people = _people(connection, conversation_id, text, chosen, before) if "@" in text else ()
    if not people:
        return Meaning((), parts) if parts else NOBODY
    return _without_code(text, people)


def meant_by(message: Message) -> Meaning:
    """Whom a message means that is stored, by the names that stand there."""
    if message.mentions is None or message.parts is None:
        return Meaning((), message.parts)
    found = markdown.mentions(message.parts)
    return Meaning(tuple((name, user_id) for user_id, name in found), message.parts)


def answered(connection: sa.Connection, conversation_id: int, message_id: str) -> Answered:
    """What a message answers, by its id. Raises `NotFound` where it is not there, or deleted."""
    message = stored.by_id(connection, conversation_id, message_id)
    if message is None:
        raise NotFound("The message you are replying to isn't here. Send yours without the quote.")
    if message.deleted_at is not None:
        raise NotFound("The message you are replying to was deleted. Send yours without the quote.")
    return stored.as_answered(message)


def note(connection: sa.Connection, message: Message) -> None:
    """Keep whom a message that was just stored is meant for, but for whoever said it."""
    answer = message.answered
    if answer is not None and answer.user_id != message.user_id:
        stored.mention(connection, message, answer.user_id, is_reply=True)
    if message.mentions is not None:
        _note_mentions(connection, message)


def note_again(connection: sa.Connection, message: Message) -> None:
    """The same for one whose text was changed."""
    stored.forget_mentions(connection, message)
    if message.mentions is not None:
        _note_mentions(connection, message)


def _without_code(text: str, people: People) -> Meaning:
    parts = markdown.parts(text, people)
    if parts is None:  # of too many pieces to be shown as Markdown: then nothing of it is code
        return Meaning(people)
    shown = {(name, user_id) for user_id, name in markdown.mentions(parts)}
    return Meaning(tuple(each for each in people if each in shown), parts)


def _people(
    connection: sa.Connection,
    conversation_id: int,
    text: str,
    chosen: Iterable[str],
    before: Meaning,
) -> People:
    at = text.find("@")
    look = _Look(connection, conversation_id, chosen, before)
    people: list[tuple[str, str]] = []
    meant: set[str] = set()
    while at >= 0 and look.left > 0 and len(meant) < MEANT_MAX:
        end, user_id = look.at(text, at + 1) if may_begin(text, at) else (at + 1, None)
        if user_id is not None:
            people.append((text[at + 1 : end], user_id))
            meant.add(user_id)
        at = text.find("@", end)
    return tuple(dict.fromkeys(people))


def _note_mentions(connection: sa.Connection, message: Message) -> None:
    for user_id in msgspec.json.decode(message.mentions or "[]"):
        if user_id != message.user_id:
            stored.mention(connection, message, user_id, is_reply=False)


class _Look:
    """Looking for names in one text, and how often that may still be done."""

    def __init__(
        self,
        connection: sa.Connection,
        conversation_id: int,
        chosen: Iterable[str],
        before: Meaning,
    ) -> None:
        self.left = LOOKS_MAX
        self._connection = connection
        self._conversation_id = conversation_id
        self._known: dict[str, str] = {}
        self._begun: dict[str, tuple[bool, bool]] = {}
        self._held: dict[str, str | None] = {}
        for user_id in list(chosen)[:MEANT_MAX]:
            person = self._person(user_id)
            if person is not None:
                self._known.setdefault(folded(person.username), user_id)
        for name, user_id in before.people:
            if self._person(user_id) is not None:
                self._known.setdefault(folded(name), user_id)
        self._longest_known = max(map(len, self._known), default=0)

    def at(self, text: str, start: int) -> tuple[int, str | None]:
        """Where the longest name that begins there ends, and whose it is; None for no name."""
        candidates: list[tuple[int, str]] = []
        may_be_held = True
        for end in ends(text, start):
            may_be_known = end - start <= 2 * self._longest_known
            self.left -= 1
            if self.left < 0 or not (may_be_held or may_be_known):
                break
            name = folded(text[start:end])
            is_held = name in self._known
            if not is_held and may_be_held:
                is_held, may_be_held = self._begins(name)
            if is_held:
                candidates.append((end, name))
        # Who that is, is asked from the longest on: of many names that begin alike mostly once.
        for end, name in reversed(candidates):
            user_id = self._known.get(name) or self._holder(name)
            if user_id is not None:
                return end, user_id
        return start, None

    def _begins(self, name: str) -> tuple[bool, bool]:
        """Whether somebody's name looks like this one, and whether anybody's begins so."""
        if name not in self._begun:
            self._begun[name] = self._look_up(names.skeleton(name))
        return self._begun[name]

    def _look_up(self, key: str) -> tuple[bool, bool]:
        # Two v next to one another count as a w: what ends in one of them may go on otherwise.
        stem = key.rstrip("vw")
        following = held.next_key(self._connection, self._conversation_id, stem)
        if following is None or not following.startswith(stem):
            return False, False
        return stem != key or following == key, True

    def _holder(self, name: str) -> str | None:
        """Who is called so."""
        if name not in self._held:
            self._held[name] = self._find(name)
        return self._held[name]

    def _find(self, name: str) -> str | None:
        key = names.skeleton(name)
        few = held.marks(self._connection, self._conversation_id, key).of_holders
        holders = held.holders if len(few) <= held.FEW else held.foremost
        people = [
            each
            for each in holders(self._connection, self._conversation_id, key)
            if _can_be_meant(each) and folded(each.username) == name
        ]
        return min(people, key=naming.rank).user_id if people else None

    def _person(self, user_id: str) -> Participant | None:
        person = stored_participants.by_user(self._connection, self._conversation_id, user_id)
        return person if person is not None and _can_be_meant(person) else None


def _can_be_meant(person: Participant) -> bool:
    return person.removed_at is None and (person.left_at is None or person.has_spoken)
