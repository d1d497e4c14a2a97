"""Long conversations, written past the server: nobody says a hundred thousand things one by one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from parley.storage.schema import milliseconds

USER_ID = "ada"
_SAY = (
    "INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id, username,"
    f" text, type, client_id, sent_at) VALUES (?, ?, ?, ?, ?, '{USER_ID}', 'Ada', ?, ?, ?, ?)"
)


def fill(
    connection: Any,
    room_id: str,
    texts: Iterable[str],
    *,
    last_at: datetime,
    is_encrypted: bool = False,
) -> int:
    """Have Ada say these, one after the other, a second apart up to `last_at`; how many they are.
    Where `is_encrypted`, they are envelopes, sealed for the ids that `client_id` gives.

    While nobody else writes. Whoever calls commits it.
    """
    said = list(texts)
    last_ms = milliseconds(last_at) or 0
    number, session, seq = connection.execute(
        "SELECT id, owner_session_id, seq FROM conversations WHERE room_id = ?", (room_id,)
    ).fetchone()
    connection.executemany(
        _SAY,
        (
            (
                *(number, at, f"{at}-x", at, session, text),
                *(("encrypted", client_id(at - seq - 1)) if is_encrypted else ("text", None)),
                last_ms - 1_000 * (seq + len(said) - at),
            )
            for at, text in enumerate(said, seq + 1)
        ),
    )
    connection.execute(
        "UPDATE conversations SET seq = seq + ?, message_count = message_count + ?,"
        " last_activity_at = ? WHERE id = ?",
        (len(said), len(said), last_ms, number),
    )
    return len(said)


def client_id(number: int) -> str:
    """Of the envelope of that number among those that are filled in, from 0."""
    return f"x-{number}"
