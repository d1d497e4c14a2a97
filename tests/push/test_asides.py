"""Nobody who is away is told that somebody introduced themselves, or reacted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parley.client.encryption import Kind
from tests import lasting
from tests.encryption.members import Member
from tests.people import Person
from tests.push.service import Service
from tests.push.test_told import subscribed

pytestmark = lasting.in_one_loop

People = Callable[..., Person]


@pytest.mark.usefixtures("brief_rest")
async def test_only_what_says_something_is_told(person: People, service: Service) -> None:
    ada = await Member.founds(person("Ada"))
    ben = await Member.comes(person("Ben"), ada.keyring.link, ada.room_id)
    await ben.who.disconnect()
    browser = await subscribed(ben.who, service)
    first = await ada.says("Tea?")
    await service.until(lambda: bool(browser.got))
    target = ada.opens((await ada.log())[-1]).digest
    for number, kind in enumerate((Kind.INTRODUCTION, Kind.ABOUT, Kind.REACTION)):
        of = target if kind is Kind.REACTION else None
        envelope = ada.keyring.seal(b"{}", client_id=f"aside-{number}", kind=kind, target=of)
        sealed = {"message": envelope, "type": "encrypted", "client_id": f"aside-{number}"}
        assert (await ada.sends(sealed))["ok"]
    last = await ada.says("Still tea?")
    await service.until(lambda: len(browser.got) > 1)
    assert [(each["seq"], each["count"]) for each in browser.got] == [
        (first["seq"], 1),
        (last["seq"], 2),
    ]
