"""What whoever runs the server decides for all of it: who may not write, and what all are told.

It stands in the database. Each process remembers it, and reads it anew when it changes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from parley.contract import ANNOUNCEMENT_MAX_CHARS, BLOCK_NOTE_MAX_CHARS
from parley.domain import text
from parley.errors import BadRequest, Blocked, NotFound
from parley.records import Announcement, Block, HostChanged
from parley.storage import blocks as stored
from parley.storage import facts

if TYPE_CHECKING:
    from parley.domain.context import Context

ANNOUNCEMENT = "announcement"
"""The fact that holds it."""
ID_BYTES = 6
ONE_PLACE_BITS = 64
"""Of IPv6: nobody is told apart within such a network."""
BLOCKS_MAX = 10_000
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


async def block(context: Context, network: str, note: str = "") -> str:
    """Nobody writes from there any more, nor starts or joins anything; they can still read. The
    network as it is kept. Raises `BadRequest`, `TooLarge`.
    """
    blocked, clean = as_kept(network), text.report(note, "note", BLOCK_NOTE_MAX_CHARS)
    at = context.clock()

    def work(connection: sa.Connection) -> None:
        if len(stored.all_of_them(connection)) >= BLOCKS_MAX:
            raise BadRequest(f"There are {BLOCKS_MAX:,} blocks already. Block larger networks.")
        stored.put(connection, blocked, clean, at=at)

    await _change(context, work)
    return blocked


async def unblock(context: Context, network: str) -> str:
    """Raises `BadRequest`, `NotFound`."""
    blocked = as_kept(network)

    def work(connection: sa.Connection) -> None:
        if not stored.remove(connection, blocked):
            raise NotFound(f"{blocked} is not blocked.")

    await _change(context, work)
    return blocked


async def announce(context: Context, said: str) -> str:
    """Show everybody a line, instead of the one they are shown; an empty one shows none. As it is
    shown. Raises `TooLarge`.
    """
    line = text.announcement(said, ANNOUNCEMENT_MAX_CHARS)

    def work(connection: sa.Connection) -> None:
        if line:
            shown = Announcement(secrets.token_urlsafe(ID_BYTES), line)
            facts.put(connection, ANNOUNCEMENT, msgspec.json.encode(shown).decode())
        else:
            facts.remove(connection, ANNOUNCEMENT)

    await _change(context, work)
    return line


def as_kept(network: str) -> str:
    """An address or a network in its one form: IPv6 in networks of at least 64 bits.

    Raises `BadRequest`.
    """
    try:
        found: Network = ip_network(network.strip(), strict=False)
    except ValueError:
        raise BadRequest(
            "Give an address or a network such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48."
        ) from None
    if isinstance(found, IPv6Network):
        mapped = found.network_address.ipv4_mapped
        if mapped is not None and found.prefixlen >= 96:
            found = IPv4Network((mapped, found.prefixlen - 96))
        elif found.prefixlen > ONE_PLACE_BITS:
            found = found.supernet(new_prefix=ONE_PLACE_BITS)
    if found.prefixlen == 0:
        raise BadRequest("That would block everybody.")
    return str(found.network_address) if found.num_addresses == 1 else str(found)


async def _change(context: Context, work: Callable[[sa.Connection], None]) -> None:
    await context.database.write(work, lambda _: context.bus.publish(HostChanged()))
    await context.host.load(context)


def _decided(connection: sa.Connection) -> tuple[Announcement | None, tuple[Block, ...]]:
    kept = facts.get(connection, ANNOUNCEMENT)
    announcement = None if kept is None else msgspec.json.decode(kept, type=Announcement)
    return announcement, stored.all_of_them(connection)


def _beginning(network: Network, bits: int) -> int:
    return int(network.network_address) >> (network.max_prefixlen - bits)
