"""Somebody takes part from a terminal."""

from __future__ import annotations

from collections.abc import Callable

from tests.chat.conftest import Open
from tests.people import Person

Arrive = Callable[..., Person]


async def a_room(ada: Person) -> tuple[str, str]:
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    return room, f"{ada.url}/conversation/{room}"


async def test_what_is_typed_arrives_and_what_others_say_is_shown(
    person: Arrive, opened: Open
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "Before you came")
    async with opened(link) as screen:
        await screen.shows("Ada (owner)", "Before you came", "Message as Ben", "● Ben")
        await screen.type("Hello Ada")
        await screen.press("enter")
        heard = await ada.hears("new_message", lambda data: data["username"] == "Ben")
        assert heard["message"] == "Hello Ada"
        await ada.say(room, "Hello Ben")
        await screen.shows("Ben (you)", "Hello Ada", "Hello Ben")
        await screen.hides("Sending")


async def test_alt_enter_begins_a_line(person: Arrive, opened: Open) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    async with opened(link) as screen:
        await screen.type("Milk")
        await screen.press("alt+enter")
        await screen.type("Bread")
        await screen.press("enter")
        heard = await ada.hears("new_message")
        assert heard["message"] == "Milk\nBread"


async def test_what_is_pasted_is_not_sent_before_enter_and_is_harmless(
    person: Arrive, opened: Open
) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    async with opened(link) as screen:
        await screen.paste("Milk\x1b[31m\r\nBread\n")
        await screen.shows("Milk␛[31m", "Bread")
        assert screen.chat.composer.text == "Milk␛[31m\nBread\n"
        await screen.press("enter")
        heard = await ada.hears("new_message")
        assert heard["message"] == "Milk␛[31m\nBread"


async def test_a_message_is_answered_reacted_to_edited_and_deleted(
    person: Arrive, opened: Open
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    said = await ada.say(room, "Who brings the cake?")
    async with opened(link) as screen:
        await screen.shows("Who brings the cake?")
        await screen.press("ctrl+r")
        await screen.shows("Reply to Ada (Esc cancels): Who brings the cake?")
        await screen.type("I")
        await screen.press("enter")
        answer = await ada.hears("new_message", lambda data: data["message"] == "I")
        assert answer["reply_to"]["id"] == said["id"]
        await screen.shows("↳ Ada: Who brings the cake?", "Message as Ben")
        await screen.press("up")
        await screen.shows("Editing your message")
        await screen.type(" do")
        await screen.press("enter")
        await ada.hears("message_changed", lambda data: data["message"] == "I do")
        await screen.shows("I do", "(edited)")
        await screen.press("tab", "up", "plus")
        await screen.shows("React", "👍", "Another…")
        await screen.press("down", "enter")
        await ada.hears("message_changed", lambda data: data["id"] == said["id"])
        await screen.shows("❤️ 1 (you)")
        await ada.ask("edit_message", {"room_id": room, "id": said["id"], "message": "Who?"})
        await screen.shows("  Who?", "↳ Ada: Who?")
        await screen.press("down", "d")
        await screen.shows("Delete “I do” for everyone?")
        await screen.press("y")
        await ada.hears("message_changed", lambda data: data.get("deleted", False))
        await screen.shows("Deleted")


async def test_what_others_said_cannot_be_edited(person: Arrive, opened: Open) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "Mine")
    async with opened(link) as screen:
        await screen.shows("Mine")
        await screen.press("tab", "e")
        await screen.shows("You can only edit what you said.")
        await screen.press("d", "y")
        await screen.shows("Only")


async def test_what_came_since_you_were_here_stands_below_a_line(
    person: Arrive, opened: Open
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "Read")
    async with opened(link) as screen:
        await screen.shows("Read")
        seq = screen.chat.transcript.window.messages[-1].seq
        await ada.hears("read", lambda data: data["seq"] >= seq)
    await ada.say(room, "Not read")
    async with opened(link) as screen:
        await screen.shows("Not read", "── New ──")
        lines = screen.lines
        line = next(at for at, each in enumerate(lines) if "── New ──" in each)
        assert "Read" in lines[line - 1]


async def test_it_says_who_is_there_and_who_types(person: Arrive, opened: Open) -> None:
    ada, cleo = person("Ada"), person("Cleo")
    room, link = await a_room(ada)
    async with opened(link) as screen:
        await screen.shows("2 online")
        await cleo.join(room)
        await screen.shows("● Cleo", "3 online")
        await ada.tell("typing", {"room_id": room, "is_typing": True})
        await screen.shows("Ada is typing…")
        await screen.type("H")
        await cleo.hears("user_typing", lambda data: data["username"] == "Ben")
        await cleo.disconnect()
        await screen.shows("○ Cleo", "2 online")


async def test_an_ending_is_shown_and_nothing_can_be_said(person: Arrive, opened: Open) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    async with opened(link) as screen:
        await ada.say(room, "Bye")
        await ada.ask("end_conversation", {"room_id": room})
        await screen.shows("Bye", "── This conversation has ended.")
        await screen.type("Hello?")
        assert screen.chat.composer.text == ""


async def test_whoever_is_removed_is_told(person: Arrive, opened: Open) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    async with opened(link) as screen:
        await screen.shows("Message as Ben")
        user_id = screen.chat.talk.me.user_id
        await ada.ask("remove_participant", {"room_id": room, "user_id": user_id})
        await screen.shows("removed")
        assert screen.chat.composer.disabled


async def test_what_was_refused_can_be_said_again(person: Arrive, opened: Open) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    async with opened(link) as screen:
        await ada.call("PATCH", f"/api/conversations/{room}", {"read_only": True})
        await screen.type("Too late")
        await screen.press("enter")
        await screen.shows("Only the owner")
        assert screen.chat.composer.text == "Too late"


async def test_a_draft_is_not_lost_by_one_key(person: Arrive, opened: Open) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    async with opened(link) as screen:
        await screen.type("Dear all")
        await screen.press("ctrl+c")
        await screen.shows("did not send it")
        await screen.press("ctrl+c")
        await screen.until(lambda: not screen.chat.is_running)


async def test_help_shows_every_key(person: Arrive, opened: Open) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    async with opened(link) as screen:
        await screen.press("f1")
        await screen.shows("Keys (Esc closes)", "Alt+Enter")
        await screen.press(*["pagedown"] * 5)
        await screen.shows("Ctrl+Q, Ctrl+C quit")
        await screen.press("escape")
        await screen.hides("Keys (Esc closes)")
