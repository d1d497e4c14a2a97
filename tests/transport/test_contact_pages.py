"""Contact links and invitations as browsers without scripts have them."""

from __future__ import annotations

import re
from html import unescape

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import FOREIGN, Caller
from tests.passkeys import Browser

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


@pytest.fixture
def ben(app: Parley) -> Browser:
    return Browser(app)


@pytest.fixture
def ada(app: Parley) -> Browser:
    return Browser(app)


async def looks(who: Caller, path: str) -> str:
    reply = await who.http.get(path)
    assert reply.status_code == 200, path
    return unescape(await reply.get_data(True))


async def owns(who: Browser, title: str = "Lake", name: str | None = "Ada") -> str:
    reply = await who.post_form("/conversations", {"title": title})
    room_id = reply.headers["Location"].split("/")[2].partition("#")[0]
    if name is not None:
        await who.post_form(f"/conversation/{room_id}/join", {"username": name})
    return room_id


async def has_link(who: Browser) -> str:
    """An account with a contact link; its path."""
    await who.post_form("/account/start", {"name": "Ben"})
    reply = await who.post_form("/account/contact-link", {})
    assert reply.headers["Location"] == "/account?done=contact-link#contact"
    [code] = re.findall(r"/contact/([A-Za-z0-9_-]{16})\"", await looks(who, "/account"))[:1]
    return f"/contact/{code}"


def invitations_in(page: str) -> list[tuple[str, str]]:
    """Who invites, and where to; what the page's script makes others of is none."""
    return re.findall(
        r'data-part="by" dir="auto">([^<]+)</b> invites you to <b [^>]*>([^<]+)</b>', page
    )


async def test_an_owner_invites_in_manage_and_the_invited_accepts(
    ada: Browser, ben: Browser
) -> None:
    room_id, link = await owns(ada), await has_link(ben)
    manage = f"/conversation/{room_id}/manage"
    assert "Their contact link" in await looks(ada, manage)
    form = {"contact": f"http://localhost{link}"}
    reply = await ada.post_form(f"{manage}/invite", form)
    assert reply.status == 303
    page = await looks(ada, reply.headers["Location"].partition("#")[0])
    assert "Sent, if that link is valid." in page
    assert "invited someone by a contact link" in page
    for path in ("/", "/conversations"):
        page = await looks(ben, path)
        assert invitations_in(page) == [("Ada", "Lake")]
        assert room_id not in page
    [accept] = re.findall(r'action="(/contact/invites/[^"/]+/accept)"', page)
    reply = await ben.post_form(accept, {})
    assert (reply.status, reply.headers["Location"]) == (303, f"/conversation/{room_id}")
    assert not invitations_in(await looks(ben, "/conversations"))


async def test_what_is_no_link_is_told_at_its_place_with_what_was_written(ada: Browser) -> None:
    room_id = await owns(ada)
    reply = await ada.post_form(f"/conversation/{room_id}/manage/invite", {"contact": "no link"})
    assert reply.status == 400
    assert "This isn&#39;t a contact link." in reply.text
    assert 'value="no link"' in reply.text


async def test_whoever_opens_a_contact_link_chooses_one_of_their_conversations(
    ada: Browser, ben: Browser
) -> None:
    room_id, link = await owns(ada), await has_link(ben)
    page = await looks(ada, link)
    assert "Lake" in page
    reply = await ada.post_form(link, {"room_id": room_id})
    assert "Sent, if that link is valid" in reply.text
    assert invitations_in(await looks(ben, "/"))
    # Of nobody's link the page is the same.
    other = "/contact/" + "A" * 16
    assert (await looks(ada, other)).replace(other, link) == page
    assert "Ask them to copy it once more." in await looks(ada, "/contact/x")
    stranger = Browser(ada.app)
    assert "You own no conversation in this browser" in await looks(stranger, link)
    reply = await stranger.post_form(link, {"room_id": room_id})
    assert reply.status == 403


