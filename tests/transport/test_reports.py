"""Reports over REST, and on the page where owners decide."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller
from tests.transport.test_encrypted_pages import sealed_talk

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


@pytest.fixture
def ben(app: Parley) -> Caller:
    return Caller(app, "Ben")


async def talk(ada: Caller, ben: Caller) -> tuple[str, str]:
    """Where Ben said something: the path of its calls, and the message's id."""
    room_id = await ada.starts()
    await ben.joins(room_id, user_id="ben-1")
    path = f"/api/conversations/{room_id}"
    sent = await ben.call("POST", f"{path}/messages", {"message": "<b>Fools</b>, all"})
    return path, sent.body["id"]


async def test_an_owner_lists_them_and_is_not_told_by_whom(ada: Caller, ben: Caller) -> None:
    path, message_id = await talk(ada, ben)
    body = {"message_id": message_id, "reason": "abuse", "words": "Rude"}
    for who in (ben, Caller(ada.app, "Zoe")):
        reply = await who.call("POST", f"{path}/reports", body)
        assert (reply.status, reply.body) == (200, {"success": True})
    await ben.call("POST", f"{path}/reports", {"user_id": "ben-1", "reason": "spam"})
    reply = await ada.call("GET", f"{path}/reports?limit=1")
    [person] = reply.body["reports"]
    assert reply.body["has_more"] is True
    assert "message_id" not in person
    reply = await ada.call("GET", f"{path}/reports?before={person['id']}")
    [report] = reply.body["reports"]
    assert report["text"] == "<b>Fools</b>, all"
    assert (report["message_id"], report["files"], report["resolved"]) == (message_id, [], False)
    said = {"reason": "abuse", "words": "Rude"}
    assert report["complaints"] == [said, said]
    assert set(report) == {
        *("id", "at", "resolved", "user_id", "username", "complaints"),
        *("message_id", "seq", "sent_at", "text", "files"),
    }


async def test_it_is_resolved_once_and_listed_as_that(ada: Caller, ben: Caller) -> None:
    path, message_id = await talk(ada, ben)
    await ben.call("POST", f"{path}/reports", {"message_id": message_id, "reason": "other"})
    [report] = (await ada.call("GET", f"{path}/reports")).body["reports"]
    for _ in range(2):
        reply = await ada.call("POST", f"{path}/reports/{report['id']}/resolve")
        assert reply.status == 200
    assert (await ada.call("GET", f"{path}/reports")).body["reports"] == []
    for state in ("resolved", "all"):
        [found] = (await ada.call("GET", f"{path}/reports?state={state}")).body["reports"]
        assert found == {**report, "resolved": True}
    for none in ("999", "x", "-1", "9" * 30):
        assert (await ada.call("POST", f"{path}/reports/{none}/resolve")).status == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reason": "spam"}, "bad_request"),
        ({"reason": "spam", "user_id": "ben-1", "message_id": "1-x"}, "bad_request"),
        ({"reason": "boring", "user_id": "ben-1"}, "bad_request"),
        ({"user_id": "ben-1"}, "bad_request"),
        ({"reason": "spam", "user_id": "ben-1", "words": "x" * 1001}, "too_large"),
        ({"reason": "spam", "user_id": "ben-1", "words": "\0"}, "bad_request"),
        ({"reason": "spam", "user_id": "zoe"}, "not_found"),
    ],
)
async def test_what_is_no_report_is_told(
    ada: Caller, ben: Caller, body: dict[str, str], code: str
) -> None:
    path, _ = await talk(ada, ben)
    reply = await ben.call("POST", f"{path}/reports", body)
    assert reply.body["code"] == code
    assert (await ada.call("GET", f"{path}/reports")).body["reports"] == []


async def test_owners_see_them_where_they_decide_and_resolve_them(ada: Caller, ben: Caller) -> None:
    path, message_id = await talk(ada, ben)
    room_id = path.rpartition("/")[2]
    manage = f"/conversation/{room_id}/manage"
    assert 'id="reports"' not in (await ada.call("GET", manage)).text
    for who in (ben, ada):
        body = {"message_id": message_id, "reason": "abuse", "words": "So <i>rude</i>"}
        await who.call("POST", f"{path}/reports", body)
    page = (await ada.call("GET", manage)).text
    for shown in (
        "&lt;b&gt;Fools&lt;/b&gt;, all",
        "So &lt;i&gt;rude&lt;/i&gt;",
        "by 2 people",
        f"/conversation/{room_id}?at=",
    ):
        assert shown in page
    talk_page = (await ada.call("GET", f"/conversation/{room_id}")).text
    assert ">Manage (1 report)</a>" in talk_page
    assert "1 report" not in (await ben.call("GET", f"/conversation/{room_id}")).text
    [report] = (await ada.call("GET", f"{path}/reports")).body["reports"]
    headers = {"Authorization": f"Bearer {ada.token}"}
    form = {"id": str(report["id"])}
    done = await ada.http.post(f"{manage}/resolve", form=form, headers=headers)
    assert (done.status_code, done.headers["Location"]) == (303, f"{manage}?saved=resolve#reports")
    page = (await ada.call("GET", f"{manage}?{urlencode({'saved': 'resolve'})}")).text
    assert "The report was resolved." in page
    assert "resolved a report about Ben" in page
    assert "Fools" not in page


async def test_of_an_encrypted_message_there_is_the_reporters_word(ada: Caller) -> None:
    room_id, _, envelope = await sealed_talk(ada)
    path = f"/api/conversations/{room_id}"
    [message] = (await ada.call("GET", f"{path}/messages")).body["messages"]
    body = {"message_id": message["id"], "reason": "threat"}
    await ada.call("POST", f"{path}/reports", body)
    await ada.call("POST", f"{path}/reports", {**body, "text": "I know where you live"})
    told, untold = (await ada.call("GET", f"{path}/reports")).body["reports"]
    assert (told["text"], told["by_word"]) == ("I know where you live", True)
    assert (untold["text"], untold["by_word"]) == ("", True)
    page = (await ada.call("GET", f"/conversation/{room_id}/manage")).text
    assert "According to someone who reported it, it says:" in page
    assert envelope not in page


async def test_without_a_script_a_page_does_the_same(ada: Caller, ben: Caller) -> None:
    path, message_id = await talk(ada, ben)
    page = f"/conversation/{path.rpartition('/')[2]}/report"
    cleo = Caller(ada.app, "Cleo")
    assert (
        "Report a message by Ben" in (await cleo.call("GET", f"{page}?message={message_id}")).text
    )
    shown = (await cleo.call("GET", page)).text
    assert '<option value="ben-1">Ben</option>' in shown
    headers = {"Authorization": f"Bearer {ben.token}"}
    refused = await ben.http.post(page, form={"words": "<i>Hm"}, headers=headers)
    assert refused.status_code == 400
    assert "&lt;i&gt;Hm</textarea>" in await refused.get_data(as_text=True)
    for form in (
        {"message_id": message_id, "reason": "abuse", "words": "One\r\ntwo"},
        {"user_id": "ben-1", "reason": "spam"},
    ):
        done = await ben.http.post(page, form=form, headers=headers)
        assert done.status_code == 200
        assert "<h1>Reported</h1>" in await done.get_data(as_text=True)
    person, message = (await ada.call("GET", f"{path}/reports")).body["reports"]
    assert person["user_id"] == "ben-1"
    assert message["complaints"] == [{"reason": "abuse", "words": "One\ntwo"}]
