"""Element's export of a room: what is said, and what is said of it anywhere in the file."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import element
from parley.importing.archive import Archive
from parley.importing.chats import Chat, Entry, ImportRefused, Person, Reaction
from tests.importing import reading
from tests.importing.reading import SAMPLES, entries, problems, said

SAMPLE = SAMPLES / "element-export.json"
WRITTEN: dict[str, Any] = json.loads(SAMPLE.read_text("utf-8"))
ANA, BO, CY = "@ana:harbour.example", "@bo:harbour.example", "@cy:else.example"
FIRST = datetime(2024, 1, 31, 17, 7, 9, tzinfo=UTC)


def read(path: Path) -> Chat:
    return reading.recognised(element.recognise, path)


def written(folder: Path, content: Any) -> Path:
    path = folder / "export.json"
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    path.write_text(text, "utf-8", "surrogatepass")
    return path


def message(number: int = 1, **content: Any) -> dict[str, Any]:
    return {
        "type": "m.room.message",
        "sender": ANA,
        "event_id": f"$m{number}",
        "origin_server_ts": int(FIRST.timestamp() * 1000) + number * 1000,
        "content": {"msgtype": "m.text", "body": "Milk"} | content,
    }


def edit(number: int, of: int, body: str, **event: Any) -> dict[str, Any]:
    related = {"rel_type": "m.replace", "event_id": f"$m{of}"}
    new = {"msgtype": "m.text", "body": body}
    return message(number, **{"m.new_content": new, "m.relates_to": related}) | event


def redaction(number: int, of: str) -> dict[str, Any]:
    return message(number) | {"type": "m.room.redaction", "content": {}, "redacts": of}


def room(folder: Path, *events: Any) -> Chat:
    return read(written(folder, {**WRITTEN, "messages": list(events)}))


def of_sample() -> dict[str, Entry]:
    return {each.key: each for each in entries(read(SAMPLE))}


def test_the_sample_holds_what_it_was_made_with() -> None:
    chat = read(SAMPLE)
    assert (chat.system, chat.title, chat.needs_zone) == ("Element", "Harbour Crew", False)
    assert (len(said(chat)), len(entries(chat))) == (15, 21)
    assert said(chat)[0].sent_at == FIRST + timedelta(seconds=10)
    assert list(chat.people.values()) == [
        Person(ANA, "Ana Lima"),
        Person(BO, "Bo Ek"),
        Person(CY, "cy"),
        Person("@bot:harbour.example", "bot"),
    ]
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 8", "Edits by somebody other than the author were left out."),
        (
            "message 22 and 1 more",
            "Encrypted messages were left out: the device that exported them didn't have the keys.",
        ),
        ("message 33 and 1 more", "Events of the kind org.example.unheard_of were left out."),
    ]


def test_what_the_sample_says() -> None:
    found = of_sample()
    assert found["$e11"].text == "see **this** at https://example.org"
    assert found["$e11"].reply_to == "$e10"
    assert found["$e12"].text == "at seven"
    assert found["$e12"].edited_at == FIRST + timedelta(seconds=13)
    assert found["$e12"].reactions == (Reaction("👍", (BO, CY), 2),)
    assert found["$e21"].text == "Here is the plan"
    assert found["$e30"].reply_to == "$e10"
    assert found["$e31"].text == "*waves*"
    assert found["$e32"].text == r"Build \*1\* is done"
    assert found["$e33"].text == "Location: 51.5,-0.12"
    assert found["$e34"].text == "Poll: Which day?\n• Sat (0 votes)\n• Sun (1 vote)"
    assert (found["$e38"].text, found["$e38"].reactions) == (
        "all summed up",
        (Reaction("❤️", (), 2),),
    )
    assert [key for key, each in found.items() if each.is_deleted] == ["$e24", "$e25"]
    assert [key for key, each in found.items() if each.is_pinned] == ["$e10"]


def test_files_are_found_by_name_and_time(tmp_path: Path) -> None:
    path = tmp_path / "Element - Harbour.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.write(SAMPLE, "Element-Harbour/export.json")
        for name in (
            "images/harbour-1-31-2024 at 18-07-29.jpg",
            "images/harbour-1-30-2024 at 18-11-02.jpg",
            "images/harbour-master-1-31-2024 at 18-07-29.jpg",
            "files/plan-31. 1. 2024 um 18-07-30.pdf",
            "stickers/parrot-31-01-2024 at 6-07-31 PM.png",
        ):
            file.writestr(f"Element-Harbour/{name}", b"JPEG")
    photo, plan, sticker, voice = [
        file for each in entries(read(path)) for file in each.attachments
    ]
    assert photo.path == "Element-Harbour/images/harbour-1-31-2024 at 18-07-29.jpg"
    assert (photo.name, photo.size, photo.type) == ("harbour.jpg", 4, "image/jpeg")
    assert plan.path == "Element-Harbour/files/plan-31. 1. 2024 um 18-07-30.pdf"
    assert sticker.path is not None
    assert voice.missing == "This file isn't in the export."


def test_an_edit_may_come_first_and_the_latest_holds(tmp_path: Path) -> None:
    chat = room(tmp_path, edit(5, 1, "third"), edit(3, 1, "second"), message(1))
    [entry] = entries(chat)
    assert (entry.text, entry.edited_at) == ("third", FIRST + timedelta(seconds=5))
    assert not problems(chat)


def test_nobody_edits_what_another_has_written(tmp_path: Path) -> None:
    chat = room(tmp_path, message(1), edit(2, 1, "never", sender=BO))
    [entry] = entries(chat)
    assert (entry.text, entry.edited_at) == ("Milk", None)
    assert "somebody other than the author" in problems(chat)[0].what


def test_a_deleted_edit_is_none_and_a_deleted_message_says_nothing(tmp_path: Path) -> None:
    chat = room(
        tmp_path,
        redaction(9, "$m2"),
        *(message(1), edit(2, 1, "never")),
        *(message(3), edit(4, 3, "never"), redaction(5, "$m3")),
    )
    first, second = entries(chat)
    assert (first.text, first.edited_at, first.is_deleted) == ("Milk", None, False)
    assert (second.text, second.is_deleted) == ("", True)
    assert not problems(chat)


def test_what_is_about_nothing_in_the_file_is_counted(tmp_path: Path) -> None:
    reaction = message(4) | {
        "type": "m.reaction",
        "content": {"m.relates_to": {"event_id": "$no", "key": "👍", "rel_type": "m.annotation"}},
    }
    chat = room(tmp_path, edit(2, 7, "a"), edit(3, 8, "b"), reaction, redaction(5, "$no"))
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("1 in the whole file", "Deletions of messages that aren't in the file were left out."),
        ("2 in the whole file", "Edits of messages that aren't in the file were left out."),
        ("1 in the whole file", "Reactions to messages that aren't in the file were left out."),
    ]


def test_what_was_deleted_is_so_even_where_it_was_encrypted(tmp_path: Path) -> None:
    gone = message(1) | {"type": "m.room.encrypted", "content": {}}
    told = message(2) | {"unsigned": {"redacted_because": {}}}
    found = entries(room(tmp_path, gone, told))
    assert [(each.text, each.is_deleted) for each in found] == [("", True), ("", True)]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("> <@ana:harbour.example> old\n> older\n\nnew", "new"),
        ("> * <@ana:harbour.example> waves\n\nnew", "new"),
        ("> mine\n\nnew", "\\> mine\n\nnew"),
        ("new", "new"),
    ],
)
def test_what_a_reply_repeats_is_left_out(tmp_path: Path, body: str, text: str) -> None:
    related = {"m.in_reply_to": {"event_id": "$m9"}}
    [entry] = entries(room(tmp_path, message(1, body=body, **{"m.relates_to": related})))
    assert (entry.text, entry.reply_to) == (text, "$m9")


@pytest.mark.parametrize(
    ("now", "before", "sender", "text"),
    [
        ("join", "join", BO, "Bo is now called Bo E."),
        ("join", None, BO, "Bo E. joined"),
        ("leave", "join", BO, "Bo E. left"),
        ("leave", "join", ANA, "ana removed Bo E."),
        ("leave", "invite", BO, "Bo E. declined to join"),
        ("leave", "ban", ANA, "ana unbanned Bo E."),
        ("ban", "join", ANA, "ana banned Bo E."),
        ("knock", None, BO, "Bo E. asked to join"),
    ],
)
def test_who_comes_and_goes_is_told(
    tmp_path: Path, now: str, before: str | None, sender: str, text: str
) -> None:
    event = {
        **message(1),
        "type": "m.room.member",
        "state_key": BO,
        "sender": sender,
        "content": {"membership": now, "displayname": "Bo E."},
        "unsigned": {"prev_content": {"membership": before, "displayname": "Bo"}},
    }
    [entry] = entries(room(tmp_path, event))
    assert (entry.text, entry.is_service) == (text, True)


def test_both_forms_of_an_encrypted_event_are_known(tmp_path: Path) -> None:
    both = {"decrypted": message(1), "encrypted": {"type": "m.room.encrypted"}}
    assert [each.text for each in entries(room(tmp_path, both))] == ["Milk"]


def test_bad_messages_are_told_with_their_place(tmp_path: Path) -> None:
    chat = room(
        tmp_path,
        None,
        message(1),
        message(1),
        message(2) | {"origin_server_ts": 10**17},
        message(3) | {"origin_server_ts": "never"},
        message(4) | {"event_id": None, "sender": 5.5},
    )
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 1", "This isn't a message."),
        ("message 3", "Another message has the id $m1, too. Both are kept."),
        ("message 4", "This message has no valid date."),
        ("message 5", "This message has no valid date."),
    ]
    assert [each.key for each in entries(chat)] == ["$m1", "message 3 (again)", "message 6"]


def test_replies_may_lead_nowhere_and_in_circles(tmp_path: Path) -> None:
    def replying(number: int, to: int) -> dict[str, Any]:
        return message(number, **{"m.relates_to": {"m.in_reply_to": {"event_id": f"$m{to}"}}})

    found = entries(room(tmp_path, replying(1, 2), replying(2, 1), replying(3, 3), replying(4, 99)))
    assert [each.reply_to for each in found] == ["$m2", "$m1", None, "$m99"]


def test_edits_in_a_circle_leave_nothing(tmp_path: Path) -> None:
    chat = room(tmp_path, edit(1, 2, "a"), edit(2, 1, "b"), edit(3, 3, "c"))
    assert not entries(chat)
    assert [each.place for each in problems(chat)] == ["3 in the whole file"]


def test_hostile_names_are_made_fit(tmp_path: Path) -> None:
    member = message(1) | {
        "type": "m.room.member",
        "state_key": ANA,
        "content": {"membership": "join", "displayname": "\u202eanA\x00 " + "x" * 10_000},
    }
    chat = room(tmp_path, member, message(2))
    list(chat.entries())
    assert chat.people[ANA].name == "anA " + "x" * 196


def test_a_cut_off_file_is_refused_with_its_line(tmp_path: Path) -> None:
    whole = SAMPLE.read_text("utf-8")
    path = written(tmp_path, whole[: len(whole) // 2])
    line = path.read_text("utf-8").count("\n") + 1
    with pytest.raises(ImportRefused, match=f"cut off: it ends in line {line}"):
        entries(read(path))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    whole = SAMPLE.read_text("utf-8").replace('"Hello all"', "[" * 100_000, 1)
    with pytest.raises(ImportRefused, match="too deep"):
        entries(read(written(tmp_path, whole)))


@pytest.mark.long("tests/importing/test_markdown.py reads as many every time")
def test_a_text_of_ten_million_letters_is_read(tmp_path: Path) -> None:
    html = {"format": "org.matrix.custom.html", "formatted_body": "<b>word</b> " * 900_000}
    for content in ({"body": "word _a_ " * 1_200_000}, html):
        [entry] = entries(room(tmp_path, message(1, **content)))
        assert len(entry.text) > 4_000_000


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"messages": []}', '{"room_name": 1, "messages": 1}', "x", "\x00"]
)
def test_other_files_are_not_taken_for_one(tmp_path: Path, content: str) -> None:
    assert element.recognise(Archive(written(tmp_path, content))) is None


PLACES = list(reading.places(WRITTEN))
FUZZED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.mark.long("the other formats tell most of it")
@FUZZED
@given(st.sampled_from(PLACES), reading.STRANGE)
def test_any_value_in_any_place_does_no_harm(
    tmp_path: Path, place: tuple[Any, ...], strange: Any
) -> None:
    path = written(tmp_path, reading.replaced(WRITTEN, place, strange))
    reading.survives(element.recognise, path)


@pytest.mark.long("a hundred orders")
@FUZZED
@given(st.permutations(WRITTEN["messages"]))
def test_events_may_come_in_any_order(tmp_path: Path, events: list[Any]) -> None:
    found = {each.key: each for each in entries(room(tmp_path, *events))}
    expected = of_sample()
    assert found.keys() == expected.keys()
    for key, each in expected.items():
        assert (found[key].text, found[key].is_deleted) == (each.text, each.is_deleted)
        assert found[key].edited_at == each.edited_at
