"""What whoever runs the server decides for all of it: who may not write, and what all are told.

It stands in the database. Each process remembers it, and reads it anew when it changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, TypeVar

import msgspec
import sqlalchemy as sa

from parley.errors import Blocked
from parley.records import Announcement, Block, HostChanged
from parley.storage import blocks as stored
from parley.storage import facts

if TYPE_CHECKING:
    from parley.domain.context import Context

T = TypeVar("T")

ANNOUNCEMENT = "announcement"
"""The fact that holds it."""
REMEMBERED_MAX = 10_000
"""Addresses of which it is remembered whether they are blocked."""

Network = IPv4Network | IPv6Network


class Host:
    """What the host decided, as this process knows it."""

    def __init__(self) -> None:
        self.announcement: Announcement | None = None
        self._blocked: dict[tuple[int, int], set[int]] = {}
        """By version and length, how the addresses of these networks begin."""
        self._known: dict[str, bool] = {}
        self._loading = asyncio.Lock()

    def is_blocked(self, place: str) -> bool:
        """Whether nobody writes from there; a place is as `addresses.place_of` has it."""
        if not self._blocked or not place:
            return False
        known = self._known.get(place)
        if known is None:
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            known = self._known[place] = self._is_in_any(ip_network(place))
        return known

    def require_writing(self, place: str) -> None:
        """Raises `Blocked` for who comes from where nobody writes."""
        if self.is_blocked(place):
            raise Blocked

    async def load(self, context: Context) -> None:
        """Read it anew."""
        async with self._loading:  # what was read first must not come last
            self.announcement, blocks = await context.database.read(_decided)
            self._set([ip_network(each.network) for each in blocks])

    def _set(self, networks: Iterable[Network]) -> None:
        self._blocked, self._known = {}, {}
        for each in networks:
            alike = self._blocked.setdefault((each.version, each.prefixlen), set())
            alike.add(_beginning(each, each.prefixlen))

    def _is_in_any(self, place: Network) -> bool:
        """However many are blocked: there are few lengths."""
        return any(
            version == place.version
            and bits <= place.prefixlen
            and _beginning(place, bits) in beginnings
            for (version, bits), beginnings in self._blocked.items()
        )


async def change(context: Context, work: Callable[[sa.Connection], T]) -> T:
    """Store something that the host decided, and have every process read it."""
    done = await context.database.write(work, lambda _: context.bus.publish(HostChanged()))
    await context.host.load(context)
    return done


def _decided(connection: sa.Connection) -> tuple[Announcement | None, tuple[Block, ...]]:
    kept = facts.get(connection, ANNOUNCEMENT)
    announcement = None if kept is None else msgspec.json.decode(kept, type=Announcement)
    return announcement, stored.all_of_them(connection)


def _beginning(network: Network, bits: int) -> int:
    return int(network.network_address) >> (network.max_prefixlen - bits)
