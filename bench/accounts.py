"""What accounts cost: the first page of one among many, signing in with a passkey, and what looking
a session up costs beside what it did before there were accounts.

    python -m bench --accounts             a hundred thousand accounts, within some minutes
    python -m bench --accounts --quick     a look
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct
from playwright.sync_api import expect, sync_playwright

from bench.machine import Cores, Meter, pinned
from bench.servers import Parley, Running
from parley.credentials import COOKIE
from parley.storage import sessions
from parley.storage.prepared import Prepared, p
from parley.storage.schema import milliseconds
from parley.storage.schema import sessions as table
from tests.browser import chromium
from tests.browser.test_accounts import SPEAKS_DEVTOOLS
from tests.servers import free_port

CONVERSATIONS = 10
"""Of each account."""
SAID = 3
"""In each conversation."""
APART = 9_973
"""Between the numbers of two conversations of an account: a prime, so they are all others."""
PAGE_AT_MOST_MS, SIGN_IN_AT_MOST_MS, LOOKING_UP_WITHIN = 20.0, 300.0, 0.03
WITHIN_S = 30.0
WITHIN_MS = 30_000.0


@dataclass(frozen=True)
class Size:
    accounts: int
    pages: int
    sign_ins: int
    turns: int
    """Of looking up, for each kind."""
    lookups: int
    """In each turn."""


STANDARD = Size(accounts=100_000, pages=500, sign_ins=30, turns=400, lookups=500)
QUICK = Size(accounts=2_000, pages=50, sign_ins=3, turns=40, lookups=500)


class _Bench(Parley):
    """On a folder that stays, at an address of its own."""

    def __init__(self, checkout: Path, data: Path, port: int) -> None:
        super().__init__(checkout)
        self._data, self._port = data, port

    def command(self, scratch: Path) -> list[str]:
        url = f"http://localhost:{self._port}"
        flags = ["--port", str(self._port), "--data", str(self._data), "--public-url", url]
        return [sys.executable, "-m", "parley", "serve", *flags]


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> str:
    """As lines to print: each figure with its aim."""
    size = QUICK if is_quick else STANDARD
    lines = [f"load before: {os.getloadavg()[0]:.2f}"]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder) / "data"
        kind = _Bench(checkout, data, free_port())
        with kind.running(cores.server):
            pass  # the tables are made
        began = time.perf_counter()
        _fill(data, size.accounts)
        took_s, file_mb = time.perf_counter() - began, (data / "parley.db").stat().st_size / 1e6
        lines.append(
            f"{size.accounts:,} accounts with {CONVERSATIONS} conversations each, put in within "
            f"{took_s:.0f} s: {file_mb:.0f} MB"
        )
        with kind.running(cores.server) as server, pinned(cores.load):
            lines += _page(server, size)
            lines += _sign_ins(server, size)
        with pinned(cores.server):
            lines += _lookups(data, size)
    return "\n".join([*lines, f"load after: {os.getloadavg()[0]:.2f}"])


# --- what there is before ---


def _token(account: int) -> str:
    return f"device-{account}"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _fill(data: Path, count: int) -> None:
    """So many accounts, each on one device, and as many conversations, each of ten people."""
    at = milliseconds(datetime.now(UTC)) or 0
    parts = [
        (number, (number + each * APART) % count)
        for number in range(count)
        for each in range(min(CONVERSATIONS, count))
    ]
    with contextlib.closing(sqlite3.connect(data / "parley.db", timeout=WITHIN_S)) as own, own:
        [(first,)] = own.execute("SELECT coalesce(max(id), 0) + 1 FROM sessions")
        [(room,)] = own.execute("SELECT coalesce(max(id), 0) + 1 FROM conversations")
        own.executemany(
            "INSERT INTO sessions (id, token_hash, created_at, token_used_at, principal_id)"
            " VALUES (?, ?, ?, ?, ?)",
            _sessions(first, count, at),
        )
        own.executemany(
            "INSERT INTO accounts (session_id, handle, name, created_at) VALUES (?, ?, 'Ana', ?)",
            ((first + 2 * each, _hash(f"handle-{each}"), at) for each in range(count)),
        )
        own.execute(
            "INSERT INTO account_devices (session_id, account_id, label, place, signed_in_at,"
            " confirmed_at) SELECT session_id + 1, id, 'Chrome on Linux', '', created_at,"
            " created_at FROM accounts"
        )
        own.executemany(
            "INSERT INTO conversations (id, room_id, title, title_folded, description, visibility,"
            " created_at, created_by, owner_session_id, seq, message_count, participant_count,"
            " last_activity_at) VALUES (?, ?, ?, ?, '', 'unlisted', ?, 'u', ?, ?, ?, ?, ?)",
            (
                (
                    *(room + each, f"room-{each}", f"Talk {each}", f"talk {each}", at),
                    *(first + 2 * each, SAID, SAID, CONVERSATIONS, at + each),
                )
                for each in range(count)
            ),
        )
        own.executemany(
            "INSERT INTO participants (conversation_id, user_id, username, session_id, role,"
            " joined_at, left_at, visits, name_key, named_at, has_spoken)"
            " VALUES (?, ?, ?, ?, 'member', ?, ?, 1, ?, ?, 1)",
            (
                (
                    *(room + talk, f"u-{number}", f"Ana {number}", first + 2 * number),
                    *(at, at, f"ana {number}", at),
                )
                for number, talk in sorted(parts, key=lambda part: part[1])
            ),
        )
        own.executemany(
            "INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id,"
            " username, text, type, sent_at) VALUES (?, ?, ?, ?, ?, 'u-0', 'Ana', ?, 'text', ?)",
            (
                (room + each, seq, f"{seq}-x", seq, first + 2 * each, f"Who brings {seq}?", at)
                for each in range(count)
                for seq in range(1, SAID + 1)
            ),
        )
        own.execute("ANALYZE")


def _sessions(first: int, count: int, at: int) -> Iterator[tuple[int, bytes, int, int, int | None]]:
    """Of each account what it is in conversations, which no secret proves, and its device's."""
    for each in range(count):
        principal = first + 2 * each
        yield principal, _hash(f"nobody-{each}"), at, at, None
        yield principal + 1, _hash(_token(each)), at, at, principal


