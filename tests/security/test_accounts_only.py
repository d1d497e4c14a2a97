"""Where only people with an account can post: who can, by every way in, from when on."""

from __future__ import annotations

import asyncio

from tests import lasting
from tests.people import Json, Person
from tests.security.room import People, done, refused, room_of, takes_link

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

ONLY = {"accounts_only": True}
EMOJI = "%F0%9F%91%8D"


async def gets_account(who: Person) -> list[str]:
    """They are who they were, by another token; their recovery codes."""
    reply = await done(who, "POST", "/api/account", {"name": who.name})
    who.token = reply["token"]
    codes: list[str] = reply["codes"]
    return codes


async def comes_back(who: Person, room_id: str) -> None:
    """On a socket of the token they have now."""
    await who.reconnect(auth={"token": who.token})
    await who.join(room_id)


async def with_ben(person: People) -> tuple[str, str, Person, Person]:
    """Ada's conversation, where Ben is on a socket: room id, path, Ada and Ben."""
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    return room_id, path, ada, ben


async def test_guests_can_read_and_join_but_not_post(person: People) -> None:
    room_id, path, ada, ben = await with_ben(person)
    said = await done(ben, "POST", f"{path}/messages", {"message": "Before"})
    message = f"{path}/messages/{said['id']}"
    await done(ada, "PATCH", path, ONLY)
    told = await ben.hears("conversation_changed")
    assert told["accounts_only"] is True
    tries: list[tuple[str, str, Json | None]] = [
        ("POST", f"{path}/messages", {"message": "x"}),
        ("PATCH", message, {"message": "x"}),
        ("PUT", f"{message}/reactions/{EMOJI}", None),
        ("POST", f"{path}/files?name=a.txt", {}),
    ]
    for method, where, body in tries:
        assert await refused(ben, method, where, body) == "accounts_only", where
    for event, data in (
        ("send_message", {"message": "x"}),
        ("edit_message", {"id": said["id"], "message": "x"}),
        ("react", {"id": said["id"], "emoji": "👍", "on": True}),
    ):
        ack = await ben.ask(event, {"room_id": room_id, **data})
        assert (ack["ok"], ack["code"]) == (False, "accounts_only"), event
    cleo = person("Cleo")
    assert (await done(cleo, "GET", path))["conversation"]["accounts_only"] is True
    await cleo.joins_over_rest(room_id)
    # What one said can still be taken back.
    await done(ben, "DELETE", message)


async def test_owners_post_without_an_account(person: People) -> None:
    room_id, path, ada, _ben = await with_ben(person)
    olga = person("Olga")
    made = await done(ada, "POST", f"{path}/links", {"role": "owner"})
    await takes_link(olga, made["url"])
    await olga.joins_over_rest(room_id)
    await done(ada, "PATCH", path, ONLY)
    for who in (ada, olga):
        await done(who, "POST", f"{path}/messages", {"message": "Owners can"})
    assert (await ada.say(room_id, "On the socket, too"))["ok"]


async def test_who_gets_an_account_posts_at_once_and_who_deletes_it_no_more(
    person: People,
) -> None:
    room_id, path, ada, ben = await with_ben(person)
    await done(ada, "PATCH", path, ONLY)
    await gets_account(ben)
    await done(ben, "POST", f"{path}/messages", {"message": "By an account"})
    await comes_back(ben, room_id)
    assert (await ben.say(room_id, "On the socket, too"))["ok"]
    phone = person("Ben")
    phone.token = ben.token
    for what in ("keep", "delete"):
        other = person("Ben")
        await other.joins_over_rest(room_id, username=f"Ben who will {what}")
        await gets_account(other)
        await comes_back(other, room_id)
        await done(other, "POST", f"{path}/messages", {"message": "Mine"})
        await done(other, "DELETE", "/api/account", {"messages": what})
        await other.socket.eio.wait()  # its connection is ended
        assert await refused(other, "POST", f"{path}/messages", {"message": "x"}) == "forbidden"
        other.token = None
        await other.joins_over_rest(room_id, username=f"Ben who did {what}")
        body = {"message": "x"}
        assert await refused(other, "POST", f"{path}/messages", body) == "accounts_only"


async def test_every_device_of_an_account_posts(person: People) -> None:
    room_id, path, ada, ben = await with_ben(person)
    await done(ada, "PATCH", path, ONLY)
    [code, *_] = await gets_account(ben)
    phone = person("Ben")
    phone.token = (await done(phone, "POST", "/api/account/sign-in", {"code": code}))["token"]
    await done(phone, "POST", f"{path}/messages", {"message": "From the phone"})
    # Signed out, it is a guest's again.
    await done(phone, "POST", "/api/account/sign-out", {})
    phone.token = None
    await phone.joins_over_rest(room_id, username="Phone")
    assert await refused(phone, "POST", f"{path}/messages", {"message": "x"}) == "accounts_only"


async def test_of_many_who_speak_at_once_those_with_an_account_are_heard(person: People) -> None:
    ada = person("Ada")
    rooms = [await room_of(ada) for _ in range(2)]
    guests: list[tuple[Person, str]] = []
    members: list[tuple[Person, str]] = []
    for number, (room_id, _) in enumerate(rooms):
        guest, member = person(f"Guest {number}"), person(f"Member {number}")
        await guest.joins_over_rest(room_id)
        await member.joins_over_rest(room_id)
        await gets_account(member)
        for who, side in ((guest, guests), (member, members)):
            await comes_back(who, room_id)
            side.append((who, room_id))
    [(_, path), _] = rooms
    await done(ada, "PATCH", path, ONLY)
    acks = await asyncio.gather(
        *(who.say(room_id, "Now") for who, room_id in [*guests, *members] for _ in range(3))
    )
    assert [ack.get("code", "ok") for ack in acks] == ["accounts_only"] * 3 + ["ok"] * 9


async def test_it_is_decided_by_owners_noted_and_taken_back(person: People) -> None:
    room_id, path, ada, ben = await with_ben(person)
    assert await refused(ben, "PATCH", path, ONLY) == "forbidden"
    change = {"room_id": room_id, **ONLY}
    assert (await ada.ask("change_conversation", change))["ok"]
    assert (await done(ada, "GET", f"{path}/manage"))["accounts_only"] is True
    await done(ada, "PATCH", path, {"accounts_only": False})
    assert (await ben.say(room_id, "Again"))["ok"]
    assert (await done(ada, "GET", f"{path}/manage"))["accounts_only"] is False
    acts = (await done(ada, "GET", f"{path}/acts"))["acts"]
    assert [each["act"] for each in acts] == ["let_guests_speak", "required_accounts"]


async def test_read_only_goes_before_it(person: People) -> None:
    _, path, ada, ben = await with_ben(person)
    await done(ada, "PATCH", path, {**ONLY, "read_only": True})
    await gets_account(ben)
    assert await refused(ben, "POST", f"{path}/messages", {"message": "x"}) == "read_only"
