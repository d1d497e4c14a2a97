"""A conversation as its owners see it: what they decided, and what they did."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from parley.contract.rest.door import WaitingPerson
from parley.contract.rest.links import RoleLink
from parley.contract.rest.people import LeftPerson, RemovedPerson
from parley.contract.terms import ActName, SwitchName, Timestamp


class ManageReply(Struct, kw_only=True):
    """What owners decided, what waits for them, and who is not among the participants.

    `left` are those who left, the latest first, and `left_more` how many there are besides.
    `nameless` counts who came in by the passphrase or an answered knock and gave no name: they
    can read along, until the passphrase or the link is another. `reports` counts those that wait
    for an owner.
    """

    success: Literal[True] = True
    locked: bool
    knock: bool
    read_only: bool
    require_proof: bool
    preview_title: bool
    has_passphrase: bool
    keep_days: int
    calls: SwitchName
    waiting: list[WaitingPerson]
    removed: list[RemovedPerson]
    left: list[LeftPerson]
    left_more: int
    nameless: int
    reports: int
    links: list[RoleLink]


class OwnerAct(Struct, kw_only=True):
    """What an owner did. `about` says of whom or to what; it is empty where `act` says all.
    Later acts have a greater `id`. Of owners who have not joined, `who` is "The owner" for the one
    who started the conversation, and "Another owner (no name yet)" for the others.
    """

    id: int
    at: Timestamp
    who: str
    act: ActName
    about: str


class ActsReply(Struct, kw_only=True):
    """The newest first. Everything is kept but changes of the title and the description: of
    those the newest hundred.
    """

    success: Literal[True] = True
    acts: list[OwnerAct]
    has_more: bool
