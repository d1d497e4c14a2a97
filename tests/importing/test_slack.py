"""Slack's export, channel by channel, as it is written and as it is not."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import slack, slack_text
from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused, Person, Reaction
from tests.cases import together
from tests.effort import times
from tests.importing import reading
from tests.importing.reading import EXPECTED, SAMPLES, entries, problems, said

SAMPLE = SAMPLES / "slack-export.zip"
with zipfile.ZipFile(SAMPLE, metadata_encoding="utf-8") as opened:
    WRITTEN: dict[str, Any] = {
        info.filename: json.loads(opened.read(info))
        for info in opened.infolist()
        if not info.is_dir()
    }
DAY = "général/2024-01-31.json"
NAMES = {"U01": "Ana Lima", "U02": "Bo_Ek"}
CHANNELS = {"C01": "général"}


def read(path: Path) -> Chat:
    return reading.recognised(slack.recognise, path)


def zipped(folder: Path, members: dict[str, Any], top: str = "") -> Path:
    path = folder / "slack.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            text = content if isinstance(content, str) else json.dumps(content)
            file.writestr(f"{top}{name}", text.encode("utf-8", "surrogatepass"))
    return path


def with_messages(folder: Path, *messages: Any) -> Chat:
    return read(zipped(folder, {"users.json": WRITTEN["users.json"],
                                "channels.json": WRITTEN["channels.json"],
                                DAY: list(messages)}))  # fmt: skip


def message(**fields: Any) -> dict[str, Any]:
    return {"type": "message", "user": "U01", "text": "Milk", "ts": "1706720860.000100", **fields}


def test_the_sample_holds_what_is_said_of_it() -> None:
    chat, expected = read(SAMPLE), EXPECTED[SAMPLE.name]
    assert (chat.system, chat.title, chat.choices) == ("Slack", "général", ())
    assert not problems(chat)
    bots = [each for each in said(chat) if each.person and chat.people[each.person].is_bot]
    assert len(bots) == expected["bots"]
    assert len(said(chat)) - len(bots) == expected["people"]
    assert len(entries(chat)) - len(said(chat)) == expected["system"]
    assert sum(each.is_deleted for each in entries(chat)) == expected["deleted"]
    assert sum(each.edited_at is not None for each in entries(chat)) == expected["edited"]
    assert len({each.reply_to for each in entries(chat) if each.reply_to}) == expected["threads"]
    counts = [reaction.count for each in entries(chat) for reaction in each.reactions]
    assert sum(counts) == expected["reactions"]
    assert reading.in_utc(said(chat)[0]) == expected["first_person_message"]
    assert list(chat.people.values()) == [
        Person("U01", "Ana Lima"),
        Person("U02", "Bo Ek"),
        Person("U09", "U09"),
        Person("B01 Deploy bot", "Deploy bot", is_bot=True),
    ]


def test_what_the_sample_says() -> None:
    joined, first, reply, files, bot, deleted, late, orphan = entries(read(SAMPLE))
    assert (joined.text, joined.is_service) == ("Bo Ek has joined the channel", True)
    assert first.text == (
        "Hello <all> & @Bo Ek, see [the map](https://example.org) in #général 👋🏼"
    )
    assert first.reactions == (Reaction("👍🏼", ("U02",), 1), Reaction("👍", ("U01", "U09"), 2))
    assert reply.reply_to == late.reply_to == first.key == "1706720860.000100"
    assert reply.edited_at == datetime(2024, 1, 31, 17, 9, 10, tzinfo=UTC)
    assert [file.missing for file in files.attachments] == [
        "Slack's export only links to its files.",
        "This file was deleted.",
        "Slack had hidden this file: there were more than the plan allowed.",
        "This file was gone when the export was made.",
    ]
    assert (bot.text, bot.person) == ("done", "B01 Deploy bot")
    assert (deleted.is_deleted, deleted.person, deleted.text) == (True, None, "")
    assert orphan.reply_to == deleted.key
    assert orphan.place == "général/2024-02-01.json, message 2"


def several() -> dict[str, Any]:
    return {
        "users.json": WRITTEN["users.json"],
        "channels.json": [{"id": "C1", "name": "general"}, {"id": "C2", "name": "café"}],
        "groups.json": [{"id": "G1", "name": "general"}],
        "dms.json": [{"id": "D1", "members": ["U01", "U02"]}],
        "general/2024-01-31.json": [message(text="to all")],
        "café/2024-01-31.json": [message(text="to few"), message(ts="1706720861.000100")],
        "D1/2024-01-31.json": [message(text="to one, see <#C2>")],
        "unlisted/2024-01-31.json": [message(text="to nobody")],
    }


@pytest.mark.parametrize("top", ["", "My export/"])
def test_one_of_several_channels_is_chosen(tmp_path: Path, top: str) -> None:
    chat = read(zipped(tmp_path, several(), top))
    assert chat.choices == ("general", "café", "general (2)", "Ana Lima, Bo Ek", "unlisted")
    with pytest.raises(ImportRefused, match=r"Say which .* It has general, café"):
        list(chat.entries())
    with pytest.raises(ImportRefused, match="no conversation called random"):
        chat.choose("random")
    texts = {}
    for choice in chat.choices:
        chat.choose(choice)
        texts[choice] = [each.text for each in entries(chat)]
    assert texts == {
        "general": ["to all"],
        "café": ["to few", "Milk"],
        "general (2)": [],
        "Ana Lima, Bo Ek": ["to one, see #café"],
        "unlisted": ["to nobody"],
    }


def test_a_folder_does_as_well(tmp_path: Path) -> None:
    with zipfile.ZipFile(SAMPLE, metadata_encoding="utf-8") as file:
        file.extractall(tmp_path)
    assert len(entries(read(tmp_path))) == 8


def test_files_that_somebody_fetched_come_along(tmp_path: Path) -> None:
    members = WRITTEN | {"__uploads/F1/plan.pdf": "PDF", "général/attachments/F2-b.txt": "text"}
    members[DAY] = [
        message(files=[{"id": "F1", "name": "plan.pdf"}, {"id": "F2", "name": "b.txt"}])
    ]
    [entry, *_] = entries(read(zipped(tmp_path, members)))
    assert [(file.path, file.size) for file in entry.attachments] == [
        ("__uploads/F1/plan.pdf", 3),
        ("général/attachments/F2-b.txt", 4),
    ]


@together(("text", "markdown"), [
        ("Milk", "Milk"),
        ("*bold* _slanted_ ~gone~ `x = 1`", "**bold** *slanted* ~~gone~~ `x = 1`"),
        ("*_both_*", "***both***"),
        ("*<https://e.org|see>*", "[**see**](https://e.org)"),
        ("2 * 3 * 4, snake_case_, *a", "2 * 3 * 4, snake_case_, *a"),
        ("**not bold**", r"\*\*not bold\*\*"),
        ("&lt;b&gt; &amp;amp; &copy;", "<b> &amp; &copy;"),
        ("<https://e.org/a?b=1&amp;c=2>", "https://e.org/a?b=1&c=2"),
        ("<https://e.org|https://e.org>", "https://e.org"),
        ("<mailto:ana@e.org|ana@e.org> <tel:+44|+44>", "ana@e.org +44"),
        ("<@U01> <@U77> <@U77|cy> <#C01> <#C9|old>", "@Ana Lima @U77 @cy #général #old"),
        ("<!here> <!subteam^S1|@team> <!date^1^{date}|31 January>", "@here @team 31 January"),
        ("<!channel> *now*, <@U02>", "@channel **now**, @Bo_Ek"),
        ("```x = *1*\n<https://e.org>```", "```\nx = *1*\nhttps://e.org\n```"),
        ("&gt; one\n&gt;two\nme", "> one\n> two\n\nme"),
        ("a\n&gt;&gt;&gt; one\ntwo", "a\n> one\n> two"),
        (":tada: at 10:30:00 :a.b: `:tada:` *:tada:*", "🎉 at 10:30:00 :a.b: `:tada:` **🎉**"),
        ("- not\n1. lists", "\\- not\n1\\. lists"),
        ("<> <|> < a <b", "<> <|> < a <b"),
        ("<|x>", "<|x>"),
        ("\x00*a*", "**a**"),
    ])  # fmt: skip
def test_slacks_marks_become_markdown(text: str, markdown: str) -> None:
    made = slack_text.markdown(
        text, lambda key: NAMES.get(key, ""), lambda key: CHANNELS.get(key, "")
    )
    assert made == markdown


@given(st.text(alphabet="ab *_~`<>|@#!&;\n:https//.e", max_size=40))
def test_any_text_is_markdown(text: str) -> None:
    slack_text.markdown(text, lambda key: "", lambda key: "")


@pytest.mark.long("tests/importing/test_markdown.py reads as many every time")
@pytest.mark.parametrize(
    "piece", ["*a ", "_a ", "<a", "```", "`a", "&gt; x\n", "*_~", ":a", "<@U01>"]
)
def test_ten_million_letters_of_marks_take_seconds(piece: str) -> None:
    text = piece * (10_000_000 // len(piece))
    assert slack_text.markdown(text, lambda key: "Ana", lambda key: "")


def test_bots_say_things_in_boxes(tmp_path: Path) -> None:
    box = {"pretext": "*Build*", "title": "No. 5", "title_link": "https://ci.e.org/5",
           "text": "all well", "fields": [{"title": "Branch", "value": "main"}]}  # fmt: skip
    bot = {"subtype": "bot_message", "bot_id": "B1", "username": "CI", "text": ""}
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Done* now"}}]
    seen = {"from_url": "https://e.org", "title": "A page"}
    shared = {"is_share": True, "author_name": "Cy", "text": "old <@U02>"}
    chat = with_messages(
        tmp_path,
        message(**bot, attachments=[box], ts="1706720861.000100"),
        message(**bot, attachments=[{"fallback": "plain"}], ts="1706720862.000100"),
        message(**bot, blocks=blocks, ts="1706720863.000100"),
        message(text="look", attachments=[seen], ts="1706720864.000100"),
        message(text="see", attachments=[shared], ts="1706720865.000100"),
        message(subtype="me_message", text="waves", ts="1706720866.000100"),
    )
    assert [each.text for each in entries(chat)] == [
        "**Build**\n[No. 5](https://ci.e.org/5)\nall well\nBranch: main",
        "plain",
        "**Done** now",
        "look",
        "see\n*Forwarded from Cy*\n> old @Bo Ek",
        "*waves*",
    ]


def test_pins_and_people_whom_no_list_knows(tmp_path: Path) -> None:
    chat = with_messages(
        tmp_path, message(user="U77", user_profile={"real_name": "Cy"}, pinned_to=["C01"])
    )
    [entry] = entries(chat)
    assert entry.is_pinned
    assert chat.people["U77"].name == "Cy"


def test_bad_messages_are_told_with_their_place(tmp_path: Path) -> None:
    chat = with_messages(
        tmp_path,
        None,
        message(ts=1706720860.0001),
        message(),
        message(),
        message(subtype="hologram", ts="1706720861.000000"),
        message(subtype="hologram", user=None, ts="1706720862.000000"),
        message(ts="99999999999999.000000"),
        message(subtype="message_deleted", text=None, ts="1706720863.000000"),
    )
    assert [(each.place, each.what) for each in problems(chat)] == [
        (f"{DAY}, message 1", "This isn't a message."),
        (f"{DAY}, message 2", "This message has no valid date."),
        (
            f"{DAY}, message 4",
            "Another message has the time 1706720860.000100, too. Both are kept.",
        ),
        (f"{DAY}, message 5", "This kind of message isn't known: hologram."),
        (f"{DAY}, message 6", "This kind of message isn't known: hologram."),
        (f"{DAY}, message 7", "This message has no valid date."),
        (f"{DAY}, message 8", "This kind of message isn't known: message_deleted."),
    ]
    assert [each.is_service for each in entries(chat)] == [False, False, False, True]


def test_replies_may_lead_nowhere_and_in_circles(tmp_path: Path) -> None:
    chat = with_messages(
        tmp_path,
        message(ts="1706720861.000000", thread_ts="1706720862.000000"),
        message(ts="1706720862.000000", thread_ts="1706720861.000000"),
        message(ts="1706720863.000000", thread_ts="1706720863.000000"),
        message(ts="1706720864.000000", thread_ts="1.000000"),
    )
    assert [each.reply_to for each in entries(chat)] == [
        "1706720862.000000",
        "1706720861.000000",
        None,
        "1.000000",
    ]


def test_cut_off_and_endlessly_nested_days_are_refused(tmp_path: Path) -> None:
    whole = json.dumps(WRITTEN[DAY], indent=1)
    members = WRITTEN | {DAY: whole[: len(whole) // 2]}
    with pytest.raises(ImportRefused, match=rf"{DAY} is cut off: it ends in line \d+"):
        entries(read(zipped(tmp_path, members)))
    with pytest.raises(ImportRefused, match="too deep"):
        entries(read(zipped(tmp_path, WRITTEN | {DAY: "[" * 100_000})))


@pytest.mark.parametrize("missing", ["users.json", "channels.json"])
def test_other_archives_are_not_taken_for_one(tmp_path: Path, missing: str) -> None:
    members = {name: content for name, content in WRITTEN.items() if name != missing}
    assert slack.recognise(Archive(zipped(tmp_path, members))) is None


PLACES = list(reading.places(WRITTEN))[1:]
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
    members = reading.replaced(WRITTEN, place, strange)
    reading.survives(slack.recognise, zipped(tmp_path, members))


def test_two_names_of_an_emoji_are_one_reaction(tmp_path: Path) -> None:
    reactions = [
        {"name": "+1", "users": ["U01", "U02"], "count": 2},
        {"name": "thumbsup", "users": ["U02", "U03"], "count": 2},
        {"name": "party_parrot", "users": None, "count": 3},
    ]
    [entry] = entries(with_messages(tmp_path, message(reactions=reactions)))
    assert entry.reactions == (
        Reaction("👍", ("U01", "U02", "U03"), 3),
        Reaction(":party_parrot:", (), 3),
    )


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "x" * 10_000, "\u202egnp\n", None, 5])
def test_channels_may_be_called_anything(tmp_path: Path, name: Any) -> None:
    members = {**several(), "channels.json": [{"id": "C1", "name": name}, None, {}]}
    chat = read(zipped(tmp_path, members))
    assert all(each.isprintable() and 0 < len(each) <= 204 for each in chat.choices)
    assert len(set(chat.choices)) == len(chat.choices)
    for choice in chat.choices:
        chat.choose(choice)
        reading.fits(chat)
