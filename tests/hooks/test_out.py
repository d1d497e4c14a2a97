"""Hooks out: an address is told what happens, signed, in order, and again until it takes it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from standardwebhooks import WebhookVerificationError

from parley.config import Config
from parley.domain import delivering, settling
from parley.domain.context import Context
from parley.hooks.worker import Posting
from parley.live import delivering as live
from parley.live import sending
from parley.push.courier import Courier
from parley.push.post import Outcome
from parley.storage import deliveries as stored
from tests import lasting
from tests.cases import together
from tests.effort import some
from tests.hooks.conftest import Talk, begins
from tests.hooks.receiver import Receiver
from tests.people import PATIENCE_S, Json, Person, arriving_at
from tests.servers import Running, running

pytestmark = lasting.in_one_loop

ASK_EVERY_S = 0.02


async def test_what_is_said_is_told_signed(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    await talk.ben.say(talk.room_id, "hello")
    [got] = await receiver.gets(1)
    told = got.verified(made["secret"])
    heard = await talk.ada.hears("new_message")
    assert told["type"] == "new_message"
    assert told["data"] == heard
    assert told["room_id"] == talk.room_id
    assert told["timestamp"] == heard["timestamp"]
    assert got.headers["content-type"] == "application/json"


async def test_another_secret_and_another_body_are_not_ours(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    other = await talk.webhook(receiver.url + "/other")
    await talk.ben.say(talk.room_id, "hello")
    got = (await receiver.gets(2))[0]
    secrets = [made["secret"], other["secret"]]
    verified = 0
    for secret in secrets:
        try:
            got.verified(secret)
            verified += 1
        except WebhookVerificationError:
            pass
    assert verified == 1
    forged = dataclasses.replace(got, body=got.body + b" ")
    for secret in secrets:
        with pytest.raises(WebhookVerificationError):
            forged.verified(secret)


async def test_what_was_said_before_is_not_told(talk: Talk, receiver: Receiver) -> None:
    await talk.ben.say(talk.room_id, "before")
    await talk.webhook(receiver.url)
    await talk.ben.say(talk.room_id, "after")
    [got] = await receiver.gets(1)
    assert got.said["data"]["message"] == "after"


async def test_all_comes_in_its_order(talk: Talk, receiver: Receiver) -> None:
    await talk.webhook(receiver.url)
    for number in range(60):
        await talk.ada.say(talk.room_id, str(number))
    got = await receiver.gets(60)
    assert [each.said["data"]["message"] for each in got] == [str(n) for n in range(60)]
    assert len({each.id for each in got}) == 60


async def test_an_address_hears_of_what_it_asked_for_alone(
    talk: Talk, receiver: Receiver, person: Callable[..., Person]
) -> None:
    await talk.webhook(
        receiver.url, "user_joined", "user_left", "message_changed", "conversation_ended"
    )
    said = await talk.ben.say(talk.room_id, "hello")
    await talk.ben.ask(
        "edit_message", {"room_id": talk.room_id, "id": said["id"], "message": "hello!"}
    )
    await receiver.gets(1)
    cleo = person("Cleo")
    await cleo.join(talk.room_id)
    await receiver.gets(2)
    await cleo.leave(talk.room_id)
    await receiver.gets(3)
    await talk.ada.call("POST", f"{talk.path}/end")
    got = [each.said for each in await receiver.gets(4)]
    assert [each["type"] for each in got] == [
        "message_changed",
        "user_joined",
        "user_left",
        "conversation_ended",
    ]
    assert got[0]["data"] == await talk.ada.hears("message_changed")
    assert got[1]["data"] == await talk.ada.hears(
        "user_joined", lambda data: data["username"] == "Cleo"
    )
    assert got[3]["data"] == await talk.ada.hears("conversation_ended")


async def test_what_happens_right_after_it_was_asked_for_is_told(
    talk: Talk, receiver: Receiver, person: Callable[..., Person]
) -> None:
    number = (await talk.webhook(receiver.url))["webhook"]["id"]
    await talk.ada.call(
        "PATCH", f"{talk.path}/webhooks/{number}", {"events": ["user_joined", "user_left"]}
    )
    cleo = person("Cleo")
    await cleo.join(talk.room_id)
    await cleo.leave(talk.room_id)
    got = [each.said["type"] for each in await receiver.gets(2)]
    assert got == ["user_joined", "user_left"]


async def test_what_it_is_told_may_change_again_while_that_is_stored(
    talk: Talk,
    receiver: Receiver,
    person: Callable[..., Person],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, stored, changed = delivering.store, asyncio.Event(), asyncio.Event()

    async def late(*given: Any) -> delivering.Stored:
        found = await store(*given)
        stored.set()
        await changed.wait()
        return found

    monkeypatch.setattr(delivering, "store", late)
    number = (await talk.webhook(receiver.url))["webhook"]["id"]
    async with asyncio.timeout(PATIENCE_S):
        await stored.wait()
    await talk.ada.call("PATCH", f"{talk.path}/webhooks/{number}", {"events": ["user_joined"]})
    cleo = person("Cleo")
    changed.set()
    await cleo.join(talk.room_id)
    [got] = await receiver.gets(1)
    assert got.said["type"] == "user_joined"


async def test_what_is_refused_comes_again_with_the_same_id(
    talk: Talk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "WAITS_S", (0.2,))
    made = await talk.webhook(receiver.url)
    receiver.refuses(503)
    await talk.ada.say(talk.room_id, "one")
    await talk.ada.say(talk.room_id, "two")
    await receiver.gets(3)
    receiver.answer = None
    number = made["webhook"]["id"]

    async def both_are_sent() -> bool:
        return [each["state"] for each in await talk.deliveries(number)] == ["sent", "sent"]

    await until_so(both_are_sent)
    told = [each.said["data"]["message"] for each in receiver.got]
    assert told[-2:] == ["one", "two"]
    assert set(told[:-1]) == {"one"}
    assert len({each.id for each in receiver.got[:-1]}) == 1
    for got in receiver.got:
        got.verified(made["secret"])
    [webhook] = await talk.webhooks()
    assert (webhook["waiting"], webhook["failures"]) == (0, 0)


async def until_so(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again, but not all the time, until it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110  # it is asked elsewhere
            await asyncio.sleep(ASK_EVERY_S)


async def test_how_it_fails_is_told_to_the_owner(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    receiver.refuses(500)
    await talk.ada.say(talk.room_id, "one")

    async def it_was_tried() -> bool:
        [found] = await talk.deliveries(made["webhook"]["id"])
        return bool(found["tries"] == 1)

    await receiver.gets(1)
    await until_so(it_was_tried)
    [found] = await talk.deliveries(made["webhook"]["id"])
    assert (found["state"], found["status"], found["answer"]) == ("waiting", 500, "no")
    [webhook] = await talk.webhooks()
    assert webhook["failures"] == 1
    assert webhook["retry_at"] > webhook["failing_since"]


@pytest.mark.parametrize("status", some([301, 302, 307, 308], every=4, why="one tells most"))
async def test_a_redirect_is_followed_nowhere(talk: Talk, receiver: Receiver, status: int) -> None:
    async def redirect(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": receiver.url + "/elsewhere"})

    receiver.answer = redirect
    made = await talk.webhook(receiver.url)
    await talk.ada.say(talk.room_id, "one")

    async def it_was_tried() -> bool:
        return bool((await talk.deliveries(made["webhook"]["id"]))[0]["tries"])

    await receiver.gets(1)
    await until_so(it_was_tried)
    assert len(receiver.got) == 1
    [found] = await talk.deliveries(made["webhook"]["id"])
    assert (found["state"], found["status"]) == ("waiting", status)


async def test_who_says_it_is_gone_is_told_no_more(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    receiver.refuses(410)
    await talk.ada.say(talk.room_id, "one")

    async def it_is_paused() -> bool:
        return "paused" in (await talk.webhooks())[0]

    await until_so(it_is_paused)
    [webhook] = await talk.webhooks()
    assert webhook["paused"] == "gone"
    _, reply = await talk.ada.call("GET", f"{talk.path}/acts")
    assert reply["acts"][0] | {"id": 0, "at": ""} == {
        "id": 0,
        "at": "",
        "who": "The server",
        "act": "paused_webhook",
        "about": "127.0.0.1",
    }
    assert made["webhook"]["id"] == webhook["id"]


@pytest.mark.long("who says it is gone tells most")
async def test_what_takes_nothing_for_a_day_is_paused_and_nothing_is_lost(
    talk: Talk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "WAITS_S", (0.05,))
    monkeypatch.setattr(settling, "FAILING_MAX", timedelta(seconds=0.3))
    made = await talk.webhook(receiver.url)
    receiver.refuses(503)
    await talk.ada.say(talk.room_id, "one")

    async def it_is_paused() -> bool:
        return "paused" in (await talk.webhooks())[0]

    await until_so(it_is_paused)
    await talk.ada.say(talk.room_id, "two")
    receiver.answer, before = None, len(receiver.got)
    path = f"{talk.path}/webhooks/{made['webhook']['id']}"
    status, reply = await talk.ada.call("PATCH", path, {"paused": False})
    assert status == 200
    assert "paused" not in reply["webhook"]
    got = await receiver.gets(before + 2)
    assert [each.said["data"]["message"] for each in got[before:]] == ["one", "two"]


@pytest.mark.long("what is refused for now tells most")
async def test_what_is_refused_for_what_it_says_does_not_stop_the_rest(
    talk: Talk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "WAITS_S", (0.05,))

    async def picky(request: web.Request) -> web.Response:
        return web.Response(status=422 if b"poison" in await request.read() else 204)

    receiver.answer = picky
    made = await talk.webhook(receiver.url)
    await talk.ada.say(talk.room_id, "poison")
    await talk.ada.say(talk.room_id, "bread")
    got = await receiver.gets(settling.REFUSALS_MAX + 1)
    assert got[-1].said["data"]["message"] == "bread"

    async def both_are_over() -> bool:
        found = await talk.deliveries(made["webhook"]["id"])
        return [each["state"] for each in found] == ["sent", "given_up"]

    await until_so(both_are_over)


async def test_an_owner_pauses_and_goes_on(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    path = f"{talk.path}/webhooks/{made['webhook']['id']}"
    _, reply = await talk.ada.call("PATCH", path, {"paused": True})
    assert reply["webhook"]["paused"] == "owner"
    await talk.ada.say(talk.room_id, "kept")

    async def it_waits() -> bool:
        return bool((await talk.webhooks())[0]["waiting"] == 1)

    await until_so(it_waits)
    assert receiver.got == []
    await talk.ada.call("PATCH", path, {"paused": False, "events": ["user_joined"]})
    [got] = await receiver.gets(1)
    assert got.said["data"]["message"] == "kept"


@pytest.mark.long("what is refused comes again every time")
async def test_a_delivery_is_sent_again_by_hand(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    said = await talk.ada.say(talk.room_id, "one")
    await receiver.gets(1)
    number = made["webhook"]["id"]

    async def it_is_sent() -> bool:
        return bool((await talk.deliveries(number))[0]["state"] == "sent")

    await until_so(it_is_sent)
    [delivery] = await talk.deliveries(number)
    await talk.ada.ask(
        "edit_message", {"room_id": talk.room_id, "id": said["id"], "message": "better"}
    )
    path = f"{talk.path}/webhooks/{number}/deliveries"
    assert (await talk.ada.call("POST", f"{path}/{delivery['id']}/replay"))[0] == 200
    first, again = await receiver.gets(2)
    assert again.id == first.id == delivery["event_id"]
    assert again.verified(made["secret"])["data"]["message"] == "better"
    assert (await talk.ada.call("POST", f"{path}/999/replay"))[0] == 404


async def test_what_was_deleted_is_sent_to_nobody(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    path = f"{talk.path}/webhooks/{made['webhook']['id']}"
    await talk.ada.call("PATCH", path, {"paused": True})
    said = await talk.ada.say(talk.room_id, "canary")
    await talk.ada.call("DELETE", f"{talk.path}/messages/{said['id']}")
    await talk.ada.call("PATCH", path, {"paused": False})
    [got] = await receiver.gets(1)
    assert b"canary" not in got.body
    assert got.said["data"]["deleted"] is True


async def test_a_removed_webhook_hears_nothing(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    other = await talk.webhook(receiver.url + "/other")
    path = f"{talk.path}/webhooks/{made['webhook']['id']}"
    assert (await talk.ada.call("DELETE", path))[0] == 200
    assert (await talk.ada.call("GET", f"{path}/deliveries"))[0] == 404
    await talk.ada.say(talk.room_id, "one")
    [got] = await receiver.gets(1)
    assert got.verified(other["secret"])


async def test_a_hook_out_into_a_hook_in_goes_round_once(talk: Talk, server: Running) -> None:
    hook = await talk.hook()
    body = {"url": f"{server.url}{hook}"}
    status, reply = await talk.ada.call("POST", f"{talk.path}/webhooks", body)
    assert (status, reply["code"]) == (400, "bad_request")
    # By another name, as through a proxy.
    other = f"http://127.0.0.2:{server.url.rpartition(':')[2]}{hook}"
    status, reply = await talk.ada.call("POST", f"{talk.path}/webhooks", {"url": other})
    assert status == 201
    answer = await talk.ben.send("POST", hook, b"{}", {"Parley-Webhook": "1"})
    assert answer.status == 410
    assert b"round in circles" in answer.body


@pytest_asyncio.fixture(loop_scope="module")
async def guarded(own_config: Config) -> AsyncIterator[Talk]:
    """Where no network of the host's own may be told anything."""
    async with (
        running(dataclasses.replace(own_config, hook_networks=())) as server,
        arriving_at(server.url) as arrive,
    ):
        ada = arrive("Ada")
        yield Talk(ada, ada, await ada.starts())


