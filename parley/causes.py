"""For whom something is done: the id that stands in every line of the log about it.

A request has the id that a trusted proxy gave it in X-Request-ID, or one that is made for it. An
event of a socket has the id of its client and its number. Nothing is put together before a line is
written: what is kept meanwhile is the client itself, whose events are worked off one by one.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Protocol

ID_BYTES = 8
IDS_MAX = 10
"""Of those whose work failed together so many are named."""
_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}", re.ASCII)


class Actor(Protocol):
    """Who sends one event after the other."""

    @property
    def cause_id(self) -> str:
        """Of the event that is being worked off."""


Cause = str | Actor | None

current: ContextVar[Cause] = ContextVar("parley_cause", default=None)
"""What the present task, or the work of the present thread, is for."""


class _Acting:
    """Whose event is worked off in this very moment: to set it costs a tenth of what `current`
    would, and a message is all done at once.
    """

    __slots__ = ("thread", "who")

    def __init__(self) -> None:
        self.who: Actor | None = None
        self.thread = 0
        """The event loop's. Set once, for threads log too."""


acting = _Acting()


def now() -> Cause:
    """What is being done is for this. For the event loop's thread."""
    return acting.who or current.get()


def begins_here() -> None:
    """The event loop runs in this thread."""
    acting.thread = threading.get_ident()


def id_of(cause: Cause) -> str:
    """Empty where it is for nobody in particular."""
    if cause is None or isinstance(cause, str):
        return cause or ""
    return cause.cause_id


def ids_of(causes: Iterable[Cause]) -> str:
    """The first of them, with spaces between."""
    found = dict.fromkeys(id for cause in causes if (id := id_of(cause)))
    more = ["…"] if len(found) > IDS_MAX else []
    return " ".join([*list(found)[:IDS_MAX], *more])


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def is_id(text: str) -> bool:
    """Whether it may stand in a log, and in a header."""
    return _ID.fullmatch(text) is not None


def add_id(_logger: Any, _method: str, event: Any) -> Any:
    """For structlog: name what the event is about, unless whoever logs it did."""
    if "request_id" not in event:
        is_loop = threading.get_ident() == acting.thread
        if id := id_of(now() if is_loop else current.get()):
            event["request_id"] = id
    return event
