"""Who may do what: every call and every event, by everybody, as one table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley import contract
from parley.config import Config
from tests import lasting
from tests.effort import IS_EVERYTHING
from tests.encryption.members import shaped_record
from tests.mail.postbox import with_mail
from tests.people import Json, Person
from tests.security.room import STANDINGS, People, Place, done, place
from tests.subscriptions import SUBSCRIPTION

pytestmark = lasting.in_one_loop
server, person = lasting.server, lasting.person

OK, NOT_FOUND, KNOCK = "ok", "conversation_not_found", "knock_required"
FORBIDDEN, NOT_JOINED, ENDED = "forbidden", "not_joined", "conversation_ended"

Row = tuple[str, str, str, str, str, str]
"""A stranger, who may only read, a member, an owner, who was removed; a member after the end."""
OWNERS: Row = (KNOCK, FORBIDDEN, FORBIDDEN, OK, NOT_FOUND, FORBIDDEN)
OWNERS_OF_NONE: Row = (KNOCK, FORBIDDEN, FORBIDDEN, "not_found", NOT_FOUND, FORBIDDEN)
READERS: Row = (KNOCK, OK, OK, OK, NOT_FOUND, OK)
POSTERS: Row = (KNOCK, NOT_JOINED, OK, OK, NOT_FOUND, ENDED)
ALL: Row = (OK, OK, OK, OK, OK, OK)
BOTS: Row = (KNOCK, FORBIDDEN, FORBIDDEN, FORBIDDEN, NOT_FOUND, FORBIDDEN)
"""What a bot alone does: tests of bots have some."""
SESSIONS: Row = ("token_required", OK, OK, OK, OK, OK)

GUESTS: Row = ("token_required", *("account_required",) * 5)
DRAFTS: Row = (KNOCK, NOT_JOINED, *("account_required",) * 2, NOT_FOUND, "account_required")
PAGES_ALONE: Row = ("passkeys_unavailable",) * 6

REACTION = "{path}/messages/{message_id}/reactions/%F0%9F%91%8D"

NO_FILE = "not_found"
OF_DESKS: Row = ("token_required", *(NO_FILE,) * 5)
HOSTED = "/api/admin/conversations/{room_id}"

OF_ADMINS: dict[str, tuple[str, Json | None]] = {
    "admin": ("/api/admin", None),
    "admin_waiting": ("/api/admin/waiting", None),
    "admin_conversations": ("/api/admin/conversations", None),
    "admin_conversation": (HOSTED, None),
    "admin_people": (HOSTED + "/people", None),
    "admin_block_person": (HOSTED + "/people/member-1/block", {}),
    "admin_owner_link": (HOSTED + "/owner-link", {}),
    "admin_end": (HOSTED + "/end", {}),
    "admin_reports": ("/api/admin/reports", None),
    "admin_report": ("/api/admin/reports/1", None),
    "admin_resolve_report": ("/api/admin/reports/1/resolve", {}),
    "admin_delete_reported": ("/api/admin/reports/1/message", None),
    "admin_blocks": ("/api/admin/blocks", None),
    "admin_block": ("/api/admin/blocks", {"network": "192.0.2.7"}),
    "admin_unblock": ("/api/admin/blocks", {"network": "192.0.2.7"}),
    "admin_announce": ("/api/admin/announcement", {"text": "Hello"}),
    "admin_invitations": ("/api/admin/invitations", None),
    "admin_invite": ("/api/admin/invitations", {}),
    "admin_revoke_invitation": ("/api/admin/invitations/1", None),
    "admin_limits": ("/api/admin/limits", None),
    "admin_acts": ("/api/admin/acts", None),
    "admin_admins": ("/api/admin/admins", None),
    "admin_delete": (HOSTED, None),
}
"""In an order in which each can be done."""

CALLS: dict[str, tuple[str, Json | None, Row]] = {
    "create": ("/api/conversations/create", {}, ALL),
    # There is none with this code; tests of invitations have some.
    "accept_invitation": ("/api/invitations/{message_id}", {}, (NO_FILE,) * 6),
    "list": ("/api/conversations", None, ALL),
    # Of nothing but what is one's own.
    "mine": ("/api/mine", None, ALL),
    "search_all": ("/api/search?q=milk", None, ALL),
    "push": ("/api/push", None, ALL),
    "subscribe": ("/api/push", SUBSCRIPTION, ("token_required", OK, OK, OK, OK, OK)),
    "unsubscribe": (
        "/api/push",
        {"endpoint": SUBSCRIPTION["endpoint"]},
        ("token_required", OK, OK, OK, OK, OK),
    ),
    "notifications": (
        "{path}/notifications",
        None,
        (KNOCK, NOT_JOINED, OK, OK, NOT_FOUND, OK),
    ),
    "set_notifications": (
        "{path}/notifications",
        {"level": "all"},
        (KNOCK, NOT_JOINED, OK, OK, NOT_FOUND, OK),
    ),
    "mail": ("/api/mail", None, ALL),
    "set_mail": ("/api/mail", {"address": "ada@example.org"}, SESSIONS),
    "unset_mail": ("/api/mail", None, SESSIONS),
    # Of nobody's but one's own; tests of accounts have some.
    "account": ("/api/account", None, ALL),
    "start_account": ("/api/account", {"name": "Ada"}, ALL),
    "change_account": ("/api/account", {"name": "Ada"}, GUESTS),
    "delete_account": ("/api/account", {"messages": "keep"}, GUESTS),
    "sign_in": ("/api/account/sign-in", {"code": "0000-0000-0000-0000"}, ("sign_in_failed",) * 6),
    "sign_out": ("/api/account/sign-out", {}, GUESTS),
    "sign_out_device": ("/api/account/devices/1", None, GUESTS),
    "make_codes": ("/api/account/codes", {}, GUESTS),
    "passkey_challenge": (
        "/api/account/passkeys/challenge",
        {"purpose": "sign_in"},
        PAGES_ALONE,
    ),
    "add_passkey": (
        "/api/account/passkeys",
        {
            "credential": {
                "id": "AA",
                "type": "public-key",
                "response": {"clientDataJSON": "AA", "attestationObject": "AA"},
            }
        },
        PAGES_ALONE,
    ),
    "passkey_sign_in": (
        "/api/account/passkeys/sign-in",
        {
            "credential": {
                "id": "AA",
                "type": "public-key",
                "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"},
            }
        },
        PAGES_ALONE,
    ),
    "set_picture": ("/api/account/picture", None, GUESTS),
    "remove_picture": ("/api/account/picture", None, GUESTS),
    "chest": ("/api/account/chest", None, GUESTS),
    "put_chest": ("/api/account/chest", {"chest": "AQ", "version": 0}, GUESTS),
    "rename_passkey": ("/api/account/passkeys/1", {"name": "Key"}, GUESTS),
    "remove_passkey": ("/api/account/passkeys/1", {}, GUESTS),
    # There is no such provider; tests of signing in with one have some.
    "ask_provider": ("/api/account/providers/x", {}, (NO_FILE,) * 6),
    "provider_sign_in": (
        "/api/account/providers/x/sign-in",
        {"code": "x", "state": "x"},
        (NO_FILE,) * 6,
    ),
    "provider_start_account": ("/api/account/providers/x/start", {"state": "x"}, (NO_FILE,) * 6),
    "remove_identity": ("/api/account/identities/1", None, GUESTS),
    # Of one's own alone; tests of contacts have some.
    "make_contact_link": ("/api/account/contact-link", {}, GUESTS),
    "remove_contact_link": ("/api/account/contact-link", None, GUESTS),
    "unblock": ("/api/account/blocked/1", None, GUESTS),
    "invites": ("/api/invites", None, ALL),
    "answer_invite": ("/api/invites/{message_id}", {"answer": "accept"}, GUESTS),
    # It is nobody's, which they aren't told.
    "invite": ("{path}/invites", {"contact": "A" * 16}, OWNERS),
    # Of one's own alone; tests of desks have some.
    "desks": ("/api/desks", None, ALL),
    "make_desk": ("/api/desks", {}, ALL),
    "change_desk": ("/api/desks/{message_id}", {"open": False}, OF_DESKS),
    "remove_desk": ("/api/desks/{message_id}", None, OF_DESKS),
    "desk": ("/api/desks/{message_id}", None, (NO_FILE,) * 6),
    "start_at_desk": ("/api/desks/{message_id}/conversations", {}, (NO_FILE,) * 6),
    # Of admins alone, whoever one is anywhere; tests of admins have some.
    **{name: (*asked, GUESTS) for name, asked in OF_ADMINS.items()},
    "health": ("/api/health", None, ALL),
    "ready": ("/api/ready", None, ALL),
    "join": ("{path}/join", {}, (KNOCK, FORBIDDEN, OK, OK, NOT_FOUND, ENDED)),
    "leave": ("{path}/leave", {}, (KNOCK, NOT_JOINED, OK, OK, NOT_FOUND, OK)),
    "read": ("{path}", None, READERS),
    "messages": ("{path}/messages", None, READERS),
    "events": ("{path}/events", None, READERS),
    "export": ("{path}/export", None, READERS),
    "participants": ("{path}/participants", None, READERS),
    "mark_read": (
        "{path}/read",
        {"seq": 1},
        (KNOCK, NOT_JOINED, OK, OK, NOT_FOUND, OK),
    ),
    "pin_conversation": (
        "{path}/pinned",
        {"pinned": True},
        (KNOCK, OK, OK, OK, NOT_FOUND, OK),
    ),
    # Of nobody's but one's own; tests of drafts have some.
    "draft": ("{path}/draft", None, DRAFTS),
    "keep_draft": ("{path}/draft", {"text": "Half"}, DRAFTS),
    "unread": ("{path}/unread?after=0", None, READERS),
    "search": ("{path}/search?q=milk", None, READERS),
    "send": (
        "{path}/messages",
        {"message": "Hi"},
        (KNOCK, NOT_JOINED, OK, OK, NOT_FOUND, ENDED),
    ),
    "call_servers": ("{path}/call/servers", None, POSTERS),
    "upload": ("{path}/files?name=a.txt", {}, POSTERS),
    "import": ("/api/import?name=a.txt", {}, ALL),
    # Of one's own alone; tests of imports have some.
    "import_state": ("/api/import/{message_id}", None, (NO_FILE,) * 6),
    "store_import": ("/api/import/{message_id}/store", {}, (NO_FILE,) * 6),
    # Of one's own films alone; tests of stills ask for some.
    "set_still": (
        "{path}/files/{message_id}/still",
        None,
        (KNOCK, NO_FILE, NO_FILE, NO_FILE, NOT_FOUND, NO_FILE),
    ),
    "files": ("{path}/files", None, READERS),
    "edit_message": (
        "{path}/messages/{message_id}",
        {"message": "Hello, all"},
        (KNOCK, FORBIDDEN, FORBIDDEN, OK, NOT_FOUND, FORBIDDEN),
    ),
    "delete_message": (
        "{path}/messages/{message_id}",
        None,
        (KNOCK, FORBIDDEN, FORBIDDEN, OK, NOT_FOUND, FORBIDDEN),
    ),
    "pins": ("{path}/pins", None, READERS),
    "pin_message": ("{path}/messages/{message_id}/pin", None, OWNERS),
    "unpin_message": ("{path}/messages/{message_id}/pin", None, OWNERS),
    "react": (REACTION, None, POSTERS),
    "unreact": (REACTION, None, POSTERS),
    "enter": (
        "{path}/enter",
        {"passphrase": "guess"},
        ("bad_request", "bad_request", "bad_request", "bad_request", NOT_FOUND, "bad_request"),
    ),
    "knock": ("{path}/knock", {"username": "Zoe"}, (OK, OK, OK, OK, NOT_FOUND, ENDED)),
    "knock_state": ("{path}/knock", None, (OK, OK, OK, OK, NOT_FOUND, OK)),
    # Whoever was put out is told what somebody is told who made the link up.
    "use_link": ("/api/links/{code}", {}, (OK, OK, OK, OK, "not_found", OK)),
    "manage": ("{path}/manage", None, OWNERS),
    "change": ("{path}", {"title": "Mine"}, OWNERS),
    "delete": ("{path}", None, OWNERS),
    "remove": ("{path}/remove", {"user_id": "member-1"}, OWNERS),
    # Nobody else has used their token there; tests of founders have somebody.
    "hand_over": (
        "{path}/founder",
        {"user_id": "nobody"},
        (KNOCK, FORBIDDEN, FORBIDDEN, NO_FILE, NOT_FOUND, FORBIDDEN),
    ),
    "set_role": (
        "{path}/role",
        {"user_id": "nobody", "role": "owner"},
        (KNOCK, FORBIDDEN, FORBIDDEN, NO_FILE, NOT_FOUND, FORBIDDEN),
    ),
    "let_back": ("{path}/let_back", {"user_id": "removed-1"}, OWNERS),
    "imported_people": ("{path}/imported", None, READERS),
    # Nobody was imported there; tests of claims have some.
    "claim": (
        "{path}/imported/member-1/claim",
        {},
        (KNOCK, NOT_JOINED, NO_FILE, NO_FILE, NOT_FOUND, ENDED),
    ),
    "answer_claim": (
        "{path}/claims/member-1",
        {"admit": True},
        (KNOCK, FORBIDDEN, FORBIDDEN, NO_FILE, NOT_FOUND, FORBIDDEN),
    ),
    "answer_knock": ("{path}/knocks/{knock_id}", {"admit": True}, OWNERS),
    "answer_knocks": ("{path}/knocks", {"admit": False}, OWNERS),
    "replace_link": ("{path}/link", {}, OWNERS),
    # Here it is not encrypted; tests of keys change some.
    "begin_epoch": (
        "{path}/epochs",
        {"record": shaped_record(1), "read_proof_hash": "A" * 43},
        (KNOCK, FORBIDDEN, FORBIDDEN, "bad_request", NOT_FOUND, FORBIDDEN),
    ),
    "epochs": ("{path}/epochs", None, READERS),
    "make_link": ("{path}/links", {"role": "owner"}, OWNERS),
    "revoke_link": ("{path}/links/{link_id}", None, OWNERS),
    "hooks": ("{path}/hooks", None, OWNERS),
    "make_hook": ("{path}/hooks", {"name": "Alerts"}, OWNERS),
    # There is none with this number; tests of hooks have some.
    "remove_hook": ("{path}/hooks/999", None, OWNERS_OF_NONE),
    "webhooks": ("{path}/webhooks", None, OWNERS),
    "make_webhook": ("{path}/webhooks", {"url": "https://example.org/hook"}, OWNERS),
    "change_webhook": ("{path}/webhooks/999", {"paused": True}, OWNERS_OF_NONE),
    "remove_webhook": ("{path}/webhooks/999", None, OWNERS_OF_NONE),
    "deliveries": ("{path}/webhooks/999/deliveries", None, OWNERS_OF_NONE),
    "replay_delivery": ("{path}/webhooks/999/deliveries/1/replay", {}, OWNERS_OF_NONE),
    "report": ("{path}/reports", {"user_id": "member-1", "reason": "spam"}, READERS),
    "reports": ("{path}/reports", None, OWNERS),
    # Nothing was reported there; tests of reports have some.
    "resolve_report": (
        "{path}/reports/1/resolve",
        {},
        (KNOCK, FORBIDDEN, FORBIDDEN, NO_FILE, NOT_FOUND, FORBIDDEN),
    ),
    "bots": ("{path}/bots", None, OWNERS),
    "make_bot": ("{path}/bots", {"name": "Robin"}, OWNERS),
    "change_bot": ("{path}/bots/{bot_id}", {"may": ["read"]}, OWNERS),
    "renew_bot": ("{path}/bots/{bot_id}/token", {}, OWNERS),
    "revoke_bot": ("{path}/bots/{bot_id}", None, OWNERS),
    "declare_commands": ("{path}/bots/me/commands", {"commands": []}, BOTS),
    "commands": ("{path}/commands", None, READERS),
    "answer_ask": ("{path}/asks/x", {}, BOTS),
    "acts": ("{path}/acts", None, OWNERS),
    "end": ("{path}/end", {}, OWNERS),
}

EVENTS: dict[str, tuple[Json, Row]] = {
    "join_room": ({}, (KNOCK, FORBIDDEN, OK, OK, NOT_FOUND, ENDED)),
    "watch_room": ({}, READERS),
    "leave_room": ({}, (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, NOT_JOINED)),
    "send_message": (
        {"message": "Hi"},
        (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, ENDED),
    ),
    "mark_read": ({"seq": 1}, (KNOCK, NOT_JOINED, OK, OK, NOT_FOUND, OK)),
    "follow_mine": ({}, ALL),
    "typing": (
        {"is_typing": True},
        (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, ENDED),
    ),
    "sync": ({"since": 0}, (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, NOT_JOINED)),
    "edit_message": (
        {"id": "{message_id}", "message": "Hello, all"},
        (KNOCK, FORBIDDEN, FORBIDDEN, OK, NOT_FOUND, FORBIDDEN),
    ),
    "delete_message": (
        {"id": "{message_id}"},
        (KNOCK, FORBIDDEN, FORBIDDEN, OK, NOT_FOUND, FORBIDDEN),
    ),
    # On a socket that joined nothing; tests of bots are in them.
    "use_command": (
        {"bot": "{bot_id}", "name": "x"},
        (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, ENDED),
    ),
    "press_button": (
        {"id": "{message_id}", "button": "x"},
        (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, ENDED),
    ),
    "answer_ask": ({"id": "x"}, BOTS),
    "pin_message": ({"id": "{message_id}", "on": True}, OWNERS),
    "react": ({"id": "{message_id}", "emoji": "👍", "on": True}, POSTERS),
    # On a socket that joined nothing; tests of calls are in them.
    "call_join": (
        {"audio": True, "video": False},
        (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, ENDED),
    ),
    "call_leave": ({}, (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, ENDED)),
    "call_signal": (
        {"to": "peer", "data": {}},
        (KNOCK, NOT_JOINED, NOT_JOINED, NOT_JOINED, NOT_FOUND, ENDED),
    ),
    "call_moderate": (
        {"act": "end"},
        (KNOCK, FORBIDDEN, FORBIDDEN, "not_in_call", NOT_FOUND, FORBIDDEN),
    ),
    "knock": ({"username": "Zoe"}, (OK, OK, OK, OK, NOT_FOUND, ENDED)),
    "answer_knock": ({"id": "{knock_id}", "admit": True}, OWNERS),
    "change_conversation": ({"title": "Mine"}, OWNERS),
    "remove_participant": ({"user_id": "member-1"}, OWNERS),
    "let_back": ({"user_id": "removed-1"}, OWNERS),
    "replace_link": ({}, OWNERS),
    "end_conversation": ({}, OWNERS),
    "delete_conversation": ({}, OWNERS),
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Config:
    """With all the calls there are."""
    return with_mail(lasting.config_in(tmp_path_factory.mktemp("rights"), empty_database))


BY_METHOD = {
    method: sorted(name for name in CALLS if contract.CALLS[name].method == method)
    for method in sorted({call.method for call in contract.CALLS.values()})
}
"""The names of calls. Those of one method share a server, each with a place of its own."""
READS = BY_METHOD.pop("GET")
"""Change nothing, so that one place does for them all."""
EVENTS_OF_OWNERS = sorted(name for name, (_, row) in EVENTS.items() if row == OWNERS)


AFTER_WHICH_ALL_IS_NEW = {
    *("start_account", "join", "join_room", "leave", "use_link", "knock", "answer_knock"),
    *("answer_knocks", "remove", "remove_participant", "let_back", "replace_link", "revoke_link"),
    *("revoke_bot", "report", "delete_message", "delete", "delete_conversation"),
    *("end", "end_conversation"),
}
"""What the table says need not hold any more where somebody was let do one of these."""


class Places:
    """Where everybody tries: one for each act in `make torture`, else one for all, until an act has
    changed who is who, or has taken away what others are about.
    """

    def __init__(self, person: People, *, connects: bool = False) -> None:
        """`connects` as `place` has it."""
        self._person = person
        self._connects = connects
        self._here: Place | None = None
        self._ended: Place | None = None

    async def everybody(self, name: str, row: Row) -> list[tuple[Person, Place, str, str]]:
        """As `everybody_at`."""
        here = self._here or await place(self._person, connects=self._connects)
        ended = self._ended or await place(self._person, ended=True)
        is_over = IS_EVERYTHING or name in AFTER_WHICH_ALL_IS_NEW
        self._here = None if is_over and OK in row[:-1] else here
        self._ended = None if is_over and row[-1] == OK else ended
        return everybody_at(here, ended, row)


def everybody_at(here: Place, ended: Place, row: Row) -> list[tuple[Person, Place, str, str]]:
    """Who tries, where, as what, and what is to come of it. The owner is the last of the
    living conversation: the others' refused acts change nothing.
    """
    tries = [
        (here.people[standing], here, standing, expected)
        for standing, expected in zip(STANDINGS, row, strict=False)
    ]
    tries.sort(key=lambda each: each[2] == "owner")
    return [*tries, (ended.people["member"], ended, "ended", row[-1])]


def test_the_tables_are_whole() -> None:
    assert set(CALLS) == set(contract.CALLS)
    assert set(EVENTS) == set(contract.CLIENT_EVENTS)


@pytest.mark.longer
@pytest.mark.parametrize("method", BY_METHOD)
async def test_a_call_is_for_whom_the_table_says(
    person: People, method: str, subtests: pytest.Subtests
) -> None:
    places = Places(person)
    for name in BY_METHOD[method]:
        with subtests.test(name):
            await is_for_whom_the_table_says(name, await places.everybody(name, CALLS[name][2]))


@pytest.mark.longer
async def test_a_call_that_reads_is_for_whom_the_table_says(
    person: People, subtests: pytest.Subtests
) -> None:
    here, ended = await place(person), await place(person, ended=True)
    for name in READS:
        with subtests.test(name):
            await is_for_whom_the_table_says(name, everybody_at(here, ended, CALLS[name][2]))


async def is_for_whom_the_table_says(
    name: str, tries: list[tuple[Person, Place, str, str]]
) -> None:
    path, body, _ = CALLS[name]
    call = contract.CALLS[name]
    is_whole = IS_EVERYTHING or any(name in path for name in ("{path}", "{room_id}", "{code}"))
    for who, here, standing, expected in tries:
        # Where it is about no conversation, who has a session is told from who has none.
        if not is_whole and standing not in ("stranger", "owner"):
            continue
        status, reply = await who.call(call.method, path.format(**here.ids), body)
        assert (reply.get("code") or "ok") == expected, (standing, reply)
        wanted = call.status if expected == OK else contract.CODES[contract.Code(expected)].status
        assert status == wanted, standing


@pytest.mark.longer
@pytest.mark.parametrize(
    "names",
    [EVENTS_OF_OWNERS, sorted(set(EVENTS) - set(EVENTS_OF_OWNERS))],
    ids=["owners", "others"],
)
async def test_an_event_is_for_whom_the_table_says(
    person: People, names: list[str], subtests: pytest.Subtests
) -> None:
    places = Places(person, connects=True)
    for name in names:
        with subtests.test(name):
            await an_event_is_for_whom_the_table_says(name, places)


async def an_event_is_for_whom_the_table_says(name: str, places: Places) -> None:
    fields, row = EVENTS[name]
    for who, here, standing, expected in await places.everybody(name, row):
        if not who.socket.connected:
            await who.connect(auth={"token": who.token} if who.token else None)
        data = {
            key: value.format(**here.ids) if isinstance(value, str) else value
            for key, value in fields.items()
        }
        ack = await who.ask(name, {"room_id": here.room_id, **data})
        assert (ack.get("code") or "ok") == expected, (standing, ack)


async def test_who_may_not_speak_may_not_answer_or_learn_what_there_is_to_answer(
    person: People,
) -> None:
    row = CALLS["send"][2]
    for who, here, standing, expected in await Places(person).everybody("send", row):
        path = f"{here.ids['path']}/messages"
        for id, found in ((here.ids["message_id"], OK), ("1-guessed", "not_found")):
            _, reply = await who.call("POST", path, {"message": "Hi, @Ada", "reply_to": id})
            assert (reply.get("code") or "ok") == (found if expected == OK else expected), standing


# --- whoever names somebody that never used their token ---

GAINED = {"join", "join_room", "send_message", "typing"}
"""All that it gains, beyond what a stranger may: to be them, in an open conversation. (Whoever
started one names themselves to `end` it: tests/security/test_unproven.py.)"""
OF_OTHERS = {"remove", "let_back", "hand_over", "remove_participant", "report"}
"""Where `user_id` is of whom it is done to."""


async def opened_with_ben(person: People) -> Place:
    """A conversation that anybody may join, and Ben in it, who never used his token."""
    here = await place(person)
    await done(here.owner, "PATCH", here.ids["path"], {"knock": False})
    await person("Ben").joins_over_rest(here.room_id, user_id="ben-1")
    return here


async def test_naming_who_is_unproven_gains_nothing_else_by_a_call(
    person: People, subtests: pytest.Subtests
) -> None:
    here, mallory, zoe = await opened_with_ben(person), person("Mallory"), person("Zoe")
    for name in sorted(set(CALLS) - OF_OTHERS - {"create", *READS}):
        with subtests.test(name):
            there = await opened_with_ben(person) if name in GAINED else here
            await naming_ben_gains_nothing_else(name, there, mallory, zoe)


async def test_naming_who_is_unproven_gains_nothing_by_a_call_that_reads(
    person: People, subtests: pytest.Subtests
) -> None:
    here, mallory, zoe = await opened_with_ben(person), person("Mallory"), person("Zoe")
    for name in READS:
        with subtests.test(name):
            await naming_ben_gains_nothing_else(name, here, mallory, zoe)


async def naming_ben_gains_nothing_else(
    name: str, here: Place, mallory: Person, zoe: Person
) -> None:
    path, body, _ = CALLS[name]
    call, outcomes = contract.CALLS[name], []
    for who, named in ((mallory, {"user_id": "ben-1"}), (zoe, {})):
        sent = None if body is None else {**body, **named}
        status, reply = await who.call(call.method, path.format(**here.ids), sent)
        outcomes.append((status, reply.get("code"), reply.get("user_id") == "ben-1"))
    naming, without = outcomes
    assert naming[2] == (name in GAINED)
    assert naming[:2] == without[:2]


async def test_naming_who_is_unproven_gains_nothing_else_by_an_event(
    person: People, subtests: pytest.Subtests
) -> None:
    here = await opened_with_ben(person)
    for name in sorted(set(EVENTS) - OF_OTHERS):
        with subtests.test(name):
            there = await opened_with_ben(person) if name in GAINED else here
            await naming_ben_gains_nothing_else_by_an_event(name, there, person)


async def naming_ben_gains_nothing_else_by_an_event(name: str, here: Place, person: People) -> None:
    data = {
        key: value.format(**here.ids) if isinstance(value, str) else value
        for key, value in EVENTS[name][0].items()
    }
    outcomes = []
    for who, named in ((person("Mallory"), {"user_id": "ben-1"}), (person("Zoe"), {})):
        await who.connect()
        ack = await who.ask(name, {"room_id": here.room_id, **data, **named})
        outcomes.append(ack.get("code") or "ok")
    naming, without = outcomes
    assert naming == ("ok" if name in GAINED else without)
