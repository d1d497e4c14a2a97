"""Networks that the host has blocked: who comes from there reads, and writes nothing."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parley import contract
from parley.addresses import canonical, place_of
from parley.app import web_site
from parley.domain import blocking, host
from parley.domain.admins import AT_COMMAND_LINE
from parley.errors import BadRequest
from tests.effort import examples
from tests.people import Json
from tests.security.conftest import ADDRESS, ELSEWHERE, TRUSTED, House, Open

WRITES: list[tuple[str, str, Json | None]] = [
    ("POST", "/api/conversations/create", {}),
    ("POST", "{path}/join", {"username": "Mallory"}),
    ("POST", "{path}/messages", {"message": "Spam"}),
    ("POST", "{path}/files?name=a.txt", {}),
    ("POST", "{path}/knock", {"username": "Mallory"}),
    ("POST", "{path}/reports", {"user_id": "ada", "reason": "spam"}),
    ("POST", "/api/import?name=a.txt", {}),
    ("PATCH", "{path}", {"title": "Spam"}),
    ("DELETE", "{path}", None),
]


async def blocks(house: House, network: str) -> None:
    await blocking.block(web_site(house.server.app).context, network, by=AT_COMMAND_LINE)


async def test_who_is_blocked_writes_nothing_and_reads_all(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, ben = house.guest("Ada", ELSEWHERE), house.guest("Ben", ADDRESS)
        room_id = await ada.sits_down()
        path = f"/api/conversations/{room_id}"
        await ben.sits_down(room_id)
        assert (await ben.say(room_id, "Before"))["ok"]
        await blocks(house, "203.0.113.0/29")  # both of them
        await blocking.unblock(
            web_site(house.server.app).context, "203.0.113.0/29", by=AT_COMMAND_LINE
        )
        await blocks(house, ADDRESS)
        for event, fields in (
            ("send_message", {"message": "Spam"}),
            ("join_room", {"username": "Other"}),
            ("react", {"id": "1-x", "emoji": "👍", "on": True}),
            ("knock", {"username": "Ben"}),
        ):
            refused = await ben.ask(event, {"room_id": room_id, **fields})
            assert refused["code"] == "blocked", event
        for method, rest, body in WRITES:
            status, reply = await ben.call(method, rest.format(path=path), body)
            assert (status, reply["code"]) == (403, "blocked"), rest
        for rest in ("", "/messages", "/participants", "/search?q=before"):
            assert (await ben.call("GET", path + rest))[0] == 200
        assert (await ben.ask("mark_read", {"room_id": room_id, "seq": 1}))["ok"]
        assert (await ada.say(room_id, "After"))["ok"]
        await ben.hears("new_message", lambda said: said["message"] == "After")
        assert (await ben.call("POST", f"{path}/leave", {}))[0] == 200
        _, found = await ada.call("GET", f"{path}/messages")
        assert [each["message"] for each in found["messages"]] == ["Before", "After"]
        await blocking.unblock(web_site(house.server.app).context, ADDRESS, by=AT_COMMAND_LINE)
        await ben.join(room_id)
        assert (await ben.say(room_id, "Back"))["ok"]


async def test_a_form_of_who_is_blocked_is_refused_on_a_page(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada = house.guest("Ada", ELSEWHERE)
        room_id = await ada.sits_down()
        await blocks(house, ADDRESS)
        async with aiohttp.ClientSession(headers={"X-Forwarded-For": ADDRESS}) as http:
            async with http.get(f"{house.url}/conversation/{room_id}") as page:
                assert page.status == 200
            address = f"{house.url}/conversation/{room_id}/join"
            async with http.post(address, data={"username": "Mallory"}) as page:
                assert page.status == 403
                assert "has blocked your network" in await page.text()


async def test_an_address_of_ipv6_stands_for_its_network(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada = house.guest("Ada", "2001:db8:0:1::5")
        near, far = house.guest("N", "2001:db8:0:1:aaaa::9"), house.guest("F", "2001:db8:0:2::5")
        room_id = await ada.starts()
        await blocks(house, "2001:db8:0:1::77")
        for guest, status in ((ada, 403), (near, 403), (far, 200)):
            path = f"/api/conversations/{room_id}/join"
            assert (await guest.call("POST", path, {}))[0] == status
        await blocks(house, "2001:db8::/32")
        assert (await far.call("POST", f"/api/conversations/{room_id}/join", {}))[0] == 403


async def test_nobody_writes_past_it_by_what_they_say_of_their_address(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, ben = house.guest("Ada", ELSEWHERE), house.guest("Ben", f"{ELSEWHERE}, {ADDRESS}")
        room_id = await ada.starts()
        await blocks(house, ADDRESS)
        status, _ = await ben.call("POST", f"/api/conversations/{room_id}/join", {})
        assert status == 403


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" 192.0.2.7 ", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("2001:db8::/48", "2001:db8::/48"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ],
)
def test_a_network_has_one_form(given: str, kept: str) -> None:
    assert blocking.as_kept(given) == kept


@pytest.mark.parametrize("given", ["", "example.org", "192.0.2", "0.0.0.0/0", "::/0", "1.2.3.4/33"])
def test_what_is_no_network_or_all_of_them_is_refused(given: str) -> None:
    with pytest.raises(BadRequest):
        blocking.as_kept(given)


async def test_every_call_that_writes_is_refused(opened: Open) -> None:
    """All there are, but those that let somebody read, and take back what is theirs."""
    free = {"enter", "use_link", "leave", "mark_read", "unsubscribe", "set_notifications"}
    free |= {"set_mail", "unset_mail"}  # there are none of these here
    async with opened(trusted_proxies=TRUSTED) as house:
        ada = house.guest("Ada", ADDRESS)
        room_id = await ada.starts()
        await blocks(house, ADDRESS)
        for call in contract.CALLS.values():
            if call.method == "GET" or call.name in free:
                continue
            path = re.sub(r"\{\w+\}", "1", call.path.replace("{room_id}", room_id))
            status, reply = await ada.call(call.method, path, {})
            assert (status, reply["code"]) == (403, "blocked"), call.name


NETWORKS = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(1, 32)),
    st.tuples(st.ip_addresses(v=6), st.integers(1, 64)),
)


@pytest.mark.longer
@examples()
@given(blocked=st.lists(NETWORKS, max_size=8), address=st.ip_addresses())
@example(blocked=[(ip_address("128.0.0.0"), 1)], address=ip_address("8000::1"))
def test_whoever_is_in_a_blocked_network_is_blocked(
    blocked: list[tuple[IPv4Address | IPv6Address, int]], address: IPv4Address | IPv6Address
) -> None:
    networks = [ip_network(f"{each}/{bits}", strict=False) for each, bits in blocked]
    known = host.Host()
    known._set(networks)
    place = place_of(str(address))
    seen = ip_address(canonical(str(address)))
    assert known.is_blocked(place) == any(seen in network for network in networks)