# --- what people wait for ---


def _page(server: Running, size: Size) -> list[str]:
    """How long the server takes for the first page of one of them."""
    rng, took = random.Random(19), []
    connection = http.client.HTTPConnection("localhost", server.port, timeout=WITHIN_S)
    with contextlib.closing(connection):
        for _ in range(20):
            _ask(connection, rng.randrange(size.accounts))
        meter = Meter(server.pid)
        for _ in range(size.pages):
            account = rng.randrange(size.accounts)
            began = time.perf_counter()
            page = _ask(connection, account)
            took.append(1e3 * (time.perf_counter() - began))
            if len(re.findall(rb'class="row own-row" data-room-id', page)) != CONVERSATIONS:
                raise RuntimeError("That page doesn't list what is theirs.")
        meter.read()
    middle, late = statistics.median(took), sorted(took)[int(0.99 * len(took))]
    cpu_ms = 1e3 * meter.server_s / size.pages
    return [
        _line("the first page, ms (half of them)", middle, PAGE_AT_MOST_MS, "ms"),
        f"  99 of 100 within {late:.1f} ms; {cpu_ms:.1f} ms of the server's CPU each",
    ]


def _ask(connection: http.client.HTTPConnection, account: int) -> bytes:
    connection.request("GET", "/", headers={"Cookie": f"{COOKIE}={_token(account)}"})
    return connection.getresponse().read()


