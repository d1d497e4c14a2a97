"""HTTPS without a proxy: certificates from files, and what comes to their port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import socketio
import trustme
from cryptography.hazmat.primitives import serialization
from structlog.testing import capture_logs

from parley.addresses import parse_networks
from parley.config import Config
from parley.wire import accepting, certificate, serving
from parley.wire.accepting import Hall, in_the_clear
from parley.wire.certificate import Certificate, CertificateUnusable
from parley.wire.line import SERVICE_RESTART
from parley.wire.unread import UNREAD_MAX_BYTES
from tests.countdowns import time_is_up
from tests.effort import some
from tests.eventually import until
from tests.people import PATIENCE_S
from tests.raw import event
from tests.servers import Process, Running, process, running
from tests.test_cli import assert_says_why, loaded_parley
from tests.wire.test_frames import masked
from tests.wire.test_line import Wire, wire
from tests.wire.test_proxy_protocol import line

HUNG_UP = r"(?i)eof|reset|abort|broken|closed|peer"
HELLO = "a message for everybody"


@dataclass(frozen=True)
class Files:
    """A certificate and its key, as files; and whom clients have to trust for it."""

    certificate: Path
    key: Path
    trusting: ssl.SSLContext

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--tls-certificate", str(self.certificate), "--tls-key", str(self.key))

    def loaded(self) -> Certificate:
        return Certificate(self.certificate, self.key)

    def take(self, other: Files) -> None:
        """Be replaced, as programs that renew certificates do it: at once, one after the other."""
        for mine, new in ((self.certificate, other.certificate), (self.key, other.key)):
            shutil.copy(new, beside := mine.with_suffix(".new"))
            os.replace(beside, mine)


AUTHORITY = trustme.CA()


def issued(folder: Path, *, ca: trustme.CA = AUTHORITY, **more: Any) -> Files:
    """For this machine, by an authority that clients trust."""
    made = ca.issue_cert("localhost", "127.0.0.1", **more)
    folder.mkdir()
    chain, key = folder / "talk.pem", folder / "talk.key"
    chain.write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
    key.write_bytes(made.private_key_pem.bytes())
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)
    return Files(chain, key, trusting)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return issued(tmp_path / "tls")


@pytest.fixture
async def server(config: Config, files: Files) -> AsyncIterator[Running]:
    async with running(config, certificate=files.loaded()) as started:
        yield started


@pytest.fixture
def halls(monkeypatch: pytest.MonkeyPatch) -> list[Hall]:
    """Those of servers that start after this."""
    made: list[Hall] = []
    before = Hall.before

    def noted(*args: Any, **more: Any) -> Hall:
        made.append(before(*args, **more))
        return made[-1]

    monkeypatch.setattr(Hall, "before", noted)
    return made


@contextlib.asynccontextmanager
async def secure(url: str, files: Files, announced: bytes = b"") -> AsyncIterator[Wire]:
    """A client that speaks in bytes, over TLS; before it, the proxy's word."""
    port = urlsplit(url).port
    assert port is not None
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    sock.sendall(announced)
    sock.setblocking(False)
    reader, writer = await asyncio.open_connection(
        sock=sock, ssl=files.trusting, server_hostname="localhost"
    )
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await writer.wait_closed()


async def started_room(server: Running, files: Files) -> tuple[str, dict[str, Any]]:
    """A conversation, and the answer's headers."""
    connector = aiohttp.TCPConnector(ssl=files.trusting)
    async with aiohttp.ClientSession(connector=connector) as http:
        own = {"Origin": server.url, "X-Parley": "1"}
        answer = await http.post(f"{server.url}/api/conversations/create", headers=own)
        assert answer.status == 201
        return (await answer.json())["room_id"], dict(answer.headers)


# --- what is spoken ---


async def test_pages_calls_and_files_come_over_https(server: Running, files: Files) -> None:
    connector = aiohttp.TCPConnector(ssl=files.trusting)
    async with aiohttp.ClientSession(connector=connector) as http:
        async with http.get(server.url) as page:
            assert page.status == 200
            cookie = page.headers["Set-Cookie"]
            assert cookie.startswith("__Host-")
            assert "Secure" in cookie
            policy = page.headers["Content-Security-Policy"]
            assert f"wss://{urlsplit(server.url).netloc}" in policy
            # For that port alone, who knows what else runs on this host.
            assert "Strict-Transport-Security" not in page.headers
        async with http.post(f"{server.url}/api/conversations/create") as created:
            link = (await created.json())["join_link"]
            assert link.startswith(f"{server.url}/")
        async with http.get(link) as page:
            assert page.status == 200


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_messages_come_and_go_over_tls(server: Running, files: Files, transport: str) -> None:
    room_id, _ = await started_room(server, files)
    async with contextlib.AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(ssl=files.trusting)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        people = []
        for name in ("Ada", "Ben"):
            client = socketio.AsyncClient(http_session=http, reconnection=False)
            heard: asyncio.Queue[Any] = asyncio.Queue()
            client.on("new_message", heard.put)
            await client.connect(server.url, transports=[transport], wait_timeout=PATIENCE_S)
            stack.push_async_callback(client.disconnect)
            joined = await client.call("join_room", {"room_id": room_id, "username": name})
            assert joined["ok"], joined
            people.append((client, heard))
        said = {"room_id": room_id, "message": HELLO}
        assert (await people[0][0].call("send_message", said))["ok"]
        for _, heard in people:
            async with asyncio.timeout(PATIENCE_S):
                assert (await heard.get())["message"] == HELLO


