"""Long conversations, and what others notice while one is erased."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp

from tests.databases import beside
from tests.eventually import until
from tests.faults.clients import Client
from tests.faults.record import Json
from tests.faults.talk import Talk, talk_at

ERASED = 1_000_000
"""Messages of each that is erased."""
UNDISTURBED_S = 60.0
"""For comparison: on a busy machine some wait long by themselves."""
PROMISED_S = 0.05
"""Nobody waits longer because of an erasure."""
LOOKS_EVERY_S = 0.1
ERASED_WITHIN_S = 600.0
WAITS_AT_MOST_S = 120.0
DAY_MS = 24 * 60 * 60 * 1_000
TEXT = "What is said in a conversation, of about the usual length: a sentence or two. "
_SAY = (
    "INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id, username,"
    " text, type, sent_at, client_id) VALUES (?, ?, ?, ?, ?, 'ada', 'Ada', ?, 'text', ?, ?)"
)


def fill(folder: Path, room_id: str, count: int, *, text: str = TEXT, days_old: int = 0) -> int:
    """So many messages more, the last of them sent now or some days ago; the room's number.

    Past the server: nobody says a million things one by one.
    """
    with beside(folder) as connection, connection.transaction():
        number, session, seq = connection.execute(
            "SELECT id, owner_session_id, seq FROM conversations WHERE room_id = ?", (room_id,)
        ).fetchone()
        last_ms = time.time_ns() // 1_000_000 - days_old * DAY_MS
        connection.executemany(
            _SAY,
            (
                (number, at, f"{at}-x", at, session, text, last_ms - seq - count + at, _client_id())
                for at in range(seq + 1, seq + count + 1)
            ),
        )
        connection.execute(
            "UPDATE conversations SET seq = seq + ?, message_count = message_count + ?"
            " WHERE id = ?",
            (count, count, number),
        )
    return int(number)


def _client_id() -> str:
    # As browsers make them: in no order, so that every page of their index is touched.
    return str(uuid.uuid4())


def is_left(folder: Path, number: int, seq: int) -> bool:
    """Whether this message of the conversation is in the file."""
    with beside(folder) as connection:
        asked = "SELECT 1 FROM messages WHERE conversation_id = ? AND seq = ?"
        return connection.execute(asked, (number, seq)).fetchone() is not None


def is_any_left(folder: Path, number: int) -> bool:
    """Whether any message of this conversation is in the file."""
    with beside(folder) as connection:
        asked = "SELECT 1 FROM messages WHERE conversation_id = ? LIMIT 1"
        return connection.execute(asked, (number,)).fetchone() is not None


async def until_erased(folder: Path, number: int) -> None:
    await until(
        lambda: not is_any_left(folder, number), within_s=ERASED_WITHIN_S, every_s=LOOKS_EVERY_S
    )


async def waits(client: Client, is_enough: Callable[[], bool]) -> list[float]:
    """Seconds that each message waits for its answer, said one after the other."""
    waited = []
    while not is_enough():
        began = time.perf_counter()
        client.say("And what do you say?")
        await client.until(lambda: not client.unacked, WAITS_AT_MOST_S)
        waited.append(time.perf_counter() - began)
    return waited


async def erasing(folder: Path, count: int = ERASED) -> list[str]:
    """What others notice of an erasure: a long conversation deleted, another outdated, and a
    stop while a third is deleted.
    """
    async with talk_at(folder) as talk:
        await talk.opens("Ben")
        await talk.all_in()
        told = [await _meanwhile(talk, "nothing else goes on", asyncio.sleep(UNDISTURBED_S))]
        long = await talk.opens()
        number = await asyncio.to_thread(fill, folder, long, count)
        deletion = _deletion(talk, folder, long, number)
        told.append(await _meanwhile(talk, f"{count:,} messages are deleted", deletion))
        old = await talk.opens()
        await keeps_for_days(talk, old, 7)
        number = await asyncio.to_thread(fill, folder, old, count, days_old=8)
        await _restart(talk)  # it looks for outdated ones at once
        back_s = await _timed(_is_back(talk.clients[0]))
        told.append(f"After a start that finds outdated ones, Ben was back in {back_s:.1f} s")
        outdated = until_erased(folder, number)
        told.append(await _meanwhile(talk, f"{count:,} outdated ones are erased", outdated))
        long = await talk.opens()
        number = await asyncio.to_thread(fill, folder, long, count)
        deleting = asyncio.create_task(delete(talk, long))
        await until(lambda: not is_left(folder, number, 1), every_s=LOOKS_EVERY_S)
        took_s = await _restart(talk)
        told.append(f"A stop while {count:,} messages are deleted: {took_s:.1f} s")
        await deleting
    return told


async def keeps_for_days(talk: Talk, room_id: str, days: int) -> None:
    path = f"/api/conversations/{room_id}"
    await talk.call("PATCH", path, {"keep_days": days}, token=talk.token(room_id))


async def delete(talk: Talk, room_id: str) -> Json | None:
    """The reply; None where the server went away before."""
    try:
        return await talk.call("DELETE", f"/api/conversations/{room_id}", token=talk.token(room_id))
    except aiohttp.ClientError:
        return None


async def _deletion(talk: Talk, folder: Path, room_id: str, number: int) -> None:
    await delete(talk, room_id)
    await until_erased(folder, number)


async def _meanwhile(talk: Talk, what: str, work: Coroutine[Any, Any, None]) -> str:
    """Ben says one thing after the other while it is done: what his messages waited."""
    task, began = asyncio.create_task(work), time.monotonic()
    waited = sorted(await waits(talk.clients[0], task.done))
    await task
    median, late = waited[len(waited) // 2], waited[len(waited) * 99 // 100]
    return (
        f"While {what} ({time.monotonic() - began:.1f} s): {len(waited)} messages elsewhere "
        f"waited {median * 1_000:.1f} ms (median), {late * 1_000:.1f} ms (99 %), "
        f"{waited[-1] * 1_000:.0f} ms (longest), "
        f"{100 * sum(each > PROMISED_S for each in waited) / len(waited):.1f} % "
        f"over {PROMISED_S * 1_000:.0f} ms"
    )


async def _restart(talk: Talk) -> float:
    """Stop it by SIGTERM and start it again; seconds until it had ended."""
    talk.place.is_up.clear()
    began = time.monotonic()
    talk.server.signal(signal.SIGTERM)
    assert await talk.server.ends(120) == 0
    took_s = time.monotonic() - began
    await talk.begin()
    return took_s


async def _is_back(client: Client) -> None:
    await client.until(lambda: client.is_in, WAITS_AT_MOST_S)


async def _timed(work: Coroutine[Any, Any, None]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began
