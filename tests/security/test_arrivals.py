"""What the doctor asks a server by the public URL is answered to nobody else."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from parley.app import web_site
from parley.contract import FORM_MAX_BYTES
from parley.control.arrivals import HEADER, PATH, VALID_FOR_S, token_of
from parley.secret import Secret
from tests.security.conftest import House, Open


def secret(house: House) -> Secret:
    found = web_site(house.server.app).secret
    assert found is not None
    return found


async def test_who_knows_the_secret_is_told_how_a_request_came(opened: Open) -> None:
    async with opened(trusted_proxies="127.0.0.1") as house, aiohttp.ClientSession() as http:
        headers = {
            HEADER: token_of(secret(house), time.time()),
            "X-Forwarded-For": "198.51.100.7",
            "X-Forwarded-Proto": "https",
        }
        async with http.get(house.url + PATH, headers=headers) as reply:
            assert reply.status == 200
            assert reply.headers["Cache-Control"] == "no-store"
            lines = (await reply.text()).splitlines()
        assert '"client":"198.51.100.7","is_trusted":true,"scheme":"https"' in lines[0]
        assert lines[1] == "done"
        async with http.post(house.url + PATH, headers=headers, data=b"x" * 1000) as reply:
            told: dict[str, Any] = await reply.json()
            assert told["announced"] == 1000


OTHER_DIGITS = {ord("0") + number: 0x660 + number for number in range(10)}
"""Arabic ones, which Python takes for numbers, too."""


async def test_nobody_else_is_told_that_there_is_anything(opened: Open) -> None:
    async with opened() as house, aiohttp.ClientSession() as http:
        own, now = secret(house), time.time()
        right = token_of(own, now)
        until, _, seal = right.partition(".")
        tokens = {
            "none": "",
            "of another server": token_of(Secret(bytes(32)), now),
            "too old": token_of(own, now - VALID_FOR_S - 1),
            "valid for longer than any": token_of(own, now + 3600),
            "for another time": f"{int(until) - 1}.{seal}",
            "without a seal": until,
            "no number": f"soon.{seal}",
            "a number of other digits": f"{until.translate(OTHER_DIGITS)}.{seal}",
            "endless": f"{'9' * 4000}.{seal}",
        }
        async with http.get(f"{house.url}/none") as reply:
            nothing = await reply.text()
        for what, token in tokens.items():
            headers = {HEADER: token} if token else {}
            for method in ("GET", "POST"):
                async with http.request(method, house.url + PATH, headers=headers) as reply:
                    assert (reply.status, what) == (404, what)
                    assert method == "POST" or await reply.text() == nothing, what


@pytest.mark.parametrize("size", [FORM_MAX_BYTES + 1, 10**9])
async def test_what_is_announced_is_not_waited_for(opened: Open, size: int) -> None:
    async with opened() as house, aiohttp.ClientSession() as http:
        headers = {
            HEADER: token_of(secret(house), time.time()),
            "Content-Length": str(size),
        }

        async def body() -> Any:
            yield b"x" * 1000
            await is_answered.wait()

        is_answered = asyncio.Event()
        async with http.post(house.url + PATH, headers=headers, data=body()) as reply:
            is_answered.set()
            assert reply.status == 200
            assert (await reply.json())["announced"] == size
