"""Passphrases and links cannot be guessed at leisure, over REST, forms and sockets alike."""

from __future__ import annotations

import asyncio
import threading

import aiohttp
import pytest

from parley.app import web_site
from tests import lasting
from tests.people import PATIENCE_S
from tests.security import kept
from tests.security.conftest import ADDRESS, ELSEWHERE, TRUSTED, Guest, House, Open, assert_too_much

pytestmark = lasting.in_one_loop
servers, opened = kept.servers, kept.opened

RIGHT, WRONG = {"passphrase": "open sesame"}, {"passphrase": "open barley"}


async def behind_a_passphrase(house: House) -> tuple[str, str]:
    ada = house.guest("Ada")
    room_id = await ada.starts()
    path = f"/api/conversations/{room_id}"
    await ada.call("PATCH", path, RIGHT)
    return room_id, path


async def code(guest: Guest, method: str, path: str, body: dict[str, str] | None = None) -> str:
    _, reply = await guest.call(method, path, body)
    return str(reply.get("code") or "ok")


async def test_wrong_passphrases_are_counted_over_rest_and_sockets_together(opened: Open) -> None:
    async with opened(limit_passphrases="3/1m address") as house:
        room_id, path = await behind_a_passphrase(house)
        mallory, ben = house.guest("Mallory"), house.guest("Ben")
        await mallory.connect()
        assert await code(mallory, "POST", f"{path}/enter", WRONG) == "passphrase_wrong"
        ack = await mallory.ask("join_room", {"room_id": room_id, **WRONG})
        assert ack["code"] == "passphrase_wrong"
        assert await code(mallory, "POST", f"{path}/join", WRONG) == "passphrase_wrong"
        # Now not even the right one tells.
        for body in (WRONG, RIGHT):
            assert await code(mallory, "POST", f"{path}/enter", body) == "rate_limited"
        ack = await mallory.ask("join_room", {"room_id": room_id, **RIGHT})
        assert ack["code"] == "rate_limited"
        house.clock.goes_on(60)
        assert await code(ben, "POST", f"{path}/enter", RIGHT) == "ok"


async def test_guesses_made_at_once_are_counted_one_by_one(opened: Open) -> None:
    async with opened(limit_passphrases="3/1m address") as house:
        _, path = await behind_a_passphrase(house)
        mallory = house.guest("Mallory")
        codes = await asyncio.gather(
            *(code(mallory, "POST", f"{path}/enter", WRONG) for _ in range(10))
        )
        assert sorted(codes) == ["passphrase_wrong"] * 3 + ["rate_limited"] * 7


async def test_guesses_made_at_once_from_everywhere_are_counted_one_by_one(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_passphrases="3/1m room") as house:
        _, path = await behind_a_passphrase(house)
        everywhere = [house.guest("Mallory", f"203.0.113.{number}") for number in range(10)]
        codes = await asyncio.gather(
            *(code(each, "POST", f"{path}/enter", WRONG) for each in everywhere)
        )
        assert sorted(codes) == ["passphrase_wrong"] * 3 + ["rate_limited"] * 7


