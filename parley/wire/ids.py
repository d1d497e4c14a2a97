"""Ids of connections, which nobody can guess: a name for a socket, and its key."""

from __future__ import annotations

import base64
import os

ID_BYTES = 15
"""As many as python-engineio takes: 20 characters."""
_AT_ONCE = 64


class Ids:
    """Makes them from the system's random numbers, many at a time: to ask for them is a system
    call, which costs more than the rest. A process that is forked must make its own.
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: list[str] = []

    def take(self) -> str:
        """One that was never given before."""
        if not self._made:
            made = base64.urlsafe_b64encode(os.urandom(ID_BYTES * _AT_ONCE)).decode()
            length = len(made) // _AT_ONCE
            self._made = [made[at : at + length] for at in range(0, len(made), length)]
        return self._made.pop()
