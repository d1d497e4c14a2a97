"""The admin's pages as a browser without scripts has them."""

from __future__ import annotations

import re

import pytest

from parley.app import Parley, web_site
from tests.admins import Holder, admin, removed
from tests.calls import Caller, Json


@pytest.fixture
async def ana(app: Parley) -> Holder:
    return await admin(app)


async def tea(app: Parley) -> Json:
    """A conversation with a message that was reported."""
    ben = Caller(app, "Ben")
    room_id = await ben.starts("Tea & <cake>")
    await ben.joins(room_id)
    said = await ben.says(room_id, "Buy <b>now</b>!")
    body = {"message_id": said["id"], "reason": "spam", "words": "Again & again"}
    await ben.call("POST", f"/api/conversations/{room_id}/reports", body)
    return {"room_id": room_id, "owner": ben, "message_id": said["id"]}


async def shown(ana: Holder, path: str = "") -> str:
    reply = await ana.page(path)
    assert reply.status == 200, reply
    assert reply.headers["Cache-Control"] == "no-store"
    return reply.text


async def done(ana: Holder, app: Parley) -> list[str]:
    """What the list of what was done says, the newest first."""
    acts = (await (await ana.program()).call("GET", "/api/admin/acts")).body["acts"]
    return [f"{each['who']} {each['act']} {each['about']}".strip() for each in acts]


async def test_the_overview_counts(ana: Holder, app: Parley) -> None:
    await tea(app)
    page = await shown(ana)
    for said in ("Conversations</dt><dd>1 active", "Accounts</dt><dd>1 ", "Disk left", "Process 0"):
        assert said in page
    assert re.search(r'id="waiting">1</span>', page)


async def test_conversations_are_listed_and_found(ana: Holder, app: Parley) -> None:
    room_id = (await tea(app))["room_id"]
    page = await shown(ana, "/conversations")
    assert "Tea &amp; &lt;cake&gt;" in page
    assert "Buy" not in page
    for sought in (room_id, f"http://localhost/conversation/{room_id}?at=1"):
        reply = await ana.http.get("/admin/conversations", query_string={"find": sought})
        assert reply.headers["Location"] == f"/admin/conversations/{room_id}"
    page = await shown(ana, f"/conversations/{room_id}")
    assert "Ben" in page
    assert "Buy" not in page
    assert "None." in await shown(ana, "/conversations?state=ended")


async def test_pages_go_on_where_the_last_ended(ana: Holder, app: Parley) -> None:
    ben = Caller(app, "Ben")
    for number in range(4):
        await ben.starts(f"Talk {number}")
    page = await shown(ana, "/conversations?limit=3")
    assert [f"Talk {n}" in page for n in range(4)] == [False, True, True, True]
    [more] = re.findall(r'href="(/admin/conversations\?state=all&amp;cursor=\d+)"', page)
    page = await shown(ana, more.replace("/admin", "").replace("&amp;", "&"))
    assert "Talk 0" in page
    assert "Talk 1" not in page


async def test_a_conversation_is_ended_once_asked(ana: Holder, app: Parley) -> None:
    here = await tea(app)
    path = f"/conversations/{here['room_id']}"
    reply = await ana.acts(f"{path}/end")
    assert "End this conversation?" in reply.text
    assert not (await here["owner"].reads(here["room_id"])).get("ended_at")
    reply = await ana.acts(f"{path}/end", sure="yes")
    assert reply.headers["Location"] == f"/admin{path}?done=ended"
    assert "The conversation was ended." in await shown(ana, f"{path}?done=ended")
    assert (await here["owner"].reads(here["room_id"])).get("ended_at")
    assert (await ana.acts(f"{path}/end", sure="yes")).status == 410
    assert (await done(ana, app))[0] == f"Ada ended {here['room_id']}"
    acts = await here["owner"].call("GET", f"/api/conversations/{here['room_id']}/acts")
    assert acts.body["acts"][0]["who"] == "The host"


async def test_a_conversation_is_deleted_by_who_types_how_its_id_begins(
    ana: Holder, app: Parley
) -> None:
    here = await tea(app)
    room_id = here["room_id"]
    path = f"/conversations/{room_id}/delete"
    assert f"<code>{room_id[:6]}</code>" in (await ana.acts(path)).text
    for typed in ("", room_id[:5], room_id, "delete"):
        reply = await ana.acts(path, typed=typed)
        assert reply.status == 400
        assert "Nothing was deleted" in reply.text
    reply = await ana.acts(path, typed=room_id[:6])
    assert reply.headers["Location"] == "/admin/conversations?done=deleted"
    gone = await here["owner"].call("GET", f"/api/conversations/{room_id}")
    assert gone.status == 404
    assert (await done(ana, app))[0] == f"Ada deleted {room_id}"


