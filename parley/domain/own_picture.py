"""The picture of an account: a small square, which its mark shows wherever it takes part."""

from __future__ import annotations

import secrets
from pathlib import Path

import sqlalchemy as sa

from parley.contract import PICTURE_MAX_BYTES, STILL_MAX_PX
from parley.domain import accounts, door, files, looks
from parley.domain.context import Context
from parley.errors import AccountRequired, NotFound, TooLarge
from parley.files.threads import in_thread
from parley.records import LookChanged, Session
from parley.storage import accounts as stored_accounts
from parley.storage import looks as stored

SIDE_PX = 144
"""Twice what a mark takes at most, for screens with more dots."""


async def put(context: Context, session: Session | None, picture: bytes) -> None:
    """Show this from now on, made new: a square of `SIDE_PX`, without what is said about it.

    Raises `AccountRequired`, and `TooLarge`, `BadFile` and `Unavailable` for the picture;
    `Forbidden` where there is no place for files.
    """
    if session is None or not session.is_of_account:
        raise AccountRequired
    if len(picture) > PICTURE_MAX_BYTES:
        raise TooLarge(f"A picture is at most {PICTURE_MAX_BYTES // 1024} KiB.")
    room = files.filing(context)
    came = room.inbox.path(f"{secrets.token_hex(8)}.still")
    made = None
    try:
        await in_thread(_write, came, picture)
        made = await room.workshop.still(
            came, came.parent, max_px=STILL_MAX_PX, square_px=SIDE_PX, whose=session.id
        )
        await _change(context, session, await in_thread(made.read_bytes))
    finally:
        for each in (came, made):
            if each is not None:
                await in_thread(each.unlink, True)


async def remove(context: Context, session: Session | None) -> None:
    """Show none any more. Raises `AccountRequired`."""
    await _change(context, session, None)


async def shown(context: Context, room_id: str, session: Session | None, picture: str) -> bytes:
    """As a WebP. Raises `NotFound`, and what keeps them from reading the conversation."""

    def query(connection: sa.Connection) -> bytes:
        found = door.readable(connection, room_id, session)
        known = stored.whose(connection, found.id, picture)
        if known is None:
            raise NotFound
        return known

    return await context.database.read(query)


def _write(path: Path, picture: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(picture)


async def _change(context: Context, session: Session | None, picture: bytes | None) -> None:
    def work(connection: sa.Connection) -> list[LookChanged]:
        account, _ = accounts.signed_in(connection, session)
        if picture is None and not account.has_picture:
            return []
        now = stored_accounts.put_picture(connection, account, picture)
        return looks.show_everywhere(connection, now, has_new_picture=True)

    def tell(changed: list[LookChanged]) -> None:
        for each in changed:
            context.bus.publish(each)

    await context.database.write(work, tell)
