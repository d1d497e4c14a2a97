"""Owners see on the page of the conversation that a webhook is told nothing any more."""

from __future__ import annotations

from tests import lasting
from tests.hooks.conftest import Talk
from tests.hooks.receiver import Receiver
from tests.hooks.test_out import until_so
from tests.people import Person

pytestmark = lasting.in_one_loop

PAUSED = "One webhook is paused because its address accepts nothing."


async def page(talk: Talk, who: Person) -> str:
    answer = await who.send("GET", f"/conversation/{talk.room_id}")
    assert answer.status == 200
    return answer.body.decode()


async def test_owners_alone_see_it_until_it_goes_on(talk: Talk, receiver: Receiver) -> None:
    made = await talk.webhook(receiver.url)
    path = f"{talk.path}/webhooks/{made['webhook']['id']}"
    await talk.ada.call("PATCH", path, {"paused": True})
    assert PAUSED not in await page(talk, talk.ada)  # an owner knows what an owner did
    await talk.ada.call("PATCH", path, {"paused": False})
    receiver.refuses(410)
    await talk.ben.say(talk.room_id, "one")
    await receiver.gets(1)

    async def it_is_paused() -> bool:
        return "paused" in (await talk.webhooks())[0]

    await until_so(it_is_paused)
    seen = await page(talk, talk.ada)
    assert f'<a href="/conversation/{talk.room_id}/hooks#out">{PAUSED}</a>' in seen
    assert PAUSED not in await page(talk, talk.ben)
    manage = await talk.ada.send("GET", f"/conversation/{talk.room_id}/manage")
    assert PAUSED in manage.body.decode()
    await talk.ada.call("PATCH", path, {"paused": False})
    assert PAUSED not in await page(talk, talk.ada)
