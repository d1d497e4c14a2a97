"""Whose a name is, of all that can be taken for it: of whoever has held it longest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import names
from parley.domain.context import Context
from parley.errors import BadRequest, NameTaken
from parley.records import FormerName, Participant, ParticipantArrived, Role
from parley.storage import facts, former_names
from parley.storage import naming as held
from parley.storage import participants as stored

KEYS = "name_keys"
"""The fact that tells by which version of skeletons all keys of names were made."""
BEING_MADE = ""
"""The fact while some keys are of an earlier version."""
FORMER_MAX = 20
"""So many names that one person gave up are remembered in one conversation: the earliest, so
nobody who takes somebody up can make theirs free by taking others."""


class Claim(Struct, frozen=True):
    """A name that somebody may have."""

    key: str
    since: datetime
    is_alike: bool
    """Whether it was marked as not the first when this was last looked at."""
    is_another: bool = True
    """Whether it can't be taken for the one they had until now."""
    has_spoken: bool = False
    """Whether they have spoken under it."""
    is_alone: bool = False
    """Whether nobody has one that can be taken for it: there is nobody to mark."""


def require_seen(name: str) -> None:
    if not names.skeleton(name):
        raise BadRequest("This name has no visible characters. Choose another.")


def claim(
    connection: sa.Connection,
    conversation_id: int,
    username: str,
    *,
    before: Participant | None,
    is_owner: bool,
    at: datetime,
) -> Claim:
    """For use inside a transaction. `before` is who they were when they last came.

    What somebody holds is theirs, however it is written now. Raises `NameTaken` for the name
    of who was put out: it is kept for them, unless it was never theirs alone. Owners are
    taken for nobody, and nobody takes their name before they come. Whoever comes back to a name
    under which they have spoken holds it since they first did.
    """
    key = names.skeleton(username)
    if before is not None and names.skeleton(before.username) == key:
        return Claim(
            key,
            before.named_at,
            before.is_alike,
            is_another=False,
            has_spoken=before.has_spoken,
        )
    require_seen(username)
    is_alone = False
    if not is_owner:
        taken = held.taken(connection, conversation_id, key)
        if taken.is_kept:
            raise NameTaken
        is_alone = not (taken.is_held or taken.is_former)
    if before is not None and (own := former_names.own(connection, before, key)) is not None:
        is_alike = own.is_alike and not is_owner
        return Claim(key, own.named_at, is_alike, has_spoken=True)
    return Claim(key, at, is_alike=False, is_alone=is_alone)


def give_up(connection: sa.Connection, before: Participant, claim: Claim, *, at: datetime) -> None:
    """Remember the name they had, if they take another and spoke under it: whoever takes it from
    now on is marked. For use inside the transaction that stores the claim.
    """
    if not claim.is_another:
        return
    former_names.take_back(connection, before, claim.key)
    if before.has_spoken and former_names.count(connection, before) < FORMER_MAX:
        former_names.insert(connection, before, names.skeleton(before.username), at=at)


def mark(connection: sa.Connection, conversation_id: int, key: str) -> list[Participant]:
    """Look again who here is the first of this name; those whose mark is another now.

    Who is away counts only if they own the conversation, or against who was marked before: nobody
    sheds a mark by waiting until the other has left, nor while keys are being made: whoever was
    first may have an earlier one still. And who has spoken under the name counts, here or away
    and whatever their name is now: what they said still stands there.
    """
    marks, is_former = held.marks(connection, conversation_id, key)
    if len(marks) < 2 and not any(marks) and not is_former:
        return []
    look = held.holders if len(marks) <= held.FEW else held.foremost
    holders = look(connection, conversation_id, key)
    former: list[FormerName] = []
    if is_former:
        # Some may be one's own, after an update: then others' count.
        former = former_names.foremost(connection, conversation_id, key, limit=FORMER_MAX + 1)
    first_of_all = min(holders, key=rank)
    claimants = [each for each in holders if each.left_at is None or each.role is Role.OWNER]
    rivals = [*claimants, *(each for each in holders if each.has_spoken)]
    first = min(rivals, key=rank, default=first_of_all)
    changed = []
    for each in sorted(claimants, key=_coming):
        first_here = first_of_all if each.is_alike else first
        is_alike = each is not first_here or any(
            other.user_id != each.user_id and rank(other) < rank(each) for other in former
        )
        if is_alike != each.is_alike and (is_alike or _are_keys_made(connection)):
            changed.append(stored.change(connection, each, is_alike=is_alike))
    return changed


def tell(context: Context, people: Iterable[Participant], count: int) -> None:
    """Those who are here are told of again, with the marks they now have."""
    for person in people:
        if context.presence.update(person):
            context.bus.publish(ParticipantArrived(person, count))


def rank(person: Participant | FormerName) -> tuple[bool, datetime, datetime, str]:
    """The less, the more a name is theirs."""
    return person.role is not Role.OWNER, person.named_at, person.joined_at, person.user_id


def _are_keys_made(connection: sa.Connection) -> bool:
    return facts.get(connection, KEYS) != BEING_MADE


def _coming(person: Participant) -> tuple[datetime, str]:
    return person.joined_at, person.user_id