async def test_a_long_conversation_comes_whole_over_tls(server: Running, files: Files) -> None:
    """Frames larger than a record, many in one turn, to somebody who reads them late."""
    room_id, _ = await started_room(server, files)
    async with secure(server.url, files) as ada, secure(server.url, files) as ben:
        for each in (ada, ben):
            assert b" 101 " in await each.opens()
            await each.sits_down(room_id)
        for number in range(10):
            said = {"room_id": room_id, "message": f"{number} " + "ä" * 7_900}
            await ada.says(masked(0x81, event("send_message", said, id=number).encode()))
        numbers: list[str] = []
        while len(numbers) < 10:
            _, payload = await ben.reads()
            if payload.startswith(b'42["new_message"'):
                numbers.append(json.loads(payload[2:])[1]["message"].split()[0])
        assert numbers == [str(number) for number in range(10)]


async def test_whoever_does_not_read_over_tls_is_cut_off(server: Running, files: Files) -> None:
    room_id, _ = await started_room(server, files)
    counts = server.app.realtime.server.eio.counts
    async with secure(server.url, files) as mallory, secure(server.url, files) as ada:
        for each in (mallory, ada):
            assert b" 101 " in await each.opens()
            await each.sits_down(room_id)
        mallory.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for number in range(400):
            said = {"room_id": room_id, "message": "茶" * 7_900}
            await ada.says(masked(0x81, event("send_message", said, id=number).encode()))
            while not (await ada.reads())[1].startswith(b"43%d[" % number):
                pass
            if counts["overflowed"]:
                break
        assert counts["overflowed"] == 1
        held = server.app.realtime.server.eio.backlog._held
        await until(lambda: sum(held.values()) < UNREAD_MAX_BYTES)


async def test_old_tls_and_http_2_are_not_spoken(server: Running, files: Files) -> None:
    port = urlsplit(server.url).port

    def shake_hands(version: ssl.TLSVersion) -> tuple[str | None, str | None]:
        context = ssl.create_default_context()
        AUTHORITY.configure_trust(context)
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2", "http/1.1"])
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        with context.wrap_socket(plain, server_hostname="localhost") as inside:
            return inside.version(), inside.selected_alpn_protocol()

    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        assert await asyncio.to_thread(shake_hands, version) == (name, "http/1.1")
    assert files.loaded().context.minimum_version == ssl.TLSVersion.TLSv1_2


# --- what else comes to the port ---


@pytest.mark.parametrize("parts", ["at once", "byte by byte"])
async def test_a_page_asked_for_in_the_clear_is_found_over_https(
    server: Running, files: Files, parts: str
) -> None:
    netloc = urlsplit(server.url).netloc
    asked = f"GET /conversations?a=b HTTP/1.1\r\nAccept: */*\r\nHost: {netloc}\r\n\r\n".encode()
    async with wire(server) as browser:
        await browser.says(*((asked,) if parts == "at once" else (bytes([b]) for b in asked)))
        answer = await browser.reads_to_the_end()
    assert answer.startswith(b"HTTP/1.1 307 ")
    assert f"Location: https://{netloc}/conversations?a=b\r\n".encode() in answer


@pytest.mark.parametrize(
    "asked",
    [
        b"POST /api/conversations/create HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a",
        b'GET / HTTP/1.1\r\nHost: a"b\r\n\r\n',
        b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: y\nHost: b\r\n\r\n",
        b"GET /" + b"a" * 16_384,
    ],
)
def test_what_else_is_asked_for_in_the_clear_is_told_what_to_do(asked: bytes) -> None:
    answer = in_the_clear(asked)
    assert answer.startswith(b"HTTP/1.1 400 ")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Location" not in head
    assert "https://" in json.loads(body)["error"]


