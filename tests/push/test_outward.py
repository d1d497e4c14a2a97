"""Only public addresses are asked, whatever their spelling, and none for long."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from parley.outward import ANSWER_MAX_BYTES, NotAllowed, Outward, is_public, require_askable
from tests.push.service import NETWORKS, Browser, Service

INNER = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1"),
    *("::", "::1", "fc00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
    *("2002:7f00:1::", "2002:a00:1::", "2001:0:1::1"),
)
PUBLIC = ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::")


@pytest.mark.parametrize("address", INNER)
def test_what_is_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_outside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://push.example/", "ftp://push.example/", "//push.example/", "", "https://", "x"),
        *("https://user@push.example/", "https://u:p@push.example/", "https://push.example/#x"),
        *("https://push.example:8443/", "https://push.example:0x/", "https://push.example:99999/"),
        *("https://127.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://2130706433/"),
        *("https://017700000001/", "https://[::1]/", "https://[::ffff:127.0.0.1]/"),
        *("https://push.example\\@127.0.0.1/", "https://push%2eexample/", "https://pu sh.example/"),
        *("https://push.example/\r\nX: y", "https://pushé.example/", "https://x/" + "y" * 2048),
    ],
)
def test_what_can_be_told_beforehand_is_refused_in_words(url: str) -> None:
    with pytest.raises(NotAllowed, match="must"):
        require_askable(url)


def test_what_push_services_are_called_is_taken() -> None:
    for url in (
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QFoo",
        "https://db5p.notify.windows.com/w/?token=a%2fb",
    ):
        assert require_askable(url) == url


async def test_a_name_that_leads_inside_is_not_followed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it led to when it was given: what counts is where the connection goes."""
    asked: list[str] = []

    async def resolve(self: Any, host: str, *args: Any, **more: Any) -> list[dict[str, Any]]:
        asked.append(host)
        inner = {"hostname": host, "host": "127.0.0.1", "port": 443, "family": socket.AF_INET}
        return [{**inner, "proto": 0, "flags": 0}]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", resolve)
    outward = Outward()
    try:
        for _ in range(2):
            with pytest.raises(NotAllowed):
                await outward.post("https://push.example/push/1", {}, b"")
    finally:
        await outward.close()
    assert asked == ["push.example"] * 2
    assert service.asked == []


async def test_a_redirect_is_an_answer_like_others(service: Service) -> None:
    from aiohttp import web

    first, second = service.browser(), service.browser()

    async def elsewhere(browser: Browser) -> web.Response:
        return web.Response(status=307, headers={"Location": second.endpoint})

    service.answer = elsewhere
    outward = Outward(networks=(NETWORKS,))
    try:
        answer = await outward.post(first.endpoint, {}, b"")
    finally:
        await outward.close()
    assert answer.status == 307
    assert service.asked == ["1"]


Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


async def _serve(trusted: Any, answer: Answering) -> tuple[asyncio.Server, str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted.parent / "service.pem", trusted.parent / "service.key")
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    return server, f"https://localhost:{server.sockets[0].getsockname()[1]}/x"


async def test_an_endless_answer_is_read_no_further_than_needed(
    trusted: Any, service: Service
) -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                sent += 65536
                await writer.drain()
        except ConnectionError:
            writer.transport.abort()

    server, url = await _serve(trusted, endless)
    outward = Outward(networks=(NETWORKS,))
    try:
        answer = await outward.post(url, {}, b"")
    finally:
        await outward.close()
        server.close()
    assert answer.status == 200
    assert len(answer.text) <= ANSWER_MAX_BYTES


async def test_an_answer_that_never_comes_is_waited_for_no_longer_than_told(
    trusted: Any, service: Service
) -> None:
    heard = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set()
        await reader.read()
        writer.close()

    server, url = await _serve(trusted, silent)
    outward = Outward(networks=(NETWORKS,), within_s=0.5)
    try:
        with pytest.raises(TimeoutError):
            await outward.post(url, {}, b"")
    finally:
        await outward.close()
        server.close()
    assert heard.is_set()


async def test_who_is_not_vouched_for_is_not_told(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    outward = Outward(networks=(NETWORKS,))
    try:
        with pytest.raises(OSError):  # noqa: PT011  # OpenSSL's own words
            await outward.post(service.browser().endpoint, {}, b"")
    finally:
        await outward.close()
    assert service.asked == []
