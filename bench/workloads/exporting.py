"""A long conversation is taken along: how fast, at what cost, and in how much memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from bench.machine import Meter, memory_bytes, peak_memory_bytes
from bench.scale import Scale
from bench.servers import Running
from bench.transfers import Member, download
from bench.workloads.workload import SHARES, Figures, Measure, Workload

MIB = 2**20
TEXT = (
    "It is a truth universally acknowledged, that a single man in possession of a good fortune {}"
)
SHRINKS = 4
"""A ZIP file's texts are at most so many times smaller, though it has them twice."""
WITHIN_S = 60.0
_MORE = """
INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id, username, text,
                      type, sent_at, role, is_alike, is_unproven)
SELECT conversation_id, :seq, :seq || '-' || hex(randomblob(6)), :seq, session_id, user_id,
       username, :text, type, sent_at + :seq, role, is_alike, is_unproven
FROM messages WHERE conversation_id = :conversation AND seq = :first
"""
_COUNT = "UPDATE conversations SET seq = :seq, message_count = :seq WHERE id = :conversation"


async def _json_lines(server: Running, scale: Scale) -> Figures:
    return await asyncio.to_thread(_exported, server, scale.long_messages, "jsonl")


async def _archive(server: Running, scale: Scale) -> Figures:
    return await asyncio.to_thread(_exported, server, scale.long_messages, "zip")


async def _page(server: Running, scale: Scale) -> Figures:
    return await asyncio.to_thread(_exported, server, scale.long_messages, "html")


def _exported(server: Running, count: int, format: str) -> Figures:
    ada = Member.of_a_new_room(server.port)
    ada.says("The first")
    _fill(_data_of(server), ada.room_id, count)
    path = f"/api/conversations/{ada.room_id}/export?format={format}"
    memory, meter = memory_bytes(server.pid), Meter(server.pid)
    size = download(server.port, path, ada.headers)
    meter.read()
    least = count * len(TEXT) // (SHRINKS if format == "zip" else 1)
    assert size > least, f"only {size} bytes came"
    return {
        "messages_s": count / meter.wall_s,
        "messages_cpu_s": count / meter.server_s if meter.server_s else 0.0,
        "mb": size / 1e6,
        "grew_mib": (peak_memory_bytes(server.pid) - memory) / MIB,
        **meter.shares,
    }


def _data_of(server: Running) -> Path:
    """The folder that it was started with."""
    words = Path(f"/proc/{server.pid}/cmdline").read_bytes().decode().split("\0")
    return Path(words[words.index("--data") + 1])


def _fill(data: Path, room_id: str, count: int) -> None:
    """To say all that would take minutes."""
    with closing(sqlite3.connect(data / "parley.db", timeout=WITHIN_S)) as database:
        [(conversation, first)] = database.execute(
            "SELECT m.conversation_id, m.seq FROM messages m JOIN conversations c "
            "ON c.id = m.conversation_id WHERE c.room_id = ?",
            (room_id,),
        ).fetchall()
        database.executemany(
            _MORE,
            (
                {"conversation": conversation, "first": first, "seq": seq, "text": TEXT.format(seq)}
                for seq in range(first + 1, first + count)
            ),
        )
        database.execute(_COUNT, {"seq": first + count - 1, "conversation": conversation})
        database.commit()


MEASURES = (
    Measure("messages_s", "messages a second", 0),
    Measure("messages_cpu_s", "messages in a second of its core", 0),
    Measure("mb", "how much came, MB", 1),
    Measure("grew_mib", "memory grew by, MiB"),
    *SHARES,
)


def _workload(name: str, title: str, what: str, run: Callable[..., Awaitable[Figures]]) -> Workload:
    return Workload(
        name=name,
        title=title,
        text=lambda scale: f"{scale.long_messages:,} messages as {what}.",
        run=run,
        measures=MEASURES,
        headline="messages_s",
        servers=("parley",),
        within_s=150.0,
    )


LINES = _workload(
    "export",
    "A long conversation is exported",
    "JSON Lines, each with its salt, all with their proof",
    _json_lines,
)
PAGE = _workload(
    "export-page",
    "A long conversation is exported as a page",
    "one page that needs nothing beside it",
    _page,
)
ARCHIVE = _workload(
    "export-archive",
    "A long conversation is exported with its files",
    "a ZIP file, which has both the page and the lines",
    _archive,
)
