"""How long a search takes: a million messages in one database, one conversation of a hundred
thousand; beside it what the database itself finds by LIKE and by FTS5, and Tantivy.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from bench import corpus, machine
from bench.filling import fill
from bench.servers import PEERS, Missing, Parley, Running, install
from parley.search import words

LARGE, OTHERS, EACH = 100_000, 90, 10_000
QUICK = 50
"""A quick run has so many times fewer."""
SEARCHES = 200
COMMON, RARE_MAX = 30, 5
"""So many of the most frequent words are looked for; rare ones stand in so few messages."""
INDEXED_WITHIN_S = 1_800.0
ANSWER_WITHIN_S = 30.0


class _Bench(Parley):
    """Parley on a folder that stays."""

    def __init__(self, checkout: Path, data: Path) -> None:
        super().__init__(checkout)
        self._data = data

    def command(self, scratch: Path) -> list[str]:
        return [sys.executable, "-m", "parley", "serve", "--port", "0", "--data", str(self._data)]


class _Client:
    """One session over one connection."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN_S)
        self.token = token

    def ask(self, method: str, path: str, body: str | None = None) -> dict[str, object]:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        self._connection.request(method, path, body, headers)
        answer: dict[str, object] = json.loads(self._connection.getresponse().read())
        if not answer["success"]:
            raise Missing(f"Parley answered: {answer['error']}")
        self.token = self.token or str(answer.get("token", "")) or None
        return answer


