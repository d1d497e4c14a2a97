"""Desks stay with whoever they are, and go with them."""

from __future__ import annotations

import pytest

from parley.config import Config
from parley.domain import accounts, desks, participants
from parley.domain.context import Context
from parley.errors import NotFound, Unavailable
from parley.records import Desk, PartChanged
from tests.domain.conftest import Clock, Told
from tests.domain.guests import Device
from tests.domain.test_forgetting import LATER, SESSIONS_ALONE, kept, swept


async def has_desk(who: Device) -> Desk:
    known = await who.session() if who.token else None
    made = await desks.make(who.context, known, {"username": "Ana"})
    who.token = made.token or who.token
    return made.desk


async def test_a_desk_of_a_guest_is_their_account_s_once_they_bring_it(context: Context) -> None:
    phone, laptop, visitor = Device(context), Device(context), Device(context)
    [code, *_] = await phone.keeps()
    desk = await has_desk(laptop)
    started = await desks.start(context, None, desk.id, username="Ben")
    visitor.token = started.token
    await laptop.signs_in(code)
    assert [each.id for each in await desks.mine(context, await phone.session())] == [desk.id]
    again = await desks.start(context, await visitor.session(), desk.id)
    assert again.conversation.id == started.conversation.id
    other = await desks.start(context, None, desk.id)
    assert other.conversation.owner_session_id == (await phone.session()).id


async def test_a_visitor_who_signs_in_finds_what_they_started(context: Context) -> None:
    owner, phone, visitor = Device(context), Device(context), Device(context)
    desk = await has_desk(owner)
    [code, *_] = await phone.keeps()
    started = await desks.start(context, None, desk.id)
    visitor.token = started.token
    await visitor.signs_in(code)
    shown = await desks.look(context, await phone.session(), desk.id)
    assert shown.own is not None
    assert shown.own.id == started.conversation.id


@pytest.mark.parametrize("with_messages", [False, True])
async def test_with_an_account_its_desks_go(context: Context, with_messages: bool) -> None:
    phone = Device(context)
    await phone.keeps()
    desk = await has_desk(phone)
    await desks.start(context, None, desk.id)
    await accounts.delete(context, await phone.session(), with_messages=with_messages)
    with pytest.raises(NotFound):
        await desks.look(context, None, desk.id)


async def test_nobody_loses_a_desk_by_being_away_but_what_stayed_empty_goes(
    context: Context, config: Config, clock: Clock
) -> None:
    owner = Device(context)
    desk = await has_desk(owner)
    await desks.start(context, None, desk.id)
    await swept(context, clock, LATER)
    await swept(context, clock, LATER)
    await swept(context, clock, LATER)
    assert [each.id for each in await desks.mine(context, await owner.session())] == [desk.id]
    assert kept(config, "desks") == 1
    assert kept(config, "desk_conversations") == 0


async def test_a_visitor_who_could_not_come_in_any_more_stays_known_there(
    context: Context, config: Config, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await has_desk(Device(context))

    async def overloaded(*_: object) -> None:
        raise Unavailable(retry_after=1)

    monkeypatch.setattr(participants, "join", overloaded)
    with pytest.raises(Unavailable):
        await desks.start(context, None, desk.id)
    await Device(context).starts(name=None)  # the newest session is never old
    await swept(context, clock, LATER, SESSIONS_ALONE)
    assert kept(config, "desk_conversations") == 1
    assert kept(config, "sessions") == 3


async def test_the_owner_s_list_is_told_of_it_at_once(context: Context, told: Told) -> None:
    owner = Device(context)
    desk = await has_desk(owner)
    started = await desks.start(context, None, desk.id)
    changed = [event for event in told.events if isinstance(event, PartChanged)]
    mine = PartChanged(started.conversation.id, (await owner.session()).id)
    assert mine in changed
