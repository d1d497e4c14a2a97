"""Starting conversations where only those may who are invited."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import sqlalchemy as sa

from parley.app import web_site
from parley.domain import inviting
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context, now
from parley.domain.inviting import Made
from parley.storage import forgetting
from parley.storage.schema import sessions
from tests import lasting
from tests.security import kept
from tests.security.conftest import Guest, House, Open

pytestmark = lasting.in_one_loop
servers, opened = kept.servers, kept.opened

CREATE = "/api/conversations/create"


def context_of(house: House) -> Context:
    return web_site(house.server.app).context


async def invitation(house: House, uses: int | None = 1, days: int = 7) -> Made:
    def work(connection: sa.Connection) -> Made:
        expires_in = timedelta(days=days)
        return inviting.make(
            connection, by=AT_COMMAND_LINE, at=now(), uses_max=uses, expires_in=expires_in
        )

    return await context_of(house).database.write(work)


async def accepts(guest: Guest, made: Made) -> int:
    status, reply = await guest.call("POST", f"/api/invitations/{made.code}")
    guest.token = reply.get("token", guest.token)
    return status


async def test_only_who_is_invited_starts_and_anybody_joins(opened: Open) -> None:
    async with opened(who_may_start="invited") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        for body in ({}, {"encrypted": True, "read_proof_hash": "A" * 43}):
            status, reply = await ada.call("POST", CREATE, body)
            assert (status, reply["code"]) == (403, "invitation_required")
        made = await invitation(house)
        assert await accepts(ada, made) == 200
        room_id = await ada.starts()
        await ada.starts()
        await ben.sits_down(room_id)
        assert (await ben.say(room_id, "Hi"))["ok"]
        status, reply = await ben.call("POST", CREATE, {})
        assert reply["code"] == "invitation_required"
        # It was good for one, who uses up nothing by using it again.
        assert await accepts(ben, made) == 404
        assert await accepts(ada, made) == 200


async def test_importing_is_starting(opened: Open) -> None:
    async with opened(who_may_start="invited") as house:
        ada = house.guest("Ada")
        status, reply = await ada.call("POST", "/api/import?name=a.txt", {})
        assert (status, reply["code"]) == (403, "invitation_required")


async def test_an_invitation_is_for_so_many_and_so_long(opened: Open) -> None:
    async with opened(who_may_start="invited") as house:
        guests = [house.guest(f"Guest {number}") for number in range(4)]
        two, expired = await invitation(house, 2), await invitation(house, days=-1)
        assert [await accepts(guest, two) for guest in guests[:3]] == [200, 200, 404]
        assert await accepts(guests[3], expired) == 404
        status, reply = await guests[3].call("POST", "/api/invitations/guessed")
        assert (status, reply["code"]) == (404, "not_found")


async def test_revoking_it_takes_the_right_of_who_used_it_and_nothing_they_started(
    opened: Open,
) -> None:
    async with opened(who_may_start="invited") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        made = await invitation(house, uses=None)
        await accepts(ada, made)
        room_id = await ada.starts()
        database = context_of(house).database
        gone = await database.write(
            lambda connection: inviting.revoke(
                connection, made.invitation.id, by=AT_COMMAND_LINE, at=now()
            )
        )
        assert gone == 1
        assert (await ada.call("POST", CREATE, {}))[1]["code"] == "invitation_required"
        assert await accepts(ben, made) == 404
        path = f"/api/conversations/{room_id}"
        assert (await ada.call("PATCH", path, {"title": "Mine"}))[0] == 200


async def test_who_gains_the_right_has_another_token(opened: Open) -> None:
    async with opened(who_may_start="invited") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        await accepts(ada, await invitation(house))
        room_id = await ada.starts()
        await ben.joins_over_rest(room_id)
        before = ben.token
        await accepts(ben, await invitation(house))
        await ben.starts()
        ben.token = before
        assert (await ben.call("POST", CREATE, {}))[0] == 403


async def test_everybody_starts_where_nobody_said_otherwise(opened: Open) -> None:
    async with opened() as house:
        await house.guest("Ada").starts()
        async with aiohttp.ClientSession() as http, http.get(house.url) as page:
            assert "Invitation code" not in await page.text()


async def test_the_start_page_takes_the_code(opened: Open) -> None:
    async with opened(who_may_start="invited") as house:
        made = await invitation(house)
        origin = {"Origin": house.url}
        jar = aiohttp.CookieJar(unsafe=True)  # its host is a number
        async with aiohttp.ClientSession(headers=origin, cookie_jar=jar) as http:
            for path in ("/", "/conversations"):
                async with http.get(house.url + path) as page:
                    text = await page.text()
                    assert "Only invited people can start conversations here." in text
                    assert 'name="title"' not in text
            async with http.get(f"{house.url}/?invitation={made.code}") as page:
                assert f'value="{made.code}"' in await page.text()
            address = f"{house.url}/invitation"
            async with http.post(address, data={"code": '"><b>wrong'}) as page:
                assert page.status == 404
                text = await page.text()
                assert "no longer valid" in text
                assert "<b>wrong" not in text
            async with http.post(address, data={"code": f" {made.code} "}) as page:
                assert 'name="title"' in await page.text()
            async with http.post(f"{house.url}/conversations", data={"title": "Tea"}) as page:
                assert page.status == 200
                assert "Tea" in await page.text()


async def test_who_was_invited_is_not_forgotten(own_opened: Open) -> None:
    async with own_opened(who_may_start="invited") as house:
        ada = house.guest("Ada")
        await accepts(ada, await invitation(house))
        await house.guest("Ben").call("POST", f"/api/invitations/{(await invitation(house)).code}")
        later = now() + timedelta(days=100)

        def query(connection: sa.Connection) -> tuple[int, list[int]]:
            ids = list(connection.execute(sa.select(sessions.c.id)).scalars())
            _, old = forgetting.old_sessions_after(connection, 0, before=later, limit=100)
            return len(ids), old

        assert await context_of(house).database.read(query) == (2, [])
