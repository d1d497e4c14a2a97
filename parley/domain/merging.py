"""Two sessions become one person: whoever was a guest on one device, and has an account on another.

What only the guest took part in goes on unchanged, under the same user_id and name. Where both take
part, the account's goes on, with what either may do there and has read, and the guest leaves; where
the account's was removed or left for good, the guest's does. What the guest said stays as it was
said, and is theirs to edit and delete. Nobody learns of it elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import names, naming
from parley.domain.context import Context
from parley.errors import BadRequest
from parley.records import (
    DevicesChanged,
    Event,
    PartChanged,
    Participant,
    ParticipantLeft,
    Reading,
    Role,
    Session,
    SessionRenewed,
)
from parley.storage import claims as stored_claims
from parley.storage import conversations as stored_conversations
from parley.storage import grants, looks, readings
from parley.storage import merging as stored
from parley.storage import participants as stored_participants
from parley.storage import sessions as stored_sessions
from parley.storage.merging import Has

PARTS_MAX = 1_000
"""Conversations that one session brings into an account: all in one transaction, in which nobody
else can write. A person has a few; a program with more of them keeps its token."""
SENT_AGAIN_WITHIN = timedelta(hours=1)
"""So long ago somebody may have said what they send again now, as they got no answer."""
_TOO_MANY = (
    f"This browser takes part in more than {PARTS_MAX} conversations: too many to bring along."
)
_RANK = {Role.READER: 0, Role.MEMBER: 1, Role.OWNER: 2}


class Merged(Struct, frozen=True):
    """What has to be told of it."""

    guest: Session
    principal_id: int
    events: tuple[Event, ...]
    moved: tuple[Participant, ...]
    """Those who go on under another session."""
    marked: tuple[tuple[Participant, int], ...]
    """Whose mark is another by it, and how many are there."""
    has_devices: bool


def count(connection: sa.Connection, session: Session) -> int:
    """In how many conversations it has anything, counted up to a little more than may be merged."""
    found = stored.has(connection, session.id, limit=PARTS_MAX + 1)
    return len(found.conversations)


def merge(
    context: Context,
    connection: sa.Connection,
    guest: Session,
    principal_id: int,
    *,
    added_by: int,
    at: datetime,
) -> Merged:
    """All that is a guest's is an account's from now on, and so is the guest. `added_by` is the
    device that they are signed in on now. For use inside a transaction. Raises `BadRequest` for
    what is too much at once.
    """
    has = stored.has(connection, guest.id, limit=PARTS_MAX + 1)
    if has.most > PARTS_MAX:
        raise BadRequest(_TOO_MANY)
    merging = _Merging(context, connection, guest.id, principal_id, at)
    merging.people(has)
    merging.rights(has)
    had_devices = stored.give_rest(connection, guest.id, principal_id, added_by=added_by)
    stored_sessions.become(connection, guest.id, principal_id)
    stored.end(connection, guest.id, at=at)
    parts = [PartChanged(id, principal_id) for id in sorted(has.conversations)]
    return Merged(
        guest,
        principal_id,
        (*merging.events, *parts),
        tuple(merging.moved),
        tuple(merging.marked),
        had_devices,
    )


def tell(context: Context, merged: Merged) -> None:
    for person in merged.moved:
        context.presence.update(person)
    context.notified.discard(merged.guest.id)
    if merged.has_devices:
        context.notified.add(merged.principal_id)
        context.notices_changed.set()
        context.bus.publish(DevicesChanged(merged.guest.id, has_any=False))
        context.bus.publish(DevicesChanged(merged.principal_id, has_any=True))
    for event in merged.events:
        if isinstance(event, ParticipantLeft):
            context.presence.forget(event.participant)
        context.bus.publish(event)
    for person, among in merged.marked:
        naming.tell(context, [person], among)
    context.bus.publish(SessionRenewed(merged.guest.id, None, merged.guest.device_id))


class _Merging:
    """One at work."""

    def __init__(
        self,
        context: Context,
        connection: sa.Connection,
        guest_id: int,
        principal_id: int,
        at: datetime,
    ) -> None:
        self._context = context
        self._connection = connection
        self._guest_id, self._principal_id, self._at = guest_id, principal_id, at
        self.events: list[Event] = []
        self.moved: list[Participant] = []
        self.marked: list[tuple[Participant, int]] = []

    def people(self, has: Has) -> None:
        """Whom the guest is, the account is."""
        for person in has.people:
            own = stored_participants.by_session(
                self._connection, person.conversation_id, self._principal_id
            )
            if own is None:
                self._give_recent(person.conversation_id)
                self.moved.append(
                    stored_participants.change(
                        self._connection, person, session_id=self._principal_id
                    )
                )
            else:
                self._become_one(own, person)

    def rights(self, has: Has) -> None:
        """What the guest may do, the account may."""
        stored.own(self._connection, self._guest_id, self._principal_id, has.owned)
        for id in has.owned:
            person = self._own_in(id)
            if person is not None and person.removed_at is not None:
                # Nobody can remove who started it.
                person = stored_participants.change(self._connection, person, removed_at=None)
            self._raise(person, Role.OWNER)
        for grant in has.grants:
            person = self._own_in(grant.conversation_id)
            if grant.is_founder and person is not None and person.removed_at is not None:
                person = stored_participants.change(self._connection, person, removed_at=None)
            is_out = person is not None and person.removed_at is not None
            stored.give_grant(
                self._connection, self._guest_id, None if is_out else self._principal_id, grant
            )
            if not is_out:
                self._raise(person, grant.role)
        # Where the account owns, it need not have been anybody until now.
        self.moved = [self._as_owner(person) for person in self.moved]

    def _as_owner(self, person: Participant) -> Participant:
        if not self._owns(person.conversation_id):
            return person
        return stored_participants.change(
            self._connection, person, removed_at=None, role=Role.OWNER.value
        )

    def _owns(self, conversation_id: int) -> bool:
        conversation = stored_conversations.by_id(self._connection, conversation_id)
        if conversation is not None and conversation.owner_session_id == self._principal_id:
            return True
        return grants.find(self._connection, conversation_id, self._principal_id) is Role.OWNER

    def _give_recent(self, conversation_id: int) -> None:
        stored.give_recent(
            self._connection,
            conversation_id,
            self._guest_id,
            self._principal_id,
            since=self._at - SENT_AGAIN_WITHIN,
        )

    def _own_in(self, conversation_id: int) -> Participant | None:
        return stored_participants.by_session(self._connection, conversation_id, self._principal_id)

    def _raise(self, person: Participant | None, role: Role) -> None:
        if person is not None and _RANK[person.role] < _RANK[role]:
            stored_participants.change(self._connection, person, role=role.value)

    def _become_one(self, own: Participant, guest: Participant) -> None:
        connection, id = self._connection, own.conversation_id
        if _standing(guest) > _standing(own):
            past, person = stored.swap(connection, own, guest, at=self._at)
        else:
            past, person = guest, own
        count = self._leave(past)
        if past.removed_at is None and person.removed_at is None:
            self._raise(person, past.role)
        person = self._hold_name(person, past)
        self._read(person, past)
        stored_claims.forget(connection, id, past.user_id)
        looks.erase(connection, id, past.user_id)
        if self._context.cluster is not None:
            self._context.cluster.puts_out(connection, past)
        if person.session_id == self._principal_id and person.user_id == guest.user_id:
            self.moved.append(person)
        for key in {names.skeleton(each.username) for each in (person, past)}:
            self.marked += [(each, count) for each in naming.mark(connection, id, key)]

    def _leave(self, past: Participant) -> int:
        """Nobody is them any more; how many are still in it."""
        connection, id = self._connection, past.conversation_id
        gone = stored_participants.change(
            connection,
            past,
            left_at=past.left_at or self._at,
            left_for_good=True,
            role=Role.MEMBER.value,
        )
        if past.left_at is not None:
            conversation = stored_conversations.by_id(connection, id)
            return 0 if conversation is None else conversation.participant_count
        count = stored_conversations.change_participant_count(connection, id, -1)
        self.events.append(ParticipantLeft(gone, count, is_everywhere=True))
        return count

    def _hold_name(self, person: Participant, past: Participant) -> Participant:
        """A name both have is theirs since either had it: they are no look-alike of themselves."""
        if names.skeleton(person.username) != names.skeleton(past.username):
            return person
        return stored_participants.change(
            self._connection,
            person,
            named_at=min(person.named_at, past.named_at - timedelta(milliseconds=1)),
            has_spoken=person.has_spoken or past.has_spoken,
        )

    def _read(self, person: Participant, past: Participant) -> None:
        connection, id = self._connection, person.conversation_id
        own, other = (readings.find(connection, id, each.user_id) for each in (person, past))
        if other is None:
            return
        seq, is_hidden = other.seq, other.is_hidden
        if own is not None:
            seq, is_hidden = max(own.seq, seq), own.is_hidden or is_hidden
        readings.put(connection, id, Reading(person.user_id, seq, is_hidden))
        readings.forget(connection, id, past.user_id)


def _standing(person: Participant) -> int:
    if person.removed_at is not None:
        return 0
    return 1 if person.left_for_good else 2
