"""Members claim to be people whose words were imported; an owner agrees, and they are."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parley.domain import claiming, conversations, messages, participants, removal
from parley.domain.context import Context
from parley.domain.importing import storing
from parley.domain.importing.reading import Reading
from parley.domain.importing.scratch import Staged
from parley.domain.importing.storing import Imported
from parley.domain.messages import Draft
from parley.domain.participants import Joined, Joining
from parley.errors import Forbidden, NotFound, NotJoined, RateLimited
from parley.records import ClaimAnswered, Claimed, ParticipantClaimed, Session
from tests.domain import lasting
from tests.domain.conftest import Told
from tests.importing import plain

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def read(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Reading, Staged]]:
    """What Ana and Ben said elsewhere, as it was read once for all tests."""
    folder = tmp_path_factory.mktemp("told")
    file = plain.write(
        folder / plain.NAME,
        {"at": "2024-01-31T10:01:00+00:00", "who": "ana", "text": "Tea?"},
        {"at": "2024-01-31T10:02:00+00:00", "who": "ben", "text": "Yes"},
        ana="Ana",
        ben="Ben",
    )
    async with Reading(folder, opener=plain.OPENER) as reading:
        yield reading, await reading.stage(file, max_file=0)


@pytest_asyncio.fixture(loop_scope="module")
async def tea(context: Context, read: tuple[Reading, Staged]) -> Imported:
    """It, stored."""
    return await storing.store(context, *read, None)


async def joins(
    context: Context, tea: Imported, name: str, session: Session | None = None
) -> Joined:
    joining = Joining(session, username=name, keeps_cookie=True)
    return await participants.join(context, tea.conversation.room_id, joining)


async def id_of(context: Context, tea: Imported, name: str) -> str:
    found = await claiming.who_is_who(context, tea.conversation.room_id, tea.owner)
    return {each.username: each.user_id for each in found.imported}[name]


async def test_imported_people_are_not_here(context: Context, tea: Imported) -> None:
    snapshot = await conversations.snapshot(context, tea.conversation.room_id, tea.owner)
    assert snapshot.conversation.participant_count == 0
    found = await claiming.who_is_who(context, tea.conversation.room_id, None)
    assert [each.username for each in found.imported] == ["Ana", "Ben"]


async def test_somebody_who_joins_under_an_imported_name_is_marked(
    context: Context, tea: Imported
) -> None:
    assert (await joins(context, tea, "Ana")).participant.is_alike


async def test_once_an_owner_agrees_they_speak_as_who_they_say(
    context: Context, tea: Imported, told: Told
) -> None:
    room_id, ana = tea.conversation.room_id, await id_of(context, tea, "Ana")
    new = await joins(context, tea, "Annie")
    await messages.send_as(context, room_id, new.session, Draft("It's me"))
    assert not (await claiming.claim(context, room_id, new.session, ana)).is_agreed
    assert isinstance(told.events[-1], Claimed)
    user_id = new.participant.user_id
    await claiming.answer(context, room_id, tea.owner, user_id, admit=True)
    assert {ClaimAnswered, ParticipantClaimed} <= {type(each) for each in told.events}

    again = await joins(context, tea, "Ana", new.session)
    assert (again.participant.user_id, again.participant.is_alike) == (ana, False)
    sent = await messages.send_as(context, room_id, new.session, Draft("Hello"))
    assert (sent.message.user_id, sent.message.username) == (ana, "Ana")
    found, _ = await messages.history(context, room_id, new.session, limit=10)
    assert [each.username for each in found] == ["Ana", "Ben", "Annie", "Ana"]
    left = await claiming.who_is_who(context, room_id, tea.owner)
    assert ([each.username for each in left.imported], left.waiting) == (["Ben"], ())
    snapshot = await conversations.snapshot(context, room_id, tea.owner)
    assert [each.username for each in snapshot.participants] == ["Ana"]
    assert snapshot.conversation.participant_count == 1


async def test_who_is_declined_stays_who_they_were(context: Context, tea: Imported) -> None:
    room_id, ana = tea.conversation.room_id, await id_of(context, tea, "Ana")
    new = await joins(context, tea, "Mallory")
    await claiming.claim(context, room_id, new.session, ana)
    await claiming.answer(context, room_id, tea.owner, new.participant.user_id, admit=False)
    found = await claiming.who_is_who(context, room_id, new.session)
    assert len(found.imported) == 2
    assert found.own is not None
    assert (found.own.claimed_name, found.own.is_declined) == ("Ana", True)
    assert (await claiming.who_is_who(context, room_id, tea.owner)).waiting == ()
    with pytest.raises(NotFound):
        await claiming.answer(context, room_id, tea.owner, new.participant.user_id, admit=True)
    sent = await messages.send_as(context, room_id, new.session, Draft("Well"))
    assert sent.message.username == "Mallory"


async def test_who_is_declined_can_ask_again(
    context: Context, tea: Imported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "CLAIMS_MAX", 1)
    room_id, ana = tea.conversation.room_id, await id_of(context, tea, "Ana")
    annie, mallory = await joins(context, tea, "Annie"), await joins(context, tea, "Mallory")
    await claiming.claim(context, room_id, annie.session, ana)
    await claiming.answer(context, room_id, tea.owner, annie.participant.user_id, admit=False)
    # Who was answered takes nobody's place among those who wait, and finds none that is taken.
    await claiming.claim(context, room_id, mallory.session, ana)
    with pytest.raises(RateLimited):
        await claiming.claim(context, room_id, annie.session, ana)
    await claiming.answer(context, room_id, tea.owner, mallory.participant.user_id, admit=False)
    await claiming.claim(context, room_id, annie.session, ana)
    found = await claiming.who_is_who(context, room_id, tea.owner)
    assert [each.username for each in found.waiting] == ["Annie"]
    await claiming.answer(context, room_id, tea.owner, annie.participant.user_id, admit=True)
    assert (await joins(context, tea, "Ana", annie.session)).participant.user_id == ana


async def test_an_owner_needs_nobodys_word(context: Context, tea: Imported) -> None:
    room_id, ben = tea.conversation.room_id, await id_of(context, tea, "Ben")
    await joins(context, tea, "The host", tea.owner)
    assert (await claiming.claim(context, room_id, tea.owner, ben)).is_agreed
    sent = await messages.send_as(context, room_id, tea.owner, Draft("Me again"))
    assert (sent.message.username, sent.message.role.value) == ("Ben", "owner")


async def test_only_owners_agree_and_only_members_ask(context: Context, tea: Imported) -> None:
    room_id, ana = tea.conversation.room_id, await id_of(context, tea, "Ana")
    with pytest.raises(NotJoined):
        await claiming.claim(context, room_id, None, ana)
    new = await joins(context, tea, "Annie")
    await claiming.claim(context, room_id, new.session, ana)
    user_id = new.participant.user_id
    with pytest.raises(Forbidden):
        await claiming.answer(context, room_id, new.session, user_id, admit=True)


async def test_who_was_removed_takes_nobodys_place_among_those_who_wait(
    context: Context, tea: Imported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "CLAIMS_MAX", 1)
    room_id, ana = tea.conversation.room_id, await id_of(context, tea, "Ana")
    mallory, annie = await joins(context, tea, "Mallory"), await joins(context, tea, "Annie")
    await claiming.claim(context, room_id, mallory.session, ana)
    with pytest.raises(RateLimited):
        await claiming.claim(context, room_id, annie.session, ana)
    await removal.remove(context, room_id, tea.owner, mallory.participant.user_id)
    assert not (await claiming.claim(context, room_id, annie.session, ana)).is_agreed


async def test_nobody_is_somebody_who_is_here(context: Context, tea: Imported) -> None:
    room_id, ana = tea.conversation.room_id, await id_of(context, tea, "Ana")
    first, second = await joins(context, tea, "Annie"), await joins(context, tea, "Anouk")
    for each in (first, second):
        await claiming.claim(context, room_id, each.session, ana)
    await claiming.answer(context, room_id, tea.owner, first.participant.user_id, admit=True)
    with pytest.raises(NotFound):
        await claiming.answer(context, room_id, tea.owner, second.participant.user_id, admit=True)
    with pytest.raises(NotFound):
        await claiming.claim(context, room_id, second.session, first.participant.user_id)
