"""Where a push service hangs or the process that pushes is gone, the others are told."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from parley.push.courier import Courier
from parley.push.post import Outcome, Push, Setup, Urgency
from parley.push.vapid import SEED_BYTES
from tests.eventually import until
from tests.people import Person
from tests.push.service import NETWORKS, Browser, Service, bytes_of, serving

People = Callable[..., Person]


async def test_a_service_that_hangs_keeps_no_other_waiting(
    person: People, service: Service, trusted: Path
) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    over = asyncio.Event()

    async def hang(browser: Browser) -> web.Response:
        await over.wait()
        return web.Response(status=503)

    async with serving(trusted.parent) as hanging:
        hanging.answer = hang
        good = service.browser()
        for each, browser in ((ben, hanging.browser()), (cleo, good)):
            await each.joins_over_rest(room_id)
            await each.call("POST", "/api/push", browser.subscription)
            path = f"/api/conversations/{room_id}/notifications"
            await each.call("PUT", path, {"level": "all"})
        await ada.say(room_id, "Hello")
        await service.until(lambda: bool(good.got))
        assert good.got[0]["text"] == "Hello"
        await until(lambda: bool(hanging.asked))
        over.set()


def push_for(browser: Browser) -> Push:
    keys = browser.subscription["keys"]
    key, auth = bytes_of(keys["p256dh"]), bytes_of(keys["auth"])
    return Push(browser.endpoint, key, auth, b"{}", "topic", 60, Urgency.HIGH, is_known=True)


async def test_where_the_process_is_killed_another_goes_on(service: Service) -> None:
    courier = Courier(Setup(bytes(SEED_BYTES), "mailto:host@example.org", (NETWORKS,)))
    one, other = service.browser(), service.browser()
    over = asyncio.Event()
    try:
        assert (await courier.send(push_for(other))).status == 201

        async def hang(browser: Browser) -> web.Response:
            if browser is one:
                await over.wait()
            return web.Response(status=201)

        service.answer = hang
        sending = asyncio.create_task(courier.send(push_for(one)))
        await until(lambda: len(service.asked) == 2)
        assert courier._worker is not None
        pid = courier._worker._process.pid
        os.kill(pid, signal.SIGKILL)
        lost: Outcome = await asyncio.wait_for(sending, 60.0)
        assert (lost.status, lost.is_for_good) == (0, False)
        assert (await courier.send(push_for(other))).status == 201
        assert courier._worker._process.pid != pid
        assert len(other.got) == 2
    finally:
        over.set()
        await courier.close()