def _sign_ins(server: Running, size: Size) -> list[str]:
    """From the press of the button to the page that says so, in a browser that has been there."""
    url, took = f"http://localhost:{server.port}/account", []
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        context = browser.new_context()
        context.set_default_timeout(WITHIN_MS)
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": SPEAKS_DEVTOOLS})
        page.goto(url)
        page.get_by_role("button", name="Create a passkey").click()
        said = page.get_by_role("status")
        expect(said.filter(has_text="You have an account now.")).to_be_visible(timeout=WITHIN_MS)
        meter = Meter(server.pid)
        for _ in range(size.sign_ins + 1):
            page.get_by_role("button", name="Sign out", exact=True).click()
            expect(said.filter(has_text="You are signed out")).to_be_visible(timeout=WITHIN_MS)
            page.wait_for_load_state("networkidle")
            # The time since the press, on the page that follows.
            page.evaluate(
                """() => document.getElementById("passkey-show").addEventListener("click", () =>
                  sessionStorage.setItem("bench-pressed", String(Date.now())), { capture: true })"""
            )
            page.get_by_role("button", name="Sign in with a passkey").click()
            expect(said.filter(has_text="You are signed in.")).to_be_visible(timeout=WITHIN_MS)
            page.wait_for_function("() => performance.getEntriesByType('paint').length")
            took.append(
                float(
                    page.evaluate(
                        """() => performance.timeOrigin
                          + performance.getEntriesByType("paint").at(-1).startTime
                          - Number(sessionStorage.getItem("bench-pressed"))"""
                    )
                )
            )
        meter.read()
        browser.close()
    middle = statistics.median(took[1:])
    return [
        _line("signing in with a passkey, ms (half of them)", middle, SIGN_IN_AT_MOST_MS, "ms"),
        f"  the slowest of {size.sign_ins}: {max(took[1:]):.0f} ms; "
        f"{1e3 * meter.server_s / len(took):.0f} ms of the server's CPU, with signing out before",
    ]


# --- what each request pays ---


class _Then(Struct, frozen=True):
    """A session as it was before there were accounts; what follows found it then."""

    id: int
    created_at: datetime
    token_used: bool
    mark: int = 0


_WHO_THEN = [each for each in table.c if each.name != "principal_id"]
_FIND_THEN = Prepared(sa.select(*_WHO_THEN).where(table.c.token_hash == p("token_hash")), _WHO_THEN)


def _find_then(connection: sa.Connection, token_hash: bytes) -> _Then | None:
    row = _FIND_THEN.first(connection, token_hash=token_hash)
    if row is None:
        return None
    return _Then(
        id=row.id,
        created_at=row.created_at,
        token_used=row.token_used_at is not None,
        mark=int.from_bytes(row.token_hash[:7], "big"),
    )


def _lookups(data: Path, size: Size) -> list[str]:
    """CPU of a session's look-up, as it was and as it is, of guests and of accounts' devices."""
    rng = random.Random(19)
    engine = sa.create_engine(f"sqlite:///{data / 'parley.db'}")
    guests = [_hash(f"nobody-{rng.randrange(size.accounts)}") for _ in range(size.lookups)]
    devices = [_hash(_token(rng.randrange(size.accounts))) for _ in range(size.lookups)]
    kinds: dict[str, tuple[Callable[[sa.Connection, bytes], object], list[bytes]]] = {
        "as before": (_find_then, guests),
        "a guest": (sessions.find, guests),
        "a device": (sessions.find, devices),
    }
    costs: dict[str, list[float]] = {name: [] for name in kinds}
    with engine.connect() as connection:
        for turn in range(size.turns + 2):
            for name in list(kinds)[:: 1 if turn % 2 else -1]:
                find, hashes = kinds[name]
                began = time.process_time()
                for each in hashes:
                    find(connection, each)
                if turn >= 2:
                    costs[name].append(1e6 * (time.process_time() - began) / len(hashes))
    engine.dispose()
    before = costs["as before"]
    lines = [f"looking a session up as before accounts, µs: {statistics.median(before):.2f}"]
    for name in ("a guest", "a device"):
        pairs = zip(costs[name], before, strict=True)
        more = statistics.median(now / then for now, then in pairs) - 1
        what = f"  {name} now, µs: {statistics.median(costs[name]):.2f}, in percent more"
        lines.append(_line(what, 100 * more, 100 * LOOKING_UP_WITHIN, "%"))
    return lines


def _line(what: str, figure: float, at_most: float, unit: str) -> str:
    verdict = "reached" if figure <= at_most else "MISSED"
    return f"{what}: {figure:.1f} ({verdict}: at most {at_most:g} {unit})"
