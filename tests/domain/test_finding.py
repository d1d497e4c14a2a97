"""Messages are found wherever they stand: in the index, not yet in it, or edited since; and what
is gone is found no more, nor left on the disk.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from parley.config import Config
from parley.domain import (
    conversations,
    indexing,
    looking,
    messages,
    owning,
    participants,
    proof,
    reactions,
    removal,
    searching,
    searching_all,
)
from parley.domain.context import Context
from parley.domain.indexing import Indexing
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.errors import BadRequest, ConversationNotFound, ParleyError
from parley.records import Message
from parley.search import queries, words
from parley.search.segments import Segment
from parley.storage import search as stored
from parley.storage.search import Said
from tests.domain.conftest import Clock
from tests.domain.test_erasing import Room, opened, stands_in
from tests.effort import some

WORDS = ("milk", "honey", "Schifffahrt", "权利", "มีสิทธิ", "foo_bar", "Größe", "été", "go", "x")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of eight messages, of which four become one."""
    monkeypatch.setattr(indexing, "BATCH", 8)
    monkeypatch.setattr(indexing, "LOOSE_MAX", 4)
    monkeypatch.setattr(looking, "TEXTS_AT_ONCE", 5)


@pytest.fixture
async def room(context: Context) -> Room:
    return await opened(context)


async def says(context: Context, room: Room, *texts: str) -> list[Message]:
    return [(await messages.send(context, room.ada, Draft(text))).message for text in texts]


async def finds(context: Context, room: Room, typed: str, **more: object) -> list[str]:
    """All that is found, page by page."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await searching.in_conversation(
            context,
            room.id,
            room.owner,
            typed,
            limit=3,
            cursor=cursor,
            **more,  # type: ignore[arg-type]
        )
        found.extend(hit.message.text for hit in page.found)
        cursor = page.next_cursor
        if cursor is None:
            return found


async def finds_everywhere(
    context: Context, room: Room, typed: str, *, by: str = searching.TIME
) -> list[str]:
    """The same of all that the owner takes part in."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await searching_all.search(context, room.owner, typed, limit=3, cursor=cursor, by=by)
        found.extend(hit.message.text for hit in page.found)
        cursor = page.next_cursor
        if cursor is None:
            return found


def on_the_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


async def segment_count(context: Context, room: Room) -> int:
    return len(await context.database.read(stored.sizes, room.conversation.id))


@pytest.mark.usefixtures("small")
async def test_what_was_said_is_found_in_the_index_and_after_it(
    context: Context, room: Room
) -> None:
    index = Indexing(context)
    await says(context, room, *(f"milk {number}" for number in range(20)))
    await says(context, room, "Dampfschifffahrt", "A schiff", "nothing")
    assert await index.index(room.conversation.id) == 16
    assert await segment_count(context, room) == 2
    assert await finds(context, room, "milk") == [f"milk {number}" for number in range(20)][::-1]
    # First what begins so, then what has it inside.
    assert await finds(context, room, "schiff") == ["A schiff", "Dampfschifffahrt"]
    assert (
        await finds(context, room, "milk -7 -1*")
        == [f"milk {number}" for number in range(20) if number != 7 and str(number)[0] != "1"][::-1]
    )
    assert await finds(context, room, "") == []