async def test_what_is_no_http_either_is_hung_up_on(server: Running, halls: list[Hall]) -> None:
    for noise in (b"\x00" * 99, b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03\x01\x02\x00noise" * 99):
        async with wire(server) as mallory:
            with contextlib.suppress(ConnectionError):
                await mallory.says(noise)
                answer = await mallory.reads_to_the_end()
                assert not answer.startswith(b"HTTP")


@pytest.mark.parametrize(
    "begun",
    some(
        [b"\x16", b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
        every=3,
        why="one tells most",
    ),
)
async def test_who_never_ends_their_handshake_is_cut_off_and_gives_back_their_place(
    config: Config,
    files: Files,
    halls: list[Hall],
    monkeypatch: pytest.MonkeyPatch,
    begun: bytes,
) -> None:
    monkeypatch.setattr(accepting, "SHAKE_HANDS_WITHIN_S", 1.0)
    few = replace(config, max_connections_per_address=2)
    async with running(few, certificate=files.loaded()) as server:
        async with wire(server) as one, wire(server) as two:
            for each in (one, two):
                await each.says(begun)
            await until(lambda: bool(halls) and len(halls[0]) == 2)
            async with wire(server) as three:  # there is no place for it
                with contextlib.suppress(ConnectionError):
                    assert await three.reads_to_the_end() == b""
            if len(begun) < 2 and not begun:
                time_is_up(halls[0].arriving)
            for each in (one, two):
                with contextlib.suppress(ConnectionError):
                    assert b"HTTP" not in await each.reads_to_the_end()
            await until(lambda: len(halls[0]) == 0)
        async with secure(server.url, files) as ada:
            assert b" 101 " in await ada.opens()


async def test_where_no_place_is_left_the_door_stays_shut(config: Config, files: Files) -> None:
    few = replace(config, max_connections=1, max_connections_per_address=100)
    async with (
        running(few, certificate=files.loaded()) as server,
        secure(server.url, files) as ada,
    ):
        assert b" 101 " in await ada.opens()
        with pytest.raises((ConnectionError, ssl.SSLError)):  # uvloop says no more
            async with secure(server.url, files):
                pass


@pytest.mark.long("it waits for all that a stop is given")
async def test_a_stop_waits_for_nobody_at_the_door(config: Config, files: Files) -> None:
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        started = contextlib.AsyncExitStack()
        server = await started.enter_async_context(running(config, certificate=files.loaded()))
        idle = await stack.enter_async_context(wire(server))
        begun = await stack.enter_async_context(wire(server))
        await begun.says(b"\x16\x03\x01\x02\x00\x01\x00")
        ada = await stack.enter_async_context(secure(server.url, files))
        assert b" 101 " in await ada.opens()
        since = loop.time()
        stopping = asyncio.create_task(started.aclose())
        assert await ada.reads_close() == SERVICE_RESTART
        for each in (idle, begun):
            with contextlib.suppress(ConnectionError):
                assert await each.reads_to_the_end() == b""
        await stopping
        assert loop.time() - since < serving.DRAIN_WITHIN_S + serving.ANSWER_WITHIN_S + PATIENCE_S


# --- behind a proxy that passes TLS on ---


async def test_a_proxy_announces_its_client_before_tls(config: Config, files: Files) -> None:
    settings = replace(
        config,
        proxy_protocol=True,
        trusted_proxies=parse_networks("127.0.0.1"),
        max_connections_per_address=1,
    )
    ready = b"GET /api/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    async with running(settings, certificate=files.loaded()) as server:
        async with secure(server.url, files, line("203.0.113.7")) as ada:
            assert b" 101 " in await ada.opens()
            with pytest.raises(OSError, match=HUNG_UP):
                async with secure(server.url, files, line("203.0.113.7")):
                    pass
            async with secure(server.url, files, line("203.0.113.8")) as ben:
                await ben.says(ready)
                assert b" 200 " in await ben.reads_head()
        with capture_logs() as entries, pytest.raises(OSError, match=HUNG_UP):
            async with secure(server.url, files):
                pass
        assert [entry["event"] for entry in entries] == ["proxy_protocol_missing"]


# --- the files ---


def test_files_that_are_of_no_use_are_told_in_a_sentence(tmp_path: Path, files: Files) -> None:
    other = issued(tmp_path / "other")
    now = datetime.now(UTC)
    old = issued(tmp_path / "old", not_after=now - timedelta(days=1))
    early = issued(tmp_path / "early", not_before=now + timedelta(days=1))
    secret = tmp_path / "secret.key"
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.touch()
    for certificate_file, key_file, words in (
        (missing, files.key, (str(missing), "No such file", "--tls-certificate")),
        (files.certificate, missing, (str(missing), "No such file", "--tls-key")),
        (tmp_path, files.key, (str(tmp_path), "Is a directory")),
        (empty, files.key, (str(empty), "no certificate")),
        (files.key, files.key, ("no certificate", "--tls-certificate")),
        (files.certificate, files.certificate, ("no private key", "--tls-key")),
        (files.certificate, empty, ("no private key", str(empty))),
        (files.certificate, other.key, ("doesn't belong", str(other.key))),
        (files.certificate, secret, ("passphrase", "openssl pkey -in")),
        (old.certificate, old.key, ("expired on", "Renew")),
        (early.certificate, early.key, ("isn't valid before", "clock")),
    ):
        with pytest.raises(CertificateUnusable) as error:
            Certificate(certificate_file, key_file)
        for word in words:
            assert word in str(error.value)
        assert "\n" not in str(error.value)


def test_one_file_may_hold_both(files: Files) -> None:
    both = files.certificate.with_name("both.pem")
    both.write_bytes(files.key.read_bytes() + files.certificate.read_bytes())
    Certificate(both, both)


def test_what_keeps_it_from_starting_is_one_sentence(tmp_path: Path, files: Files) -> None:
    data = ("--data", str(tmp_path / "data"))
    assert_says_why(loaded_parley("serve", *data, *files.flags[:2]), "--tls-key", "needs both")
    assert_says_why(loaded_parley("serve", *data, *files.flags[2:]), "--tls-certificate")
    wrong = ("--tls-certificate", str(tmp_path / "none.pem"), *files.flags[2:])
    assert_says_why(loaded_parley("serve", *data, *wrong), "none.pem", "can't be read")
    assert not (tmp_path / "data").exists()


async def serial(url: str) -> int:
    """Of the certificate that who connects now is shown."""
    found = urlsplit(url)

    def shown() -> bytes:
        context = ssl.create_default_context()
        AUTHORITY.configure_trust(context)
        plain = socket.create_connection(("127.0.0.1", found.port), PATIENCE_S)
        with context.wrap_socket(plain, server_hostname="localhost") as inside:
            return inside.getpeercert(binary_form=True) or b""

    return hash(await asyncio.to_thread(shown))


async def test_new_files_are_taken_as_they_come_and_nobody_is_cut_off(
    config: Config, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate, "LOOK_EVERY_S", 0.05)
    new = issued(tmp_path / "new")
    async with (
        running(config, certificate=files.loaded()) as server,
        secure(server.url, files) as ada,
    ):
        assert b" 101 " in await ada.opens()
        before = await serial(server.url)
        # The certificate comes before its key: for a while they don't fit.
        with capture_logs() as entries:
            shutil.copy(new.certificate, files.certificate)
            await until(lambda: bool(entries))
        assert entries[0]["event"] == "certificate_not_reloaded"
        assert "doesn't belong" in entries[0]["reason"]
        assert await serial(server.url) == before
        with capture_logs() as entries:
            shutil.copy(new.key, files.key)
            await until(lambda: bool(entries))
        assert entries[0]["event"] == "certificate_reloaded"
        assert await serial(server.url) != before
        # What is gone, or of no use, changes nothing.
        files.key.unlink()
        await ada.says(masked(0x81, b"40"))
        while not (await ada.reads())[1].startswith(b"40"):
            pass


async def test_a_certificate_that_expires_soon_is_told(config: Config, tmp_path: Path) -> None:
    soon = issued(tmp_path / "soon", not_after=datetime.now(UTC) + timedelta(days=3))
    with capture_logs() as entries:
        async with running(config, certificate=soon.loaded()):
            await until(lambda: any(e["event"] == "certificate_expires" for e in entries))


@pytest.fixture
def talking(tmp_path: Path, files: Files) -> Iterator[Process]:
    with process(tmp_path / "data", "--port", "0", *files.flags) as started:
        yield started


async def test_sighup_has_it_read_its_files_again_and_sigterm_ends_it(
    talking: Process, files: Files, tmp_path: Path
) -> None:
    assert talking.url.startswith("https://localhost:")
    async with secure(talking.url, files) as ada:
        assert b" 101 " in await ada.opens()
        before = await serial(talking.url)
        files.take(issued(tmp_path / "new"))
        os.kill(talking.pid, signal.SIGHUP)
        async with asyncio.timeout(PATIENCE_S):
            while await serial(talking.url) == before:
                pass
        stopped = asyncio.create_task(asyncio.to_thread(talking.stop))
        assert await ada.reads_close() == SERVICE_RESTART
    code, said = await stopped
    assert code == 0
    assert all("certificate_reloaded" in told for told in said.splitlines())
