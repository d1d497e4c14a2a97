"""Bringing a conversation along: what is read is what is stored, and all of it or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parley.contract import DESCRIPTION_MAX_CHARS, MESSAGE_MAX_CHARS
from parley.domain import conversations, messages, participants
from parley.domain.context import Context
from parley.domain.importing import scratch, storing
from parley.domain.importing.reading import Reading
from parley.domain.importing.scratch import Staged
from parley.domain.importing.storing import Imported
from parley.domain.participants import Joining
from parley.domain.reactions import react_as
from parley.errors import ImportFails
from parley.records import Message
from tests.databases import beside
from tests.effort import some
from tests.importing import plain

MAX_FILE = 1_000_000
ANA, BEN = "ana", "ben"
DAY = "2024-01-31T10:0{}:00+00:00"


@pytest.fixture
def said(tmp_path: Path) -> Path:
    return tmp_path / plain.NAME


async def dry_run(folder: Path, path: Path, zone: str = "") -> Staged:
    async with Reading(folder, opener=plain.OPENER) as reading:
        return await reading.stage(path, max_file=MAX_FILE, zone=zone)


async def bring(context: Context, folder: Path, path: Path, zone: str = "") -> Imported:
    return (await told_and_brought(context, folder, path, zone))[1]


async def told_and_brought(
    context: Context, folder: Path, path: Path, zone: str = ""
) -> tuple[Staged, Imported]:
    """What is told of it before it is stored, and then what it became."""
    async with Reading(folder, opener=plain.OPENER) as reading:
        staged = await reading.stage(path, max_file=MAX_FILE, zone=zone)
        return staged, await storing.store(context, reading, staged, None)


async def all_of(context: Context, imported: Imported) -> tuple[Message, ...]:
    room_id = imported.conversation.room_id
    found, _ = await messages.history(context, room_id, imported.owner, limit=100)
    return found


def one(minute: int, who: str | None, text: str = "", **more: Any) -> dict[str, Any]:
    return {"at": DAY.format(minute), "who": who, "text": text, **more}


def rows(folder: Path, table: str) -> int:
    with beside(folder) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def scratch_files(folder: Path) -> list[Path]:
    return [*folder.glob(f"{scratch.NAME}*")]


async def test_what_was_said_elsewhere_is_said_here_by_the_same_people_at_the_same_time(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(said, one(1, ANA, "Tea?"), one(2, BEN, "Yes, **please**"), ana="Ana", ben="Ben")
    found = await all_of(context, await bring(context, tmp_path, said))
    assert [(each.username, each.text, each.sent_at.isoformat()) for each in found] == [
        ("Ana", "Tea?", DAY.format(1)),
        ("Ben", "Yes, **please**", DAY.format(2)),
    ]
    assert [each.seq for each in found] == [1, 2]
    assert found[1].parts is not None
    assert "strong" in found[1].parts


@pytest.mark.parametrize(
    ("there", "here"),
    some(
        [
            ("What we\r\nneed\x07", "What we\nneed"),
            ("é" * 5000, "é" * DESCRIPTION_MAX_CHARS),
            ("", "Imported from Plain"),
        ],
        every=3,
        why="one tells most",
    ),
)
async def test_what_it_is_about_comes_along(
    context: Context, tmp_path: Path, said: Path, there: str, here: str
) -> None:
    plain.write(said, one(1, ANA, "Tea?"), about=there)
    assert (await bring(context, tmp_path, said)).conversation.description == here


async def test_it_stands_in_the_order_of_time_whatever_that_of_the_file(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(said, one(3, ANA, "c"), one(1, ANA, "a"), one(3, ANA, "d"), one(2, ANA, "b"))
    found = await all_of(context, await bring(context, tmp_path, said))
    assert [each.text for each in found] == ["a", "b", "c", "d"]


async def test_a_reply_is_one_here_too(context: Context, tmp_path: Path, said: Path) -> None:
    plain.write(said, one(1, ANA, "Tea?", key="q"), one(2, BEN, "Yes", reply_to="q"), ana="Ana")
    question, answer = await all_of(context, await bring(context, tmp_path, said))
    assert answer.answered is not None
    assert (answer.answered.id, answer.answered.username) == (question.id, "Ana")


async def test_edits_deletions_pins_and_lines_of_the_service_come_along(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(
        said,
        one(1, None, "Ana created the group", service=True),
        one(2, ANA, "Better", edited=DAY.format(5), pinned=True),
        one(3, ANA, "gone", deleted=True),
    )
    line, edited, deleted = await all_of(context, await bring(context, tmp_path, said))
    assert (line.type, line.user_id, line.username) == ("system", "", "")
    assert edited.edited_at is not None
    assert edited.edited_at.isoformat() == DAY.format(5)
    assert edited.pinned_at is not None
    assert (deleted.text, deleted.deleted_at is None) == ("", False)


async def test_nobody_finds_it_by_a_list(context: Context, tmp_path: Path, said: Path) -> None:
    plain.write(said, one(1, ANA, "Tea?"))
    await bring(context, tmp_path, said)
    assert await conversations.listed(context, limit=10) == ([], None)


async def test_a_dry_run_tells_what_it_would_become_and_stores_nothing(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(
        said,
        one(1, ANA, "Tea?"),
        one(2, None, "Ben joined", service=True),
        "{",
        one(3, BEN, files=[{"name": "cup.jpg"}]),
        ana="Ana",
        ben="Ben",
    )
    staged = await dry_run(tmp_path, said)
    assert (staged.messages, staged.service_lines, staged.people_count) == (2, 1, 2)
    assert (staged.people, staged.files_missing) == (("Ana", "Ben"), 1)
    assert [(each.place, each.what) for each in staged.problems] == [("line 4", "This is no JSON.")]
    assert rows(context.database._folder, "conversations") == 0
    assert not scratch_files(tmp_path)


async def test_a_file_without_a_time_zone_is_not_stored_before_one_is_given(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(said, {"at": "2024-07-01T12:00:00", "who": ANA, "text": "Lunch"})
    async with Reading(tmp_path, opener=plain.OPENER) as reading:
        staged = await reading.stage(said, max_file=MAX_FILE)
        assert staged.needs_zone
        with pytest.raises(ImportFails, match="time zone"):
            await storing.store(context, reading, staged, None)
    assert rows(context.database._folder, "conversations") == 0
    (lunch,) = await all_of(context, await bring(context, tmp_path, said, zone="Europe/Berlin"))
    assert lunch.sent_at.isoformat() == "2024-07-01T10:00:00+00:00"


async def test_reactions_come_along_and_what_is_no_emoji_is_counted(
    context: Context, tmp_path: Path, said: Path
) -> None:
    reactions = [
        {"emoji": "👍", "people": ["ben", "cleo"]},
        {"emoji": "❤", "count": 3, "people": ["ben"]},
        {"emoji": ":party_parrot:", "count": 2},
    ]
    plain.write(said, one(1, ANA, "Tea?", reactions=reactions), one(2, BEN, "Yes"), ben="Ben")
    staged, imported = await told_and_brought(context, tmp_path, said)
    assert staged.reactions_left_out == 2
    first, second = await all_of(context, imported)
    found = json.loads(first.reactions or "[]")
    assert [(each["emoji"], each["count"]) for each in found] == [("👍", 2), ("❤️", 3)]
    assert second.user_id == found[0]["user_ids"][0] == found[1]["user_ids"][0]
    assert rows(context.database._folder, "reactions") == 3


async def test_one_who_is_the_only_known_of_several_takes_a_reaction_back(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(said, one(1, ANA, "Tea?", reactions=[{"emoji": "👍", "count": 2}]))
    imported = await bring(context, tmp_path, said)
    room_id = imported.conversation.room_id
    await participants.join(
        context, room_id, Joining(imported.owner, username="Host", keeps_cookie=True)
    )
    [message] = await all_of(context, imported)
    for on, count in ((True, 3), (False, 2)):
        changed = await react_as(context, room_id, imported.owner, message.id, "👍", on=on)
        assert json.loads(changed.message.reactions or "")[0]["count"] == count


async def test_whom_a_text_means_is_found_among_the_imported(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(said, one(1, ANA, "Hi @Ben Ek, and `@Ben Ek`"), one(2, BEN, "Yes"), ben="Ben Ek")
    first, second = await all_of(context, await bring(context, tmp_path, said))
    assert json.loads(first.mentions or "[]") == [second.user_id]
    assert '["mention","' in (first.parts or "")


async def test_a_text_too_long_for_a_message_becomes_several_and_loses_nothing(
    context: Context, tmp_path: Path, said: Path
) -> None:
    text = " ".join(f"word{number}" for number in range(3_000))
    plain.write(said, one(1, ANA, text, key="long"), one(2, BEN, "Long!", reply_to="long"))
    staged, imported = await told_and_brought(context, tmp_path, said)
    assert staged.split == 1
    *pieces, answer = await all_of(context, imported)
    assert len(pieces) > 1
    assert all(len(each.text) <= MESSAGE_MAX_CHARS for each in pieces)
    assert " ".join(each.text for each in pieces) == text
    assert answer.answered is not None
    assert answer.answered.id == pieces[0].id


async def test_of_names_that_look_alike_all_but_the_first_are_marked(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(said, one(1, ANA, "a"), one(2, BEN, "b"), ana="Ana", ben="\u0410na")
    first, second = await all_of(context, await bring(context, tmp_path, said))
    assert (first.is_alike, second.is_alike) == (False, True)


async def test_names_and_texts_are_made_fit_to_keep(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(
        said,
        one(1, ANA, "a\0b\ud800"),
        one(2, BEN, "c"),
        ana="\u202eevil\n name",
        ben="\u200b",
    )
    first, second = await all_of(context, await bring(context, tmp_path, said))
    assert (first.username, first.text) == ("evil name", "ab?")
    assert second.username == "Someone"


async def test_a_deleted_message_of_nobody_known_is_no_line_of_the_service(
    context: Context, tmp_path: Path, said: Path
) -> None:
    plain.write(said, one(1, None, deleted=True))
    [gone] = await all_of(context, await bring(context, tmp_path, said))
    assert (gone.type, gone.username, gone.deleted_at is None) == ("text", "Someone", False)
