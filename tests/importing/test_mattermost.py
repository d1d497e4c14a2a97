"""Mattermost's bulk export, channel by channel, as it is written and as it is not."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import mattermost
from parley.importing.archive import Archive
from parley.importing.chats import Chat, Entry, ImportRefused, Person, Reaction
from tests.effort import times
from tests.importing import reading
from tests.importing.reading import EXPECTED, SAMPLES, entries, problems

SAMPLE = SAMPLES / "mattermost-bulk.jsonl"
WRITTEN: list[Any] = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
HEAD = WRITTEN[:5]
DIRECT = "Ana Lima, bo"


def read(path: Path, choice: str | None = "General") -> Chat:
    chat = reading.recognised(mattermost.recognise, path)
    if choice is not None and len(chat.choices) > 1:
        chat.choose(choice)
    return chat


def lines(records: list[Any]) -> bytes:
    return b"".join(
        record if isinstance(record, bytes)
        else json.dumps(record).encode("utf-8", "surrogatepass") + b"\n"
        for record in records
    )  # fmt: skip


def written(folder: Path, records: list[Any]) -> Path:
    path = folder / "import.jsonl"
    path.write_bytes(lines(records))
    return path


def post(**fields: Any) -> dict[str, Any]:
    whole = {"team": "harbour", "channel": "general", "user": "ana", "message": "Milk",
             "create_at": 1706720860000, **fields}  # fmt: skip
    return {"type": "post", "post": whole}


def one_text(folder: Path, **fields: Any) -> str:
    [entry] = entries(read(written(folder, [*HEAD, post(**fields)])))
    return entry.text


def test_the_sample_holds_what_is_said_of_it() -> None:
    chat, expected = read(SAMPLE, None), EXPECTED[SAMPLE.name]
    assert chat.choices == ("General", DIRECT)
    found: list[Entry] = []
    people: dict[str, Person] = {}
    for choice in chat.choices:
        chat.choose(choice)
        assert not problems(chat)
        found += entries(chat)
        people |= chat.people
    assert chat.system == "Mattermost"
    spoken = [each for each in found if not each.is_service]
    assert len(spoken) == expected["people"]
    assert len(found) - len(spoken) == expected["system"]
    assert len([file for each in found for file in each.attachments]) == expected["attachments"]
    assert sum(each.edited_at is not None for each in found) == expected["edited"]
    assert sum(each.reply_to is not None for each in found) == expected["replies"]
    assert sum(reaction.count for each in found for reaction in each.reactions) == 1
    assert reading.in_utc(spoken[0]) == expected["first_person_message"]
    assert people == {"ana": Person("ana", "Ana Lima"), "bo": Person("bo", "bo")}


def test_what_the_sample_says() -> None:
    joined, first, reply, again = entries(read(SAMPLE))
    assert (joined.text, joined.person) == ("bo joined the channel.", None)
    assert (first.text, first.is_pinned) == ("Hello @bo **all**", True)
    assert first.reactions == (Reaction("👍", ("bo",), 1),)
    assert first.attachments[0].name == "plan.pdf"
    assert first.attachments[0].missing == "This file isn't in the export."
    assert reply.reply_to == first.key
    assert reply.edited_at == datetime(2024, 1, 31, 17, 9, 10, tzinfo=UTC)
    assert reply.place == "line 7, reply 1"
    # Of one millisecond, and yet two.
    assert again.sent_at == first.sent_at
    assert again.key != first.key
    assert [each.text for each in entries(read(SAMPLE, DIRECT))] == ["hi ana"]


@pytest.mark.parametrize("inside", ["data/20240131/plan.pdf", "20240131/plan.pdf"])
def test_files_of_the_archive_come_along(tmp_path: Path, inside: str) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("out/import.jsonl", lines([*HEAD, post(attachments=[{"path": inside}])]))
        file.writestr("out/data/20240131/plan.pdf", b"PDF")
    [entry] = entries(read(path))
    [attached] = entry.attachments
    assert (attached.path, attached.size) == ("out/data/20240131/plan.pdf", 3)
    assert (attached.name, attached.missing) == ("plan.pdf", None)


def test_a_channel_has_to_be_chosen(tmp_path: Path) -> None:
    second = {"type": "channel", "channel": {"team": "b", "name": "general"}}
    chat = read(written(tmp_path, [*HEAD, second, post(), post(team="b", message="b")]), None)
    assert chat.choices == ("General", "general")
    with pytest.raises(ImportRefused, match="Say which conversation"):
        list(chat.entries())
    with pytest.raises(ImportRefused, match="no conversation called x"):
        chat.choose("x")
    chat.choose("general")
    assert [each.text for each in entries(chat)] == ["b"]


def test_posts_alone_tell_their_channels(tmp_path: Path) -> None:
    chat = read(written(tmp_path, [WRITTEN[0], post()]), None)
    assert chat.choices == ()
    assert chat.title == "harbour, general"
    assert [each.text for each in entries(chat)] == ["Milk"]


def test_direct_messages_of_newer_servers(tmp_path: Path) -> None:
    direct = {"participants": [{"username": "bo"}, {"username": "ana"}]}
    newer = {"type": "direct_channel", "direct_channel": direct}
    message = {"type": "direct_post", "direct_post": {**WRITTEN[9]["direct_post"]}}
    chat = read(written(tmp_path, [*HEAD, message, newer]), DIRECT)
    assert [each.text for each in entries(chat)] == ["hi ana"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"message": ":tada: `:tada:` :a.b:\n```\n:tada:\n```"},
         "🎉 `:tada:` :a.b:\n```\n:tada:\n```"),
        ({"message": "*waves*", "type": "me"}, "*waves*"),
        ({"message": "", "type": "slack_attachment", "props": {"attachments": [
            {"title": "No. 5", "title_link": "https://e.org", "text": "ok", "fallback": "x"},
            {"fallback": "y"}, None]}}, "[No. 5](https://e.org)\nok\n\ny"),
        ({"message": "gone", "delete_at": 1706720890000}, ""),
    ],
)  # fmt: skip
def test_texts(tmp_path: Path, fields: dict[str, Any], text: str) -> None:
    assert one_text(tmp_path, **fields) == text


def test_a_webhook_speaks_by_another_name(tmp_path: Path) -> None:
    props = {"from_webhook": "true", "override_username": "CI"}
    chat = read(written(tmp_path, [*HEAD, post(props=props)]))
    assert [each.person for each in entries(chat)] == ["ana CI"]
    assert chat.people["ana CI"] == Person("ana CI", "CI", is_bot=True)


def test_bad_posts_are_told_with_their_line(tmp_path: Path) -> None:
    chat = read(
        written(
            tmp_path,
            [
                *HEAD,
                {"type": "post", "post": None},
                post(create_at="never"),
                post(replies=[None, {"user": "bo", "create_at": 0}]),
                b"\n",
                post(type="custom_hologram", create_at=1706720870000),
                5,
            ],
        )
    )
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("line 6", "This isn't a post."),
        ("line 7", "This post has no valid date."),
        ("line 8, reply 1", "This isn't a reply."),
        ("line 8, reply 2", "This post has no valid date."),
        ("line 10", "This kind of post isn't known: custom_hologram."),
    ]
    assert len(entries(chat)) == 2


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (b'{"type": "post", "post": {"user": "a', r"is cut off: it ends in line 6\."),
        (b'{"type": "post", "post": {]}\n', r"isn't JSON in line 6\."),
        (b'{"type": "post", "post": \xff}\n', r"isn't JSON in line 6\."),
        (b'{"type": "post", "post": ' + b"[" * 100_000 + b"\n", r"too deep to read in line 6\."),
    ],
)
def test_broken_lines_are_refused(tmp_path: Path, last: bytes, said: str) -> None:
    with pytest.raises(ImportRefused, match=f"import.jsonl .*{said}"):
        entries(read(written(tmp_path, [*HEAD, last])))


def test_a_line_too_long_to_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mattermost, "LINE_MAX_BYTES", 1000)
    with pytest.raises(ImportRefused, match="more than a post would in line 6"):
        entries(read(written(tmp_path, [*HEAD, post(message="x" * 1000)])))


@pytest.mark.long("tests/importing/test_markdown.py reads as many every time")
def test_a_text_of_ten_million_letters_is_read(tmp_path: Path) -> None:
    assert len(one_text(tmp_path, message="word :-: " * 1_200_000)) == 10_800_000


@pytest.mark.parametrize("content", [b"", b"{}\n", b'{"type": "version"}', b"[" * 70_000, b"\x00"])
def test_other_files_are_not_taken_for_one(tmp_path: Path, content: bytes) -> None:
    assert mattermost.recognise(Archive(written(tmp_path, [content]))) is None


PLACES = [place for place in reading.places(WRITTEN) if place]
FUZZED = settings(
    max_examples=times(25, full=100),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)


@pytest.mark.longer
@FUZZED
@given(st.sampled_from(PLACES), reading.STRANGE)
def test_any_value_in_any_place_does_no_harm(
    tmp_path: Path, place: tuple[Any, ...], strange: Any
) -> None:
    path = written(tmp_path, reading.replaced(WRITTEN, place, strange))
    reading.survives(mattermost.recognise, path)


@FUZZED
@given(st.integers(0, 3000), st.binary(max_size=8))
def test_nor_do_any_bytes(tmp_path: Path, at: int, strange: bytes) -> None:
    content = SAMPLE.read_bytes()
    path = tmp_path / "import.jsonl"
    path.write_bytes(content[:at] + strange + content[at + len(strange) :])
    reading.survives(mattermost.recognise, path)
