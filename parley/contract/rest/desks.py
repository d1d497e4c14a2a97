"""Desks: where visitors of a page start conversations with its owner."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.rest.call import Call, DoneReply
from parley.contract.rest.people import JoinReply
from parley.contract.terms import Description, SaidText, Timestamp, Title, Username


class DeskBody(Struct, kw_only=True):
    """`title` is what each conversation is called, with `{name}` for the visitor's name; without
    one it is your name there and theirs. `username` is as whom you answer. Visitors read `greeting`
    first.
    """

    title: Title | None = None
    username: Username | None = None
    greeting: Description | None = None


class ChangeDeskBody(Struct, kw_only=True):
    """What is left out stays. While `open` is false, visitors are told that nobody is there, and
    can leave a message.
    """

    title: Title | None = None
    username: Username | None = None
    greeting: Description | None = None
    open: bool | None = None


class Desk(Struct, kw_only=True):
    """`link` is a page of its own; `id` is what `embed.js` takes as `data-desk`."""

    id: str
    link: str
    title: str
    username: str
    greeting: str
    open: bool
    created_at: Timestamp


class DesksReply(Struct, kw_only=True):
    success: Literal[True] = True
    desks: list[Desk]


class DeskReply(Struct, kw_only=True):
    """`token` is there where a session was made for it: it proves that the desk is yours."""

    success: Literal[True] = True
    desk: Desk
    token: str | UnsetType = UNSET


class OpenDesk(Struct, kw_only=True):
    """A desk as visitors see it."""

    id: str
    username: str
    greeting: str
    open: bool


class OpenDeskReply(Struct, kw_only=True):
    """`room_id` is that of the conversation you have there, if any."""

    success: Literal[True] = True
    desk: OpenDesk
    room_id: str | UnsetType = UNSET
    join_link: str | UnsetType = UNSET


class StartAtDeskBody(Struct, kw_only=True):
    """Both can be left out. Whoever gives no name is called “Visitor”."""

    username: Username | None = None
    message: SaidText | None = None


class StartedReply(JoinReply, kw_only=True):
    desk: str


Pixels = Annotated[int, Meta(ge=1, le=100_000)]
"""Of a frame."""
_DESK = "/api/desks/{desk_id}"
DESK_CALLS = (
    Call("desks", "GET", "/api/desks", "Your desks, the newest first.", DesksReply),
    Call(
        "make_desk",
        "POST",
        "/api/desks",
        "Make a desk: each visitor of a page starts a conversation of their own there, which you "
        "own.",
        DeskReply,
        DeskBody,
        201,
    ),
    Call(
        "change_desk",
        "PATCH",
        _DESK,
        "Change a desk of yours.",
        DeskReply,
        ChangeDeskBody,
        credential="session",
    ),
    Call(
        "remove_desk",
        "DELETE",
        _DESK,
        "Remove a desk of yours. The conversations that were started there stay.",
        DoneReply,
        credential="session",
    ),
    Call("desk", "GET", _DESK, "A desk, for anyone who knows its id.", OpenDeskReply),
    Call(
        "start_at_desk",
        "POST",
        f"{_DESK}/conversations",
        "Start a conversation with a desk's owner, or come back to the one you have there. You "
        "have joined it then.",
        StartedReply,
        StartAtDeskBody,
        201,
    ),
)