def measure(checkout: Path, cores: machine.Cores, *, is_quick: bool) -> str:
    """A table of figures. Raises `Missing` where npm did not fetch the corpus."""
    if not corpus.is_there():
        raise Missing("The corpus is missing: `make setup` fetches it with npm.")
    share = QUICK if is_quick else 1
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder) / "data"
        kind = _Bench(checkout, data)
        with kind.running(cores.server) as server:
            client = _Client(server.port)
            rooms = [
                str(client.ask("POST", "/api/conversations/create", "{}")["room_id"])
                for _ in range(OTHERS + 1)
            ]
        rng, now = random.Random(19), datetime.now(UTC)
        texts = list(corpus.mixed(LARGE // share, rng))
        with contextlib.closing(sqlite3.connect(data / "parley.db", timeout=30)) as own, own:
            fill(own, rooms[0], texts, last_at=now)
            for room in rooms[1:]:
                fill(own, room, corpus.mixed(EACH // share, rng), last_at=now)
        text_bytes = _number(data, "SELECT sum(length(CAST(text AS BLOB))) FROM messages")
        count = _number(data, "SELECT count(*) FROM messages")
        with kind.running(cores.server) as server:
            began_s = machine.cpu_s(server.pid)
            took_s = _until_indexed(data, count, server)
            index_us = 1e6 * (machine.cpu_s(server.pid) - began_s) / count
            index_bytes = _number(
                data, "SELECT sum(length(dictionary) + length(postings)) FROM search_segments"
            )
            common, rare = _words(texts, rng)
            lines = [
                f"{count:,} messages, {text_bytes / count:.0f} bytes each; "
                f"the largest conversation has {len(texts):,}.",
                f"Indexed in {took_s:.0f} s where nobody talks: {index_us:.0f} µs of CPU each, "
                "with the start of the server; "
                f"{index_bytes / text_bytes:.2f} of the text's size.",
                "",
                f"| newest 20 of {SEARCHES} searches each | median, ms | 99 of 100, ms |",
                "|---|---|---|",
            ]
            client = _Client(server.port, client.token)
            here, everywhere = f"/api/conversations/{rooms[0]}/search", "/api/search"
            for title, path, looked_for in (
                ("a common word", here, common),
                ("a rare word", here, rare),
                ("a common word, everywhere", everywhere, common),
                ("a rare word, everywhere", everywhere, rare),
            ):

                def search(word: str, path: str = path) -> None:
                    client.ask("GET", f"{path}?q={quote(word)}")

                lines.append(_line(f"Parley, {title}", _timed(search, looked_for)))
            lines.extend(_by_length(client, rooms[:2], [len(texts), EACH // share]))
        lines.extend(_by_sqlite(data, rooms[0], common, rare))
        lines.extend(_by_tantivy(data, rooms[0], common, rare))
    return "\n".join(lines)


def _until_indexed(data: Path, count: int, server: Running) -> float:
    """How long it took until nearly all is in segments, and no more was added."""
    began = time.monotonic()
    before = -1
    while time.monotonic() < began + INDEXED_WITHIN_S:
        time.sleep(1.0)
        now = _number(data, "SELECT coalesce(sum(docs), 0) FROM search_segments")
        if now == before and now > 0:
            return time.monotonic() - began - 1.0
        before = now
    raise Missing("The index was not made in time.")


def _words(texts: Sequence[str], rng: random.Random) -> tuple[list[str], list[str]]:
    """Words that stand in many messages, and words that stand in a few, as people type them."""
    counts = Counter(term for text in texts for term in words.terms(text))
    common = [word for word, _ in counts.most_common(COMMON)]
    few = sorted(word for word, count in counts.items() if count <= RARE_MAX and len(word) > 2)
    return [rng.choice(common) for _ in range(SEARCHES)], rng.choices(few, k=SEARCHES)


def _timed(search: Callable[[str], object], looked_for: Sequence[str]) -> list[float]:
    """Milliseconds, rising."""
    search(looked_for[0])
    took = []
    for word in looked_for:
        began = time.perf_counter()
        search(word)
        took.append(1e3 * (time.perf_counter() - began))
    return sorted(took)


def _line(title: str, took: Sequence[float]) -> str:
    return f"| {title} | {took[len(took) // 2]:.1f} | {took[int(len(took) * 0.99)]:.1f} |"


def _by_length(client: _Client, rooms: Sequence[str], lengths: Sequence[int]) -> Iterator[str]:
    """Whether what people do takes longer where more was said before."""
    for room, length in zip(rooms, lengths, strict=True):
        state, middle = f"/api/conversations/{room}", f"/messages?before={length // 2}&limit=100"

        def ask(path: str) -> None:
            client.ask("GET", path)

        yield _line(f"The newest of {length:,} messages", _timed(ask, [state] * SEARCHES))
        yield _line(f"A page in the middle of {length:,}", _timed(ask, [state + middle] * SEARCHES))


def _by_sqlite(data: Path, room: str, common: Sequence[str], rare: Sequence[str]) -> Iterator[str]:
    """What its own ways take, in the same process: LIKE on the messages, and FTS5 beside them."""
    with contextlib.closing(sqlite3.connect(data / "parley.db")) as connection:
        [number] = connection.execute(
            "SELECT id FROM conversations WHERE room_id = ?", (room,)
        ).fetchone()

        def like(word: str) -> None:
            connection.execute(
                "SELECT seq, text FROM messages WHERE conversation_id = ? AND text LIKE ?"
                " ORDER BY seq DESC LIMIT 20",
                (number, f"%{word}%"),
            ).fetchall()

        few = SEARCHES // 10
        yield _line("SQLite's LIKE, a common word", _timed(like, common[:few]))
        yield _line("SQLite's LIKE, a rare word", _timed(like, rare[:few]))
        connection.execute(
            "CREATE VIRTUAL TABLE temp.found USING fts5(text, content='', tokenize='unicode61')"
        )
        # Its rows are numbered by conversation and seq, so that both are found by their number.
        connection.execute(
            "CREATE TEMP TABLE places AS"
            " SELECT id AS room, (row_number() OVER ()) * 10000000 AS place FROM conversations"
        )
        [place] = connection.execute(
            "SELECT place FROM places WHERE room = ?", (number,)
        ).fetchone()
        began = time.process_time()
        connection.execute(
            "INSERT INTO temp.found (rowid, text)"
            " SELECT place + seq, text FROM messages JOIN places ON room = conversation_id"
        )
        took_s = time.process_time() - began
        [count] = connection.execute("SELECT count(*) FROM messages").fetchone()

        def match(word: str) -> None:
            connection.execute(
                "SELECT rowid FROM temp.found WHERE found MATCH ? AND rowid BETWEEN ? AND ?"
                " ORDER BY rowid DESC LIMIT 20",
                (f'"{word}"', place, place + 9_999_999),
            ).fetchall()

        yield _line(f"FTS5 ({1e6 * took_s / count:.0f} µs), a common word", _timed(match, common))
        yield _line("FTS5, a rare word", _timed(match, rare))


def _by_tantivy(data: Path, room: str, common: Sequence[str], rare: Sequence[str]) -> Iterator[str]:
    folder = PEERS / "tantivy"
    python = folder / ".venv" / "bin" / "python"
    number = _number(data, f"SELECT id FROM conversations WHERE room_id = '{room}'")
    try:
        if not python.exists():
            install([sys.executable, "-m", "venv", ".venv"], folder)
            install([str(python), "-m", "pip", "-q", "install", "-r", "requirements.txt"], folder)
        told = subprocess.run(  # our own command line
            [str(python), "search.py", str(data / "parley.db"), str(number)],
            cwd=folder,
            input="\n".join([common[0], *common, *rare]),
            capture_output=True,
            check=True,
            text=True,
            timeout=INDEXED_WITHIN_S,
        ).stdout
    except (Missing, subprocess.SubprocessError) as error:
        yield f"| Tantivy could not be measured: {error} | | |"
        return
    index_us, _, *took = [float(line) for line in told.split()]
    yield _line(f"Tantivy ({index_us:.0f} µs), a common word", sorted(took[:SEARCHES]))
    yield _line("Tantivy, a rare word", sorted(took[SEARCHES:]))


def _number(data: Path, asked: str) -> int:
    with contextlib.closing(sqlite3.connect(data / "parley.db", timeout=30)) as connection:
        [found] = connection.execute(asked).fetchone()
    return int(found)
