"""Mail about new messages, from the address that is given to the click that stops it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from parley.app import Parley, create_app, web_site
from parley.config import Config
from parley.domain import calls
from parley.domain.context import Context
from parley.domain.mailing import Mailing, Shown
from parley.present import excerpt
from parley.records import Participant
from parley.storage import conversations, participants
from tests.calls import FOREIGN, Caller, Reply
from tests.cases import together
from tests.eventually import until
from tests.mail.postbox import Postbox, postbox, text_of, with_mail

BEN = "ben@example.org"
LATER = timedelta(hours=2)
ONE_CLICK = b"List-Unsubscribe=One-Click"
PLAIN = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def box() -> AsyncIterator[Postbox]:
    async with postbox() as opened:
        yield opened


@pytest.fixture
async def app(config: Config, box: Postbox) -> AsyncIterator[Parley]:
    app = create_app(with_mail(config, box.url))
    async with app.test_app():
        yield app


def link_in(box: Postbox, kind: str, address: str = BEN) -> str:
    """The path of a link in the last mail to an address."""
    [url] = re.findall(rf"http://localhost(/mail/{kind}/[\w-]+)", text_of(box.to(address)[-1]))
    return str(url)


async def wants(who: Caller, box: Postbox, address: str = BEN, *, words: bool = False) -> None:
    """They have mail go to an address, which confirms that in another browser."""
    reply = await who.call("PUT", "/api/mail", {"address": address, "words": words})
    assert reply.body == {
        "success": True,
        "state": "asked",
        "address": address,
        "words": words,
    }
    await until(lambda: len(box.to(address)) > 0)
    confirmed = await clicks(Caller(who.app, "A mail program"), link_in(box, "confirm", address))
    assert confirmed.status == 200
    assert "Address confirmed" in confirmed.text


async def clicks(who: Caller, path: str) -> Reply:
    """The button of the page behind a link."""
    page = await who.call("GET", path)
    assert page.status == 200, page
    assert f'action="{path}"' in page.text
    return await who.post_form(path, {})


async def hours_pass(app: Parley) -> None:
    """As the chore would, two hours later."""
    context: Context = web_site(app).context
    later = replace(context, clock=lambda: context.clock() + LATER)
    await Mailing(later, SHOWN).round()


SHOWN = Shown(
    title=lambda conversation: conversation.title,
    excerpt=excerpt,
    link=lambda conversation: f"http://localhost/conversation/{conversation.room_id}",
)


async def test_from_the_address_to_the_click_that_stops_it(
    ada: Caller, ben: Caller, box: Postbox
) -> None:
    room_id = await ada.starts("Tea")
    await ada.joins(room_id)
    await ben.joins(room_id)
    await wants(ben, box, words=True)
    await ada.says(room_id, "At *four*?")
    await hours_pass(ada.app)
    mail = box.to(BEN)[-1]
    assert "Ada: At four?" in text_of(mail)
    assert f"http://localhost/conversation/{room_id}" in text_of(mail)
    assert (await ben.call("GET", "/api/mail")).body["state"] == "confirmed"
    # What a mail program does when its own button is pressed.
    assert mail["List-Unsubscribe-Post"] == ONE_CLICK.decode()
    path = mail["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    program = Caller(ada.app, "A mail program")
    for _ in range(2):
        reply = await program.call("POST", path, raw=ONE_CLICK, headers=PLAIN)
        assert reply.status == 200, reply
        assert "Set-Cookie" not in reply.headers
    assert (await ben.call("GET", "/api/mail")).body == {"success": True, "state": "none"}
    await ada.says(room_id, "Still there?")
    await hours_pass(ada.app)
    assert len(box.mails) == 2


@together(
    "headers",
    [
        {},
        {"Origin": FOREIGN},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Cookie": "parley_session=nonsense"},
        {"Authorization": "Bearer nonsense"},
    ],
)
async def test_one_click_needs_nothing_but_its_code(
    ada: Caller, box: Postbox, headers: dict[str, str]
) -> None:
    box.mails.clear()
    guest = Caller(ada.app, "Ben")
    await guest.joins(await ada.starts())
    address = f"ben{len(box.envelopes)}@example.org"
    await guest.call("PUT", "/api/mail", {"address": address})
    await until(lambda: len(box.to(address)) > 0)
    path = link_in(box, "stop", address)
    program = Caller(ada.app, "A mail program")
    reply = await program.call("POST", path, raw=ONE_CLICK, headers=PLAIN | headers)
    assert reply.status == 200, reply
    assert (await guest.call("GET", "/api/mail")).body["state"] == "none"


async def test_a_call_that_was_missed_sends_none(
    ada: Caller, ben: Caller, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "UNHEARD", timedelta())
    room_id = await ada.starts("Tea")
    joined = await ada.joins(room_id)
    await ben.joins(room_id)
    await wants(ben, box, words=True)
    context = web_site(ada.app).context

    def who_calls(connection: sa.Connection) -> Participant:
        conversation = conversations.find(connection, room_id)
        assert conversation is not None
        found = participants.by_user(connection, conversation.id, joined["user_id"])
        assert found is not None
        return found

    caller = await context.database.read(who_calls)
    came = await calls.join(context, caller, calls.Sending(True, False, False, False))
    await calls.leave(context, caller.conversation_id, [came.peer])
    assert [each["type"] for each in (await ben.reads(room_id))["messages"]] == ["call"]
    await hours_pass(ada.app)
    assert len(box.mails) == 1
    await ada.says(room_id, "Call me")
    await hours_pass(ada.app)
    assert len(box.mails) == 2
    assert "Missed" not in text_of(box.to(BEN)[-1])


async def test_to_look_at_a_link_changes_nothing(ada: Caller, ben: Caller, box: Postbox) -> None:
    await ben.joins(await ada.starts())
    await ben.call("PUT", "/api/mail", {"address": BEN})
    await until(lambda: len(box.mails) > 0)
    for kind in ("confirm", "stop"):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert (await ada.call(method, link_in(box, kind))).status == 200
    assert (await ben.call("GET", "/api/mail")).body["state"] == "asked"


@together(("kind", "method"), [(k, m) for k in ("confirm", "stop") for m in ("GET", "POST")])
async def test_a_guessed_code_is_told_so(ada: Caller, kind: str, method: str) -> None:
    reply = await ada.call(method, f"/mail/{kind}/{'x' * 32}", headers={"Accept": "text/html"})
    assert reply.status == 404
    assert "This link doesn&#39;t work any more" in reply.text


async def test_the_page_works_without_javascript(app: Parley, box: Postbox) -> None:
    ben = Caller(app, "Ben", cookies=True)
    page = await ben.call("GET", "/mail")
    assert "Join or start a conversation in this browser first" in page.text
    await ben.post_form("/conversations", {"title": "Tea"})
    wrong = await ben.post_form("/mail", {"address": "<ben", "words": "on"})
    assert wrong.status == 400
    assert "an e-mail address" in wrong.text
    assert 'value="&lt;ben"' in wrong.text
    assert 'name="words" value="on" checked' in wrong.text
    done = await ben.post_form("/mail", {"address": BEN})
    assert (done.status, done.headers["Location"]) == (303, "/mail")
    assert "Not confirmed yet" in (await ben.call("GET", "/mail")).text
    await until(lambda: len(box.mails) > 0)
    await clicks(Caller(app, "A phone"), link_in(box, "confirm"))
    page = await ben.call("GET", "/mail")
    assert f'Mail goes to <b class="mail-address">{BEN}</b>' in page.text
    stopped = await ben.post_form("/mail/take-back", {})
    assert (stopped.status, stopped.headers["Location"]) == (303, "/mail")
    page = await ben.call("GET", "/mail")
    assert BEN not in page.text
    assert "Send me a link to confirm" in page.text


@together("path", ["/mail", "/mail/take-back"])
async def test_no_page_of_others_changes_it(app: Parley, path: str) -> None:
    ben = Caller(app, "Ben", cookies=True)
    await ben.post_form("/conversations", {"title": "Tea"})
    reply = await ben.post_form(path, {"address": "mallory@example.org"}, origin=FOREIGN)
    assert reply.status == 403
    assert "mallory" not in (await ben.call("GET", "/mail")).text


async def test_pages_of_mail_are_kept_by_nobody(ada: Caller, ben: Caller, box: Postbox) -> None:
    await ben.joins(await ada.starts())
    await ben.call("PUT", "/api/mail", {"address": BEN})
    await until(lambda: len(box.mails) > 0)
    for path in ("/mail", link_in(box, "confirm"), link_in(box, "stop")):
        headers = (await ben.call("GET", path)).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"


async def test_the_answer_is_the_same_whatever_is_known(
    ada: Caller, ben: Caller, box: Postbox
) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    await ben.joins(room_id)
    await wants(ben, box)
    answers = []
    for address in (BEN, "unknown@example.org", BEN, BEN):
        reply = await ada.call("PUT", "/api/mail", {"address": address})
        answers.append((reply.status, {**reply.body, "address": ""}))
    assert all(answer == answers[0] for answer in answers)
    # The one whose address it is learns nothing either, and keeps theirs.
    assert (await ben.call("GET", "/api/mail")).body["state"] == "confirmed"


@together(
    ("body", "code"),
    [
        ({"address": "ben@example.org\r\nBcc: x@example.org"}, "bad_request"),
        ({"address": "ben@example.org, x@example.org"}, "bad_request"),
        ({"address": '"ben"@example.org'}, "bad_request"),
        ({"address": "ben"}, "bad_request"),
        ({"address": "b" * 300 + "@example.org"}, "too_large"),
        ({"address": 1}, "bad_request"),
        ({}, "bad_request"),
    ],
)
async def test_what_is_no_address_is_refused(
    ada: Caller, box: Postbox, body: dict[str, object], code: str
) -> None:
    await ada.starts()
    reply = await ada.call("PUT", "/api/mail", body)
    assert reply.body["code"] == code
    assert (await ada.call("GET", "/api/mail")).body["state"] == "none"


async def test_a_stranger_is_told_what_is_missing(app: Parley) -> None:
    sam = Caller(app, "Sam")
    assert (await sam.call("GET", "/api/mail")).body["state"] == "none"
    for method, body in (("PUT", {"address": BEN}), ("DELETE", None)):
        reply = await sam.call(method, "/api/mail", body)
        assert (reply.status, reply.body["code"]) == (401, "token_required")


async def test_pages_lead_there(app: Parley) -> None:
    ben = Caller(app, "Ben", cookies=True)
    await ben.post_form("/conversations", {"title": "Tea"})
    for path in ("/", "/conversations"):
        assert 'href="/mail">Get e-mail about new messages' in (await ben.call("GET", path)).text


# --- without the setting ---


async def test_without_the_setting_nothing_of_it_is_seen(config: Config) -> None:
    app = create_app(config)
    async with app.test_app():
        ben = Caller(app, "Ben", cookies=True)
        await ben.post_form("/conversations", {"title": "Tea"})
        for path in ("/", "/conversations"):
            page = (await ben.call("GET", path)).text
            # A random token may well spell it.
            assert "mail" not in re.sub(r"[\w-]{22,}", "", page).lower()
        for method in ("GET", "POST"):
            for path in ("/mail", "/mail/take-back", "/mail/confirm/x", "/mail/stop/x"):
                reply = await ben.call(method, path, headers={"Origin": "http://localhost"})
                assert reply.status == 404, (method, path)
        for method in ("GET", "PUT", "DELETE", "PATCH", "POST"):
            reply = await ben.call(method, "/api/mail", {"address": BEN})
            assert (reply.status, reply.body["code"]) == (404, "not_found"), method
        document = (await ben.call("GET", "/openapi.json")).body
        assert "mail" not in str(document).lower()
