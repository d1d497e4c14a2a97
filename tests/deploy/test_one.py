"""One Parley behind a proxy: talk, addresses, large files either way, and restarts."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.deploy.conftest import Behind
from tests.effort import times
from tests.eventually import until
from tests.people import Json
from tests.proxying import TRUSTING, Client

pytestmark = pytest.mark.asyncios_loop("aiohttp leaves it connections that are just being closed")

LARGE_BYTES = times(24, full=100) * 1024 * 1024
PIECE = os.urandom(1024 * 1024)
BACK_WITHIN_S = 60.0


def saying(text: str) -> Callable[[Json], bool]:
    return lambda data: bool(data["message"] == text)


async def test_people_talk_by_every_transport(behind: Behind) -> None:
    ada = Client("Ada", behind.url)
    others = [
        Client("Ben", behind.url, ("websocket",)),
        Client("Cleo", behind.url, ("polling",)),
        Client("Dora", behind.url, ("polling", "websocket")),
    ]
    try:
        room_id = await starts(ada)
        for each in others:
            await each.join(room_id)
        for number, each in enumerate((ada, *others)):
            assert (await each.say(room_id, f"Hello {number} ☕"))["ok"]
        for each in (ada, *others):
            for number in range(4):
                await each.hears("new_message", saying(f"Hello {number} ☕"))
        assert [each.socket.transport() for each in others] == ["websocket", "polling", "websocket"]
    finally:
        for each in (ada, *others):
            await each.goes_home()


@pytest.mark.longer
async def test_large_files_pass_as_they_come(behind: Behind, tmp_path: Path) -> None:
    ada = Client("Ada", behind.url)
    inbox = tmp_path / "data" / "uploads"
    half_came, sent = asyncio.Event(), hashlib.sha256()

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(LARGE_BYTES // len(PIECE)):
            if number == LARGE_BYTES // len(PIECE) // 2:
                # Nothing stands between: Parley has most of what was sent before the rest is.
                await until(lambda: size_in(inbox) > LARGE_BYTES // 4)
                half_came.set()
            sent.update(PIECE)
            yield PIECE

    try:
        room_id = await starts(ada)
        async with session(ada) as http:
            address = f"{behind.url}/api/conversations/{room_id}/files?name=large.bin"
            length = {"Content-Length": str(LARGE_BYTES)}
            async with http.post(address, data=pieces(), headers=length) as reply:
                assert reply.status == 201, await reply.text()
                file = (await reply.json())["file"]
            assert half_came.is_set()
            assert file["size"] == LARGE_BYTES
            answer = await ada.ask(
                "send_message", {"room_id": room_id, "message": "", "attachments": [file["id"]]}
            )
            assert answer["ok"], answer
            found = hashlib.sha256()
            async with http.get(behind.url + file["url"]) as reply:
                assert reply.status == 200
                async for piece in reply.content.iter_chunked(65_536):
                    found.update(piece)
            assert found.digest() == sent.digest()
    finally:
        await ada.goes_home()


async def test_each_address_counts_by_itself_and_none_can_be_chosen(behind: Behind) -> None:
    async def created(address: str, **forged: str) -> int:
        connector = aiohttp.TCPConnector(
            ssl=TRUSTING, local_addr=(address, 0), family=socket.AF_INET
        )
        headers = {name.replace("_", "-"): value for name, value in forged.items()}
        async with (
            aiohttp.ClientSession(connector=connector, headers=headers) as http,
            http.post(f"{behind.url}/api/conversations/create", json={}) as reply,
        ):
            status = reply.status
            # Else TLS is still saying goodbye when the test's loop ends.
            await connector.close(abort_ssl=True)
            return status

    assert [await created("127.0.0.2") for _ in range(4)] == [201, 201, 201, 429]
    assert await created("127.0.0.3") == 201
    forged = [
        await created("127.0.0.3", X_Forwarded_For=f"203.0.113.{number}") for number in range(3)
    ]
    assert forged == [201, 201, 429]
    assert await created("127.0.0.4", Forwarded="for=127.0.0.2") == 201


async def test_sockets_come_back_after_a_restart_and_pages_say_what_goes_on(
    behind: Behind,
) -> None:
    people = [Client("Ada", behind.url), Client("Cleo", behind.url, ("polling",))]
    try:
        room_id = await starts(people[0])
        await people[1].join(room_id)
        assert behind.server.stop() == (0, "")
        for each in people:
            await until(lambda each=each: not each.socket.connected, BACK_WITHIN_S)  # type: ignore[misc]
        async with session(people[0]) as http:
            asked = asyncio.ensure_future(http.get(behind.url))
            if behind.proxy.program in ("nginx", "apache2"):
                async with await asked as reply:
                    assert reply.status == 503
                    assert "loads again by itself" in await reply.text()
            behind.server.start()
            # The others have it wait.
            async with await asked as reply:
                assert reply.status in (200, 503)
                assert (reply.status == 200) is (behind.proxy.program in ("haproxy", "caddy"))
        for each in people:
            await each.reconnect()
            await each.join(room_id, token=each.token)
        assert (await people[0].say(room_id, "Back again"))["ok"]
        await people[1].hears("new_message", saying("Back again"))
    finally:
        for each in people:
            await each.goes_home()


async def starts(person: Client) -> str:
    """A conversation of theirs, which they have joined; its room id."""
    status, created = await person.call("POST", "/api/conversations/create", {"title": "Tea"})
    assert status == 201, created
    assert created["join_link"].startswith(f"{person.url}/conversation/")
    room_id: str = created["room_id"]
    await person.join(room_id, token=created["token"])
    return room_id


def session(person: Client) -> aiohttp.ClientSession:
    """Of HTTP, with their token."""
    headers = {"Authorization": f"Bearer {person.token}"}
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=TRUSTING),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=300),
    )


def size_in(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


async def test_browsers_get_http_2_and_parley_keeps_its_connections(behind: Behind) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    port = int(behind.url.rpartition(":")[2])
    with (
        socket.create_connection(("localhost", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        assert secured.selected_alpn_protocol() == "h2"
    connections = set()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=TRUSTING)) as http:
        for _ in range(12):
            async with http.get(f"{behind.url}/api/health") as reply:
                assert reply.status == 200
            connections |= connections_to(behind.server.port)
    # Each request could have had one of its own.
    assert 0 < len(connections) < 6, connections


def connections_to(port: int) -> set[str]:
    """The ports from which connections to one of this machine's are open now (proc(5))."""
    ends = f":{port:04X}"
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return {here for _, here, there, state, *_ in lines if there.endswith(ends) and state == "01"}
