"""What is said of a call, and what many have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

from parley.contract.terms import FRAME_MAX_BYTES


@dataclass(frozen=True, slots=True)
class Call:
    """One REST call. `{room_id}` in the path is the conversation's id."""

    name: str
    method: str
    path: str
    summary: str
    reply: type[Struct]
    body: type[Struct] | None = None
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    credential: str = ""
    """Whose credential it needs, if any."""
    takes_file: bool = False
    """Whether its body is a file: as it is, or in a form's field `file`."""
    takes_picture: bool = False
    """Whether its body is a picture, as it is."""
    body_max_bytes: int = FRAME_MAX_BYTES
    is_stream: bool = False
    """Whether its answer are server-sent events, and has no end."""
    is_of_mail: bool = False
    """Whether there is such a call only where the server sends mail."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter of a call."""

    name: str
    meaning: str
    schema: Any = str


class Nothing(Struct):
    """No body is needed; an object may be sent, and is ignored."""


class DoneReply(Struct, kw_only=True):
    success: Literal[True] = True
