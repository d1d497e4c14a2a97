"""What is sent and kept as keys change: who is mailed of it, and what is left after deleting."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

import pytest

from parley.client.encryption.octets import to_base64url
from parley.config import Config
from parley.domain import (
    conversations,
    entering,
    epochs,
    messages,
    owning,
    participants,
    participation,
    role_links,
)
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context
from parley.domain.epochs import NewEpoch
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.errors import (
    AccountsOnly,
    ConversationIsOver,
    ConversationNotFound,
    EpochTaken,
    Forbidden,
    NotFound,
    ParleyError,
    ReadOnly,
)
from parley.records import EpochBegan, ParticipantRemoved, Session, Visibility
from tests.domain.conftest import Told
from tests.domain.mailed import HOUR, Guest, House, rows
from tests.encryption.members import shaped_record

ASIDES = (3, 4, 5)
MESSAGE = 1
LARGE = 2_600
"""People of a record."""


@dataclass
class Sealed:
    """An encrypted conversation of Ada's, with Ben in it."""

    context: Context
    room_id: str
    ada: Session
    ben: Guest

    async def sends(self, who: Session, kind: int, *, size: int = 256) -> int:
        """What looks like a message of this kind to whoever can't open one; its seq."""
        octets = bytes((1, kind)) + bytes(160) + secrets.token_bytes(size + 16)
        draft = Draft(to_base64url(octets), "encrypted", secrets.token_hex(8))
        sent = await messages.send_as(self.context, self.room_id, who, draft)
        return sent.message.seq

    async def changes_key(self, number: int, *, remove: str | None = None) -> None:
        hash = to_base64url(secrets.token_bytes(32))
        new = NewEpoch.of(shaped_record(number, LARGE), hash)
        begun = await epochs.begin(self.context, self.room_id, self.ada, new, remove=remove)
        assert begun == number


async def sealed(context: Context) -> Sealed:
    proof = secrets.token_bytes(32)
    created = await conversations.create(
        context,
        None,
        visibility=Visibility.UNLISTED,
        read_proof_hash=hashlib.sha256(proof).digest(),
    )
    room_id = created.conversation.room_id
    await participants.join(context, room_id, Joining(created.owner, username="Ada"))
    entered = await entering.enter_with_key(context, room_id, None, to_base64url(proof))
    joining = Joining(entered.session, username="Ben", proven=True)
    joined = await participants.join(context, room_id, joining)
    return Sealed(context, room_id, created.owner, Guest(entered.session, joined.participant))


@pytest.fixture
async def talk(context: Context, monkeypatch: pytest.MonkeyPatch) -> Sealed:
    monkeypatch.setattr(role_links, "now", context.clock)
    return await sealed(context)


async def test_nobody_is_mailed_of_introductions_and_reactions(house: House) -> None:
    talk = await sealed(house.context)
    await house.wants(talk.ben)
    for kind in ASIDES:
        house.clock.goes_on(timedelta(seconds=1))
        await talk.sends(talk.ada, kind)
    await house.goes_on(2 * HOUR)
    assert house.told() == []
    await talk.sends(talk.ada, MESSAGE)
    await talk.sends(talk.ada, ASIDES[0])
    await house.goes_on(2 * HOUR)
    [mail] = house.told()
    assert "1 new message" in str(mail)


@pytest.mark.parametrize(
    ("wishes", "refusal"),
    [(Wishes(is_read_only=True), ReadOnly), (Wishes(is_accounts_only=True), AccountsOnly)],
    ids=["only owners", "only with an account"],
)
async def test_where_not_all_can_post_everybody_says_who_they_are_and_nothing_else(
    talk: Sealed, wishes: Wishes, refusal: type[ParleyError]
) -> None:
    await owning.change(talk.context, talk.room_id, talk.ada, wishes)
    introduction = ASIDES[0]
    for size in (256, 1024):
        assert await talk.sends(talk.ben.session, introduction, size=size)
    for kind, size in ((MESSAGE, 256), (ASIDES[1], 256), (ASIDES[2], 256), (introduction, 2048)):
        with pytest.raises(refusal):
            await talk.sends(talk.ben.session, kind, size=size)
    await conversations.end(talk.context, talk.room_id, talk.ada)
    with pytest.raises(ConversationIsOver):
        await talk.sends(talk.ben.session, introduction)


