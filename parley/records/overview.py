"""A conversation as its owners see it, and what they did."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from parley.records.bots import Bot
from parley.records.conversations import Conversation
from parley.records.knocks import Knock
from parley.records.links import Link
from parley.records.participants import Participant
from parley.records.reports import Report


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
    founders: frozenset[int]
    """Their sessions."""
    is_founder: bool
    """Whether the one who asks is one."""
    accounts: frozenset[int]
    """Of those told of here, the sessions that are an account."""
    owners: tuple[Participant, ...]
    """Those with a name, here or gone, in the order of joining; of many only those."""
    removed: tuple[Participant, ...]
    """The latest first."""
    left: tuple[Participant, ...]
    """Who left by themselves, the latest first; of many only those."""
    left_count: int
    """How many that are in all."""
    nameless: int
    """How many came in by the passphrase or an answered knock, and gave no name."""
    reports: tuple[Report, ...]
    """Those that owners have not resolved, the newest first; of many only those."""
    report_count: int
    """How many that are in all."""
    links: tuple[Link, ...]
    """Every one that was made, the newest first."""
    acts: tuple[Act, ...]
    """The newest first, or those before one."""
    bots: tuple[Bot, ...] = ()
    """The oldest first."""
    has_older_acts: bool = False


class Act(Struct, frozen=True):
    """Something an owner did, as the list of acts tells it."""

    id: int
    at: datetime
    who: str
    act: str
    about: str
