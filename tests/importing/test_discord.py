"""DiscordChatExporter's JSON, with its media and without, as it is written and as it is not."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import discord
from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused, Person, Reaction
from tests.effort import times
from tests.importing import reading
from tests.importing.reading import EXPECTED, SAMPLES, entries, problems, said

SAMPLE = SAMPLES / "discord-chat-exporter.json"
WRITTEN: dict[str, Any] = json.loads(SAMPLE.read_text("utf-8"))


def read(path: Path) -> Chat:
    return reading.recognised(discord.recognise, path)


def written(folder: Path, content: Any) -> Path:
    path = folder / "general.json"
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    path.write_text(text, "utf-8", "surrogatepass")
    return path


def with_messages(folder: Path, *messages: Any) -> Chat:
    return read(written(folder, {**WRITTEN, "messages": list(messages)}))


def message(**fields: Any) -> dict[str, Any]:
    return {**WRITTEN["messages"][1], "reactions": [], **fields}


def one_text(folder: Path, **fields: Any) -> str:
    [entry] = entries(with_messages(folder, message(**fields)))
    return entry.text


def test_the_sample_holds_what_is_said_of_it() -> None:
    chat, expected = read(SAMPLE), EXPECTED[SAMPLE.name]
    assert (chat.system, chat.title, chat.choices) == ("Discord", "general", ())
    assert len(said(chat)) == expected["people"]
    assert len(entries(chat)) - len(said(chat)) == expected["system"]
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 6 (id 2006)", "This kind of message isn't known: 24.")
    ]
    files = [file for each in entries(chat) for file in each.attachments]
    assert len(files) == expected["attachments"]
    assert sum(each.edited_at is not None for each in entries(chat)) == expected["edited"]
    assert sum(each.reply_to is not None for each in entries(chat)) == expected["replies"]
    counts = [reaction.count for each in entries(chat) for reaction in each.reactions]
    assert sum(counts) == expected["reactions"]
    assert said(chat)[0].sent_at == datetime(2024, 1, 31, 17, 7, 40, 120_000, UTC)
    assert list(chat.people.values())[:2] == [Person("1002", "Bo Ek"), Person("1001", "Ana Lima")]


def test_what_the_sample_says() -> None:
    joined, first, reply, picture, forward, unknown, summer = entries(read(SAMPLE))
    assert joined.text == "Bo Ek joined the server"
    assert joined.person is None
    assert first.text == "Hello @Bo Ek"
    assert first.reactions == (Reaction("👍", ("1002",), 2),)
    assert (reply.text, reply.reply_to) == ("yes", "2002")
    assert picture.attachments[0].missing == "The export only links to this file."
    assert (picture.attachments[0].name, picture.attachments[0].size) == ("f.png", 99)
    assert (forward.text, forward.reply_to) == ("*Forwarded*\n> forwarded words", None)
    assert unknown.text == "Deleted User did something of a kind that isn't known (24)"
    assert summer.text == "summer\n\nSticker: Wave"
    assert summer.sent_at == datetime(2024, 7, 1, 16, 11, tzinfo=UTC)


@pytest.mark.parametrize("url", ["general.json_Files/a%20b.png", "general.json_Files\\a b.png"])
def test_media_beside_the_file_come_along(tmp_path: Path, url: str) -> None:
    path = tmp_path / "export.zip"
    file = {"url": url, "fileName": "a b.png", "fileSizeBytes": 99}
    sticker = {"name": "Wave", "sourceUrl": url}
    content = {**WRITTEN, "messages": [message(attachments=[file], stickers=[sticker])]}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("out/general.json", json.dumps(content))
        archive.writestr("out/general.json_Files/a b.png", b"PNG")
    [entry] = entries(read(path))
    assert {(each.path, each.size) for each in entry.attachments} == {
        ("out/general.json_Files/a b.png", 3)
    }
    assert [each.name for each in entry.attachments] == ["a b.png", "Wave"]
    assert entry.text == "Hello @Bo Ek"


def test_one_of_several_channels_is_chosen(tmp_path: Path) -> None:
    for number, name in enumerate(("general", "random", "general")):
        channel = {**WRITTEN["channel"], "name": name, "id": str(number)}
        content = {**WRITTEN, "channel": channel, "messages": [message(content=f"in {number}")]}
        (tmp_path / f"{number}.json").write_text(json.dumps(content), "utf-8")
    (tmp_path / "package.json").write_text('{"name": "other"}', "utf-8")
    chat = read(tmp_path)
    assert chat.choices == ("general", "random", "general (2)")
    with pytest.raises(ImportRefused, match="Say which conversation"):
        list(chat.entries())
    chat.choose("general (2)")
    assert [each.text for each in entries(chat)] == ["in 2"]
    with pytest.raises(ImportRefused, match="no conversation called x"):
        chat.choose("x")


@pytest.mark.parametrize(
    ("content", "markdown"),
    [
        ("**bold** ~~no~~ `<@1002>` __x__", "**bold** ~~no~~ `<@1002>` __x__"),
        ("<@1002> <@!1002> <@5>", "@Bo Ek @Bo Ek @somebody"),
        ("<@&7> <#8> <:wave:9> <a:wave:9>", "@role #channel :wave: :wave:"),
        ("at <t:1706720860:R>, <t:0:R>, <t:9999999999999>", None),
        ("</ban user:5> <https://e.org>", "/ban user https://e.org"),
        ("a\n>>> b\nc", "a\n> b\n> c"),
        ("a < b > c", "a < b > c"),
        ("``<@5> ` <@5>`` <@5> ```<@5>\n```", "``<@5> ` <@5>`` @somebody ```<@5>\n```"),
    ],
)
def test_what_the_exporter_left_raw_is_said_in_words(
    tmp_path: Path, content: str, markdown: str | None
) -> None:
    at_times = "at 2024-01-31 17:07 UTC, <t:0:R>, <t:9999999999999>"
    assert one_text(tmp_path, content=content) == (markdown or at_times)


def test_bots_say_things_in_boxes(tmp_path: Path) -> None:
    embed = {"title": "No. 5", "url": "https://ci.e.org", "description": "*well*", "fields":
             [{"name": "Branch", "value": "main"}], "footer": {"text": "CI"}}  # fmt: skip
    boxed = "[No. 5](https://ci.e.org)\n*well*\nBranch: main\nCI"
    bot = {"id": "7", "name": "CI", "isBot": True}
    assert one_text(tmp_path, content="done", embeds=[embed], author=bot) == f"done\n\n{boxed}"
    assert one_text(tmp_path, content="", embeds=[embed]) == boxed
    assert one_text(tmp_path, content="https://ci.e.org", embeds=[embed]) == "https://ci.e.org"


def test_polls_are_put_into_words(tmp_path: Path) -> None:
    answers = [{"id": 1, "text": "Now"}, {"id": 2, "text": "Later"}]
    poll = {
        "question": "When?",
        "answers": answers,
        "results": {"answers": [{"id": 1, "count": 1}]},
    }
    said = "Poll: When?\n• Now (1 vote)\n• Later (0 votes)"
    assert one_text(tmp_path, content="", poll=poll) == said


def test_a_webhook_speaks_by_many_names(tmp_path: Path) -> None:
    def by(name: str) -> dict[str, Any]:
        return {"id": "7", "name": name, "isBot": True}

    chat = with_messages(
        tmp_path,
        message(id="1", author=by("Ana")),
        message(id="2", author=by("Bo")),
        message(id="3", author=by("Ana")),
    )
    assert [each.person for each in entries(chat)] == ["7", "7 Bo", "7"]
    assert chat.people["7 Bo"] == Person("7 Bo", "Bo", is_bot=True)


def test_pins_are_kept(tmp_path: Path) -> None:
    pin = message(id="9", type="ChannelPinnedMessage", content="Pinned a message.",
                  reference={"messageId": "1", "channelId": "11"})  # fmt: skip
    first, pinned = entries(with_messages(tmp_path, message(id="1", isPinned=True), pin))
    assert first.is_pinned
    assert (pinned.text, pinned.reply_to) == ("Ana Lima pinned a message", "1")


def test_bad_messages_are_told_with_their_place(tmp_path: Path) -> None:
    chat = with_messages(
        tmp_path,
        5,
        message(id="1", timestamp="2024-02-30T10:00:00Z"),
        message(id="2", timestamp="2024-01-31T10:00:00"),
        message(id="3"),
        message(id="3"),
        message(id=None, type=None),
    )
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 1", "This isn't a message."),
        ("message 2 (id 1)", "This message has no valid date."),
        ("message 3 (id 2)", "This message has no valid date."),
        ("message 5 (id 3)", "Another message has the id 3, too. Both are kept."),
        ("message 6", "This kind of message isn't known: without a name."),
    ]
    assert [each.key for each in entries(chat)] == ["3", "message 5 (id 3) (again)", "message 6"]


def test_replies_may_lead_nowhere_and_in_circles(tmp_path: Path) -> None:
    def to(key: str, channel: str = "11") -> dict[str, Any]:
        return {"messageId": key, "channelId": channel}

    chat = with_messages(
        tmp_path,
        message(id="1", reference=to("2")),
        message(id="2", reference=to("1")),
        message(id="3", reference=to("3")),
        message(id="4", reference=to("99")),
        message(id="5", reference=to("1", "12")),
    )
    assert [each.reply_to for each in entries(chat)] == ["2", "1", None, "99", None]


def test_cut_off_and_endlessly_nested_files_are_refused(tmp_path: Path) -> None:
    whole = SAMPLE.read_text("utf-8")
    with pytest.raises(ImportRefused, match=r"general.json is cut off: it ends in line \d+"):
        entries(read(written(tmp_path, whole[: len(whole) // 2])))
    deep = whole.replace('"Hello @Bo Ek"', "[" * 100_000, 1)
    with pytest.raises(ImportRefused, match="too deep"):
        entries(read(written(tmp_path, deep)))


@pytest.mark.long("tests/importing/test_markdown.py reads as many every time")
def test_a_text_of_ten_million_letters_is_read(tmp_path: Path) -> None:
    content = "<@1002> ` ` *a " * 700_000
    assert len(one_text(tmp_path, content=content)) == len(content) - 700_000


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"guild": {}, "messages": []}', "\x00"])
def test_other_files_are_not_taken_for_one(tmp_path: Path, content: str) -> None:
    assert discord.recognise(Archive(written(tmp_path, content))) is None


PLACES = list(reading.places(WRITTEN))
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
    reading.survives(discord.recognise, path)


@FUZZED
@given(st.integers(0, 8000), st.binary(max_size=8))
def test_nor_do_any_bytes(tmp_path: Path, at: int, strange: bytes) -> None:
    content = SAMPLE.read_bytes()
    path = tmp_path / "general.json"
    path.write_bytes(content[:at] + strange + content[at + len(strange) :])
    reading.survives(discord.recognise, path)


def test_a_file_may_have_come_without_its_ending(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(SAMPLE.read_bytes())
    assert len(entries(read(tmp_path / "upload"))) == 7


def test_the_parts_of_a_channel_are_one(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        name = f"general [part {number}].json" if number > 1 else "general.json"
        messages = [message(id=str(number), content=f"in {number}"), None]
        (tmp_path / name).write_text(json.dumps({**WRITTEN, "messages": messages}), "utf-8")
    chat = read(tmp_path)
    assert chat.choices == ()
    assert [each.text for each in entries(chat)] == ["in 1", "in 2", "in 10"]
    assert problems(chat)[1].place == "general [part 2].json, message 2"