async def test_behind_many_reactions_the_last_message_is_found_or_none(
    talk: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.storage.messages.ASIDES_MAX", 5)

    async def last() -> int | None:
        [own], _ = await participation.page(talk.context, talk.ben.session, limit=5)
        return None if own.last is None else own.last.seq

    said = await talk.sends(talk.ada, MESSAGE)
    for _ in range(4):
        await talk.sends(talk.ada, ASIDES[2])
    assert await last() == said
    await talk.sends(talk.ada, ASIDES[2])
    assert await last() is None


async def test_with_the_conversation_its_records_are_erased(talk: Sealed, config: Config) -> None:
    for number in range(1, 31):
        await talk.changes_key(number)
    counted = "SELECT count(*) FROM epochs"
    assert rows(config, counted) == [(30,)]
    await owning.delete(talk.context, talk.room_id, talk.ada)
    await owning.erase_deleted(talk.context)
    assert rows(config, counted) == [(0,)]
    assert rows(config, "SELECT count(*) FROM conversations") == [(0,)]


async def co_owner(talk: Sealed) -> Guest:
    """By a link of the host's: owners can make none here."""
    made = await talk.context.database.write(
        lambda connection: role_links.make_link_of_host(
            connection, talk.room_id, by=AT_COMMAND_LINE
        )
    )
    entered = await role_links.use_link(talk.context, None, made.code)
    joining = Joining(entered.session, username="Cleo", proven=True)
    joined = await participants.join(talk.context, talk.room_id, joining)
    return Guest(entered.session, joined.participant)


async def test_of_two_owners_at_once_one_changes_the_key(talk: Sealed) -> None:
    cleo = await co_owner(talk)
    made = [NewEpoch.of(shaped_record(1, at), to_base64url(bytes(32))) for at in range(2)]
    outcomes = await asyncio.gather(
        epochs.begin(talk.context, talk.room_id, talk.ada, made[0]),
        owning.replace_link(talk.context, talk.room_id, cleo.session, made[1]),
        return_exceptions=True,
    )
    [lost] = [each for each in outcomes if isinstance(each, BaseException)]
    assert isinstance(lost, EpochTaken)
    kept = await epochs.following(talk.context, talk.room_id, talk.ada, after=0)
    assert (kept.epoch, len(kept.records)) == (1, 1)


async def test_an_owner_whom_only_the_founder_removes_keeps_the_key(talk: Sealed) -> None:
    cleo, dan = await co_owner(talk), await co_owner(talk)
    new = NewEpoch.of(shaped_record(1), to_base64url(bytes(32)))
    with pytest.raises(Forbidden):
        await epochs.begin(talk.context, talk.room_id, cleo.session, new, remove=dan.id)
    kept = await epochs.following(talk.context, talk.room_id, dan.session, after=0)
    assert kept.epoch == 0
    await talk.changes_key(1, remove=dan.id)
    with pytest.raises(ConversationNotFound):
        await epochs.following(talk.context, talk.room_id, dan.session, after=0)


async def test_what_is_told_is_told_in_order_and_once(talk: Sealed, told: Told) -> None:
    told.events.clear()
    await talk.changes_key(1, remove=talk.ben.id)
    assert [type(event) for event in told.events] == [ParticipantRemoved, EpochBegan]
    told.events.clear()
    new = NewEpoch.of(shaped_record(3), to_base64url(bytes(32)))
    with pytest.raises(EpochTaken) as taken:
        await epochs.begin(talk.context, talk.room_id, talk.ada, new)
    assert taken.value.epoch == 1
    new = NewEpoch.of(shaped_record(2), to_base64url(bytes(32)))
    with pytest.raises(NotFound):
        await epochs.begin(talk.context, talk.room_id, talk.ada, new, remove="nobody")
    assert told.events == []
    found = await epochs.following(talk.context, talk.room_id, talk.ada, after=0)
    assert (found.epoch, len(found.records)) == (1, 1)
