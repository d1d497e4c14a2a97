"""Commands and buttons: what people ask of a bot reaches it alone, and its answer them alone."""

from __future__ import annotations

import pytest

from parley import contract
from tests import lasting
from tests.bots.talk import Talk, declares
from tests.people import Json, Person

pytestmark = lasting.in_one_loop
config, server = lasting.config, lasting.server


async def joined(talk: Talk, name: str = "Echo") -> tuple[Person, Json]:
    """A bot with the command `echo`, in the conversation."""
    program, bot = await talk.bot_on_socket(name)
    await program.join(talk.room_id)
    await declares(program, talk.room_id, "echo")
    return program, bot


async def uses(talk: Talk, who: Person, bot: Json, name: str = "echo", text: str = "tea") -> Json:
    fields = {"room_id": talk.room_id, "bot": bot["user_id"], "name": name, "text": text}
    return await who.ask("use_command", fields)


async def answers(talk: Talk, program: Person, id: str, text: str | None = None) -> Json:
    return await program.ask("answer_ask", {"room_id": talk.room_id, "id": id, "text": text})


async def says_with_buttons(
    talk: Talk, program: Person, *labels: str, text: str = "Deploy?"
) -> Json:
    buttons = [{"id": label.lower(), "label": label} for label in labels]
    return await program.say(talk.room_id, text, buttons=buttons)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot is late after a tenth of a second."""
    monkeypatch.setattr(contract, "ASK_LATE_S", 0.1)


async def test_a_command_reaches_its_bot_alone_and_the_answer_whoever_asked(talk: Talk) -> None:
    program, bot = await joined(talk)
    other, _ = await joined(talk, "Other")
    asked = await uses(talk, talk.ben, bot)
    assert asked["ok"], asked
    told = await program.hears("asked")
    ben_id = (await talk.ben.hears("conversation_state"))["conversation"]["participants"][1]
    assert told == {
        "room_id": talk.room_id,
        "ask": {
            "id": asked["id"],
            "kind": "command",
            "name": "echo",
            "text": "tea",
            "user_id": ben_id["user_id"],
            "username": "Ben",
        },
    }
    assert (await answers(talk, program, asked["id"], "TEA"))["ok"]
    answered = await talk.ben.hears("ask_answered")
    assert answered == {"room_id": talk.room_id, "id": asked["id"], "text": "TEA"}
    await talk.ben.say(talk.room_id, "Thanks")
    await talk.ada.hears("new_message")
    await other.hears("new_message")
    assert not other.all_heard("asked")
    assert not talk.ada.all_heard("ask_answered")
    assert not talk.ben.all_heard("ask_late")


async def test_what_is_offered_is_told_to_whoever_reads(talk: Talk) -> None:
    program, bot = await joined(talk)
    status, reply = await program.call(
        "PUT",
        f"{talk.path}/bots/me/commands",
        {"commands": [{"name": "deploy", "description": "Deploys a branch", "hint": "branch"}]},
    )
    assert status == 200
    assert [each["name"] for each in reply["bot"]["commands"]] == ["deploy"]
    _, reply = await talk.ben.call("GET", f"{talk.path}/commands")
    assert reply["commands"] == [
        {
            "bot": bot["user_id"],
            "username": "Echo",
            "name": "deploy",
            "description": "Deploys a branch",
            "hint": "branch",
        }
    ]


async def test_a_button_is_shown_and_pressed(talk: Talk) -> None:
    program, _ = await joined(talk)
    said = await says_with_buttons(talk, program, "Yes", "No")
    shown = await talk.ben.hears("new_message")
    assert shown["buttons"] == [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}]
    _, reply = await talk.ben.call("GET", f"{talk.path}/messages")
    assert reply["messages"][-1]["buttons"] == shown["buttons"]
    press = {"room_id": talk.room_id, "id": said["id"], "button": "yes"}
    asked = await talk.ben.ask("press_button", press)
    assert asked["ok"], asked
    ask = (await program.hears("asked"))["ask"]
    assert (ask["kind"], ask["button"], ask["message_id"]) == ("button", "yes", said["id"])
    assert "name" not in ask
    status, _ = await program.call("POST", f"{talk.path}/asks/{ask['id']}", {})
    assert status == 200
    assert await talk.ben.hears("ask_answered") == {"room_id": talk.room_id, "id": asked["id"]}


async def test_editing_changes_buttons_keeps_them_or_takes_them_away(talk: Talk) -> None:
    program, _ = await joined(talk)
    said = await says_with_buttons(talk, program, "Yes", "No")

    async def edits(text: str, **more: object) -> Json:
        fields = {"room_id": talk.room_id, "id": said["id"], "message": text, **more}
        ack = await program.ask("edit_message", fields)
        return await talk.ben.hears(
            "message_changed", lambda data: bool(data["changed_seq"] == ack["seq"])
        )

    kept = await edits("Deploy now?")
    assert [each["id"] for each in kept["buttons"]] == ["yes", "no"]
    other = await edits("Deploy now?", buttons=[{"id": "stop", "label": "Stop"}])
    assert [each["id"] for each in other["buttons"]] == ["stop"]
    gone = await edits("Deployed.", buttons=[])
    assert "buttons" not in gone
    press = {"room_id": talk.room_id, "id": said["id"], "button": "stop"}
    assert (await talk.ben.ask("press_button", press))["code"] == "not_found"


async def test_a_late_bot_is_said_to_be_late_and_may_still_answer(soon: None, talk: Talk) -> None:
    program, bot = await joined(talk)
    asked = await uses(talk, talk.ben, bot)
    late = await talk.ben.hears("ask_late")
    assert late == {"room_id": talk.room_id, "id": asked["id"]}
    assert (await answers(talk, program, asked["id"], "TEA"))["ok"]
    assert (await talk.ben.hears("ask_answered"))["text"] == "TEA"


async def test_a_bot_that_is_on_no_socket_is_late_too(soon: None, talk: Talk) -> None:
    program, bot = await talk.bot()
    await declares(program, talk.room_id, "echo")
    asked = await uses(talk, talk.ben, bot)
    assert (await talk.ben.hears("ask_late"))["id"] == asked["id"]


async def test_only_the_bot_that_was_asked_answers_and_once(talk: Talk) -> None:
    program, bot = await joined(talk)
    other, _ = await joined(talk, "Other")
    asked = await uses(talk, talk.ben, bot)
    for who, code in ((other, "not_found"), (talk.ada, "forbidden"), (talk.ben, "forbidden")):
        assert (await answers(talk, who, asked["id"], "Lies"))["code"] == code
    assert (await answers(talk, program, asked["id"]))["ok"]
    assert (await answers(talk, program, asked["id"]))["code"] == "not_found"


async def test_nothing_that_was_not_offered_can_be_asked(talk: Talk) -> None:
    program, bot = await joined(talk)
    said = await says_with_buttons(talk, program, "Yes")
    plain = await talk.ben.say(talk.room_id, "Hi")
    ben_id = next(each for each in talk.ada.all_heard("user_joined") if each["username"] == "Ben")
    assert (await uses(talk, talk.ben, bot, "other"))["code"] == "not_found"
    assert (await uses(talk, talk.ben, ben_id))["code"] == "not_found"
    for id, button in ((said["id"], "no"), (plain["id"], "yes"), ("1-x", "yes")):
        press = {"room_id": talk.room_id, "id": id, "button": button}
        assert (await talk.ben.ask("press_button", press))["code"] == "not_found"
    await talk.ada.call("DELETE", f"{talk.path}/bots/{bot['user_id']}")
    press = {"room_id": talk.room_id, "id": said["id"], "button": "yes"}
    assert (await talk.ben.ask("press_button", press))["code"] == "not_found"


async def test_who_may_not_post_asks_nothing(talk: Talk) -> None:
    _, bot = await joined(talk)
    await talk.ada.call("PATCH", talk.path, {"read_only": True})
    assert (await uses(talk, talk.ben, bot))["code"] == "read_only"
    assert (await uses(talk, talk.ada, bot))["ok"]


async def test_bots_ask_nothing_of_bots(talk: Talk) -> None:
    _, bot = await joined(talk)
    other, _ = await joined(talk, "Other")
    assert (await uses(talk, other, bot))["code"] == "forbidden"


async def test_people_put_no_buttons_under_what_they_say(talk: Talk) -> None:
    buttons = [{"id": "a", "label": "A"}]
    said = await talk.ben.say(talk.room_id, "Press me", buttons=buttons)
    assert said["code"] == "forbidden"
    plain = await talk.ben.say(talk.room_id, "Hi", buttons=[])
    fields = {"room_id": talk.room_id, "id": plain["id"], "message": "Ha", "buttons": buttons}
    assert (await talk.ben.ask("edit_message", fields))["code"] == "forbidden"


@pytest.mark.parametrize(
    "buttons",
    [
        [{"id": str(n), "label": "x"} for n in range(contract.BUTTONS_MAX + 1)],
        [{"id": "a", "label": "x"}, {"id": "a", "label": "y"}],
        [{"id": "a", "label": "x" * (contract.BUTTON_LABEL_MAX_CHARS + 1)}],
        [{"id": "a", "label": " \u202e "}],
        [{"id": "", "label": "x"}],
        [{"id": "a\0", "label": "x"}],
    ],
    ids=["many", "twice", "long", "blank", "no id", "nul"],
)
async def test_buttons_are_few_short_and_told_apart(talk: Talk, buttons: list[Json]) -> None:
    program, _ = await joined(talk)
    said = await program.say(talk.room_id, "Hi", buttons=buttons)
    assert said["code"] in ("bad_request", "too_large"), said


async def test_what_turns_text_around_goes_from_labels(talk: Talk) -> None:
    program, _ = await joined(talk)
    said = await program.say(
        talk.room_id, "Hi", buttons=[{"id": "a", "label": "\u202e<b>Yes</b>\n"}]
    )
    assert said["ok"], said
    shown = await talk.ben.hears("new_message")
    assert shown["buttons"] == [{"id": "a", "label": "<b>Yes</b>"}]


@pytest.mark.parametrize(
    "command",
    [
        {"name": "Upper", "description": "x"},
        {"name": "two words", "description": "x"},
        {"name": "line\n", "description": "x"},
        {"name": "", "description": "x"},
        {"name": "x" * 33, "description": "x"},
        {"name": "ok", "description": ""},
        {"name": "ok", "description": "x" * 101},
        {"name": "ok", "description": "x", "hint": "x" * 61},
    ],
    ids=["upper", "words", "line", "empty", "long", "undescribed", "wordy", "long hint"],
)
async def test_commands_are_short_words_that_say_what_they_do(talk: Talk, command: Json) -> None:
    program, _ = await talk.bot()
    status, reply = await program.call(
        "PUT", f"{talk.path}/bots/me/commands", {"commands": [command]}
    )
    assert status in (400, 413), reply


async def test_the_host_keeps_no_ask_for_long(talk: Talk) -> None:
    """What it was is gone with the answer."""
    program, bot = await joined(talk)
    asked = await uses(talk, talk.ben, bot, text="my secret")
    await program.hears("asked")
    await answers(talk, program, asked["id"])
    assert (await answers(talk, program, asked["id"]))["code"] == "not_found"