@together(
    "url",
    [
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "https://10.0.0.7/hook",
        "https://169.254.169.254/latest",
        "https://[::1]/hook",
        "https://0x7f000001/hook",
        "https://example.org:8443/hook",
        "https://ada:secret@example.org/hook",
        "ftp://example.org/hook",
        "example.org",
    ],
)
async def test_private_addresses_are_refused(guarded: Talk, url: str) -> None:
    status, reply = await guarded.ada.call("POST", f"{guarded.path}/webhooks", {"url": url})
    assert (status, reply["code"]) == (400, "bad_request"), reply
    assert reply["error"].startswith("url must ")


async def test_a_name_that_leads_to_a_private_address_is_asked_nothing(
    guarded: Talk, receiver: Receiver
) -> None:
    """What a name leads to is looked at when connecting."""
    await guarded.webhook("https://localhost/hook")
    await guarded.ada.join(guarded.room_id, token=guarded.ada.token)
    await guarded.ada.say(guarded.room_id, "one")

    async def it_is_paused() -> bool:
        return "paused" in (await guarded.webhooks())[0]

    await until_so(it_is_paused)
    assert (await guarded.webhooks())[0]["paused"] == "address"
    assert receiver.got == []


async def test_what_waits_outlives_the_server(own_config: Config, receiver: Receiver) -> None:
    async with running(own_config) as server:
        ada = Person("Ada", server.url)
        talk = Talk(ada, ada, await ada.starts())
        made = await talk.webhook(receiver.url)
        receiver.refuses(503)
        await ada.join(talk.room_id, token=ada.token)
        await ada.say(talk.room_id, "one")
        await receiver.gets(1)
        await ada.say(talk.room_id, "two")
        await ada.goes_home()
    receiver.answer, before = None, len(receiver.got)
    async with running(own_config) as server:
        again = Person("Ada", server.url)
        again.token = ada.token
        path = f"{talk.path}/webhooks/{made['webhook']['id']}"
        # It is left alone for a while by now: an owner need not wait.
        await again.call("PATCH", path, {"paused": True})
        await again.call("PATCH", path, {"paused": False})
        got = await receiver.gets(before + 2)
        assert [each.said["data"]["message"] for each in got[before:]] == ["one", "two"]
        got[-1].verified(made["secret"])
        await again.goes_home()


