"""What was exported is read again exactly: people, words, times, changes, reactions, files."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import parley
from parley.importing.archive import Archive
from parley.importing.chats import ImportRefused, Problem
from parley.importing.parley import ParleyAttachment, ParleyChat, ParleyEntry, ParleyPerson
from parley.proofs import checking
from tests import lasting
from tests.calls import Caller
from tests.effort import times
from tests.exports.talk import PNG_TEXT, Talk, exported
from tests.proofs.files import as_json, as_lines, sealed

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

Json = dict[str, Any]


def read(path: Path) -> tuple[ParleyChat, list[ParleyEntry], list[Problem]]:
    with Archive(path) as archive:
        chat = parley.recognise(archive)
        assert isinstance(chat, ParleyChat)
        found = list(chat.entries())
        assert list(chat.entries()) == found, "as often as one likes"
    entries = [each for each in found if isinstance(each, ParleyEntry)]
    return chat, entries, [each for each in found if isinstance(each, Problem)]


def as_sent(entry: ParleyEntry) -> Json:
    """What an entry says, as the wire has it."""
    made: Json = {
        "id": entry.key,
        "seq": entry.seq,
        "user_id": entry.person,
        "username": entry.username,
        "message": entry.text,
        "type": entry.type,
        "timestamp": entry.sent_at.isoformat(timespec="milliseconds"),
    }
    if entry.role == "owner":
        made["role"] = "owner"
    if entry.is_deleted:
        made["deleted"] = True
    if entry.is_pinned:
        made["pinned"] = True
    if entry.edited_at is not None:
        made["edited_at"] = entry.edited_at.isoformat(timespec="milliseconds")
    if entry.mentions:
        made["mentions"] = list(entry.mentions)
    if entry.reply_to is not None:
        made["reply_to"] = entry.reply_to
    if entry.reactions:
        made["reactions"] = [
            {"emoji": each.emoji, "count": each.count, "user_ids": list(each.people)}
            for each in entry.reactions
        ]
    if entry.attachments:
        made["attachments"] = [
            {"name": each.name, "type": each.type, "size": each.size} for each in entry.attachments
        ]
    return made


def told(message: Json) -> Json:
    """The same of what the server sends."""
    unsaid = ("changed_seq", "parts", "unproven", "alike", "client_id")
    made = {name: value for name, value in message.items() if name not in unsaid}
    if "reply_to" in made:
        made["reply_to"] = made["reply_to"]["id"]
    if "attachments" in made:
        made["attachments"] = [
            {name: file[name] for name in ("name", "type", "size")} for file in made["attachments"]
        ]
    return made


@pytest.mark.parametrize("format", ["jsonl", "json", "zip"])
async def test_all_that_was_said_is_read_again(
    ada: Caller, said: Talk, tmp_path: Path, format: str
) -> None:
    path = tmp_path / f"talk.{format}"
    path.write_bytes(await exported(ada, said.room_id, format))
    chat, entries, problems = read(path)
    sent = (await ada.call("GET", f"{said.path}/messages")).body["messages"]
    assert problems == []
    assert [as_sent(each) for each in entries] == [told(each) for each in sent]
    state = await ada.reads(said.room_id)
    assert (chat.system, chat.title, chat.needs_zone) == ("Parley", state["title"], False)
    assert chat.description == state["description"] != ""
    people = {
        key: (
            each.name,
            each.role,
            each.joined_at and each.joined_at.isoformat("T", "milliseconds"),
        )
        for key, each in chat.people.items()
        if isinstance(each, ParleyPerson)
    }
    assert people == {
        each["user_id"]: (each["username"], each["role"], each["joined_at"])
        for each in state["participants"]
    }


@pytest.mark.parametrize("is_unpacked", [False, True])
async def test_the_bytes_of_files_come_along_in_a_zip_file(
    ada: Caller, said: Talk, tmp_path: Path, is_unpacked: bool
) -> None:
    path = tmp_path / "talk.zip"
    path.write_bytes(await exported(ada, said.room_id, "zip"))
    if is_unpacked:
        with zipfile.ZipFile(path) as zipped:
            zipped.extractall(tmp_path / "out" / "talk")
        path = tmp_path / "out"
    _, entries, _ = read(path)
    [file] = entries[-1].attachments
    assert isinstance(file, ParleyAttachment)
    assert (file.name, file.missing) == (said.file["name"], None)
    assert file.path is not None
    with Archive(path) as archive, archive.open(file.path) as opened:
        assert opened.read() == PNG_TEXT


async def test_without_them_it_is_said_that_they_are_missing(
    ada: Caller, said: Talk, tmp_path: Path
) -> None:
    path = tmp_path / "talk.jsonl"
    path.write_bytes(await exported(ada, said.room_id, "jsonl"))
    _, entries, _ = read(path)
    [file] = entries[-1].attachments
    assert file.path is None
    assert file.missing == "The export doesn't have this file. Export as ZIP."


async def test_whoever_left_is_among_the_people_by_their_latest_name(
    ada: Caller, ben: Caller, said: Talk, tmp_path: Path
) -> None:
    await ben.joins(said.room_id, user_id="ben-1", username="Benjamin")
    await ben.says(said.room_id, "Bye")
    assert (await ben.call("POST", f"{said.path}/leave")).status == 200
    path = tmp_path / "talk.jsonl"
    path.write_bytes(await exported(ada, said.room_id, "jsonl"))
    chat, entries, _ = read(path)
    assert chat.people["ben-1"] == ParleyPerson("ben-1", "Benjamin")
    assert [each.username for each in entries if each.person == "ben-1"][-2:] == [
        "Ben",
        "Benjamin",
    ]


LINES, PROOF = sealed(5)
HEAD = b'{"parley_export":1,"conversation":{"room_id":"tea-room","title":"Tea"}'


def test_a_message_that_was_taken_out_is_told(tmp_path: Path, one: bytes) -> None:
    path = tmp_path / "talk.jsonl"
    path.write_bytes(one)
    path.write_bytes(b"".join(checking.redact(path, "3")))
    _, entries, [problem] = read(path)
    assert [each.seq for each in entries] == [1, 2, 4, 5]
    assert problem.what == "A message was taken out of the export here."
    assert one.splitlines()[int(problem.place.removeprefix("line ")) - 1].count(b'"3-abc"') == 1


@pytest.fixture(params=[as_lines, as_json])
def one(request: pytest.FixtureRequest) -> bytes:
    """An export with the head that is needed here, and five messages by Ada."""
    salt = LINES[0][LINES[0].index(b',"salt"') :]
    messages = [line.replace(b'"username"', b'"user_id": "ada-1", "username"') for line in LINES]
    made: bytes = request.param([HEAD + salt, *messages[1:]], PROOF)
    return made


def test_a_damaged_line_is_a_problem_and_the_next_one_follows(tmp_path: Path, one: bytes) -> None:
    path = tmp_path / "talk"
    path.write_bytes(
        one.replace(b'"seq": 2', b'"seq": "two"').replace(b"2026-01-31T12", b"31/1", 1)
    )
    _, entries, problems = read(path)
    assert len(entries) == 3
    assert len(problems) == 2
    assert all("can't be read" in each.what for each in problems)
    path.write_bytes(one.replace(b"000+00:00", b"000", 1))
    _, entries, [problem] = read(path)
    assert problem.what == "This message's time has no zone."
    assert len(entries) == 4


def test_times_are_those_that_were_written(tmp_path: Path, one: bytes) -> None:
    path = tmp_path / "talk"
    path.write_bytes(one)
    _, entries, _ = read(path)
    assert {each.sent_at for each in entries} == {datetime(2026, 1, 31, 12, tzinfo=UTC)}


def test_one_that_is_cut_off_says_so(tmp_path: Path, one: bytes) -> None:
    path = tmp_path / "talk"
    path.write_bytes(b"".join(one.splitlines(keepends=True)[:5]))
    _, entries, problems = read(path)
    assert entries
    assert problems[-1].what == "The export ends here without its proof: the rest is missing."


def test_a_newer_version_and_a_damaged_head_are_refused(tmp_path: Path, one: bytes) -> None:
    path = tmp_path / "talk"
    for wrong, why in (
        (one.replace(b'export":1,', b'export":2,'), "newer Parley"),
        (one.replace(b'"title":"Tea"', b'"title":5'), "is damaged"),
    ):
        path.write_bytes(wrong)
        with Archive(path) as archive, pytest.raises(ImportRefused, match=why):
            parley.recognise(archive)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"31/01/24, 12:00 - Ana: hi\n", b"\0\xff", b'{"messages":[]}']
)
def test_what_is_of_others_is_not_recognised(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "talk"
    path.write_bytes(content)
    with Archive(path) as archive:
        assert parley.recognise(archive) is None
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as zipped:
        zipped.writestr("chat.txt", content)
        zipped.writestr("other.txt", content)
    with Archive(tmp_path / "some.zip") as archive:
        assert parley.recognise(archive) is None


@pytest.mark.longer
@settings(
    max_examples=times(100, full=300),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_damage_is_more_than_a_problem_or_a_sentence(
    tmp_path: Path, one: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(one) - 1))
    less = data.draw(st.integers(0, 40))
    more = data.draw(st.binary(max_size=4))
    path = tmp_path / "talk"
    path.write_bytes(one[:at] + more + one[at + less :])
    told = all_that_is_told(path)
    assert all(json.dumps(each) and each.endswith(".") for each in told), told


def all_that_is_told(path: Path) -> list[str]:
    try:
        with Archive(path) as archive:
            chat = parley.recognise(archive)
            found = [] if chat is None else list(chat.entries())
    except ImportRefused as refusal:
        return [str(refusal)]
    return [each.what for each in found if isinstance(each, Problem)]
