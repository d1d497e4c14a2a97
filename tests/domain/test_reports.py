"""Reporting a message or somebody: who may, what is kept of it, and when it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from parley.contract import COMPLAINTS_MAX, ReasonName
from parley.domain import (
    audit,
    conversations,
    messages,
    owning,
    participants,
    removal,
    reports,
)
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.errors import (
    BadRequest,
    ConversationNotFound,
    Forbidden,
    KnockRequired,
    NotFound,
    RateLimited,
)
from parley.records import Complaint, Message, Report, Session
from parley.storage import reports as stored
from parley.storage import sessions
from parley.storage.schema import complaints
from parley.storage.schema import reports as rows
from tests.domain.conftest import Clock


@dataclass
class Room:
    context: Context
    id: str
    number: int
    ada: Session
    ben: Session
    cleo: Session
    said: Message
    """By Ben."""

    async def reports(
        self,
        who: Session | None,
        reason: ReasonName = "abuse",
        *,
        words: str | None = None,
        address: str = "192.0.2.1",
        user_id: str | None = None,
        message_id: str | None = None,
    ) -> None:
        """The message, unless somebody or another is named."""
        if user_id is None and message_id is None:
            message_id = self.said.id
        await reports.report(
            self.context,
            self.id,
            who,
            address=address,
            reason=reason,
            words=words,
            user_id=user_id,
            message_id=message_id,
        )

    async def open(self) -> tuple[Report, ...]:
        found, has_more = await reports.of_conversation(
            self.context, self.id, self.ada, state="open", limit=100
        )
        assert not has_more
        return found

    async def of_host(self) -> tuple[Report, ...]:
        return await self.context.database.read(
            lambda connection: stored.of_host(connection, state="open", limit=100)
        )

    async def resolved_by_host(self, id: int) -> None:
        at = self.context.clock()
        await self.context.database.write(
            lambda connection: reports.resolve_of_host(connection, id, by=AT_COMMAND_LINE, at=at)
        )

    async def kept(self) -> tuple[int, int]:
        """How many rows of reports there are, and of complaints."""

        def query(connection: sa.Connection) -> tuple[int, int]:
            counted = [
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (rows, complaints)
            ]
            return counted[0], counted[1]

        return await self.context.database.read(query)


@pytest.fixture
async def room(context: Context) -> Room:
    created = await conversations.create(context, None, user_id="ada")
    room_id = created.conversation.room_id
    ada = await context.database.read(sessions.by_id, created.conversation.owner_session_id)
    await participants.join(context, room_id, Joining(ada, username="Ada"))
    others = []
    for name in ("Ben", "Cleo"):
        joining = Joining(None, user_id=name.lower(), username=name)
        others.append((await participants.join(context, room_id, joining)).session)
    ben, cleo = others
    sent = await messages.send_as(context, room_id, ben, Draft("You are all fools"))
    return Room(context, room_id, created.conversation.id, ada, ben, cleo, sent.message)


async def test_two_who_report_the_same_are_two_complaints_in_one_report(room: Room) -> None:
    await room.reports(room.cleo, "abuse", words=" He does that\nall day ")
    await room.reports(None, "spam")
    [report] = await room.open()
    assert (report.message_id, report.user_id, report.username) == (room.said.id, "ben", "Ben")
    assert (report.text, report.sent_at) == ("You are all fools", room.said.sent_at)
    assert set(report.complaints) == {
        Complaint("abuse", "He does that\nall day"),
        Complaint("spam", ""),
    }
    assert await room.of_host() == (report,)


async def test_who_reports_it_again_says_it_anew(room: Room) -> None:
    await room.reports(room.cleo, "spam")
    await room.reports(room.cleo, "threat", words="Look again")
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        await room.reports(None, "other", address=address)
    [report] = await room.open()
    assert sorted(each.reason for each in report.complaints) == ["other", "other", "threat"]


async def test_it_is_seen_as_it_was_then(room: Room) -> None:
    await room.reports(room.cleo)
    await messages.edit(room.context, room.id, room.ben, room.said.id, "You are all dears")
    await room.reports(room.ada)
    await messages.delete(room.context, room.id, room.ben, room.said.id)
    later, first = await room.open()
    assert (first.text, later.text) == ("You are all fools", "You are all dears")
    with pytest.raises(NotFound, match="deleted"):
        await room.reports(room.cleo)


async def test_somebody_is_reported_by_the_name_they_had(room: Room) -> None:
    await room.reports(room.cleo, "private", user_id="ben")
    await participants.join(room.context, room.id, Joining(room.ben, username="Benjamin"))
    [report] = await room.open()
    assert (report.user_id, report.username, report.text) == ("ben", "Ben", "")
    assert report.message_id is None


async def test_those_who_were_removed_can_be_reported_and_cannot_report(room: Room) -> None:
    await removal.remove(room.context, room.id, room.ada, "ben")
    await room.reports(room.cleo)
    await room.reports(room.cleo, user_id="ben")
    assert len(await room.open()) == 2
    with pytest.raises(ConversationNotFound):
        await room.reports(room.ben, user_id="ada")


async def test_what_was_said_before_the_end_can_be_reported_after_it(room: Room) -> None:
    await conversations.end(room.context, room.id, room.ada)
    await room.reports(room.cleo)
    assert len(await room.open()) == 1


async def test_who_may_not_read_reports_nothing(room: Room) -> None:
    await owning.change(room.context, room.id, room.ada, Wishes(is_knock=True))
    with pytest.raises(KnockRequired):
        await room.reports(None)
    assert await room.kept() == (0, 0)


@pytest.mark.parametrize("both", [True, False])
async def test_one_thing_is_reported_at_a_time(room: Room, both: bool) -> None:
    named = {"message_id": room.said.id, "user_id": "ben"} if both else {}
    with pytest.raises(BadRequest):
        await reports.report(room.context, room.id, room.cleo, address="", reason="spam", **named)
    with pytest.raises(NotFound):
        await room.reports(room.cleo, message_id="1-nothing")
    with pytest.raises(NotFound):
        await room.reports(room.cleo, user_id="nobody")


async def test_the_text_of_what_the_server_reads_itself_is_not_a_reporters(room: Room) -> None:
    with pytest.raises(BadRequest, match="encrypted"):
        await reports.report(
            room.context,
            room.id,
            room.cleo,
            address="",
            reason="spam",
            message_id=room.said.id,
            told="I owe Mallory a thousand",
        )


async def test_only_owners_see_and_resolve_them(room: Room) -> None:
    await room.reports(room.cleo)
    [report] = await room.open()
    for who in (room.ben, room.cleo, None):
        with pytest.raises(Forbidden):
            await reports.of_conversation(room.context, room.id, who, state="all", limit=1)
        with pytest.raises(Forbidden):
            await reports.resolve(room.context, room.id, who, report.id)
    other = await conversations.create(room.context, None)
    assert other.owner is not None
    with pytest.raises(NotFound):
        await reports.resolve(room.context, other.conversation.room_id, other.owner, report.id)


async def test_owners_and_the_host_resolve_it_each_for_themselves(room: Room) -> None:
    await room.reports(room.cleo)
    [report] = await room.open()
    for _ in range(2):
        await reports.resolve(room.context, room.id, room.ada, report.id)
    assert await room.open() == ()
    assert [each.id for each in await room.of_host()] == [report.id]
    await room.resolved_by_host(report.id)
    assert await room.of_host() == ()
    acts, _ = await audit.acts(room.context, room.id, room.ada, limit=10)
    assert [(each.act, each.about) for each in acts] == [("resolved_report", "Ben")]


async def test_only_another_person_opens_it_again(room: Room) -> None:
    await room.reports(room.cleo)
    [report] = await room.open()
    await reports.resolve(room.context, room.id, room.ada, report.id)
    await room.resolved_by_host(report.id)
    await room.reports(room.cleo, "threat")
    assert await room.open() == await room.of_host() == ()
    await room.reports(None)
    assert [each.id for each in await room.open()] == [report.id]
    assert [each.id for each in await room.of_host()] == [report.id]


async def test_nobody_learns_who_reported_it_nor_by_the_order(room: Room) -> None:
    await room.reports(room.cleo, "threat")
    await room.reports(room.ada, "abuse")
    await room.reports(None, "spam")
    [report] = await room.open()
    assert [each.reason for each in report.complaints] == ["abuse", "spam", "threat"]
    await room.reports(room.cleo, user_id="ben")

    def query(connection: sa.Connection) -> list[str]:
        return list(connection.execute(sa.select(complaints.c.reporter)).scalars())

    kept = await room.context.database.read(query)
    assert len(kept) == 4
    for who in (room.ada, room.ben, room.cleo):
        assert all(each != str(who.id) and not each.endswith(f" {who.id}") for each in kept)


async def test_so_many_complaints_of_one_are_kept(room: Room) -> None:
    for number in range(COMPLAINTS_MAX + 2):
        await room.reports(None, address=f"192.0.2.{number}")
    [report] = await room.open()
    assert len(report.complaints) == COMPLAINTS_MAX


async def test_those_the_host_resolved_make_room(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "REPORTS_MAX", 2)
    await room.reports(room.cleo)
    await room.reports(room.cleo, user_id="ben")
    with pytest.raises(RateLimited):
        await room.reports(room.cleo, user_id="ada")
    _, first = await room.open()
    await room.resolved_by_host(first.id)
    await room.reports(room.cleo, user_id="ada")
    assert [each.user_id for each in await room.open()] == ["ada", "ben"]
    assert await room.kept() == (2, 2)


async def test_they_go_with_the_messages_of_their_time(room: Room, clock: Clock) -> None:
    await room.reports(room.cleo)
    await room.reports(room.cleo, user_id="ben")
    await owning.change(room.context, room.id, room.ada, Wishes(keep_days=7))
    clock.goes_on(timedelta(days=6))
    await messages.send_as(room.context, room.id, room.ben, Draft("Still fools"))
    await room.reports(room.cleo, user_id="ada")
    await owning.erase_outdated(room.context)
    assert len(await room.open()) == 3
    clock.goes_on(timedelta(days=2))
    await owning.erase_outdated(room.context)
    assert [each.user_id for each in await room.open()] == ["ada"]
    assert await room.kept() == (1, 1)


async def test_they_go_with_their_conversation(room: Room) -> None:
    await room.reports(room.cleo)
    await owning.delete(room.context, room.id, room.ada)
    await owning.erase_deleted(room.context)
    assert await room.of_host() == ()
    assert await room.kept() == (0, 0)


async def test_those_that_all_have_resolved_go_after_a_month(room: Room, clock: Clock) -> None:
    await room.reports(room.cleo)
    await room.reports(room.cleo, user_id="ben")
    ben, said = await room.open()
    await reports.resolve(room.context, room.id, room.ada, said.id)
    await reports.resolve(room.context, room.id, room.ada, ben.id)
    await room.resolved_by_host(said.id)
    clock.goes_on(timedelta(days=30, minutes=1))
    before = clock() - timedelta(days=reports.RESOLVED_KEPT_DAYS)
    assert await reports.erase_resolved(room.context, before=before) == 1
    assert [each.id for each in await room.of_host()] == [ben.id]
    assert await room.kept() == (1, 1)