@pytest.mark.usefixtures("small")
async def test_whatever_happens_what_is_found_is_what_a_reading_would_find(
    context: Context, room: Room
) -> None:
    rng = random.Random(19)
    index = Indexing(context)
    said: list[Message] = []
    for step in range(300):
        match rng.randrange(10):
            case 0 if said:
                message = said.pop(rng.randrange(len(said)))
                await messages.delete(context, room.id, room.owner, message.id)
            case 1 | 2 if said:
                at = rng.randrange(len(said))
                text = " ".join(rng.choices(WORDS, k=3)) + f" e{step}"
                changed = await messages.edit(context, room.id, room.owner, said[at].id, text)
                said[at] = changed.message
            case 3:
                await index.index(room.conversation.id)
            case _:
                text = " ".join(rng.choices(WORDS, k=rng.randrange(1, 4)))
                said += await says(context, room, text)
    await index.index(room.conversation.id)
    assert await segment_count(context, room) >= 4
    said.sort(key=lambda message: -message.seq)
    expected: dict[str, Callable[[str], bool]] = {
        "milk": lambda text: "milk" in text,
        "权": lambda text: "权利" in text,
        "สิทธิ": lambda text: "สิทธิ" in text,
        '"go x"': lambda text: "go x" in text,
        "ete honey": lambda text: "été" in text and "honey" in text,
        "-milk": lambda text: "milk" not in text,
        "groesse": lambda text: "Größe" in text,
        "e25*": lambda text: any(word.startswith("e25") for word in text.split()),
    }
    for typed, is_in in expected.items():
        assert await finds(context, room, typed) == [m.text for m in said if is_in(m.text)], typed


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("is_indexed", [True, False])
async def test_operators_find_who_said_what_and_when(
    context: Context, room: Room, clock: Clock, *, is_indexed: bool
) -> None:
    clock.now = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)  # 23:30 in Berlin
    await says(context, room, "late on the 24th")
    clock.goes_on(timedelta(hours=1))
    [linked] = await says(context, room, "on the 25th https://example.org/a")
    joined = await participants.join(context, room.id, Joining(None, username="Ben Ek"))
    clock.goes_on(timedelta(days=20))
    await messages.send(context, joined.participant, Draft("in November"))
    await reactions.react(context, room.ada, linked.id, "👍", on=True)
    await says(context, room, *("more" for _ in range(10)))
    if is_indexed:
        await Indexing(context).index(room.conversation.id)
        assert await segment_count(context, room) == 1
    berlin = ZoneInfo("Europe/Berlin")
    late, link = "late on the 24th", "on the 25th https://example.org/a"
    assert await finds(context, room, "on:2026-10-24") == [link, late]
    assert await finds(context, room, "on:2026-10-24", zone=berlin) == [late]
    assert await finds(context, room, "on:2026-10-25", zone=berlin) == [link]
    assert await finds(context, room, "on:2026-10 -on:2026-10-25", zone=berlin) == [late]
    assert await finds(context, room, "before:2026-11") == [link, late]
    assert await finds(context, room, "after:2026-10 november") == ["in November"]
    assert await finds(context, room, "from:ek") == ["in November"]
    assert await finds(context, room, "from:ben") == ["in November"]
    assert await finds(context, room, f"from:{joined.participant.user_id}") == ["in November"]
    assert await finds(context, room, 'from:"ben ek"') == ["in November"]
    assert await finds(context, room, "-from:ben -more") == [link, late]
    assert await finds(context, room, "from:nobody") == []
    assert await finds(context, room, "has:link") == [link]
    assert await finds(context, room, "has:reaction") == [link]
    assert await finds(context, room, "has:reactions -has:link") == []
    assert await finds(context, room, "has:image") == []


@pytest.mark.usefixtures("small")
async def test_the_best_comes_first_where_that_is_asked_for(context: Context, room: Room) -> None:
    await says(
        context, room, "milk", "milkshake", "no " * 60 + "milk", "buttermilk", "milk, more milk"
    )
    page = await searching.in_conversation(
        context, room.id, room.owner, "milk", limit=3, by=searching.RELEVANCE
    )
    assert [hit.message.text for hit in page.found] == [
        "milk, more milk",
        "milk",
        "no " * 60 + "milk",
    ]
    assert page.next_cursor is not None
    rest = await searching.in_conversation(
        context,
        room.id,
        room.owner,
        "milk",
        limit=3,
        by=searching.RELEVANCE,
        cursor=page.next_cursor,
    )
    assert [hit.message.text for hit in rest.found] == ["milkshake", "buttermilk"]
    assert rest.next_cursor is None


@pytest.mark.sqlite("It looks at its file.")
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("way", ["edited", "deleted", "outdated", "conversation"])
async def test_what_is_gone_leaves_nothing_on_the_disk(
    context: Context, room: Room, config: Config, clock: Clock, way: str
) -> None:
    secret = "canary-4be07d"
    [first] = await says(context, room, f"the {secret} of 权利四be")
    await says(context, room, *(f"milk {number}" for number in range(40)))
    await Indexing(context).index(room.conversation.id)
    assert await segment_count(context, room) == 2
    assert stands_in(config.data)
    match way:
        case "edited":
            await messages.edit(context, room.id, room.owner, first.id, "nothing")
        case "deleted":
            await messages.delete(context, room.id, room.owner, first.id)
        case "outdated":
            await owning.change(context, room.id, room.owner, Wishes(keep_days=1))
            clock.goes_on(timedelta(days=2))
            await says(context, room, "today")
            await owning.erase_outdated(context)
        case _:
            await owning.delete(context, room.id, room.owner)
            await owning.erase_deleted(context)
    await context.database.forget_erased()
    left = on_the_disk(config.data)
    assert secret.encode() not in left
    assert b"4be07d" not in left
    assert "四".encode() not in left
    if way != "conversation":
        assert await finds(context, room, secret) == []
        expected = [] if way == "outdated" else [f"milk {number}" for number in range(40)][::-1]
        assert await finds(context, room, "milk") == expected


