"""Who somebody is: sessions and their credentials, user_ids and whose they are, owners."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest
import socketio.exceptions

from parley.app import Parley
from parley.credentials import COOKIE
from tests import lasting
from tests.calls import FOREIGN, FRONTEND, HERE, Caller, Reply
from tests.conftest import each_transport
from tests.people import Person

pytestmark = lasting.in_one_loop
config, app, server, person = lasting.config, lasting.served_app, lasting.server, lasting.person

People = Callable[..., Person]
CREATE = "/api/conversations/create"


def cookie_of(reply: Reply) -> str:
    """The session cookie that a reply sets, as `name=value`."""
    return SimpleCookie(reply.headers["Set-Cookie"])[COOKIE].OutputString([])


# --- tokens ---


async def test_create_and_join_give_a_program_a_token(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    await ben.joins(room_id)
    assert ada.token
    assert ben.token
    assert ada.token != ben.token


async def test_who_has_a_token_is_given_no_other(ada: Caller) -> None:
    room_id = await ada.starts()
    reply = await ada.call("POST", f"/api/conversations/{room_id}/join")
    assert reply.body.get("token", ada.token) == ada.token
    assert reply.body["role"] == "owner"


async def test_a_token_is_proof_in_every_place_it_can_be_given(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    joined = await ben.joins_over_rest(room_id)
    in_auth, in_join = person("Ben in auth"), person("Ben in join_room")
    await in_auth.connect(auth={"token": ben.token})
    acks = [
        await in_auth.ask("join_room", {"room_id": room_id}),
        await in_join.join(room_id, token=ben.token, username="Ben"),
    ]
    again = await ben.joins_over_rest(room_id)
    assert [reply["user_id"] for reply in (*acks, again)] == [joined["user_id"]] * 3


async def test_the_token_of_a_socket_is_good_over_rest(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ben.join(room_id)
    status, _ = await ben.call(
        "POST", f"/api/conversations/{room_id}/messages", {"message": "From my program"}
    )
    assert status == 201


async def test_one_session_is_a_different_person_in_each_conversation(
    ada: Caller, ben: Caller
) -> None:
    rooms = [await ada.starts(), await ada.starts()]
    first = await ben.joins(rooms[0], user_id="ben-1", username="Ben")
    second = await ben.joins(rooms[1], user_id="ben-2", username="Benedict")
    assert (first["user_id"], second["user_id"]) == ("ben-1", "ben-2")


async def test_an_unknown_token_does_not_connect(person: People) -> None:
    mallory = person("Mallory")
    with pytest.raises(socketio.exceptions.ConnectionError):
        await mallory.connect(auth={"token": "nonsense"})


@pytest.mark.parametrize("token", [17, [], {}, "x" * 129])
async def test_a_token_of_a_wrong_form_does_not_connect(person: People, token: object) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        await person("Mallory").connect(auth={"token": token})


async def test_a_refused_token_in_a_join_leaves_the_socket_who_it_was(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    first = await ben.join(room_id)
    refused = await ben.ask("join_room", {"room_id": room_id, "token": "nonsense"})
    assert refused["code"] == "forbidden"
    assert (await ben.join(room_id))["user_id"] == first["user_id"]


async def test_a_token_is_not_kept_as_it_is(app: Parley, ada: Caller) -> None:
    await ada.starts()
    assert ada.token is not None
    rows = await app.database.read(
        lambda connection: connection.exec_driver_sql("SELECT * FROM sessions").all()
    )
    assert ada.token not in str(rows)


# --- user_ids ---


async def test_a_second_session_cannot_take_a_user_id(person: People) -> None:
    ada, ben, mallory = person("Ada"), person("Ben"), await person("Mallory").connect()
    room_id = await ada.starts()
    await ben.join(room_id, user_id="ben-1")
    ack = await mallory.ask("join_room", {"room_id": room_id, "user_id": "ben-1"})
    assert ack["code"] == "identity_taken"


async def test_a_user_id_stays_taken_after_its_holder_left(person: People) -> None:
    ada, ben, mallory = person("Ada"), person("Ben"), await person("Mallory").connect()
    room_id = await ada.starts()
    await ben.join(room_id, user_id="ben-1")
    await ben.call("GET", f"/api/conversations/{room_id}")  # with the token: it is proven
    await ben.ask("leave_room", {"room_id": room_id})
    ack = await mallory.ask("join_room", {"room_id": room_id, "user_id": "ben-1"})
    assert ack["code"] == "identity_taken"


async def test_a_session_has_one_user_id_in_a_conversation(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ben.join(room_id, user_id="ben-1")
    ack = await ben.ask("join_room", {"room_id": room_id, "user_id": "ben-2"})
    assert ack["code"] == "identity_mismatch"


async def test_user_ids_differ_by_case_and_form(ada: Caller, app: Parley) -> None:
    room_id = await ada.starts()
    for user_id in ("ben", "Ben", "caf\u00e9", "cafe\u0301"):
        joined = await Caller(app, "Ben").joins(room_id, user_id=user_id)
        assert joined["user_id"] == user_id


async def test_the_name_a_client_repeats_may_be_written_as_it_was_given(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ben.join(room_id, username="  Ben   Cafe\u0301 ")
    assert (await ben.say(room_id, "Hello", username="  Ben   Cafe\u0301 "))["ok"]


# --- taking up what was never proven ---


async def test_a_socket_without_credential_takes_up_what_was_joined_over_rest(
    person: People,
) -> None:
    ada, ben, mallory = person("Ada"), person("Ben"), await person("Mallory").connect()
    room_id = await ada.starts()
    await ben.joins_over_rest(room_id, user_id="ben-1")
    ack = await ben.join(room_id, user_id="ben-1")
    assert ack["user_id"] == "ben-1"
    again = await mallory.ask("join_room", {"room_id": room_id, "user_id": "ben-1"})
    assert again["code"] == "identity_taken"  # he is on it


async def test_the_token_of_the_rest_join_wins_back_what_was_taken_up(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ben.joins_over_rest(room_id, user_id="ben-1")
    mallory = person("Mallory")
    await mallory.join(room_id, user_id="ben-1")
    status, _ = await ben.call(
        "POST", f"/api/conversations/{room_id}/messages", {"message": "Hello"}
    )
    assert status == 201
    assert (await mallory.hears("removed"))["reason"] == "taken_back"
    assert (await mallory.say(room_id, "I am Ben"))["code"] == "not_joined"


async def test_a_used_token_guards_against_being_taken_up(person: People) -> None:
    ada, ben, mallory = person("Ada"), person("Ben"), await person("Mallory").connect()
    room_id = await ada.starts()
    await ben.joins_over_rest(room_id, user_id="ben-1")
    await ben.call("POST", f"/api/conversations/{room_id}/messages", {"message": "Mine"})
    ack = await mallory.ask("join_room", {"room_id": room_id, "user_id": "ben-1"})
    assert ack["code"] == "identity_taken"


async def test_a_socket_with_a_credential_takes_up_nobody(person: People) -> None:
    ada, ben, mallory = person("Ada"), person("Ben"), person("Mallory")
    room_id = await ada.starts()
    await ben.joins_over_rest(room_id, user_id="ben-1")
    await mallory.starts()
    await mallory.connect(auth={"token": mallory.token})
    ack = await mallory.ask("join_room", {"room_id": room_id, "user_id": "ben-1"})
    assert ack["code"] == "identity_taken"


async def test_who_forgot_the_token_joins_over_rest_again(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    for _ in range(2):
        reply = await ben.call("POST", f"/api/conversations/{room_id}/join", {"user_id": "ben-1"})
        assert (reply.status, reply.body["user_id"]) == (200, "ben-1")


# --- owners ---


async def test_naming_the_creators_user_id_makes_no_owner(person: People) -> None:
    ada, mallory = person("Ada"), person("Mallory")
    room_id = await ada.starts(user_id="ada-1")
    ack = await mallory.join(room_id, user_id="ada-1")
    assert ack["role"] == "member"
    status, reply = await mallory.call("POST", f"/api/conversations/{room_id}/end")
    assert (status, reply["code"]) == (403, "forbidden")


async def test_the_owner_joins_as_who_created_the_conversation(ada: Caller) -> None:
    room_id = await ada.starts(user_id="ada-1")
    joined = await ada.joins(room_id)
    assert (joined["user_id"], joined["role"]) == ("ada-1", "owner")


async def test_the_owner_of_one_conversation_does_not_end_another(
    ada: Caller, mallory: Caller
) -> None:
    room_id = await ada.starts()
    await mallory.starts()
    reply = await mallory.call("POST", f"/api/conversations/{room_id}/end")
    assert (reply.status, reply.body["code"]) == (403, "forbidden")


# --- cookies ---


@pytest.mark.parametrize("headers", [{"Origin": HERE}, {"Sec-Fetch-Site": "same-origin"}])
async def test_a_page_of_our_own_gets_a_cookie_and_no_token(
    ada: Caller, ben: Caller, headers: dict[str, str]
) -> None:
    created = await ada.call("POST", CREATE, headers=headers)
    room_id = created.body["room_id"]
    joined = await ben.call("POST", f"/api/conversations/{room_id}/join", headers=headers)
    for reply in (created, joined):
        assert "token" not in reply.body
        cookie = SimpleCookie(reply.headers["Set-Cookie"])[COOKIE]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert not cookie["secure"]


async def test_the_cookie_is_proof_from_a_page_of_our_own(app: Parley) -> None:
    ada = Caller(app, "Ada", cookies=True)
    page = {"Origin": HERE}
    created = await ada.call("POST", CREATE, headers=page)
    ended = await ada.call(
        "POST", f"/api/conversations/{created.body['room_id']}/end", headers=page
    )
    assert ended.status == 200
    assert "Set-Cookie" not in ended.headers


@pytest.mark.parametrize("origin", [FRONTEND, None], ids=["an allowed origin", "a program"])
async def test_the_cookie_is_no_proof_from_elsewhere(ada: Caller, origin: str | None) -> None:
    created = await ada.call("POST", CREATE, headers={"Origin": HERE})
    headers = {"Cookie": cookie_of(created)} | ({"Origin": origin} if origin else {})
    ended = await ada.call(
        "POST", f"/api/conversations/{created.body['room_id']}/end", headers=headers
    )
    assert (ended.status, ended.body["code"]) == (401, "token_required")


async def owner_with_a_cookie(ada: Person) -> tuple[str, str]:
    """Ada starts a conversation from a page of the server's own; its id, and her cookie."""
    room_id = await ada.starts()
    return room_id, f"{COOKIE}={ada.token}"


@each_transport
async def test_the_cookie_is_proof_on_a_socket_of_our_own_page(
    person: People, transports: tuple[str, ...]
) -> None:
    ada = person("Ada", transports)
    room_id, cookie = await owner_with_a_cookie(ada)
    await ada.connect(headers={"Cookie": cookie, "Origin": ada.url})
    ack = await ada.join(room_id)
    assert ack["role"] == "owner"
    assert "token" not in ack


@pytest.mark.parametrize("origin", [FRONTEND, None], ids=["an allowed origin", "no origin"])
async def test_the_cookie_is_no_proof_on_a_websocket_from_elsewhere(
    person: People, origin: str | None
) -> None:
    ada, mallory = person("Ada"), person("Mallory")
    room_id, cookie = await owner_with_a_cookie(ada)
    headers = {"Cookie": cookie} | ({"Origin": origin} if origin else {})
    await mallory.connect(headers=headers)
    assert (await mallory.join(room_id))["role"] == "member"


@each_transport
@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost:3001"])
async def test_a_page_of_a_foreign_origin_opens_no_socket(
    person: People, transports: tuple[str, ...], origin: str
) -> None:
    mallory = person("Mallory", transports)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await mallory.connect(headers={"Origin": origin})
