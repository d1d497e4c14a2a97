"""Microsoft's export of Skype and Teams: all conversations in a file, newest messages first."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import teams, teams_words
from parley.importing.archive import Archive
from parley.importing.chats import Chat, Entry, ImportRefused, Person, Reaction
from tests.effort import some
from tests.importing import reading
from tests.importing.reading import SAMPLES, entries, problems, said

SKYPE = SAMPLES / "skype-messages.json"
TEAMS = SAMPLES / "teams-messages.json"
WRITTEN: dict[str, Any] = json.loads(SKYPE.read_text("utf-8"))
NAMES = ("Harbour Crew", "Bo Ek")


def at(minute: int, second: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2024, 1, 31, 17, minute, second, microsecond, tzinfo=UTC)


def read(path: Path, choose: str = "") -> Chat:
    chat = reading.recognised(teams.recognise, path)
    if choose:
        chat.choose(choose)
    return chat


def written(folder: Path, content: Any) -> Path:
    path = folder / "messages.json"
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    path.write_text(text, "utf-8", "surrogatepass")
    return path


def message(number: int = 1, content: Any = "Milk", **changed: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "displayName": "Ana Lima",
        "originalarrivaltime": f"2024-01-31T17:{number:02}:00.000Z",
        "messagetype": "RichText",
        "content": content,
        "from": "8:ana",
        **changed,
    }


def one(folder: Path, *messages: Any) -> Chat:
    conversation = {"id": "19:x@thread.skype", "displayName": "X", "MessageList": list(messages)}
    return read(written(folder, {"userId": "8:ana", "conversations": [conversation]}))


def of_sample() -> dict[str, Entry]:
    return {each.key: each for each in entries(read(SKYPE, "Harbour Crew"))}


def test_conversations_are_chosen_from() -> None:
    chat = read(SKYPE)
    assert (chat.system, chat.title, chat.choices) == ("Skype", "", NAMES)
    with pytest.raises(ImportRefused, match="Say which conversation"):
        list(chat.entries())
    chat.choose("Bo Ek")
    assert (chat.title, len(entries(chat))) == ("Bo Ek", 3)
    with pytest.raises(ImportRefused, match="no conversation called Nobody"):
        chat.choose("Nobody")


def test_the_sample_holds_what_it_was_made_with() -> None:
    chat = read(SKYPE, "Harbour Crew")
    assert (len(said(chat)), len(entries(chat))) == (9, 12)
    assert min(each.sent_at for each in said(chat)) == at(7, 40, 120_000)
    assert set(chat.people.values()) == {
        Person("8:ana", "Ana Lima"),
        Person("8:live:bo", "Bo Ek"),
        Person("8:cy", "Cy"),
        Person("8:dora", "dora"),
    }
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 2", "Messages of the kind PopCard were left out."),
        (
            "message 3",
            "Encrypted messages were left out: Skype's export doesn't hold the keys.",
        ),
    ]


def test_what_the_sample_says() -> None:
    found = of_sample()
    assert {key: each.text for key, each in found.items() if each.text} == {
        "1001": "Ana Lima added Bo Ek, Cy",
        "1002": "Hello **all** & welcome (wave)\nsecond line",
        "1003": "see [the map](https://example.org/map)",
        "1004": "at seven",
        "1009": "corrected",
        "1010": "Ana Lima called: 1:24",
        "1011": "Location: Harbour 1, 51.500000, -0.120000",
        "1012": "Contact: Dora D.",
        "1013": "Ana Lima renamed the conversation to “Harbour Crew”",
    }
    assert found["1003"].reply_to == "1002"
    assert (found["1004"].sent_at, found["1004"].edited_at) == (at(9, 0, 250_000), at(10))
    assert found["1009"].edited_at == at(15)
    assert found["1009"].reactions == (
        Reaction("❤️", ("8:ana",), 1),
        Reaction("🎉", ("8:dora",), 1),
    )
    assert [key for key, each in found.items() if each.is_deleted] == ["1008"]
    [_, other, plain] = entries(read(SKYPE, "Bo Ek"))
    assert (other.text, other.reply_to) == ("> Cy: corrected\n\n\nlook", None)
    assert plain.text == r"1 < 2 \*so\*"


def test_teams_writes_the_same_with_elements_of_its_own() -> None:
    chat = read(TEAMS)
    assert (chat.system, chat.title, chat.choices) == ("Microsoft Teams", "Standup", ())
    plan, answer, first = entries(chat)
    assert first.text == "Hello **all**\n\n@Bo see"
    assert chat.people[first.person or ""].name == "Ana Lima"
    assert (answer.text, answer.reply_to) == ("yes", "1")
    assert answer.reactions == (Reaction("👍", ("8:orgid:ana",), 1),)
    assert plan.attachments[0].name == "plan.docx"
    assert "OneDrive" in (plan.attachments[0].missing or "")


def test_files_are_found_by_their_id(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.write(SKYPE, "8_ana/messages.json")
        file.writestr("8_ana/media/0-weu-d1-aaa.json", b"{}")
        file.writestr("8_ana/media/0-weu-d1-aaa.1.jpg", b"JPEG")
    chat = read(path, "Harbour Crew")
    plan, photo = [file for each in entries(chat) for file in each.attachments]
    assert (photo.name, photo.path) == ("harbour.jpg", "8_ana/media/0-weu-d1-aaa.1.jpg")
    assert (photo.size, photo.missing) == (4, None)
    assert (plan.name, plan.size) == ("plan.pdf", 1234)
    assert plan.missing == "This file isn't in the export."


def edit(number: int, content: str, **changed: Any) -> dict[str, Any]:
    """Of the message of minute 1."""
    sent = int(at(1).timestamp() * 1000)
    mark = f'<e_m ts="1" ts_ms="{sent}" a="{changed.pop("by", "ana")}" t="61"/>'
    return message(number, f"{content}{mark}", **changed)


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_message_that_was_edited_the_last_version_is_kept(tmp_path: Path, order: int) -> None:
    chat = one(tmp_path, *[edit(4, "third"), edit(3, "second"), message(1, "first")][::order])
    [entry] = entries(chat)
    assert (entry.text, entry.sent_at, entry.edited_at) == ("third", at(1), at(4))


def test_nobody_edits_what_another_has_written(tmp_path: Path) -> None:
    chat = one(tmp_path, edit(3, "never", by="ana", **{"from": "8:bo"}), message(1, "first"))
    found = {each.sent_at: each.text for each in entries(chat)}
    assert found == {at(1): "first", at(3): "never"}


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("ThreadActivity/DeleteMember", "<initiator>8:ana</initiator><target>8:ana</target>",
         "Ana Lima left"),
        ("ThreadActivity/DeleteMember", "<initiator>8:ana</initiator><target>8:bo</target>",
         "Ana Lima removed bo"),
        ("ThreadActivity/AddMember", "<initiator>8:bo</initiator><target>8:bo</target>",
         "bo joined"),
        ("ThreadActivity/PictureUpdate", "<initiator>8:ana</initiator>",
         "Ana Lima changed the picture"),
        ("Event/Call", '<partlist type="missed"/>', "Ana Lima called (missed)"),
        ("Event/Call", '<partlist type="started"/>', "Ana Lima called"),
        ("RichText/Media_Card", "<URIObject><Title>Lunch</Title></URIObject>", "Card: Lunch"),
        ("Poll", "Which <b>day</b>?", "Poll: Which day?"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_put_into_words(
    tmp_path: Path, kind: str, content: str, text: str
) -> None:
    [entry] = entries(one(tmp_path, message(1, content, messagetype=kind)))
    assert entry.text == text


def test_a_kind_of_reaction_is_an_emoji_or_its_name() -> None:
    kinds = ("like", "1f44d_thumbsup", "1f468-200d-1f4bb_coder", "ffffff_x", "0001_x", "party")
    assert [teams_words.reaction(kind) for kind in kinds] == [
        *("👍", "👍", "👨‍💻"),
        *(":ffffff_x:", ":0001_x:", ":party:"),
    ]


def test_bad_messages_are_told_with_their_place(tmp_path: Path) -> None:
    chat = one(
        tmp_path,
        5,
        message(1),
        message(1),
        message(2, originalarrivaltime="2024-02-30T10:00:00Z"),
        message(3, originalarrivaltime=None),
        message(4, id=None, messagetype=["RichText"]),
        message(5, '<quote messageid="5">me</quote>x'),
    )
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 1", "This isn't a message."),
        ("message 3", "Another message has the id 1, too. Both are kept."),
        ("message 4", "This message has no valid date."),
        ("message 5", "This message has no valid date."),
        ("message 6", "Messages of the kind without a name were left out."),
    ]
    assert [each.key for each in entries(chat)] == ["1", "message 3 (again)", "5"]
    assert [each.reply_to for each in entries(chat)] == [None, None, None]


def test_a_cut_off_file_is_refused_with_its_line(tmp_path: Path) -> None:
    whole = TEAMS.read_text("utf-8")
    path = written(tmp_path, whole[: len(whole) // 2])
    line = path.read_text("utf-8").count("\n") + 1
    with pytest.raises(ImportRefused, match=f"cut off: it ends in line {line}"):
        entries(read(path))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    whole = TEAMS.read_text("utf-8").replace('"properties": null', '"p":' + "[" * 100_000, 1)
    with pytest.raises(ImportRefused, match="too deep"):
        entries(read(written(tmp_path, whole)))


@pytest.mark.parametrize(
    "piece",
    some(
        [
            *("<quote>", "<e_m ", "<e_m>", "<blockquote schema.skype.com/Reply "),
            *("<URIObject ", "<target>", "<target>a</target>", "<legacyquote>", "<c f='x'>"),
            f"<c f='&#{'1' * 5000};'>",
        ],
        every=5,
        why="a few tell most",
    ),
)
def test_no_markup_takes_long(tmp_path: Path, piece: str) -> None:
    kinds = ("RichText", "RichText/UriObject", "ThreadActivity/AddMember", "RichText/Contacts")
    for length in (1_000_000, teams_words.WHOLE_MAX_CHARS):
        long = piece * (length // len(piece))
        chat = one(tmp_path, *[message(n, long, messagetype=kind) for n, kind in enumerate(kinds)])
        assert len(entries(chat)) == 4


@pytest.mark.long("tests/importing/test_markdown.py reads as many every time")
def test_a_text_of_ten_million_letters_is_read(tmp_path: Path) -> None:
    [entry] = entries(one(tmp_path, message(1, "<b>word</b> " * 900_000)))
    assert len(entry.text) == 900_000 * 5 - 1


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"conversations": []}', '{"userId": 1}', "x", "\x00"]
)
def test_other_files_are_not_taken_for_one(tmp_path: Path, content: str) -> None:
    assert teams.recognise(Archive(written(tmp_path, content))) is None


OF_BOTH = {path: json.loads(path.read_text("utf-8")) for path in (SKYPE, TEAMS)}
PLACES = [(path, place) for path, whole in OF_BOTH.items() for place in reading.places(whole)]
FUZZED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.mark.long("the other formats tell most of it")
@FUZZED
@given(st.sampled_from(PLACES), reading.STRANGE)
def test_any_value_in_any_place_does_no_harm(
    tmp_path: Path, place: tuple[Path, tuple[Any, ...]], strange: Any
) -> None:
    whole = reading.replaced(OF_BOTH[place[0]], place[1], strange)
    reading.survives(teams.recognise, written(tmp_path, whole))


CONTENTS = [each["content"] for each in WRITTEN["conversations"][0]["MessageList"]]
KINDS = sorted({each["messagetype"] for each in WRITTEN["conversations"][0]["MessageList"]})


@FUZZED
@given(
    st.sampled_from(KINDS),
    st.sampled_from(CONTENTS),
    st.integers(0, 300),
    st.text(st.sampled_from("<>/=\"' atsquoeb_m1;&"), max_size=20),
)
def test_nor_does_any_markup(tmp_path: Path, kind: str, content: str, where: int, put: str) -> None:
    strange = content[:where] + put + content[where:]
    reading.fits(one(tmp_path, message(1, strange, messagetype=kind)))
