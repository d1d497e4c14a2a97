"""Which pages may call the API: our own, the allowed origins', and no others."""

from __future__ import annotations

from dataclasses import replace

from parley import contract
from parley.app import create_app
from parley.config import Config
from tests import lasting
from tests.calls import FOREIGN, FRONTEND, HERE, Caller
from tests.cases import together

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

CREATE = "/api/conversations/create"
ALLOWED = [FRONTEND, "http://127.0.0.1:3000"]
STRANGERS = [
    FOREIGN,
    "null",
    "http://localhost:3001",
    "https://localhost:3000",
    "http://localhost:3000.mallory.example",
    "http://mallory.example/localhost:3000",
    "file://",
]


@together("origin", ALLOWED)
async def test_scripts_of_an_allowed_origin_read_replies(ada: Caller, origin: str) -> None:
    for method, path, status in [("POST", CREATE, 201), ("GET", "/api/conversations", 200)]:
        reply = await ada.call(method, path, headers={"Origin": origin})
        assert reply.status == status
        assert reply.headers["Access-Control-Allow-Origin"] == origin


async def test_scripts_of_an_allowed_origin_read_errors_too(ada: Caller) -> None:
    for path in ("/api/conversations/abc12345", "/api/nothing"):
        reply = await ada.call("GET", path, headers={"Origin": FRONTEND})
        assert reply.status == 404
        assert reply.headers["Access-Control-Allow-Origin"] == FRONTEND


@together("origin", ALLOWED)
async def test_an_allowed_origin_passes_the_preflight(ada: Caller, origin: str) -> None:
    reply = await ada.call(
        "OPTIONS",
        CREATE,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert reply.status in (200, 204)
    assert reply.headers["Access-Control-Allow-Origin"] == origin
    allowed = reply.headers["Access-Control-Allow-Methods"].split(", ")
    assert {call.method for call in contract.CALLS.values()} <= set(allowed)
    assert "content-type" in reply.headers["Access-Control-Allow-Headers"].lower()


async def test_an_allowed_origin_uses_no_cookies(ada: Caller) -> None:
    reply = await ada.call("POST", CREATE, headers={"Origin": FRONTEND})
    assert "Access-Control-Allow-Credentials" not in reply.headers


async def test_caches_keep_the_replies_to_different_origins_apart(ada: Caller) -> None:
    reply = await ada.call("GET", "/api/conversations", headers={"Origin": FRONTEND})
    assert "origin" in reply.headers["Vary"].lower()


@together("origin", STRANGERS)
async def test_a_foreign_page_changes_nothing(ada: Caller, mallory: Caller, origin: str) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    before = (await ada.call("GET", "/api/health")).body["total_conversations"]
    for call in ("create", f"{room_id}/join", f"{room_id}/end", f"{room_id}/messages"):
        reply = await mallory.call(
            "POST", f"/api/conversations/{call}", {"message": "x"}, headers={"Origin": origin}
        )
        assert (reply.status, reply.body["code"]) == (403, "origin_refused")
        assert "Access-Control-Allow-Origin" not in reply.headers
    after = (await ada.call("GET", "/api/health")).body["total_conversations"]
    assert after == before


@together("origin", STRANGERS)
async def test_a_foreign_page_does_not_read_the_reply(mallory: Caller, origin: str) -> None:
    reply = await mallory.call("GET", "/api/conversations", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in reply.headers


@together("origin", STRANGERS)
async def test_a_foreign_page_does_not_pass_the_preflight(mallory: Caller, origin: str) -> None:
    reply = await mallory.call(
        "OPTIONS",
        CREATE,
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )
    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_a_page_of_our_own_calls_the_api(ada: Caller) -> None:
    assert (await ada.call("POST", CREATE, headers={"Origin": HERE})).status == 201


async def test_a_page_of_the_public_url_calls_the_api(own_config: Config) -> None:
    app = create_app(replace(own_config, public_url="https://talk.example"))
    async with app.test_app():
        reply = await Caller(app, "Ada").call(
            "POST", CREATE, headers={"Host": "talk.example", "Origin": "https://talk.example"}
        )
    assert reply.status == 201


async def test_allowed_origins_are_those_of_the_settings(own_config: Config) -> None:
    app = create_app(replace(own_config, allowed_origins=("https://friend.example",)))
    async with app.test_app():
        ada = Caller(app, "Ada")
        friend = await ada.call("POST", CREATE, headers={"Origin": "https://friend.example"})
        former = await ada.call("POST", CREATE, headers={"Origin": FRONTEND})
    assert friend.headers["Access-Control-Allow-Origin"] == "https://friend.example"
    assert former.status == 403


async def test_with_no_allowed_origin_programs_and_own_pages_remain(own_config: Config) -> None:
    app = create_app(replace(own_config, allowed_origins=()))
    async with app.test_app():
        ada = Caller(app, "Ada")
        program = await ada.call("POST", CREATE)
        page = await ada.call("POST", CREATE, headers={"Origin": HERE})
        former = await ada.call("POST", CREATE, headers={"Origin": FRONTEND})
    assert [program.status, page.status, former.status] == [201, 201, 403]
    assert "Access-Control-Allow-Origin" not in former.headers
