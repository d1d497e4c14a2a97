"""What the server's search finds, written down for the browser's: `tests/search_cases.json`.

python -m tests.search.cases    write it anew
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from parley.bus.local import LocalBus
from parley.domain import searching
from parley.domain.context import Context
from parley.domain.presence import Presence
from parley.storage.schema import milliseconds
from tests.databases import beside, database_in
from tests.domain.test_erasing import opened

WRITTEN = Path(__file__).parent.parent / "search_cases.json"
ZONES = ("Europe/Berlin", "America/Los_Angeles", "Pacific/Apia", "Asia/Kathmandu")


def known() -> dict[str, list[dict[str, Any]]]:
    """`said`, and what is `asked` of it, with what is `found`."""
    read: dict[str, list[dict[str, Any]]] = json.loads(WRITTEN.read_text("utf-8"))
    return read


async def outcomes(folder: Path) -> list[dict[str, Any]]:
    """Of all that is asked, what a server finds among all that is said, as its call tells it."""
    database = database_in(folder)
    await database.open()
    context = Context(database, LocalBus(), Presence(), 10.0)
    try:
        room = await opened(context)
        with beside(folder) as own, own.transaction():
            number, session = own.execute(
                "SELECT id, owner_session_id FROM conversations WHERE room_id = ?", (room.id,)
            ).fetchone()
            # What people said to make it is no part of this.
            own.execute("DELETE FROM messages WHERE conversation_id = ?", (number,))
            own.executemany(
                "INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id,"
                " username, text, attachments, reactions, type, sent_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'text', ?)",
                [_row(number, session, each) for each in known()["said"]],
            )
        return [await _outcome(context, room, each) for each in known()["asked"]]
    finally:
        await database.close()


def _row(number: int, session: int, each: dict[str, Any]) -> tuple[Any, ...]:
    attachments = json.dumps(each["attachments"]) if each["attachments"] else None
    reactions = json.dumps(each["reactions"]) if each["reactions"] else None
    at, seq = milliseconds(datetime.fromisoformat(each["timestamp"])), each["seq"]
    who = (session, each["user_id"], each["username"])
    return (number, seq, f"{seq}-x", seq, *who, each["message"], attachments, reactions, at)


async def _outcome(context: Context, room: Any, one: dict[str, str]) -> dict[str, Any]:
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = await searching.in_conversation(
            context,
            room.id,
            room.owner,
            one["typed"],
            limit=20,
            cursor=cursor,
            by=one["by"],
            zone=ZoneInfo(one["zone"]),
        )
        found.extend([hit.message.seq, [list(each) for each in hit.snippet]] for hit in page.found)
        cursor = page.next_cursor
        if cursor is None:
            return {**one, "found": found}


def written() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return {**known(), "asked": asyncio.run(outcomes(Path(folder)))}


if __name__ == "__main__":
    made = written()
    lines = {
        name: ",\n".join(json.dumps(each, ensure_ascii=False) for each in rows)
        for name, rows in made.items()
    }
    text = ",\n".join(f'"{name}": [\n{rows}\n]' for name, rows in lines.items())
    WRITTEN.write_text(f"{{\n{text}\n}}\n", "utf-8")