@pytest.mark.usefixtures("small")
async def test_a_change_while_a_segment_is_made_is_never_lost(context: Context, room: Room) -> None:
    [first, *_] = await says(context, room, *(f"milk {number}" for number in range(9)))
    edits = ["honey", "salt"]

    class Interrupted(Indexing):
        async def _made(self, found: list[Said]) -> list[tuple[Segment, int]]:
            made = await super()._made(found)
            if edits:
                await messages.edit(context, room.id, room.owner, first.id, edits.pop())
            return made

    await Interrupted(context).index(room.conversation.id)
    assert not edits
    assert await segment_count(context, room) == 1
    assert await finds(context, room, "honey") == ["honey"]
    assert await finds(context, room, "salt") == []
    assert await finds(context, room, '"milk 0"') == []


@pytest.mark.usefixtures("small")
async def test_a_start_goes_on_where_a_stop_was(context: Context, room: Room) -> None:
    await says(context, room, *(f"milk {number}" for number in range(50)))
    await Indexing(context).catch_up()
    assert await segment_count(context, room) == 3  # of 32, 8 and 8
    await Indexing(context).catch_up()
    assert await segment_count(context, room) == 3


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("text", "typed", "snippet"),
    [
        (
            "The **cake**, and _tea_",
            "cake",
            [("The ", False), ("cake", True), (", and tea", False)],
        ),
        ("- milk\n- honey\n\n> and tea", "tea", [("milk honey and ", False), ("tea", True)]),
        ("Say `go` twice", "from:ada", [("Say go twice", False)]),
        ("```py\ngo(1)\n```\nthen", "go", [("go", True), ("(1) then", False)]),
        # What is written and not read is shown as it stands.
        (
            "See [here](https://example.org/cake)",
            "cake",
            [("See [here](https://example.org/", False), ("cake", True), (")", False)],
        ),
        ("2 * 3 * 4 and cake", "cake", [("2 * 3 * 4 and ", False), ("cake", True)]),
    ],
)
async def test_words_around_are_those_that_are_read(
    context: Context, room: Room, text: str, typed: str, snippet: list[tuple[str, bool]]
) -> None:
    await says(context, room, text)
    page = await searching.in_conversation(context, room.id, room.owner, typed, limit=1)
    assert [hit.snippet for hit in page.found] == [snippet]


async def test_all_of_ones_conversations_are_searched_and_no_other(
    context: Context, room: Room, clock: Clock
) -> None:
    other, foreign = await opened(context), await opened(context)
    joining = Joining(room.owner, username="Ada")
    joined = await participants.join(context, other.id, joining)
    await context.database.write(lambda connection: proof.prove(connection, room.owner.id))
    there = Room(other.conversation, room.owner, joined.participant)
    for number in range(4):
        if number != 2:  # as of chats that tell the minute alone
            clock.goes_on(timedelta(seconds=1))
        await says(context, room, f"milk here {number}")
        await says(context, there, f"milk there {number}")
    await says(context, foreign, "milk of others")
    later, sooner = (
        ("here", "there") if room.conversation.id > other.conversation.id else ("there", "here")
    )
    expected = [
        f"milk {place} {number}"
        for numbers in ((3,), (2, 1), (0,))
        for place in (later, sooner)
        for number in numbers
    ]
    assert await finds_everywhere(context, room, "milk") == expected
    assert (await searching_all.search(context, None, "milk", limit=3)).found == []
    await removal.remove(context, there.id, other.owner, there.ada.user_id)
    page = await searching_all.search(context, room.owner, "milk", limit=20)
    assert [hit.message.text for hit in page.found] == [
        each for each in expected if "milk here" in each
    ]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("is_in_time", some([False, True], every=2, why="it is found when late"))