async def test_a_guess_counts_although_its_asker_hung_up(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(limit_passphrases="3/1m address") as house:
        _, path = await behind_a_passphrase(house)
        passphrases = web_site(house.server.app).context.passphrases
        begun, may_end, looks = threading.Semaphore(0), threading.Event(), passphrases.is_right

        async def slowly(passphrase: str, hash: str) -> bool:
            begun.release()
            await asyncio.to_thread(may_end.wait, PATIENCE_S)
            return await looks(passphrase, hash)

        monkeypatch.setattr(passphrases, "is_right", slowly)
        for _ in range(3):
            await hangs_up_on(house, f"{path}/enter", begun)
        may_end.set()
        assert await code(house.guest("Ben"), "POST", f"{path}/enter", RIGHT) == "rate_limited"
        house.clock.goes_on(60)
        assert await code(house.guest("Ben"), "POST", f"{path}/enter", RIGHT) == "ok"


async def hangs_up_on(house: House, path: str, begun: threading.Semaphore) -> None:
    """Ask for a passphrase to be looked at, and be gone before that is done."""
    async with aiohttp.ClientSession(house.url) as http:
        asked = asyncio.create_task(http.post(path, json=WRONG))
        assert await asyncio.to_thread(begun.acquire, timeout=PATIENCE_S)
        asked.cancel()
        await asyncio.wait([asked])


@pytest.mark.long("thousands of guesses")
async def test_one_address_closes_no_door_to_the_others(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        _, path = await behind_a_passphrase(house)
        for minute in range(60):
            # Strangers without a session: nothing but the address tells that they are one.
            mallory = house.guest(f"Mallory {minute}", "203.0.113.7")
            while await code(mallory, "POST", f"{path}/enter", WRONG) == "passphrase_wrong":
                pass
            house.clock.goes_on(60)
        assert await code(house.guest("Ben"), "POST", f"{path}/enter", RIGHT) == "ok"


async def test_a_form_with_too_many_guesses_says_when_to_come_back(opened: Open) -> None:
    async with opened(limit_passphrases="1/1m address") as house:
        room_id, _ = await behind_a_passphrase(house)
        form = f"{house.url}/conversation/{room_id}/enter"
        async with aiohttp.ClientSession() as http:
            async with http.post(form, data=WRONG) as wrong:
                assert wrong.status == 403
            async with http.post(form, data=RIGHT) as refused:
                assert refused.status == 429
                assert refused.headers["Retry-After"] == "60"
                assert "Please wait 60 seconds" in await refused.text()


async def test_who_knows_the_passphrase_cannot_have_it_looked_at_for_ever(opened: Open) -> None:
    async with opened(limit_joins="2/1m address") as house:
        _, path = await behind_a_passphrase(house)
        ben = house.guest("Ben")
        codes = [await code(ben, "POST", f"{path}/enter", RIGHT) for _ in range(3)]
        assert codes == ["ok", "ok", "rate_limited"]


async def test_the_right_passphrase_costs_nothing(opened: Open) -> None:
    async with opened(limit_passphrases="3/1m address") as house:
        _, path = await behind_a_passphrase(house)
        for number in range(10):
            guest = house.guest(f"Guest {number}")
            assert await code(guest, "POST", f"{path}/enter", RIGHT) == "ok"


async def test_links_that_lead_nowhere_are_counted_as_guesses(opened: Open) -> None:
    async with opened(limit_unknown_rooms="3/1m address") as house:
        _, path = await behind_a_passphrase(house)
        mallory = house.guest("Mallory")
        for number in range(3):
            assert await code(mallory, "POST", f"/api/links/guess-{number}") == "not_found"
        assert await code(mallory, "POST", "/api/links/guess-4") == "rate_limited"
        assert await code(mallory, "GET", path) == "rate_limited"


async def test_knocking_is_limited_as_joining_is(opened: Open) -> None:
    async with opened(limit_joins="2/1m address") as house:
        ada, kim = house.guest("Ada"), house.guest("Kim")
        path = f"/api/conversations/{await ada.starts()}"
        await ada.call("PATCH", path, {"knock": True})
        knock = {"username": "Kim"}
        codes = [await code(kim, "POST", f"{path}/knock", knock) for _ in range(3)]
        assert codes == ["ok", "ok", "rate_limited"]


async def test_who_guesses_links_finds_out_nothing_more(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_unknown_rooms="3/1m address") as house:
        ada, cleo = house.guest("Ada", ADDRESS), house.guest("Cleo", ELSEWHERE)
        mallory, ben = house.guest("Mallory", ADDRESS), house.guest("Ben", ADDRESS)
        room_id = await ada.sits_down()
        for each in (mallory, ben):
            await each.connect()
        assert (await ben.ask("watch_room", {"room_id": room_id}))["ok"]
        known = f"/api/conversations/{room_id}"
        assert (await mallory.call("GET", "/api/conversations/guess001"))[0] == 404
        guessed = await mallory.ask("watch_room", {"room_id": "guess002"})
        assert guessed["code"] == "conversation_not_found"
        async with (
            aiohttp.ClientSession(headers=mallory.forwarded) as http,
            http.get(f"{house.url}/conversation/guess003") as page,
        ):
            assert page.status == 404
        # Right or wrong, by whatever way, the answer is the same now.
        for path in (known, "/api/conversations/guess004", f"{known}/messages"):
            assert_too_much((await mallory.call("GET", path))[1], 60.0)
        for event in ("watch_room", "join_room", "leave_room"):
            for guess in (room_id, "guess004"):
                assert_too_much(await mallory.ask(event, {"room_id": guess}), 60.0)
        # Who is in it already does not guess, and who is elsewhere did not.
        assert (await ada.say(room_id, "At the same address"))["ok"]
        assert (await ben.ask("sync", {"room_id": room_id, "since": 0}))["ok"]
        assert (await cleo.call("GET", known))[0] == 200
        house.clock.goes_on(60)
        assert (await mallory.call("GET", known))[0] == 200


async def test_who_is_inside_is_let_in_wherever_others_guess(
    opened: Open, transports: tuple[str, ...]
) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_unknown_rooms="1/1m address") as house:
        ada, ben = (house.guest(name, ADDRESS, transports) for name in ("Ada", "Ben"))
        mallory = house.guest("Mallory", ADDRESS)
        room_id = await ada.sits_down()
        await ben.sits_down(room_id)
        known = f"/api/conversations/{room_id}"
        assert (await mallory.call("GET", "/api/conversations/guess001"))[0] == 404
        await mallory.connect()
        for who in (ada, ben):
            assert (await who.call("GET", known))[0] == 200
            headers = who.forwarded | {"Authorization": f"Bearer {who.token}"}
            async with (
                aiohttp.ClientSession(headers=headers) as http,
                http.get(f"{house.url}/conversation/{room_id}") as page,
            ):
                assert page.status == 200
            await who.reconnect(auth={"token": who.token})
            assert (await who.ask("join_room", {"room_id": room_id}))["ok"]
            await who.reconnect()
            assert (await who.ask("join_room", {"room_id": room_id, "token": who.token}))["ok"]
        # Who knows the link alone could be one who guessed it.
        assert_too_much((await mallory.call("GET", known))[1], 60.0)
        assert_too_much(await mallory.ask("join_room", {"room_id": room_id}), 60.0)
        for guess in (f"{known}x", "/api/conversations/guess002"):
            assert_too_much((await ada.call("GET", guess))[1], 60.0)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("dest", ["image", "iframe", "script", "empty"])
async def test_another_sites_page_tries_no_links_for_its_visitor(
    opened: Open, site: str, dest: str
) -> None:
    async with opened(limit_unknown_rooms="1/1m address") as house:
        ada = house.guest("Ada")
        room_id = await ada.starts()
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest}
        async with aiohttp.ClientSession() as http:
            for link in ("guess001", "guess002", room_id):
                for path in (f"/conversation/{link}", f"/api/conversations/{link}"):
                    async with http.get(house.url + path, headers=headers) as reply:
                        assert reply.status == 403, path
            follows = headers | {"Sec-Fetch-Dest": "document"}
            async with http.get(f"{house.url}/conversation/{room_id}", headers=follows) as reply:
                assert reply.status == 200


async def test_where_pages_may_be_framed_they_are(opened: Open) -> None:
    async with opened(embedding_origins="https://board.example") as house:
        room_id = await house.guest("Ada").starts()
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.get(f"{house.url}/conversation/{room_id}") as page,
        ):
            assert page.status == 200
