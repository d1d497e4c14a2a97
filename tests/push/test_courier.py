"""The process that pushes: nothing that one push service says or leaves unsaid ends it for all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from parley.push import courier as couriers
from parley.push.courier import Courier
from parley.push.post import Push, Setup, Urgency
from parley.push.vapid import SEED_BYTES
from tests import lasting
from tests.eventually import until
from tests.push.service import NETWORKS, Browser, Service, bytes_of

pytestmark = lasting.in_one_loop


def push_for(browser: Browser) -> Push:
    keys = browser.subscription["keys"]
    key, auth = bytes_of(keys["p256dh"]), bytes_of(keys["auth"])
    return Push(browser.endpoint, key, auth, b"{}", "topic", 60, Urgency.HIGH, is_known=True)


@pytest_asyncio.fixture(loop_scope="module")
async def courier(service: Service) -> AsyncIterator[Courier[Push]]:
    made = Courier[Push](Setup(bytes(SEED_BYTES), "mailto:host@example.org", (NETWORKS,)))
    yield made
    await made.close()


def pid(courier: Courier[Push]) -> int:
    assert courier._worker is not None
    return courier._worker._process.pid


async def test_bytes_that_are_no_text_end_nothing(
    courier: Courier[Push], service: Service, trusted: Path
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 503 \xff\r\nRetry-After: \xff\r\nContent-Length: 1\r\n\r\n\xff"
        writer.write(head)
        await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted.parent / "service.pem", trusted.parent / "service.key")
    odd = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        good = service.browser()
        assert (await courier.send(push_for(good))).status == 201
        before = pid(courier)
        port = odd.sockets[0].getsockname()[1]
        outcome = await courier.send(push_for(Browser(f"https://localhost:{port}/1")))
        assert (outcome.status, outcome.retry_after, outcome.is_lost) == (503, "?", False)
        assert (await courier.send(push_for(good))).status == 201
        assert pid(courier) == before
    finally:
        odd.close()


@pytest.mark.long("it waits until that is sure")
async def test_one_that_says_nothing_at_all_is_ended_and_one_that_works_is_not(
    courier: Courier[Push], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent_s, usual_s = 2.0, couriers.SILENT_MAX_S
    hung, good = service.browser(), service.browser()
    over = asyncio.Event()

    async def answer(browser: Browser) -> web.Response:
        if browser is hung:
            await over.wait()
        return web.Response(status=201)

    service.answer = answer
    assert (await courier.send(push_for(good))).status == 201
    before = pid(courier)
    monkeypatch.setattr(couriers, "SILENT_MAX_S", silent_s)
    clock = asyncio.get_running_loop().time
    began = clock()
    waiting = asyncio.create_task(courier.send(push_for(hung)))
    await until(lambda: len(service.asked) == 2)
    while clock() - began < 1.5 * silent_s:
        assert (await courier.send(push_for(good))).status == 201
    assert not waiting.done()
    assert pid(courier) == before
    outcome = await waiting  # nobody else is told anything any more
    assert outcome.is_lost
    over.set()
    monkeypatch.setattr(couriers, "SILENT_MAX_S", usual_s)  # the next has to start, and may be slow
    assert (await courier.send(push_for(good))).status == 201
    assert pid(courier) != before
