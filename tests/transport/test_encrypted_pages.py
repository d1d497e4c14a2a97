"""The pages of an encrypted conversation as the server gives them: none says what is in it."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from parley.app import Parley
from parley.client.encryption import Epoch, Person, Sealer, begin
from parley.contract import ENCRYPTED_PAGE_MAX_CHARS, STATE_MAX_CHARS
from tests import lasting
from tests.calls import Caller
from tests.encryption.members import new_key
from tests.encryption.talk import encrypted, new_epoch, read_proof

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


@pytest.fixture
def ben(app: Parley) -> Caller:
    return Caller(app, "Ben", cookies=True)


async def sealed_talk(ada: Caller) -> tuple[str, Epoch, str]:
    """Ada's, with one message: its room id, its key, and the message as it was sent."""
    epoch = new_epoch()
    made = await ada.call("POST", "/api/conversations/create", encrypted(epoch))
    room_id = made.body["room_id"]
    ada.token = made.body["token"]
    joined = await ada.call("POST", f"/api/conversations/{room_id}/join", {"username": "Ada <b>"})
    sealer = Sealer(epoch, epoch.room, Person.generate(), joined.body["user_id"])
    envelope = sealer.seal(b'{"text": "Canary"}', client_id="a-1")
    body = {"message": envelope, "type": "encrypted", "client_id": "a-1"}
    sent = await ada.call("POST", f"/api/conversations/{room_id}/messages", body)
    assert sent.status == 201, sent
    return room_id, epoch, envelope


async def test_who_has_no_key_is_asked_for_it(ada: Caller, ben: Caller) -> None:
    room_id, _, envelope = await sealed_talk(ada)
    for path in (f"/conversation/{room_id}", f"/conversation/{room_id}/key"):
        page = await ben.call("GET", path)
        assert page.status == 403
        assert "This conversation is encrypted" in page.text
        assert 'id="unlock"' in page.text
        assert envelope not in page.text
        assert "Ada" not in page.text


async def test_who_showed_the_proof_gets_what_only_the_browser_can_open(
    ada: Caller, ben: Caller
) -> None:
    room_id, epoch, envelope = await sealed_talk(ada)
    entered = await ben.call(
        "POST",
        f"/api/conversations/{room_id}/enter",
        {"read_proof": read_proof(epoch)},
        headers={"Parley-Page": "1", "Origin": "http://localhost"},
    )
    assert entered.status == 200, entered
    page = await ben.call("GET", f"/conversation/{room_id}")
    assert page.status == 200
    given = re.search(r'data-envelopes="([^"]*)"', page.text)
    assert given is not None
    [message] = json.loads(unescape(given[1]))
    assert (message["message"], message["type"]) == (envelope, "encrypted")
    assert page.text.count(envelope) == 1
    assert "/encrypted.js" in page.text
    for missing in ('/export"', '/files"', "qr.svg", "data-worker"):
        assert missing not in page.text, missing
    key = await ben.call("GET", f"/conversation/{room_id}/key")
    assert (key.status, 'id="unlock"' in key.text) == (200, True)