async def test_everywhere_all_is_found_however_little_time_there_is(
    context: Context, room: Room, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, is_in_time: bool
) -> None:
    others = [await conversations.create(context, room.owner) for _ in range(3)]
    rooms = [room]
    for other in others:
        there = await participants.join(context, other.conversation.room_id, Joining(room.owner))
        rooms.append(Room(other.conversation, room.owner, there.participant))
    rng = random.Random(19)
    said: list[Message] = []
    for number in range(120):
        clock.goes_on(timedelta(seconds=rng.randrange(2)))
        word = rng.choice(("schiff", "Dampfschiff", "milk"))
        said += await says(context, rng.choice(rooms), f"{word} {number}")
    await Indexing(context).catch_up()
    if not is_in_time:
        monkeypatch.setattr(searching_all, "ALL_S", -1.0)
    said.sort(key=lambda each: (each.sent_at, each.conversation_id, each.seq), reverse=True)
    texts = [message.text for message in said]
    # First all that begins so, in all of them, then what has it inside.
    assert await finds_everywhere(context, room, "schiff") == [
        *(text for text in texts if text.startswith("schiff")),
        *(text for text in texts if text.startswith("Dampf")),
    ]


@pytest.mark.usefixtures("small")
async def test_the_best_of_all_conversations_comes_first(context: Context, room: Room) -> None:
    other = await conversations.create(context, room.owner)
    joined = await participants.join(context, other.conversation.room_id, Joining(room.owner))
    there = Room(other.conversation, room.owner, joined.participant)
    await says(context, room, "milk, more milk", "buttermilk")
    await says(context, there, "milkshake", "milk")
    found = await finds_everywhere(context, room, "milk", by=searching.RELEVANCE)
    assert found == ["milk, more milk", "milk", "milkshake", "buttermilk"]


async def test_who_may_not_read_learns_nothing(context: Context, room: Room) -> None:
    await says(context, room, "milk")
    await owning.change(context, room.id, room.owner, Wishes(is_knock=True))
    with pytest.raises(ParleyError) as refused:
        await searching.in_conversation(context, room.id, None, "milk", limit=3)
    with pytest.raises(ParleyError) as same:
        await messages.history(context, room.id, None, limit=3)
    assert type(refused.value) is type(same.value)
    with pytest.raises(ConversationNotFound):
        await searching.in_conversation(context, "nowhere", None, "milk", limit=3)


@pytest.mark.parametrize(
    ("typed", "cursor"),
    [
        ("x" * 501, None),
        (" ".join("abc" for _ in range(queries.PARTS_MAX + 1)), None),
        ("milk", "nonsense"),
        ("milk", "t" + "9" * 30),
        ("milk", "t" + "9" * 19),
        ("milk", "r1"),
        ("milk", ""),
    ],
)
async def test_what_is_no_search_is_told(
    context: Context, room: Room, typed: str, cursor: str | None
) -> None:
    with pytest.raises(BadRequest):
        await searching.in_conversation(context, room.id, room.owner, typed, limit=3, cursor=cursor)


async def test_a_hostile_search_takes_no_longer_than_it_may(
    context: Context, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await says(context, room, *("a " * 1900 for _ in range(20)))
    for typed in ("a " * 30, '"' + "a " * 200 + '"', "*" * 400, "a*" * 100, "-a " * 30, "🏽" * 100):
        found = await finds(context, room, typed)
        assert len(found) <= 20


async def test_a_reading_that_is_late_looks_at_one_text_and_goes_on_when_asked(
    context: Context, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await says(context, room, "honey", *(f"milk {number}" for number in range(40)))
    monkeypatch.setattr(searching, "LOOK_S", 0.0)
    looked: list[str] = []
    search = queries.Pattern.search

    def counted(pattern: queries.Pattern, text: str) -> bool:
        looked.append(text)
        return search(pattern, text)

    monkeypatch.setattr(queries.Pattern, "search", counted)
    page = await searching.in_conversation(context, room.id, room.owner, "honey", limit=3)
    assert page.next_cursor is not None
    assert looked == ["milk 39"]
    assert await finds(context, room, "honey") == ["honey"]


@pytest.mark.long("long texts")
async def test_long_texts_are_folded_only_while_there_is_time(
    context: Context, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await says(context, room, "honey", *("\ufdfa" * 4000 for _ in range(20)))
    monkeypatch.setattr(searching, "LOOK_S", 0.0)
    folded: list[str] = []
    fold = words.fold

    def counted(text: str) -> str:
        folded.append(text)
        return fold(text)

    monkeypatch.setattr(words, "fold", counted)
    await searching.in_conversation(context, room.id, room.owner, "honey", limit=3)
    assert sum(len(text) for text in folded) < 10_000
    assert await finds(context, room, "honey") == ["honey"]