async def test_an_owner_without_a_name_is_told_to_enter_one(ada: Browser, ben: Browser) -> None:
    room_id, link = await owns(ada, name=None), await has_link(ben)
    reply = await ada.post_form(link, {"room_id": room_id})
    assert reply.status == 403
    assert "Enter a name in the conversation first" in reply.text
    reply = await ada.post_form(f"/conversation/{room_id}/manage/invite", {"contact": link})
    assert reply.status == 403
    assert "Enter a name in the conversation first" in reply.text


async def test_blocking_is_asked_about_and_can_be_taken_back(ada: Browser, ben: Browser) -> None:
    room_id, link = await owns(ada), await has_link(ben)
    await ada.post_form(link, {"room_id": room_id})
    [block] = re.findall(r'action="(/contact/invites/[^"/]+/block)"', await looks(ben, "/"))
    asked = await ben.post_form(block, {})
    assert "Block Ada?" in asked.text
    assert invitations_in(await looks(ben, "/"))
    reply = await ben.post_form(block, {"sure": "yes"})
    assert reply.headers["Location"] == "/conversations"
    assert not invitations_in(await looks(ben, "/"))
    page = await looks(ben, "/account")
    [unblock] = re.findall(r'action="(/account/blocked/\d+/unblock)#contact"', page)
    reply = await ben.post_form(unblock, {})
    assert reply.headers["Location"] == "/account?done=unblocked#contact"
    assert "/unblock" not in await looks(ben, "/account")


async def test_a_contact_link_is_off_until_it_is_made_and_once_it_is_turned_off(
    ben: Browser,
) -> None:
    await ben.post_form("/account/start", {"name": "Ben"})
    assert "Create a contact link" in await looks(ben, "/account")
    await ben.post_form("/account/contact-link", {})
    assert "Turn it off" in await looks(ben, "/account")
    await ben.post_form("/account/contact-link/remove", {})
    assert "Create a contact link" in await looks(ben, "/account")


async def test_other_sites_forms_and_strangers_do_nothing(ada: Browser, ben: Browser) -> None:
    room_id, link = await owns(ada), await has_link(ben)
    reply = await ada.post_form(link, {"room_id": room_id}, origin=FOREIGN)
    assert reply.status == 403
    assert not invitations_in(await looks(ben, "/"))
    await ada.post_form(link, {"room_id": room_id})
    for answer in ("accept", "decline", "block"):
        [path] = re.findall(rf'action="(/contact/invites/[^"/]+/{answer})"', await looks(ben, "/"))
        fields = {"sure": "yes"}
        assert (await ben.post_form(path, fields, origin=FOREIGN)).status == 403
        assert (await ada.post_form(path, fields)).status == 403
    for form in ("contact-link", "contact-link/remove"):
        assert (await ada.post_form(f"/account/{form}", {})).status == 403
    assert invitations_in(await looks(ben, "/"))


async def test_an_encrypted_conversation_says_to_send_the_link(ada: Browser, ben: Browser) -> None:
    start = {"encrypted": True, "read_proof_hash": "A" * 43}
    made = await ada.call("POST", "/api/conversations/create", start)
    room_id, link = made.body["room_id"], await has_link(ben)
    page = await looks(ada, f"/conversation/{room_id}/manage")
    assert "send them the link" in page
    assert "Their contact link" not in page
    assert room_id not in await looks(ada, link)
    reply = await ada.post_form(f"/conversation/{room_id}/manage/invite", {"contact": link})
    assert reply.status == 409
    assert "send them its link instead" in reply.text


async def test_what_an_invitation_says_is_no_markup(ada: Browser, ben: Browser) -> None:
    room_id = await owns(ada, title="<i>Lake</i>", name="<b>Ada</b>")
    link = await has_link(ben)
    await ada.post_form(link, {"room_id": room_id})
    page = (await ben.call("GET", "/conversations")).text
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "<i>Lake" not in page
