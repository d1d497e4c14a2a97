"""An address has so many connections: they count from the first, and until the last is gone."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.people import PATIENCE_S
from tests.raw import raw_polling, raw_socket
from tests.security.conftest import ADDRESS, ELSEWHERE, TRUSTED, Open


@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_an_address_has_so_many_clients_and_no_more(opened: Open, plain: bool) -> None:
    settings = {"trusted_proxies": TRUSTED, "max_connections_per_address": "2"}
    there, elsewhere = {"X-Forwarded-For": ADDRESS}, {"X-Forwarded-For": ELSEWHERE}
    polling = "/socket.io/?EIO=4&transport=polling"
    async with (
        opened(plain=plain, **settings) as house,
        aiohttp.ClientSession() as http,
        raw_socket(house.url, headers=there),
    ):
        async with http.get(house.url + polling, headers=there) as second:
            assert second.status == 200
        async with http.get(house.url + polling, headers=there) as third:
            assert third.status == 429
            assert third.headers["Retry-After"] == "10"
            assert (await third.json())["code"] == "rate_limited"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with raw_socket(house.url, headers=there):
                pass
        assert refused.value.status == (403 if plain else 429)  # others refuse only like this
        async with raw_socket(house.url, headers=elsewhere):
            assert house.server.app.realtime.server.connection_count == 3


async def test_who_goes_makes_place(opened: Open) -> None:
    async with opened(max_connections_per_address="1") as house:
        for _ in range(3):
            async with asyncio.timeout(PATIENCE_S):
                while True:  # until the server has noticed that the one before went
                    try:
                        async with raw_socket(house.url):
                            break
                    except (aiohttp.ClientError, ConnectionError):
                        continue


async def test_connections_count_before_they_say_a_word(opened: Open) -> None:
    async with opened(max_connections_per_address="2") as house:
        port = int(house.url.rpartition(":")[2])
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        async with asyncio.timeout(PATIENCE_S):
            refused = await lines[2][0].read()
        assert refused.startswith(b"HTTP/1.1 429 ")
        assert b"Retry-After: 10" in refused
        assert b'"rate_limited"' in refused
        for _, writer in lines:
            writer.close()


async def test_a_trusted_proxys_own_connections_are_those_of_many(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, max_connections_per_address="1") as house:
        port = int(house.url.rpartition(":")[2])
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        ada = house.guest("Ada", ADDRESS)
        await ada.sits_down()
        for _, writer in silent:
            writer.close()


async def test_polling_clients_are_forgotten_when_they_go(opened: Open) -> None:
    async with opened(max_connections_per_address="6") as house:
        for _ in range(4):
            async with raw_polling(house.url) as gone:
                await gone.send("1")
        places = house.server.app.realtime.server.eio.places
        assert all(places.take("127.0.0.1") for _ in range(6))
        assert not places.take("127.0.0.1")
