"""Who is an admin, and what nobody else may see or do."""

from __future__ import annotations

import asyncio
import itertools
import re
from datetime import timedelta

import pytest

from parley import contract
from parley.app import Parley, web_site
from parley.domain import accounts, admins, blocking
from parley.domain.admins import AT_COMMAND_LINE
from parley.errors import BadRequest
from parley.pages.admin import METHODS, PAGES
from parley.storage import admins as stored_admins
from tests import lasting
from tests.admins import Holder, admin, link, removed, signed_in
from tests.calls import FOREIGN, HERE, Caller, Json, Reply
from tests.effort import IS_EVERYTHING
from tests.security.test_rights import OF_ADMINS

pytestmark = lasting.in_one_loop
config, app, own_app = lasting.config, lasting.app, lasting.own_app

PATHS = [
    "/admin",
    "/admin/",
    "/admin/nothing/here",
    *(
        "/admin"
        + path.replace("<id>", "abc").replace("<report_id>", "1").replace("<invitation_id>", "1")
        for path in PAGES
        if path and "<path" not in path and path != "/"
    ),
]
OF_MODERATORS = {
    *("admin", "admin_waiting", "admin_reports", "admin_report", "admin_resolve_report"),
    *("admin_delete_reported", "admin_blocks", "admin_block", "admin_unblock", "admin_announce"),
}


async def reported(app: Parley) -> Json:
    """A conversation with a message that was reported."""
    ben = Caller(app, "Ben")
    room_id = await ben.starts("Tea")
    await ben.joins(room_id)
    said = await ben.says(room_id, "Buy now!")
    body = {"message_id": said["id"], "reason": "spam"}
    reply = await ben.call("POST", f"/api/conversations/{room_id}/reports", body)
    assert reply.status == 200, reply
    return {"room_id": room_id}


async def calls(who: Caller, name: str, ids: Json) -> Reply:
    path, body = OF_ADMINS[name]
    return await who.call(contract.CALLS[name].method, path.format(**ids), body)


def code_of(reply: Reply) -> str:
    return "ok" if reply.body["success"] else str(reply.body["code"])


# --- the link ---


async def test_looking_at_a_link_uses_nothing_up(app: Parley) -> None:
    path, ana = await link(app), await signed_in(app)
    for _ in range(2):
        page = await ana.http.get(path)
        assert page.status_code == 200
        assert "Become an admin" in await page.get_data(True)
    assert (await ana.page()).status == 404
    assert (await ana.post_form(path, {})).status == 303
    assert (await ana.page()).status == 200


async def test_a_link_works_once(app: Parley) -> None:
    path, ana, eve = await link(app), await signed_in(app), await signed_in(app)
    assert (await ana.post_form(path, {})).status == 303
    for who in (eve, ana):
        reply = await who.post_form(path, {})
        assert reply.status == 404
        assert "work any more" in reply.text
    assert (await eve.page()).status == 404


async def test_of_two_who_use_a_link_at_once_one_wins(app: Parley) -> None:
    path = await link(app)
    both = [await signed_in(app), await signed_in(app)]
    replies = await asyncio.gather(*(each.post_form(path, {}) for each in both))
    assert sorted(reply.status for reply in replies) == [303, 404]
    assert sorted([(await each.page()).status for each in both]) == [200, 404]


async def test_a_link_is_over_after_an_hour(app: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admins, "LINK_VALID_FOR", timedelta(0))
    path, ana = await link(app), await signed_in(app)
    assert (await ana.http.get(path)).status_code == 404
    assert (await ana.post_form(path, {})).status == 404


