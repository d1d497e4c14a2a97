"""Whom "@Name" means: decided once, when a text is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from parley.domain import conversations, messages, participants, removal
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joined, Joining
from parley.records import Message, Session
from parley.storage import naming as held
from parley.storage import sessions
from parley.storage.prepared import Prepared
from parley.storage.schema import mentions
from tests.domain.conftest import Clock

LOOK_ALIKE = "\u0412\u0435n"
"""Ben, in Cyrillic letters but for the n."""


@dataclass
class Room:
    context: Context
    id: str
    owner: Session
    ada: Joined

    async def joins(self, name: str, user_id: str | None = None) -> Joined:
        joining = Joining(None, user_id or name.casefold(), name)
        return await participants.join(self.context, self.id, joining)

    async def is_now(self, who: Joined, name: str) -> None:
        joining = Joining(who.session, who.participant.user_id, name)
        await participants.join(self.context, self.id, joining)

    async def says(
        self, text: str, *chosen: str, by: Joined | None = None, reply_to: str | None = None
    ) -> Message:
        draft = Draft(text, mentions=chosen, reply_to=reply_to)
        who = (by or self.ada).participant
        return (await messages.send(self.context, who, draft)).message

    async def means(self, text: str, *chosen: str) -> list[str]:
        said = await self.says(text, *chosen)
        return json.loads(said.mentions) if said.mentions else []

    async def edited(self, message: Message, text: str, *chosen: str) -> list[str]:
        """Ada says it otherwise; whom it means then."""
        edit = messages.edit(self.context, self.id, self.owner, message.id, text, chosen)
        now = (await edit).message
        return json.loads(now.mentions) if now.mentions else []

    async def noted(self) -> list[tuple[int, str, bool]]:
        """Of every message: for whom it is, and whether it answers them."""
        query = sa.select(mentions.c.seq, mentions.c.user_id, mentions.c.is_reply)
        rows = await self.context.database.read(lambda c: c.execute(query.order_by("id")).all())
        return [tuple(row) for row in rows]


@pytest.fixture
async def room(context: Context) -> Room:
    created = await conversations.create(context, None, user_id="ada")
    room_id = created.conversation.room_id
    owner = await context.database.read(sessions.by_id, created.conversation.owner_session_id)
    ada = await participants.join(context, room_id, Joining(owner, None, "Ada"))
    return Room(context, room_id, owner, ada)


async def test_a_name_after_an_at_sign_means_who_is_called_so(room: Room) -> None:
    for name in ("Ben", "Anna", "Anna Maria", "Zoë", "李小龍", "นิดา", "Dr. No", "민수", "नमिता"):
        await room.joins(name)
    meant = {
        "Hello @Ben": ["ben"],
        "@ben, and @BEN!": ["ben"],
        "(@Ben)": ["ben"],
        "@Anna Maria Callas": ["anna maria"],
        "@Anna  Maria": ["anna maria"],
        "@Anna\nMaria": ["anna"],
        "@Anna Mariana": ["anna"],
        "@Dr. No @Ben": ["dr. no", "ben"],
        "@Zoë": ["zoë"],
        "@Zoe\u0308 is here": ["zoë"],
        "@李小龍你好": ["李小龍"],
        "你好@李小龍": ["李小龍"],
        "@นิดามา": ["นิดา"],
        "@민수야": ["민수"],
        "@नमिता।": ["नमिता"],
        "@@Ben": ["ben"],
        "@Ada, that is me": ["ada"],
    }
    assert {text: await room.means(text) for text in meant} == meant


@pytest.mark.parametrize(
    "text",
    [
        "@Benjamin",
        "@Ben_",
        "@Be",
        "ada@Ben",
        "https://social.example/@Ben",
        "@ Ben",
        "@\u0412\u0435n in other letters",
        "@नमि",
        "@Zoe",
        "@all",
        "@",
    ],
)
async def test_what_is_no_name_of_anybody_means_nobody(room: Room, text: str) -> None:
    for name in ("Ben", "Zoë", "नमिता"):
        await room.joins(name)
    assert await room.means(text) == []


async def test_of_several_with_one_name_the_chosen_is_meant_or_who_has_had_it_longest(
    room: Room, clock: Clock
) -> None:
    for number in range(12):  # so many are not all read
        await room.joins("Ben", f"ben-{number}")
        clock.goes_on(timedelta(seconds=1))
    await room.joins(LOOK_ALIKE, "look-alike")
    await room.joins("Cleo")
    assert await room.means("@Ben") == ["ben-0"]
    assert await room.means("@Ben", "ben-7") == ["ben-7"]
    assert await room.means("@Ben", "nobody", "cleo", "look-alike") == ["ben-0"]
    assert await room.means("Ben", "ben-7") == []
    assert await room.means("@" + LOOK_ALIKE, "look-alike") == ["look-alike"]


async def test_an_owner_is_meant_before_others_of_their_name(room: Room, clock: Clock) -> None:
    await room.joins("Eve", "member")
    clock.goes_on(timedelta(seconds=1))
    await room.is_now(room.ada, "Eve")
    assert await room.means("@Eve") == ["ada"]


async def test_who_left_is_meant_if_they_have_spoken_and_who_was_removed_is_not(
    room: Room,
) -> None:
    ben, cleo, dan = [await room.joins(name) for name in ("Ben", "Cleo", "Dan")]
    await room.says("Bye", by=ben)
    for each in (ben, cleo):
        await participants.leave_as(room.context, room.id, each.session)
    await removal.remove(room.context, room.id, room.owner, dan.participant.user_id)
    assert await room.means("@Ben, @Cleo, @Dan", "ben", "cleo", "dan") == ["ben"]


async def test_it_stays_right_when_somebody_renames(room: Room) -> None:
    ben = await room.joins("Ben")
    said = await room.says("@Ben, tea?")
    await room.is_now(ben, "Benno")
    await room.joins("Ben", "new-ben")
    assert said.mentions == '["ben"]'
    read, _ = await messages.history(room.context, room.id, room.owner, limit=10)
    assert [message.mentions for message in read] == ['["ben"]']
    assert await room.means("@Ben, @Benno") == ["new-ben", "ben"]


async def test_an_edited_text_means_the_same_people_under_the_names_that_stand_there(
    room: Room,
) -> None:
    ben = await room.joins("Ben")
    await room.joins("Cleo")
    said = await room.says("@Ben, te?")
    await room.is_now(ben, "Benno")
    await room.joins("Ben", "new-ben")
    assert await room.edited(said, "@ben, @Cleo, tea?") == ["ben", "cleo"]
    assert await room.noted() == [(1, "ben", False), (1, "cleo", False)]
    assert await room.edited(said, "@ben, *tea*?", "new-ben") == ["new-ben"]
    assert await room.edited(said, "`@Cleo`") == []
    assert await room.noted() == []


async def test_those_who_are_meant_are_noted_once_and_not_who_says_it(room: Room) -> None:
    ben = await room.joins("Ben")
    await room.joins("Cleo")
    first = await room.says("Tea?")
    await room.says("@Ada: @Cleo, @Ben, @cleo and @Ada", by=ben, reply_to=first.id)
    await room.says("@Ada to myself", reply_to=first.id)
    assert await room.noted() == [(2, "ada", True), (2, "cleo", False)]


async def test_an_edit_notes_who_is_meant_now_and_still_who_is_answered(room: Room) -> None:
    ben = await room.joins("Ben")
    await room.joins("Cleo")
    first = await room.says("Tea?", by=ben)
    said = await room.says("@Cleo", reply_to=first.id)
    assert await room.noted() == [(2, "ben", True), (2, "cleo", False)]
    assert await room.edited(said, "@Ada, @Ben") == ["ada", "ben"]
    assert await room.noted() == [(2, "ben", True)]


async def test_code_means_nobody(room: Room) -> None:
    for name in ("Ben", "Cleo"):
        await room.joins(name)
    for text in ("`@Ben`", "Run `npm i @Ben`", "```\n@Ben\n```"):
        assert await room.means(text) == [], text
    said = await room.says("*@Cleo*, `@Ben` is a package")
    assert said.mentions == '["cleo"]'
    assert said.parts == (
        '[["p",[["em",[["mention","cleo","@Cleo"]]],", ",["code","@Ben"]," is a package"]]]'
    )
    assert await room.noted() == [(4, "cleo", False)]


async def test_a_text_of_too_many_pieces_still_means_who_is_named(room: Room) -> None:
    await room.joins("Ben")
    said = await room.says("*a* " * 200 + "@Ben")
    assert (said.mentions, said.parts) == ('["ben"]', None)


async def test_at_most_twenty_people_are_meant(room: Room) -> None:
    for number in range(25):
        await room.joins(f"Guest {number}")
    text = " ".join(f"@Guest {number}" for number in range(25))
    assert len(await room.means(text)) == 20


@pytest.mark.parametrize(
    "text", ["@" * 8_000, "@x " * 2_666, "@a a a a a a a a a a " * 380, "@\u200b" * 4_000]
)
async def test_no_text_makes_many_names_be_looked_up(
    room: Room, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.joins("a " * 31 + "b")
    await room.joins("a")
    await room.joins("@")
    asked = _counted(monkeypatch)
    await room.says(text, *(f"guest-{number}" for number in range(20)))
    assert len(asked) < 1_000


async def test_a_text_without_an_at_sign_asks_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.says("Hello")
    asked = _counted(monkeypatch)
    await room.says("Hello")
    plain = len(asked)
    await room.says("ada.example, write to me at ada@home.example")
    assert len(asked) == 2 * plain


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[Prepared]:
    """Every statement that is run on the driver from now on."""
    asked: list[Prepared] = []
    for name in ("first", "run", "write"):
        usual = getattr(Prepared, name)

        def counting(
            self: Prepared, *args: object, usual: object = usual, **given: object
        ) -> object:
            asked.append(self)
            return usual(self, *args, **given)  # type: ignore[operator]

        monkeypatch.setattr(Prepared, name, counting)
    return asked


async def test_names_that_begin_alike_are_read_only_as_far_as_one_is_meant(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many such names a text holds: who the longest of them is, and no shorter one."""
    words = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]
    people = [await room.joins(" ".join(words[:count])) for count in range(1, len(words) + 1)]
    asked: list[str] = []

    def holders(connection: sa.Connection, conversation_id: int, key: str) -> object:
        asked.append(key)
        return read(connection, conversation_id, key)

    read = held.holders
    monkeypatch.setattr(held, "holders", holders)
    assert await room.means("@A B C D E F G H I J: tea?") == ["a b c d e f g h i j"]
    assert await room.means("@A B C D, and @A B") == ["a b c d", "a b"]
    assert len(asked) == 3
    # Of who is away and has said nothing the name means nobody: then the next shorter one does.
    await participants.leave_as(room.context, room.id, people[2].session)
    asked.clear()
    assert await room.means("@A B C D") == ["a b c d"]
    assert await room.means("@A B C: tea?") == ["a b"]
    assert len(asked) == 3
