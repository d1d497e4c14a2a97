"""What every answer tells the browser that gets it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parley.app import Parley, create_app
from parley.config import Config
from parley.pages.policy import (
    PERMISSIONS_POLICY,
    WHERE_PEOPLE_CALL,
    WHERE_PEOPLE_SPEAK,
    page_policy,
)
from tests.calls import Caller, Reply
from tests.servers import Running, running

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; manifest-src 'self'; "
    "connect-src 'self' ws://localhost; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types parley"
)


@pytest.fixture
async def room_id(ada: Caller) -> str:
    return await ada.starts()


@pytest.fixture
def ada(app: Parley) -> Caller:
    return Caller(app, "Ada")


async def every_kind(ada: Caller, room_id: str) -> dict[str, Reply]:
    """An answer of each kind, by its address."""
    static = (await ada.call("GET", "/")).text.split('src="')[1].split('"')[0]
    addresses = [
        "/",
        "/conversations",
        f"/conversation/{room_id}",
        f"/conversation/{room_id}/end",
        f"/conversation/{room_id}/qr.svg",
        "/nowhere",
        "/conversation/nowhere",
        "/api/conversations",
        f"/api/conversations/{room_id}",
        "/api/nowhere",
        "/openapi.json",
        "/asyncapi.json",
        "/favicon.ico",
        "/apple-touch-icon.png",
        "/socket.io/?EIO=4&transport=polling",
        "/socket.io/?EIO=4&transport=polling&j=0",
        static,
    ]
    return {address: await ada.call("GET", address) for address in addresses}


async def test_every_answer_is_taken_for_what_it_is_and_for_nobody_else(
    ada: Caller, room_id: str
) -> None:
    for address, reply in (await every_kind(ada, room_id)).items():
        assert reply.headers["X-Content-Type-Options"] == "nosniff", address
        assert reply.headers["Referrer-Policy"] == "no-referrer", address
        assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin", address
        assert "Server" not in reply.headers, address


def test_only_conversations_may_ask_for_the_microphone() -> None:
    assert "microphone=()" in PERMISSIONS_POLICY
    assert "microphone=(self)" in WHERE_PEOPLE_SPEAK


def test_only_the_page_of_a_conversation_may_ask_for_camera_and_screen() -> None:
    for name in ("camera", "display-capture", "picture-in-picture", "screen-wake-lock"):
        assert f"{name}=()" in WHERE_PEOPLE_SPEAK
        assert f"{name}=(self)" in WHERE_PEOPLE_CALL


@pytest.mark.parametrize(("calls", "may"), [(True, "camera=(self)"), (False, "camera=()")])
async def test_where_nobody_calls_no_camera_is_asked_for(
    config: Config, calls: bool, may: str
) -> None:
    app = create_app(replace(config, calls=calls))
    try:
        async with app.test_app() as test_app:
            reply = await test_app.test_client().get("/conversation/nowhere")
            assert may in reply.headers["Permissions-Policy"].split(", ")
    finally:
        create_app(config)  # what this process says of calls is as it was


async def test_every_page_may_do_what_it_needs_and_no_more(ada: Caller, room_id: str) -> None:
    pages = 0
    for address, reply in (await every_kind(ada, room_id)).items():
        if reply.headers["Content-Type"].startswith("text/html"):
            pages += 1
            assert reply.headers["Content-Security-Policy"] == POLICY, address
            may = PERMISSIONS_POLICY
            if address.startswith("/conversation/"):
                is_its_page = address.count("/") == 2
                may = WHERE_PEOPLE_CALL if is_its_page else WHERE_PEOPLE_SPEAK
            assert reply.headers["Permissions-Policy"] == may, address
            assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin", address
            assert reply.headers["X-Frame-Options"] == "DENY", address
            assert reply.headers["Cache-Control"] == "no-store", address
        elif not address.startswith("/socket.io"):
            policy = reply.headers["Content-Security-Policy"]
            assert policy == "default-src 'none'; frame-ancestors 'none'; sandbox", address
    assert pages == 6


async def test_conversations_are_kept_by_nobody_and_found_by_no_search_engine(
    ada: Caller, room_id: str
) -> None:
    for address in (
        f"/conversation/{room_id}",
        f"/conversation/{room_id}/qr.svg",
        "/conversation/nowhere",
        f"/api/conversations/{room_id}",
        f"/api/conversations/{room_id}/messages",
    ):
        reply = await ada.call("GET", address)
        assert reply.headers["Cache-Control"] == "no-store", address
        assert reply.headers["X-Robots-Tag"] == "noindex, nofollow", address


async def test_a_redirect_carries_them_too(ada: Caller) -> None:
    reply = await ada.post_form("/conversations", {"title": "Tea"})
    assert reply.status == 303
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_off_means_off() -> None:
    names = [feature.split("=")[0] for feature in PERMISSIONS_POLICY.split(", ")]
    assert len(names) == len(set(names))
    for name in ("camera", "microphone", "geolocation", "payment", "usb", "clipboard-read"):
        assert f"{name}=()" in PERMISSIONS_POLICY
    assert "clipboard-write=(self)" in PERMISSIONS_POLICY


@pytest.mark.parametrize(
    ("url", "sources"),
    [
        ("https://talk.example", "'self' wss://talk.example"),
        ("http://talk.example:8081", "'self' ws://talk.example:8081"),
        ("http://[::1]:8081", "'self'"),
        ("http://", "'self'"),
    ],
)
def test_the_policy_names_our_websockets(url: str, sources: str) -> None:
    assert f"connect-src {sources};" in page_policy(url)


async def test_frames_are_for_the_origins_of_the_settings(config: Config) -> None:
    embedding = ("https://board.example", "https://wiki.example:8443")
    app = create_app(replace(config, embedding_origins=embedding))
    async with app.test_app():
        reply = await Caller(app, "Ada").call("GET", "/")
    policy = reply.headers["Content-Security-Policy"]
    assert "frame-ancestors https://board.example https://wiki.example:8443;" in policy
    assert "X-Frame-Options" not in reply.headers


async def test_over_plain_http_browsers_are_not_told_what_they_would_complain_of(
    config: Config,
) -> None:
    for name, told in (("talk.example", False), ("127.0.0.1:8081", True), ("[::1]", True)):
        async with running(replace(config, hosts=("talk.example",))) as server:
            assert (await _opener_policy(server, name)) is told


async def _opener_policy(server: Running, host: str) -> bool:
    reply = await Caller(server.app, "Ada").call("GET", "/", headers={"Host": host})
    return "Cross-Origin-Opener-Policy" in reply.headers


async def test_the_worker_may_ask_us_and_nobody_else(ada: Caller) -> None:
    reply = await ada.call("GET", "/worker.js")
    assert reply.headers["Content-Security-Policy"] == (
        "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