async def test_a_link_needs_somebody_who_is_signed_in_and_showed_it_lately(
    app: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await link(app)
    guest = Holder(app)
    await guest.starts()
    assert (await guest.post_form(path, {})).status == 403
    ana = await signed_in(app)
    with monkeypatch.context() as patch:
        patch.setattr(accounts, "CONFIRMED_FOR", timedelta(0))
        reply = await ana.post_form(path, {})
        assert reply.status == 403
        assert "Confirm that it" in reply.text
    # It was not used up by that.
    assert (await ana.post_form(path, {})).status == 303


async def test_a_link_is_used_by_no_other_site(app: Parley) -> None:
    path, ana = await link(app), await signed_in(app)
    assert (await ana.post_form(path, {}, origin=FOREIGN)).status == 403
    assert (await ana.post_form(path, {}, origin=None)).status == 403
    assert (await ana.page()).status == 404


async def test_who_knew_the_token_before_gains_nothing(app: Parley) -> None:
    ana = await signed_in(app)
    thief = Caller(app, "Eve")
    thief.token = ana.held
    assert (await ana.post_form(await link(app), {})).status == 303
    assert code_of(await calls(thief, "admin", {})) == "forbidden"
    assert thief.token != ana.held


async def test_links_are_not_found_by_guessing(app: Parley) -> None:
    ana = await signed_in(app)
    for guess in ("a", "a" * 32, "a" * 500, "..%2Fadmin"):
        assert (await ana.http.get(f"/admin-link/{guess}")).status_code == 404
        assert (await ana.post_form(f"/admin-link/{guess}", {})).status == 404


# --- there is nothing for others ---


async def same(one: Caller, method: str, path: str, **headers: str) -> None:
    """A path is answered as one that leads nowhere."""
    replies = []
    for asked in (path, "/nowhere" + path.removeprefix("/admin")):
        response = await one.http.open(  # type: ignore[call-arg]  # none is needed
            asked, method=method, headers=headers
        )
        kept = sorted(
            (name, value)
            for name, value in response.headers.items()
            if name.lower() not in ("date", "x-request-id", "content-length")
        )
        replies.append((response.status_code, kept, await response.get_data(False)))
    assert replies[0] == replies[1], (method, path, headers)
    assert replies[0][0] == 404


@pytest.mark.longer
async def test_the_page_is_as_any_unknown_one_for_everybody_else(
    own_app: Parley, subtests: pytest.Subtests
) -> None:
    stranger, guest, holder = Caller(own_app, "Zoe"), Holder(own_app), await signed_in(own_app)
    await guest.starts()
    was = await admin(own_app)
    await removed(own_app, 1)
    everybody = list(itertools.product(PATHS, (stranger, guest, holder, was)))
    for number, (path, who) in enumerate(everybody):
        with subtests.test(path):
            # By all its methods each path is asked for once: of four, by another one each time.
            is_whole = IS_EVERYTHING or number % 4 == number // 4 % 4
            for method in METHODS if is_whole else (("GET", "POST")[(number + number // 4) % 2],):
                await same(who, method, path)
            if is_whole:
                await same(who, "POST", path, Origin=HERE)
                await same(who, "POST", path, Origin=FOREIGN)
                await same(who, "GET", path, **{"Sec-Fetch-Site": "cross-site"})


async def test_a_huge_form_of_a_stranger_is_not_even_read(own_app: Parley) -> None:
    huge = {"text": "x" * (contract.FORM_MAX_BYTES + 1)}
    stranger, ana = Caller(own_app, "Zoe"), await admin(own_app)
    for origin in (HERE, None):
        assert (await stranger.post_form("/admin/announcement", huge, origin=origin)).status == 404
    assert (await ana.acts("/announcement", **huge)).status == 413
    assert (await ana.acts("/announcement", text="x" * 301)).status == 413


async def test_no_account_page_leads_there_but_an_admins(app: Parley) -> None:
    ana, ben = await admin(app), await signed_in(app)
    shown = [await (await who.http.get("/account")).get_data(True) for who in (ana, ben)]
    assert ['href="/admin"' in each for each in shown] == [True, False]


# --- calls ---


async def test_an_admin_may_do_all_of_it(own_app: Parley) -> None:
    ids = await reported(own_app)
    program = await (await admin(own_app)).program()
    for name in OF_ADMINS:
        reply = await calls(program, name, ids)
        # Nobody is on a socket there.
        expected = "not_found" if name == "admin_block_person" else "ok"
        assert code_of(reply) == expected, (name, reply)


async def test_a_moderator_may_do_what_concerns_abuse(own_app: Parley) -> None:
    ids = await reported(own_app)
    program = await (await admin(own_app, "moderator")).program()
    for name in OF_ADMINS:
        reply = await calls(program, name, ids)
        assert code_of(reply) == ("ok" if name in OF_MODERATORS else "forbidden"), (name, reply)
    overview = (await calls(program, "admin", ids)).body
    assert overview["role"] == "moderator"
    assert "storage" not in overview


async def test_others_learn_of_nothing_there_is(own_app: Parley) -> None:
    ids = await reported(own_app)
    nothing = {"room_id": "nothing"}
    was = await (await admin(own_app)).program()
    await removed(own_app, 1)
    ana = await (await signed_in(own_app)).program()
    guest = Caller(own_app, "Gil")
    await guest.starts()
    for name in OF_ADMINS:
        for there in (ids, nothing):
            assert code_of(await calls(Caller(own_app, "Zoe"), name, there)) == "token_required", (
                name
            )
            assert code_of(await calls(guest, name, there)) == "account_required", name
            for who in (ana, was):
                assert code_of(await calls(who, name, there)) == "forbidden", name


async def test_who_is_an_admin_no_more_is_refused_at_once(own_app: Parley) -> None:
    ana = await admin(own_app)
    program = await ana.program()
    assert (await ana.page("/conversations")).status == 200
    assert code_of(await calls(program, "admin_waiting", {})) == "ok"
    await removed(own_app, 1)
    assert (await ana.page("/conversations")).status == 404
    assert (await ana.acts("/announcement", text="Still here")).status == 404
    assert code_of(await calls(program, "admin_waiting", {})) == "forbidden"
    assert web_site(own_app).context.host.announcement is None


async def test_a_device_that_was_signed_out_is_nobodys(app: Parley) -> None:
    ana = await admin(app)
    program = await ana.program()
    assert code_of(await calls(program, "admin_waiting", {})) == "ok"
    assert (await ana.post_form("/account/sign-out-others", {})).status == 303
    assert code_of(await calls(program, "admin_waiting", {})) == "forbidden"
    held = Caller(app, "Eve")
    held.token = ana.held
    assert (await ana.post_form("/account/sign-out", {})).status == 303
    assert code_of(await calls(held, "admin_waiting", {})) == "forbidden"


async def test_all_but_the_overview_needs_a_passkey_or_a_code_shown_lately(
    own_app: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await reported(own_app)
    ana = await admin(own_app)
    program = await ana.program()
    monkeypatch.setattr(accounts, "CONFIRMED_FOR", timedelta(0))
    for name in OF_ADMINS:
        expected = "ok" if name in ("admin", "admin_waiting") else "confirmation_required"
        assert code_of(await calls(program, name, ids)) == expected, name
    assert (await ana.page()).status == 200
    replies = [await ana.page(path) for path in ("/conversations", "/reports", "/activity")]
    replies.append(await ana.acts("/blocks", network="192.0.2.7"))
    replies.append(await ana.acts("/conversations/{room_id}/end".format(**ids), sure="yes"))
    for reply in (*replies, await ana.acts("/announcement", text="Hello")):
        assert reply.status == 403
        assert "onfirm that it" in reply.text
        assert ids["room_id"] not in reply.text
        assert "Buy" not in reply.text
    assert web_site(own_app).context.host.announcement is None
    monkeypatch.undo()
    assert (await ana.page("/conversations")).status == 200


async def test_a_deleted_account_is_an_admin_no_more(own_app: Parley) -> None:
    ana = await admin(own_app)
    reply = await ana.post_form("/account/delete", {"messages": "delete"})
    assert reply.status == 303, reply
    found = await web_site(own_app).context.database.read(stored_admins.all_of_them)
    assert found == []


async def test_forms_of_other_sites_and_with_a_wrong_seal_do_nothing(own_app: Parley) -> None:
    ana = await admin(own_app)
    for origin, seal in ((FOREIGN, ""), (None, ""), (None, "forged"), ("null", "forged")):
        fields = {"text": "Boo", **({"page": seal} if seal else {})}
        reply = await ana.post_form("/admin/announcement", fields, origin=origin)
        assert reply.status in (400, 403, 404, 409), (origin, seal, reply.status)
        assert web_site(own_app).context.host.announcement is None


async def test_a_form_with_its_seal_works_where_browsers_say_nothing_of_where_it_is_from(
    own_app: Parley,
) -> None:
    ana, eve = await admin(own_app), await admin(own_app, label="Eve")
    [seal, *_] = re.findall(r'name="page" value="([^"]+)"', (await ana.page()).text)
    for origin in (None, "null"):
        fields = {"text": f"From {origin}", "page": seal}
        assert (await ana.post_form("/admin/announcement", fields, origin=origin)).status == 303
        announced = web_site(own_app).context.host.announcement
        assert announced is not None
        assert announced.text == f"From {origin}"
        # It is of nobody else's browser.
        assert (await eve.post_form("/admin/announcement", fields, origin=origin)).status == 403


async def test_what_is_not_there_is_not_found(own_app: Parley) -> None:
    ana = await admin(own_app)
    program = await ana.program()
    for name, (path, body) in OF_ADMINS.items():
        if "{" not in path and "/1" not in path and name != "admin_unblock":
            continue
        for id in ("nothing", "0", "-1", "9" * 30, "%00", "a" * 300):
            at = path.replace("{room_id}", id).replace("/1", f"/{id}")
            reply = await program.call(contract.CALLS[name].method, at, body)
            assert reply.status == 404, (name, id, reply)
    for path in (
        "/conversations/nothing",
        "/conversations/%00",
        "/conversations?find=" + "a" * 300,
    ):
        assert (await ana.page(path)).status in (303, 404)
    for path in ("/reports/9/resolve", "/invitations/x/revoke", "/conversations/nothing/end"):
        assert (await ana.acts(path, sure="yes")).status == 404


async def test_wrong_places_in_a_list_are_told(own_app: Parley) -> None:
    program = await (await admin(own_app)).program()
    for query in (
        *(f"conversations?cursor={each}" for each in ("x", "-1", "1.5", "9" * 30, "%00", "%D9%A3")),
        *("conversations?limit=0", "conversations?limit=201", "conversations?state=deleted"),
        *("acts?before=x", "reports?state=old", "reports?limit=101", "blocks?limit=0"),
    ):
        reply = await program.call("GET", f"/api/admin/{query}")
        assert (reply.status, code_of(reply)) == (400, "bad_request"), query


async def test_nobody_blocks_themselves(own_app: Parley) -> None:
    context = web_site(own_app).context
    for network, place in (
        ("192.0.2.0/24", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::/32", "2001:db8::/64"),
    ):
        with pytest.raises(BadRequest, match="block you"):
            await blocking.block(context, network, by=AT_COMMAND_LINE, asks_from=place)
        await blocking.block(context, network, by=AT_COMMAND_LINE, asks_from="198.51.100.1")