async def test_an_owner_link_makes_an_owner(ana: Holder, app: Parley) -> None:
    room_id = (await tea(app))["room_id"]
    reply = await ana.acts(f"/conversations/{room_id}/owner-link")
    [code] = re.findall(r"/link/([\w-]+)", reply.text)[:1]
    zoe = Caller(app, "Zoe")
    used = await zoe.call("POST", f"/api/links/{code}", {})
    assert used.status == 200, used
    zoe.token = used.body["token"]
    assert (await zoe.call("GET", f"/api/conversations/{room_id}/manage")).status == 200
    assert (await done(ana, app))[0] == f"Ada made_owner_link {room_id}"


async def test_a_reported_message_is_deleted_and_the_report_resolved(
    ana: Holder, app: Parley
) -> None:
    here = await tea(app)
    page = await shown(ana, "/reports")
    assert "Buy &lt;b&gt;now&lt;/b&gt;!" in page
    assert "Again &amp; again" in page
    reply = await ana.acts("/reports/1/delete-message")
    assert "Delete this message?" in reply.text
    await ana.acts("/reports/1/delete-message", sure="yes")
    read = await here["owner"].reads(here["room_id"])
    assert [each["message"] for each in read["messages"]] == [""]
    # What was reported stays to be seen.
    assert "Buy &lt;b&gt;" in await shown(ana, "/reports")
    reply = await ana.acts("/reports/1/resolve")
    assert reply.headers["Location"] == "/admin/reports?done=resolved"
    assert "No open reports." in await shown(ana, "/reports")
    assert "resolved" in await shown(ana, "/reports?state=all")
    assert [each.partition(" ")[2].split()[0] for each in (await done(ana, app))[:2]] == [
        "resolved_report",
        "deleted_message",
    ]


async def test_blocks_are_made_and_lifted(ana: Holder, app: Parley) -> None:
    reply = await ana.acts("/blocks", network="192.0.2.0/24", note="Spam & more")
    assert reply.headers["Location"] == "/admin/blocks?done=blocked"
    page = await shown(ana, "/blocks")
    assert "192.0.2.0/24" in page
    assert "Spam &amp; more" in page
    assert web_site(app).context.host.is_blocked("192.0.2.9")
    reply = await ana.acts("/blocks", network="not one", note="kept")
    assert reply.status == 400
    assert 'value="kept"' in reply.text
    await ana.acts("/unblock", network="192.0.2.0/24")
    assert not web_site(app).context.host.is_blocked("192.0.2.9")
    assert (await ana.acts("/unblock", network="192.0.2.0/24")).status == 404


async def test_an_announcement_is_shown_and_cleared(ana: Holder, app: Parley) -> None:
    assert (await ana.acts("/announcement", text="  ")).status == 400
    await ana.acts("/announcement", text="Down at 8 & back at 9")
    assert "Down at 8 &amp; back at 9" in await (await Caller(app, "Zoe").http.get("/")).get_data(
        True
    )
    await ana.acts("/announcement", text="Down at 8 & back at 9", clear="yes")
    assert web_site(app).context.host.announcement is None


async def test_invitations_are_made_shown_once_and_revoked(ana: Holder, app: Parley) -> None:
    reply = await ana.acts("/invitations", uses="2", days="", note="Friends")
    [code] = re.findall(r"\?invitation=([\w-]+)", reply.text)[:1]
    page = await shown(ana, "/invitations")
    assert code not in page
    assert "Friends" in page
    assert "Used 0 of 2" in page
    for wrong in ("many", "0", "-1", "1000000"):
        assert (await ana.acts("/invitations", uses=wrong, days="7")).status == 400
    await ana.acts("/invitations/1/revoke")
    assert "Revoked" in await shown(ana, "/invitations")
    assert (await ana.acts("/invitations/1/revoke")).status == 404


async def test_limits_and_what_was_done_are_shown(ana: Holder, app: Parley) -> None:
    assert "--limit-messages" in await shown(ana, "/limits")
    await ana.acts("/announcement", text="Hello")
    page = await shown(ana, "/activity")
    assert "announced <bdi>Hello</bdi>" in page
    assert "accepted the role of <bdi>admin</bdi>" in page


async def test_a_moderator_sees_what_is_theirs(app: Parley) -> None:
    mo = await admin(app, "moderator", "Mo")
    page = await shown(mo)
    assert "Storage" not in page
    assert "/admin/conversations" not in page
    for path in ("/conversations", "/invitations", "/limits", "/activity", "/conversations/abc"):
        reply = await mo.page(path)
        assert reply.status == 403, path
        assert "moderator" in reply.text
    await shown(mo, "/reports")
    await shown(mo, "/blocks")
    await removed(app, 1)
    assert (await mo.page("/reports")).status == 404


async def test_no_browser_keeps_what_only_admins_need(app: Parley) -> None:
    worker = await (await Caller(app, "Zoe").http.get("/worker.js")).get_data(True)
    assets = worker.partition("\n")[0]
    assert "manage" in assets
    assert "admin" not in assets