async def test_an_open_one_has_no_page_for_a_key(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    reply = await ben.call("GET", f"/conversation/{room_id}/key")
    assert (reply.status, reply.headers["Location"]) == (303, f"/conversation/{room_id}")
    assert (await ben.call("GET", "/conversation/nowhere/key")).status == 404


async def test_its_owner_is_offered_what_works_there(ada: Caller) -> None:
    room_id, _, _ = await sealed_talk(ada)
    page = await ada.call("GET", f"/conversation/{room_id}/manage")
    assert page.status == 200
    # What could send a title, or let somebody in without the key.
    ways = ("/manage/title", 'id="passphrase"', 'name="knock"', 'id="main-link"', 'id="role"')
    for missing in ways:
        assert missing not in page.text, missing
    assert '<form class="stack" id="sealed-about" method="dialog"' in page.text
    assert "Copy it in the conversation" in page.text


async def test_its_owner_is_told_only_of_what_is_offered_there(ada: Caller, ben: Caller) -> None:
    room_id, epoch, _ = await sealed_talk(ada)
    entered = await ben.call(
        "POST",
        f"/api/conversations/{room_id}/enter",
        {"read_proof": read_proof(epoch)},
        headers={"Parley-Page": "1", "Origin": "http://localhost"},
    )
    assert entered.status == 200, entered
    page = await ada.call("GET", f"/conversation/{room_id}/manage")
    assert "No one new can join. People already here stay." in page.text
    assert "reading without a name. Replace the link to remove them." in page.text
    for absent in ("a link you create below", "Change the passphrase"):
        assert absent not in page.text


@pytest.mark.parametrize(("page", "choice"), [("export", "Export…"), ("files", "Files")])
async def test_what_the_browser_alone_can_make_is_refused_with_the_way_to_it(
    ada: Caller, page: str, choice: str
) -> None:
    room_id, _, _ = await sealed_talk(ada)
    refused = await ada.call("GET", f"/conversation/{room_id}/{page}")
    assert refused.status == 409
    assert f"open the conversation and choose {choice}" in refused.text
    assert f'href="/conversation/{room_id}">Back to the conversation' in refused.text


async def test_its_search_page_takes_no_words(ada: Caller) -> None:
    room_id, _, _ = await sealed_talk(ada)
    for path in (f"/conversation/{room_id}/search", f"/conversation/{room_id}/search?q=canary"):
        page = await ada.call("GET", path)
        assert page.status == 200
        main = page.text.partition("<main")[2].partition("</main>")[0]
        assert "what you type stays in your browser" in main
        assert "<form" not in main
        assert "canary" not in page.text.lower()


async def test_a_page_of_history_holds_more_of_what_is_longer_than_what_it_says(
    ada: Caller,
) -> None:
    room_id, epoch, _ = await sealed_talk(ada)
    joined = await ada.call("POST", f"/api/conversations/{room_id}/join", {"username": "Ada"})
    sealer = Sealer(epoch, epoch.room, Person.generate(), joined.body["user_id"])
    path = f"/api/conversations/{room_id}/messages"

    async def say(text: str, client_id: str) -> None:
        envelope = sealer.seal(json.dumps({"text": text}).encode(), client_id=client_id)
        body = {"message": envelope, "type": "encrypted", "client_id": client_id}
        sent = await ada.call("POST", path, body)
        assert sent.status == 201, sent

    short = STATE_MAX_CHARS // 579 + 20
    for number in range(short):
        await say("Tea", f"short-{number}")
    page = (await ada.call("GET", f"{path}?limit=200")).body
    assert (len(page["messages"]), page["has_more"]) == (short + 1, False)
    for number in range(8):
        await say("x" * 40_000, f"long-{number}")
    page = (await ada.call("GET", f"{path}?limit=200")).body
    assert page["has_more"]
    chars = sum(len(each["message"]) for each in page["messages"])
    assert STATE_MAX_CHARS < chars <= ENCRYPTED_PAGE_MAX_CHARS


async def test_pages_say_which_key_it_has(ada: Caller, ben: Caller) -> None:
    room_id, epoch, _ = await sealed_talk(ada)

    async def told() -> tuple[list[str], list[str]]:
        mine = (await ada.call("GET", f"/conversation/{room_id}")).text
        asked = (await ben.call("GET", f"/conversation/{room_id}/key")).text
        where = r'<{} class="[^"]*" id="{}"[^>]* data-epoch="(\d+)"'
        return (
            re.findall(where.format("main", "conversation"), mine),
            re.findall(where.format("section", "door"), asked),
        )

    assert await told() == (["0"], ["0"])
    begun, record = begin(Person.generate(), epoch, epoch.room, [])
    path = f"/api/conversations/{room_id}/epochs"
    assert (await ada.call("POST", path, new_key(begun, record))).status == 201
    assert await told() == (["1"], ["1"])
    # Where the key is there and the proof was shown, it is asked for as well.
    key = (await ada.call("GET", f"/conversation/{room_id}/key")).text
    assert 'data-epoch="1"' in key
    plain = (await ada.call("GET", f"/conversation/{await ada.starts()}")).text
    assert "data-epoch" not in plain