async def test_what_happens_while_a_server_starts_is_told(
    own_config: Config, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(own_config) as server:
        ada = Person("Ada", server.url)
        talk = Talk(ada, ada, await ada.starts())
        await talk.webhook(receiver.url, "user_joined")
        await ada.goes_home()
    is_due, read = asyncio.Event(), delivering.asked_for

    async def read_late(context: Context) -> dict[int, frozenset[str]]:
        await is_due.wait()
        return await read(context)

    monkeypatch.setattr(delivering, "asked_for", read_late)
    async with running(own_config) as server:
        ben = Person("Ben", server.url)
        await ben.join(talk.room_id)
        is_due.set()
        [got] = await receiver.gets(1)
        assert got.said["data"]["username"] == "Ben"
        await ben.goes_home()


@pytest.mark.long("what waits over a restart tells most")
async def test_what_was_said_as_the_server_ended_is_found_in_the_log(
    own_config: Config, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill: nothing was queued yet."""

    async def killed(*_given: object) -> None:
        raise asyncio.CancelledError

    async with running(own_config) as server:
        ada = Person("Ada", server.url)
        talk = Talk(ada, ada, await ada.starts())
        await talk.webhook(receiver.url)
        await ada.join(talk.room_id, token=ada.token)
        with monkeypatch.context() as patched:
            patched.setattr(delivering, "store", killed)
            await ada.say(talk.room_id, "one")
            await ada.goes_home()
    async with running(own_config):
        [got] = await receiver.gets(1)
        assert got.said["data"]["message"] == "one"


async def test_an_encrypted_conversation_is_told_as_it_is_stored(
    receiver: Receiver, person: Callable[..., Person]
) -> None:
    ada = person("Ada")
    room_id = await ada.starts("", encrypted=True, read_proof_hash="A" * 43)
    talk = Talk(ada, ada, room_id)
    made = await talk.webhook(receiver.url)
    assert made["webhook"]["events"] == ["new_message"]


@pytest.mark.long("much is sent")
async def test_what_was_sent_is_kept_for_a_while_and_not_in_masses(
    talk: Talk, receiver: Receiver, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "DONE_KEPT", 5)
    made = await talk.webhook(receiver.url)
    for number in range(12):
        await talk.ada.say(talk.room_id, str(number))
    await receiver.gets(12)

    async def few_are_left() -> bool:
        found: list[Json] = await talk.deliveries(made["webhook"]["id"])
        return len(found) < 12

    await until_so(few_are_left)
    context = server.app.chores.context
    monkeypatch.setattr(delivering, "KEPT", timedelta(0))
    await delivering.forget_old(context)
    assert await context.database.read(stored.newest, made["webhook"]["id"], limit=9) == ()


@pytest_asyncio.fixture(loop_scope="module")
async def own_talk(own_config: Config) -> AsyncIterator[Talk]:
    """At a server that tells no other webhook anything."""
    async with running(own_config) as server, arriving_at(server.url) as arrive:
        yield await begins(arrive("Ada"), arrive("Ben"))


async def test_who_answered_late_shares_few_places(
    own_talk: Talk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, send = list[bool](), Courier.send

    async def noted(courier: Courier[Posting], posting: Posting) -> Outcome:
        known.append(posting.is_known)
        return await send(courier, posting)

    monkeypatch.setattr(Courier, "send", noted)
    number = (await own_talk.webhook(receiver.url))["webhook"]["id"]

    async def are_sent() -> bool:
        states = [each["state"] for each in await own_talk.deliveries(number)]
        return states == ["sent"] * len(known)

    # For each message, how long one may take that isn't late.
    for slow_s in (3600.0, 3600.0, 0.0, 3600.0, 3600.0):
        monkeypatch.setattr(sending, "SLOW_S", slow_s)
        await own_talk.ada.say(own_talk.room_id, "hello")
        await receiver.gets(len(known) + 1)
        await until_so(are_sent)
    assert known == [False, True, True, False, True]


async def test_those_that_answer_late_keep_no_other_waiting(
    own_talk: Talk,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, most in (("FLYING_MAX", 2), ("OTHERS_MAX", 1), ("READ_AT_ONCE", 1)):
        monkeypatch.setattr(live, name, most)
    over = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if "late" in request.path:
            await over.wait()
        return web.Response(text="taken")

    receiver.answer = answer
    for number in range(2):
        await own_talk.webhook(f"{receiver.url}/late/{number}", "user_joined")
    known = (await own_talk.webhook(receiver.url, "new_message"))["webhook"]["id"]

    async def took_one() -> bool:
        return [each["state"] for each in await own_talk.deliveries(known)] == ["sent"]

    await own_talk.ben.say(own_talk.room_id, "first")
    await until_so(took_one)
    async with arriving_at(own_talk.ada.url) as arrive:
        await arrive("Cleo").join(own_talk.room_id)
        await receiver.gets(2)
    await own_talk.ben.say(own_talk.room_id, "second")
    told = [each.said["type"] for each in await receiver.gets(3)]
    over.set()
    assert told == ["new_message", "user_joined", "new_message"]
