"""Handing mail over, as whoever has some sees it: what is sure afterwards, and what is not."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from email.message import EmailMessage
from typing import Protocol


class NotSent(Exception):
    """The mail was surely not taken. Its text is for the log, and names no address."""


class Unreachable(NotSent):
    """Nor would any other be: there is no server, or it takes nothing from us now."""


class NotNow(NotSent):
    """This address may take it later."""


class NoSuchAddress(NotSent):
    """The server says that there is no such address, and that this won't change."""


class Refused(NotSent):
    """The server will not take this mail, whenever it is tried."""


class Unsure(Exception):
    """The connection ended before the server answered: it may have been taken."""


class Line(Protocol):
    """A connection to the server."""

    async def send(self, message: EmailMessage, to: str) -> None:
        """Hand over one mail. Raises the exceptions above."""


class Post(Protocol):
    """Where mail is handed over."""

    def line(self) -> AbstractAsyncContextManager[Line]:
        """A connection, until the block ends. Raises `Unreachable`."""
