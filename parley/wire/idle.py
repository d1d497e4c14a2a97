"""Connections that take part in nothing: they may stay for minutes, and go first."""

from __future__ import annotations

import asyncio
from typing import Protocol

from parley.wire.countdown import Countdown

SPARED_S = 15.0
"""Whoever takes part in nothing for less than this is only about to: clients connect before they
join."""


class Client(Protocol):
    place: str
    """The address it counts for."""

    def dismiss(self) -> None:
        """End what is of no use to its client."""


class Idle:
    """Those of a server, each since when; at most for so long, and for less where places are
    scarce: then the oldest of the address that has most of them goes for each who comes.
    """

    def __init__(self, stay_s: float) -> None:
        self._clients: dict[str, dict[Client, float]] = {}
        """By address, the oldest first."""
        self._overdue: Countdown[Client] = Countdown(stay_s, self._dismiss)

    def __len__(self) -> int:
        return len(self._overdue)

    def __contains__(self, client: Client) -> bool:
        return client in self._overdue

    def start(self, client: Client) -> None:
        """It takes part in nothing from now on; again from now, if it did already."""
        self.stop(client)
        self._overdue.start(client)
        since = asyncio.get_running_loop().time()
        self._clients.setdefault(client.place, {})[client] = since

    def ensure(self, client: Client) -> None:
        """The same, unless it did already: who makes noise gets no more time."""
        if client not in self:
            self.start(client)

    def stop(self, client: Client) -> None:
        """It takes part in something, or is gone."""
        self._overdue.stop(client)
        self._forget(client)

    def make_room(self, place: str | None = None) -> None:
        """End one that has been idle long enough: of an address, or of the one with most of all
        who have such. An address that always has new ones spares nobody else's.
        """
        until = asyncio.get_running_loop().time() - SPARED_S
        concerned = self._clients if place is None else {place} & self._clients.keys()
        due = [each for each in concerned if next(iter(self._clients[each].values())) <= until]
        if due:
            oldest = next(iter(self._clients[max(due, key=lambda each: len(self._clients[each]))]))
            self.stop(oldest)
            oldest.dismiss()

    def _dismiss(self, client: Client) -> None:
        self._forget(client)
        client.dismiss()

    def _forget(self, client: Client) -> None:
        clients = self._clients.get(client.place)
        if clients is not None and clients.pop(client, None) is not None and not clients:
            del self._clients[client.place]
