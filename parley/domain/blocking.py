"""Blocks: networks from which nobody writes, by the host's word."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

import sqlalchemy as sa

from parley.contract import BLOCK_NOTE_MAX_CHARS
from parley.domain import admins, host, text
from parley.domain.admins import By
from parley.domain.context import Context
from parley.errors import BadRequest, NotFound
from parley.records import Block, Session
from parley.storage import blocks as stored
from parley.storage import counting

ONE_PLACE_BITS = 64
"""Of IPv6: nobody is told apart within such a network."""
BLOCKS_MAX = 10_000

Network = IPv4Network | IPv6Network


async def block(
    context: Context, network: str, note: str = "", *, by: By, asks_from: str = ""
) -> str:
    """Nobody writes from there any more, nor starts or joins anything; they can still read. The
    network as it is kept. `asks_from` is the place of who says it: to block that is refused.

    Raises `BadRequest`, `TooLarge`, and as `admins.allow`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> str:
        deed = admins.allow(connection, by, "blocked", at=at)
        blocked, clean = as_kept(network), text.report(note, "note", BLOCK_NOTE_MAX_CHARS)
        if asks_from and _holds(blocked, asks_from):
            raise BadRequest("That would block you, too.")
        if counting.up_to(connection, "blocks", BLOCKS_MAX) >= BLOCKS_MAX:
            raise BadRequest(f"There are {BLOCKS_MAX:,} blocks already. Block larger networks.")
        stored.put(connection, blocked, clean, at=at)
        deed.note(connection, blocked)
        return blocked

    return await host.change(context, work)


async def unblock(context: Context, network: str, *, by: By) -> str:
    """Raises `BadRequest`, `NotFound`, and as `admins.allow`."""
    at = context.clock()

    def work(connection: sa.Connection) -> str:
        deed = admins.allow(connection, by, "unblocked", at=at)
        blocked = as_kept(network)
        if not stored.remove(connection, blocked):
            raise NotFound(f"{blocked} is not blocked.")
        deed.note(connection, blocked)
        return blocked

    return await host.change(context, work)


async def newest(
    context: Context, session: Session | None, *, limit: int
) -> tuple[tuple[Block, ...], int]:
    """Those made last, for admins and moderators; and how many there are."""

    def query(connection: sa.Connection) -> tuple[tuple[Block, ...], int]:
        admins.look(connection, session, at=context.clock())
        count = counting.up_to(connection, "blocks", BLOCKS_MAX)
        return stored.newest(connection, limit=limit), count

    return await context.database.read(query)


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


def _holds(network: str, place: str) -> bool:
    whole, part = ip_network(network), ip_network(place)
    if isinstance(whole, IPv4Network):
        return isinstance(part, IPv4Network) and part.subnet_of(whole)
    return isinstance(part, IPv6Network) and part.subnet_of(whole)
