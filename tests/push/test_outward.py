"""Whoever names a push service gets us to ask nothing but what is public, and not for long."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from parley.outward import ANSWER_MAX_BYTES, NotAllowed, Outward, is_public, require_askable
from tests.cases import together
from tests.push.service import NETWORKS

INNER = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.1.",
    "0x7f000001.",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:a00:1]",
    "[::ffff:0:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]",
    "[2001:0:1::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
]


@together("host", INNER)
def test_an_inner_address_is_refused_however_it_is_spelled(host: str) -> None:
    with pytest.raises(NotAllowed):
        require_askable(f"https://{host}/push/1")


@together(
    "url",
    [
        "",
        "push.example.org",
        "//push.example.org/1",
        "http://push.example.org/1",
        "ftp://push.example.org/1",
        "file:///etc/hostname",
        "https:///1",
        "https://host@push.example.org/1",
        "https://host:word@push.example.org/1",
        "https://@push.example.org/1",
        "https://push.example.org@127.0.0.1/1",
        "https://push.example.org\\@127.0.0.1/1",
        "https://push.example.org%2f@127.0.0.1/1",
        "https://push.example.org/1#there",
        "https://push.example.org:80/1",
        "https://push.example.org:8443/1",
        "https://push.example.org:0/1",
        "https://push.example.org:99999/1",
        "https://push.example.org:https/1",
        "https://[::1/1",
        "https://push.example.org/ 1",
        "https://push.example.org/1\r\nHost: other",
        "https://push.example.org/1\x7f",
        "https://pu\u00dfh.example.org/1",
        "https://\uff11\uff12\uff17.0.0.1/1",
        "https://push.example.org/" + "x" * 2048,
    ],
)
def test_what_is_no_plain_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(NotAllowed):
        require_askable(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://push.example.org/wpush/v2/a-b_c=?d=%2F",
        "https://push.example.org:443/1",
        "https://push.example.org./1",
        "https://8.8.8.8/1",
        "https://[2001:4860:4860::8888]/1",
        "https://[64:ff9b::808:808]/1",
    ],
)
def test_public_services_are_asked(url: str) -> None:
    assert require_askable(url) == url


@pytest.mark.parametrize(
    ("address", "is_so"), [("8.8.8.8", True), ("::ffff:8.8.8.8", True), ("fe80::1%eth0", False)]
)
def test_an_address_that_stands_for_another_is_as_public(address: str, is_so: bool) -> None:
    assert is_public(address) is is_so


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[int]]


@pytest.fixture
async def serve(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    """Answers over TLS on loopback; gives the port."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with contextlib.AsyncExitStack() as ends:

        async def start(handler: Handler) -> int:
            app = web.Application()
            app.router.add_post("/{any:.*}", handler)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            ends.push_async_callback(runner.cleanup)
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(trusted.parent / "service.pem", trusted.parent / "service.key")
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
            port: int = runner.addresses[0][1]
            return port

        yield start


@contextlib.asynccontextmanager
async def outward(**choices: Any) -> AsyncIterator[Outward]:
    made = Outward(**choices)
    try:
        yield made
    finally:
        await made.close()


def lead(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Have names lead to these addresses, one after the other; the names that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        asked.append(str(host))
        return real(answers[min(len(asked), len(answers)) - 1], port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"]
)
@pytest.mark.parametrize("name", ["push.example.org", "localhost", "localhost."])
async def test_a_name_that_leads_inside_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    asked = lead(monkeypatch, address)
    async with outward() as out:
        with pytest.raises(NotAllowed):
            await out.post(f"https://{name}/1", {}, b"")
    assert len(asked) == 1


async def test_a_name_is_checked_anew_where_it_leads_elsewhere(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    """It is one that may be asked first, and an inner one when it is looked up again."""

    async def close(request: web.Request) -> web.Response:
        response = web.Response(status=201)
        response.force_close()
        return response

    port = await serve(close)
    asked = lead(monkeypatch, "127.0.0.1", "10.0.0.1")
    async with outward(networks=[NETWORKS]) as out:
        url = f"https://localhost:{port}/1"
        assert (await out.post(url, {}, b"")).status == 201
        with pytest.raises(NotAllowed):
            await out.post(url, {}, b"")
    assert len(asked) == 2


async def test_an_allowed_network_opens_no_other(serve: Serve) -> None:
    async def take(request: web.Request) -> web.Response:
        return web.Response(status=201)

    port = await serve(take)
    async with outward(networks=["127.0.0.2/32"]) as out:
        with pytest.raises(NotAllowed):
            await out.post(f"https://localhost:{port}/1", {}, b"")


@pytest.mark.parametrize("host", ["a..b.example", ".example.org", "1.2.3.4.5", "x" * 64 + ".org"])
async def test_a_host_that_is_no_name_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    lead(monkeypatch, "127.0.0.1")
    async with outward() as out:
        with pytest.raises(NotAllowed):
            await out.post(f"https://{host}/1", {}, b"")


async def test_a_redirect_is_an_answer_and_not_followed(serve: Serve) -> None:
    paths: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    port = await serve(redirect)
    async with outward(networks=[NETWORKS]) as out:
        answer = await out.post(f"https://localhost:{port}/1", {}, b"")
    assert answer.status == 307
    assert paths == ["/1"]


async def test_of_an_endless_answer_only_the_beginning_is_read(serve: Serve) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b"x" * ANSWER_MAX_BYTES)
        return response

    port = await serve(endless)
    async with outward(networks=[NETWORKS], within_s=60.0) as out, asyncio.timeout(50.0):
        answer = await out.post(f"https://localhost:{port}/1", {}, b"")
    assert answer.status == 500
    assert 0 < len(answer.text) <= 200


async def test_who_does_not_answer_is_left_in_time_and_keeps_nobody_else(serve: Serve) -> None:
    asked, over = asyncio.Event(), asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        asked.set()
        await over.wait()
        return web.Response()

    async def take(request: web.Request) -> web.Response:
        return web.Response(status=201)

    hangs, works = await serve(hang), await serve(take)
    async with outward(networks=[NETWORKS], at_once=4, at_once_each=1, within_s=20.0) as out:
        url = f"https://localhost:{hangs}/1"
        slow = [asyncio.create_task(out.post(url, {}, b"")) for _ in range(8)]
        await asyncio.wait_for(asked.wait(), 20.0)
        # Eight wait for one that hangs, and there are places for four in all.
        assert (await out.post(f"https://localhost:{works}/1", {}, b"")).status == 201
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
    async with outward(networks=[NETWORKS], within_s=0.5) as out:
        with pytest.raises(TimeoutError):
            await out.post(url, {}, b"")
    over.set()


async def test_a_kept_connection_is_for_its_own_host_alone(serve: Serve) -> None:
    hosts: list[tuple[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        assert request.transport is not None
        hosts.append((request.host, request.transport.get_extra_info("peername")))
        return web.Response(status=201)

    port = await serve(take)
    async with outward(networks=[NETWORKS]) as out:
        for host in ("localhost", "localhost", "127.0.0.1"):
            await out.post(f"https://{host}:{port}/1", {}, b"")
    (one, from_one), (again, from_again), (other, from_other) = hosts
    assert (one, other) == (f"localhost:{port}", f"127.0.0.1:{port}")
    assert (again, from_again) == (one, from_one)
    assert from_other != from_one
