"""Every error of REST: its status, its code, and one shape."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from parley import contract
from parley.app import Parley, create_app, web_site
from parley.config import Config
from parley.errors import RateLimited, Unavailable
from parley.storage.folder import NAME
from tests import lasting
from tests.calls import FOREIGN, FRONTEND, HERE, Caller, Json, Reply
from tests.cases import together
from tests.encryption.members import shaped_record
from tests.mail.postbox import with_mail
from tests.security.test_rights import OF_ADMINS
from tests.subscriptions import SUBSCRIPTION

CREATE = "/api/conversations/create"
INTERNALS = ("Traceback", "sqlite", "sqlalchemy", "parley/", "Exception", "SELECT")


pytestmark = lasting.in_one_loop
app, client, own_app = lasting.app, lasting.client, lasting.own_app


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Config:
    """With all the calls there are."""
    return with_mail(lasting.config_in(tmp_path_factory.mktemp("calls"), empty_database))


def assert_error(reply: Reply, status: int, code: str) -> None:
    assert reply.status == status, reply
    body = reply.body
    assert set(body) <= {"success", "error", "code", "retry_after"}
    assert body["success"] is False
    assert body["code"] == code
    assert isinstance(body["error"], str)
    assert body["error"]
    assert not [word for word in INTERNALS if word in body["error"]]
    assert reply.headers["Content-Type"].startswith("application/json")


@together(
    "raw",
    [
        b"{",
        b"not json",
        b"null",
        b"[]",
        b'"text"',
        b"17",
        b'{"title": 17}',
        b'{"title": ["a"]}',
        b'{"description": {}}',
        b'{"user_id": true}',
        b'{"visibility": "secret"}',
        b'{"title": "\xff"}',
        b'{"title": "\\ud800"}',
        b'{"title": "a\\u0000b"}',
        b'{"user_id": "a\\u0007b"}',
        b'{"title": NaN}',
        b"[" * 30_000,
        b'{"x": ' + b"[" * 9 + b"]" * 9 + b"}",
    ],
)
async def test_a_body_that_cannot_be_understood_is_a_bad_request(ada: Caller, raw: bytes) -> None:
    assert_error(await ada.call("POST", CREATE, raw=raw), 400, "bad_request")


async def test_a_wrong_type_is_told_with_the_path_of_its_field(ada: Caller) -> None:
    reply = await ada.call("POST", CREATE, {"title": 17})
    assert "$.title" in reply.body["error"]


@together(("field", "limit"), [("title", 200), ("description", 2_000), ("user_id", 64)])
async def test_create_takes_a_field_of_its_limit_and_no_more(
    ada: Caller, field: str, limit: int
) -> None:
    assert (await ada.call("POST", CREATE, {field: "é" * limit})).status == 201
    assert_error(await ada.call("POST", CREATE, {field: "x" * (limit + 1)}), 413, "too_large")


@pytest.mark.parametrize("field", ["user_id", "username"])
async def test_join_takes_a_field_of_its_limit_and_no_more(
    ada: Caller, ben: Caller, cleo: Caller, field: str
) -> None:
    join = f"/api/conversations/{await ada.starts()}/join"
    assert (await ben.call("POST", join, {field: "é" * 64})).status == 200
    assert_error(await cleo.call("POST", join, {field: "x" * 65}), 413, "too_large")


async def test_a_message_of_its_limit_is_taken_and_no_longer_one(ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    send = f"/api/conversations/{room_id}/messages"
    # Four bytes each: the limit counts characters.
    raw = json.dumps({"message": "🫖" * 8_000}, ensure_ascii=False).encode()
    assert (await ada.call("POST", send, raw=raw)).status == 201
    assert_error(await ada.call("POST", send, {"message": "x" * 8_001}), 413, "too_large")
    long_id = {"message": "x", "client_id": "c" * 65}
    assert_error(await ada.call("POST", send, long_id), 413, "too_large")


async def test_a_body_over_64_kib_is_too_large(ada: Caller) -> None:
    raw = json.dumps({"title": "x", "filling": "y" * contract.FRAME_MAX_BYTES}).encode()
    assert_error(await ada.call("POST", CREATE, raw=raw), 413, "too_large")


@pytest.mark.parametrize("call", ["epochs", "link"])
async def test_only_the_record_of_a_key_may_be_longer(ada: Caller, call: str) -> None:
    path = f"/api/conversations/{await ada.starts()}"
    for filling, status in ((contract.FRAME_MAX_BYTES, 400), (contract.RECORD_BODY_MAX_BYTES, 413)):
        body = {"record": "A", "read_proof_hash": "A" * 43, "filling": "y" * filling}
        reply = await ada.call("POST", f"{path}/{call}", body)
        assert_error(reply, status, "bad_request" if status == 400 else "too_large")
    longer = {"user_id": "ben-1", "filling": "y" * contract.FRAME_MAX_BYTES}
    assert_error(await ada.call("POST", f"{path}/remove", longer), 413, "too_large")


@together(
    "body",
    [
        {},
        {"message": None},
        {"message": ""},
        {"message": " \n\t"},
        {"message": 17},
        {"message": ["Hello"]},
        {"message": "a\0b"},
        {"message": "Hello", "type": "two words"},
        {"message": "Hello", "type": ""},
        {"message": "Hello", "client_id": 1},
    ],
)
async def test_a_message_that_says_nothing_is_a_bad_request(
    ada: Caller, body: dict[str, Any]
) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    reply = await ada.call("POST", f"/api/conversations/{room_id}/messages", body)
    assert_error(reply, 400, "bad_request")
    assert (await ada.reads(room_id))["seq"] == 0


ROOM_CALLS = [
    ("GET", "", None),
    ("POST", "/join", {}),
    ("POST", "/end", {}),
    ("GET", "/messages", None),
    ("POST", "/messages", {"message": "Hello"}),
]


@pytest.mark.parametrize("room_id", ["abc12345", "x", "A" * 22, "é", "x" * 5_000, "%00", "..%2f"])
@together(("method", "call", "body"), ROOM_CALLS)
async def test_a_room_id_of_nothing_is_conversation_not_found(
    ada: Caller, room_id: str, method: str, call: str, body: object
) -> None:
    reply = await ada.call(method, f"/api/conversations/{room_id}{call}", body)
    expected = "not_found" if "2f" in room_id else "conversation_not_found"
    assert_error(reply, 404, expected)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/conversations/a/b/c"])
@together("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_call_that_does_not_exist_is_not_found(ada: Caller, method: str, path: str) -> None:
    assert_error(await ada.call(method, path), 404, "not_found")


async def test_doubled_slashes_lead_to_the_call_that_was_meant(ada: Caller) -> None:
    reply = await ada.call("GET", "/api//health")
    assert reply.status == 308
    assert reply.headers["Location"].endswith("/api/health")


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
PATHS = sorted({call.path for call in contract.CALLS.values()} | {"/openapi.json"})


@together("path", PATHS)
async def test_a_path_says_which_methods_it_takes(ada: Caller, path: str) -> None:
    taken = {call.method for call in contract.CALLS.values() if call.path == path} or {"GET"}
    allowed = taken | {"OPTIONS"} | ({"HEAD"} if "GET" in taken else set())
    for method in set(METHODS) - taken:
        reply = await ada.call(method, path.replace("{", "").replace("}", ""))
        assert set(reply.headers["Allow"].split(", ")) == allowed, method
        if method == "OPTIONS":
            assert reply.status == 200
        else:
            assert_error(reply, 405, "method_not_allowed")


@together("path", ["/conversations", "/conversation/abc12345/end", "/"])
async def test_a_page_says_which_methods_it_takes(ada: Caller, path: str) -> None:
    reply = await ada.call("PUT", path)
    assert reply.status == 405
    assert "PUT" not in reply.headers["Allow"].split(", ")
    assert "OPTIONS" in reply.headers["Allow"].split(", ")


@together("method", ["GET", "TRACE", "PROPFIND"])
async def test_no_method_is_right_where_nothing_is(ada: Caller, method: str) -> None:
    reply = await ada.call(method, CREATE + "/x")
    assert_error(reply, 404, "not_found")
    assert "Allow" not in reply.headers


async def test_a_script_of_an_allowed_origin_can_read_that_a_method_is_wrong(ada: Caller) -> None:
    for path, status in ((CREATE, 405), ("/api/nothing", 404)):
        reply = await ada.call("PUT", path, headers={"Origin": FRONTEND})
        assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (status, FRONTEND)
        asked = await ada.call("OPTIONS", path, headers={"Origin": FRONTEND})
        assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (200, FRONTEND)


@together(("call", "body"), [("/join", {}), ("/end", {}), ("/messages", {"message": "Hello"})])
async def test_nothing_is_added_to_an_ended_conversation(
    ada: Caller, call: str, body: dict[str, str]
) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    await ada.ends(room_id)
    reply = await ada.call("POST", f"/api/conversations/{room_id}{call}", body)
    assert_error(reply, 410, "conversation_ended")


async def test_a_user_id_of_another_session_is_taken(ada: Caller, mallory: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id, user_id="ada-1")
    reply = await mallory.call("POST", f"/api/conversations/{room_id}/join", {"user_id": "ada-1"})
    assert_error(reply, 409, "identity_taken")


async def test_another_user_id_than_ones_own_is_a_mismatch(ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id, user_id="ada-1")
    reply = await ada.call("POST", f"/api/conversations/{room_id}/join", {"user_id": "ada-2"})
    assert_error(reply, 403, "identity_mismatch")


async def test_who_has_not_joined_does_not_speak(ada: Caller, mallory: Caller) -> None:
    room_id = await ada.starts()
    send = f"/api/conversations/{room_id}/messages"
    # The owner has to join as well: there is nobody yet to say it.
    await mallory.starts("Another")
    for each in (ada, mallory):
        assert_error(await each.call("POST", send, {"message": "Hello"}), 403, "not_joined")


async def test_who_does_not_own_does_not_end(ada: Caller, ben: Caller, mallory: Caller) -> None:
    room_id = await ada.starts()
    await ben.joins(room_id)
    await mallory.starts("Another")
    for each in (ben, mallory):
        reply = await each.call("POST", f"/api/conversations/{room_id}/end")
        assert_error(reply, 403, "forbidden")
    assert (await ada.reads(room_id))["is_active"] is True


NEED_A_TOKEN = sorted(call.name for call in contract.CALLS.values() if call.credential)
BODIES: dict[str, object] = {
    **{name: body for name, (_, body) in OF_ADMINS.items() if body},
    "set_mail": {"address": "mallory@example.org"},
    "subscribe": SUBSCRIPTION,
    "unsubscribe": {"endpoint": SUBSCRIPTION["endpoint"]},
    "edit_message": {"message": "Sorry"},
    "send": {"message": "Hello"},
    "remove": {"user_id": "ada-1"},
    "let_back": {"user_id": "ada-1"},
    "hand_over": {"user_id": "ada-1"},
    "set_role": {"user_id": "ada-1", "role": "owner"},
    "answer_knock": {"admit": True},
    "answer_claim": {"admit": True},
    "answer_knocks": {"admit": True},
    "make_link": {"role": "reader"},
    "make_hook": {"name": "Alerts"},
    "make_webhook": {"url": "https://example.org/hook"},
    "begin_epoch": {"record": shaped_record(1), "read_proof_hash": "A" * 43},
    "pin_conversation": {"pinned": True},
    "keep_draft": {"text": "Half"},
    "put_chest": {"chest": "AQ", "version": 0},
    "change_account": {"name": "Ada"},
    "answer_invite": {"answer": "accept"},
    "invite": {"contact": "A" * 16},
    "delete_account": {"messages": "keep"},
    "rename_passkey": {"name": "Key"},
    "make_bot": {"name": "Echo"},
    "change_bot": {"may": ["read"]},
    "declare_commands": {"commands": []},
}


@pytest_asyncio.fixture(loop_scope="module")
async def said(ada: Caller, ben: Caller) -> Json:
    """What Ada says in a room of hers, with its `room_id`; Ben is in another."""
    room_id = await ada.starts()
    await ada.joins(room_id, user_id="ada-1")
    await ben.starts("Another, so that Ben has a token")
    return {"room_id": room_id, **await ada.says(room_id, "Hello")}


@together("name", NEED_A_TOKEN)
async def test_a_missing_token_is_told_from_a_wrong_right(
    said: Json, ada: Caller, ben: Caller, mallory: Caller, name: str
) -> None:
    room_id = said["room_id"]
    call = contract.CALLS[name]
    path = call.path.format(
        room_id=room_id,
        message_id=said["id"],
        knock_id="x",
        link_id="1",
        report_id="1",
        id=room_id,
        invitation_id="1",
        emoji="%F0%9F%91%8D",
        file_id="x",
        user_id="x",
        device_id="1",
        passkey_id="1",
        identity_id="1",
        invite_id="x",
        blocked_id="1",
        desk_id="x",
        ask_id="x",
        hook_id="1",
        webhook_id="1",
        delivery_id="1",
    )
    nobody = await mallory.call(call.method, path, BODIES.get(name))
    assert_error(nobody, 401, "token_required")
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="parley"'
    if call.credential == "session":
        return  # whoever has any may
    stranger = await ben.call(call.method, path, BODIES.get(name))
    # Nobody learns whether there is a file that is not theirs.
    assert stranger.status == (404 if "{file_id}" in call.path else 403), stranger
    assert "WWW-Authenticate" not in stranger.headers
    assert (await ada.reads(room_id))["is_active"] is True


async def test_a_page_of_our_own_is_asked_for_no_token(app: Parley, ada: Caller) -> None:
    visitor = Caller(app, "Eve", cookies=True)
    end = f"/api/conversations/{await ada.starts()}/end"
    reply = await visitor.call("POST", end, headers={"Origin": HERE})
    assert_error(reply, 403, "forbidden")


async def test_whether_there_is_a_conversation_is_told_first(mallory: Caller, ada: Caller) -> None:
    reply = await mallory.call("POST", "/api/conversations/abc12345/end")
    assert_error(reply, 404, "conversation_not_found")
    room_id = await ada.starts()
    await ada.call("PATCH", f"/api/conversations/{room_id}", {"locked": True})
    assert_error(await mallory.call("GET", f"/api/conversations/{room_id}/manage"), 403, "locked")


@pytest.mark.parametrize("raw", [b"[null]", b"null", b'"end"', b"17", b"title=x", b"{"])
@together("call", ["/end", "/link", "use_link"])
async def test_a_call_without_fields_takes_an_object_or_nothing(
    ada: Caller, ben: Caller, call: str, raw: bytes
) -> None:
    room_id = await ada.starts()
    room = f"/api/conversations/{room_id}"
    made = await ada.call("POST", f"{room}/links", {"role": "member", "uses_max": 1})
    asks, path = ada, room + call
    if call == "use_link":
        asks, path = ben, f"/api/links/{made.body['url'].rsplit('/', 1)[1]}"
    assert_error(await asks.call("POST", path, raw=raw), 400, "bad_request")
    before = await ada.reads(room_id)
    assert (before["room_id"], before["is_active"]) == (room_id, True)
    assert (await asks.call("POST", path, {"user_id": "x"})).status == 200


@together("token", ["nonsense", "é", "x" * 10_000])
async def test_a_token_of_nobody_is_forbidden(ada: Caller, token: str) -> None:
    reply = await ada.call("POST", CREATE, headers={"Authorization": f"Bearer {token}"})
    assert_error(reply, 403, "forbidden")


async def test_a_page_of_a_foreign_origin_is_refused(ada: Caller) -> None:
    reply = await ada.call("POST", CREATE, {}, headers={"Origin": FOREIGN})
    assert_error(reply, 403, "origin_refused")


@pytest.mark.sqlite("It locks its file.")
async def test_a_database_that_cannot_be_written_is_unavailable(
    own_app: Parley, own_config: Config
) -> None:
    with closing(sqlite3.connect(own_config.data / NAME)) as other:
        other.execute("DROP TABLE conversations")
    reply = await Caller(own_app, "Ada").call("POST", CREATE)
    assert_error(reply, 503, "unavailable")
    assert reply.body["retry_after"] > 0
    assert int(reply.headers["Retry-After"]) >= 1


async def test_ready_is_unavailable_while_the_server_stops(own_app: Parley) -> None:
    await own_app.drain()
    reply = await Caller(own_app, "Ada").call("GET", "/api/ready")
    assert_error(reply, 503, "unavailable")
    assert web_site(own_app).is_ready is False


async def test_a_fault_of_ours_tells_no_internals(own_config: Config) -> None:
    app = create_app(own_config)

    @app.get("/api/fault")
    async def fault() -> str:
        raise RuntimeError("password is hunter2")

    async with app.test_app():
        reply = await Caller(app, "Ada").call("GET", "/api/fault")
    assert_error(reply, 500, "internal")
    assert "hunter2" not in reply.text


async def test_what_no_text_may_hold_is_the_name_of_nothing(ada: Caller) -> None:
    for path in ("%00", "%00/messages", "%00/acts"):
        assert_error(
            await ada.call("GET", f"/api/conversations/{path}"), 404, "conversation_not_found"
        )


async def test_too_much_at_once_says_when_to_come_back(own_config: Config) -> None:
    app = create_app(own_config)

    @app.get("/api/limited")
    async def limited() -> str:
        raise RateLimited(retry_after=2.4)

    async with app.test_app():
        reply = await Caller(app, "Ada").call("GET", "/api/limited")
    assert_error(reply, 429, "rate_limited")
    assert reply.body["retry_after"] == 2.4
    assert int(reply.headers["Retry-After"]) == 3  # not a moment too soon


def test_every_code_has_a_status_of_an_error() -> None:
    assert set(contract.CODES) == set(contract.Code)
    assert all(400 <= meaning.status < 600 for meaning in contract.CODES.values())
    assert contract.CODES[contract.Code(Unavailable.code)].status == 503
    assert contract.CODES[contract.Code(RateLimited.code)].status == 429
