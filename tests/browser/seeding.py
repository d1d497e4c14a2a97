"""Conversations that were there before a test begins: made over REST, then aged.

The API gives every message the time it arrives at. What was said yesterday is
made by moving the stored time, in the server's database. There the greater part
of what is long is written, too: each call costs the machine as much as a hundred
rows do.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

PATIENCE_S = 30.0
PLAIN = re.compile(r"[A-Za-z0-9 ]+")
"""What is stored as it was said: without Markdown, and meaning nobody."""
MANY = 10
"""From so many lines on they are written past the server."""
_AS_BEFORE = """
INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id, username, text,
                      type, sent_at, role, is_alike, is_unproven)
SELECT conversation_id, :seq, :id, :seq, session_id, user_id, username, :text,
       type, :sent_at, role, is_alike, is_unproven
FROM messages WHERE conversation_id = :conversation AND username = :who ORDER BY seq DESC LIMIT 1
"""
_COUNT = "UPDATE conversations SET seq = :seq, message_count = message_count + :more WHERE id = :id"


@dataclass(frozen=True, slots=True)
class Said:
    who: str
    text: str
    at: datetime | None = None
    """When; None for just now."""


@dataclass(frozen=True, slots=True)
class Seeded:
    room_id: str
    link: str
    tokens: dict[str, str]
    """By name: who spoke, and `owner`."""


class Seeding:
    """Fills one server. `data` is the folder of its database."""

    def __init__(self, url: str, data: Path) -> None:
        self._url = url
        self._data = data
        self._http = requests.Session()

    def close(self) -> None:
        self._http.close()

    def conversation(
        self,
        title: str = "A talk",
        said: Iterable[Said] = (),
        *,
        description: str = "",
        listed: bool = False,
        owner: str = "",
        at: datetime | None = None,
    ) -> Seeded:
        """Start one and say all that, in order. `owner` also joins, under that name."""
        created = self._post(
            "create",
            {
                "title": title,
                "description": description,
                "visibility": "listed" if listed else "unlisted",
            },
        )
        room_id = created["room_id"]
        tokens = {"owner": created["token"]}
        if owner:
            tokens[owner] = created["token"]
            self._post(f"{room_id}/join", {"username": owner}, tokens[owner])
        times = self._say_all(room_id, said, tokens)
        self._age(room_id, times, at)
        return Seeded(room_id, f"{self._url}/conversation/{room_id}", tokens)

    def start(self, title: str, token: str) -> None:
        """One more of whoever has that token, with nothing in it."""
        self._post("create", {"title": title}, token)

    def end(self, seeded: Seeded) -> None:
        self._post(f"{seeded.room_id}/end", {}, seeded.tokens["owner"])

    def decide(self, seeded: Seeded, wishes: dict[str, object]) -> None:
        """What its owner decides."""
        reply = self._http.patch(
            f"{self._url}/api/conversations/{seeded.room_id}",
            json=wishes,
            headers={"Authorization": f"Bearer {seeded.tokens['owner']}"},
            timeout=PATIENCE_S,
        )
        assert reply.ok, reply.text

    def delete_last(self, seeded: Seeded) -> None:
        """The last message, by its owner."""
        last = self._messages(seeded)[-1]
        self._change(seeded, "owner", "DELETE", f"messages/{last['id']}")

    def edit(self, seeded: Seeded, who: str, seq: int, text: str) -> None:
        """As whoever said it."""
        [id] = [each["id"] for each in self._messages(seeded) if each["seq"] == seq]
        self._change(seeded, who, "PATCH", f"messages/{id}", {"message": text})

    def pin(self, seeded: Seeded, seq: int) -> None:
        [id] = [each["id"] for each in self._messages(seeded) if each["seq"] == seq]
        self._change(seeded, "owner", "PUT", f"messages/{id}/pin")

    def _messages(self, seeded: Seeded) -> list[dict[str, Any]]:
        path = f"{self._url}/api/conversations/{seeded.room_id}/messages"
        headers = {"Authorization": f"Bearer {seeded.tokens['owner']}"}
        reply = self._http.get(path, headers=headers, timeout=PATIENCE_S)
        found: list[dict[str, Any]] = reply.json()["messages"]
        return found

    def _change(
        self, seeded: Seeded, who: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> None:
        reply = self._http.request(
            method,
            f"{self._url}/api/conversations/{seeded.room_id}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {seeded.tokens[who]}"},
            timeout=PATIENCE_S,
        )
        assert reply.ok, reply.text

    def remove(self, seeded: Seeded, who: str) -> None:
        """By the owner."""
        path = f"{self._url}/api/conversations/{seeded.room_id}/participants"
        headers = {"Authorization": f"Bearer {seeded.tokens['owner']}"}
        people = self._http.get(path, headers=headers, timeout=PATIENCE_S).json()["participants"]
        [user_id] = [each["user_id"] for each in people if each["username"] == who]
        self._post(f"{seeded.room_id}/remove", {"user_id": user_id}, seeded.tokens["owner"])

    def join_many(self, seeded: Seeded, names: Iterable[str], token: str = "") -> None:
        """Without a socket, so that they stay; in this order."""
        for name in names:
            self._post(f"{seeded.room_id}/join", {"username": name}, token)

    def knock(self, seeded: Seeded, who: str) -> None:
        self._post(f"{seeded.room_id}/knock", {"username": who})

    def say(self, seeded: Seeded, who: str, text: str) -> None:
        if who not in seeded.tokens:
            joined = self._post(f"{seeded.room_id}/join", {"username": who})
            seeded.tokens[who] = joined["token"]
        self._post(f"{seeded.room_id}/messages", {"message": text}, seeded.tokens[who])

    def send_files(
        self, seeded: Seeded, who: str, text: str, *files: tuple[str, bytes], still: bytes = b""
    ) -> None:
        """By somebody who has spoken or owns it: files by name, with what is said of them, and
        `still` for all where there is one.
        """
        headers = {"Authorization": f"Bearer {seeded.tokens[who]}"}
        ids = []
        for name, content in files:
            reply = self._http.post(
                f"{self._url}/api/conversations/{seeded.room_id}/files",
                params={"name": name},
                data=content,
                headers={**headers, "Content-Type": "application/octet-stream"},
                timeout=PATIENCE_S,
            )
            assert reply.ok, (name, reply.status_code, reply.text)
            ids.append(reply.json()["file"]["id"])
            if still:
                self._http.put(
                    f"{self._url}/api/conversations/{seeded.room_id}/files/{ids[-1]}/still",
                    data=still,
                    headers=headers,
                    timeout=PATIENCE_S,
                ).raise_for_status()
        body = {"message": text, "attachments": ids}
        self._post(f"{seeded.room_id}/messages", body, seeded.tokens[who])

    def read(self, seeded: Seeded, who: str, seq: int) -> None:
        """Somebody who has spoken has read all up to this."""
        reply = self._http.put(
            f"{self._url}/api/conversations/{seeded.room_id}/read",
            json={"seq": seq},
            headers={"Authorization": f"Bearer {seeded.tokens[who]}"},
            timeout=PATIENCE_S,
        )
        assert reply.ok, reply.text

    def answer(self, seeded: Seeded, who: str, text: str, seq: int) -> None:
        """Somebody who has spoken answers the message with this seq."""
        page = self._http.get(
            f"{self._url}/api/conversations/{seeded.room_id}/messages",
            params={"after": seq - 1, "limit": 1},
            headers={"Authorization": f"Bearer {seeded.tokens[who]}"},
            timeout=PATIENCE_S,
        ).json()
        body = {"message": text, "reply_to": page["messages"][0]["id"]}
        self._post(f"{seeded.room_id}/messages", body, seeded.tokens[who])

    def react(self, seeded: Seeded, who: str, seq: int, *emoji: str) -> None:
        """To the message of this seq, under the name of somebody who spoke or joins by it."""
        if who not in seeded.tokens:
            joined = self._post(f"{seeded.room_id}/join", {"username": who})
            seeded.tokens[who] = joined["token"]
        path = f"{self._url}/api/conversations/{seeded.room_id}/messages"
        headers = {"Authorization": f"Bearer {seeded.tokens[who]}"}
        page = self._http.get(
            f"{path}?after={seq - 1}&limit=1", headers=headers, timeout=PATIENCE_S
        )
        id = page.json()["messages"][0]["id"]
        for each in emoji:
            reply = self._http.put(
                f"{path}/{id}/reactions/{quote(each)}", headers=headers, timeout=PATIENCE_S
            )
            assert reply.ok, (reply.status_code, reply.text)

    def crowd(self, seeded: Seeded, seq: int, emoji: str, count: int) -> None:
        """So many people whom nobody knows react to a message that nobody reacted to."""
        people = [f"guest-{number:03}" for number in range(count)]
        sums = [{"emoji": emoji, "count": count, "user_ids": people[:50]}]
        with (
            contextlib.closing(
                sqlite3.connect(self._data / "parley.db", timeout=PATIENCE_S)
            ) as database,
            database,
        ):
            (id,) = database.execute(
                "SELECT id FROM conversations WHERE room_id = ?", (seeded.room_id,)
            ).fetchone()
            database.executemany(
                "INSERT INTO reactions (conversation_id, seq, emoji, user_id) VALUES (?, ?, ?, ?)",
                [(id, seq, emoji, each) for each in people],
            )
            database.execute(
                "UPDATE messages SET reactions = ? WHERE conversation_id = ? AND seq = ?",
                (json.dumps(sums), id, seq),
            )

    def say_many(self, seeded: Seeded, who: str, texts: list[str]) -> None:
        """Much that nobody is told of, by somebody who has spoken, and the last for all to hear."""
        self._write(seeded.room_id, [Said(who, text) for text in texts[:-1]])
        self.say(seeded, who, texts[-1])

    def _say_all(
        self, room_id: str, said: Iterable[Said], tokens: dict[str, str]
    ) -> dict[int, datetime]:
        times: dict[int, datetime] = {}
        for is_plain, lines in _pieces(said):
            if is_plain:
                self._write(room_id, lines)
                continue
            for line in lines:
                if line.who not in tokens:
                    joined = self._post(f"{room_id}/join", {"username": line.who})
                    tokens[line.who] = joined["token"]
                sent = self._post(f"{room_id}/messages", {"message": line.text}, tokens[line.who])
                if line.at is not None:
                    times[sent["seq"]] = line.at
        return times

    def _write(self, room_id: str, lines: Sequence[Said]) -> None:
        """Past the server, as what they said last: plain text, said just now."""
        assert all(PLAIN.fullmatch(line.text) and line.at is None for line in lines)
        with self._opened() as database:
            (conversation, seq) = database.execute(
                "SELECT id, seq FROM conversations WHERE room_id = ?", (room_id,)
            ).fetchone()
            now = time.time_ns() // 1_000_000
            rows = [
                {
                    "conversation": conversation,
                    "seq": at,
                    "id": f"{at}-seeded",
                    "who": line.who,
                    "text": line.text,
                    "sent_at": now,
                }
                for at, line in enumerate(lines, seq + 1)
            ]
            written = database.executemany(_AS_BEFORE, rows).rowcount
            assert written == len(lines), "somebody has not spoken yet"
            counted = {"id": conversation, "seq": seq + len(lines), "more": len(lines)}
            database.execute(_COUNT, counted)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        path = self._data / "parley.db"
        with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE_S)) as database, database:
            # A transaction that begins by reading may find that it is too late to write.
            database.execute("BEGIN IMMEDIATE")
            yield database

    def _post(self, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        reply = self._http.post(
            f"{self._url}/api/conversations/{path}", json=body, headers=headers, timeout=PATIENCE_S
        )
        assert reply.ok, (path, reply.status_code, reply.text)
        fields: dict[str, Any] = reply.json()
        return fields

    def _age(self, room_id: str, times: dict[int, datetime], started: datetime | None) -> None:
        if not times and started is None:
            return
        with self._opened() as database:
            (id,) = database.execute(
                "SELECT id FROM conversations WHERE room_id = ?", (room_id,)
            ).fetchone()
            database.executemany(
                "UPDATE messages SET sent_at = ? WHERE conversation_id = ? AND seq = ?",
                [(_milliseconds(at), id, seq) for seq, at in times.items()],
            )
            if started is not None:
                database.execute(
                    "UPDATE conversations SET created_at = ? WHERE id = ?",
                    (_milliseconds(started), id),
                )


def _pieces(said: Iterable[Said]) -> Iterator[tuple[bool, list[Said]]]:
    """What is said over REST, and the many lines that need not be, in order."""
    spoken: set[str] = set()

    def is_plain(line: Said) -> bool:
        has_spoken = line.who in spoken
        spoken.add(line.who)
        return has_spoken and line.at is None and PLAIN.fullmatch(line.text) is not None

    for plain, grouped in itertools.groupby(said, is_plain):
        lines = list(grouped)
        yield plain and len(lines) >= MANY, lines


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
