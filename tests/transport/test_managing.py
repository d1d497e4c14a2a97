"""What owners find on their pages; and after an act in the list of people, the part it was in."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from parley.domain import people
from tests import lasting
from tests.calls import Caller, Reply

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

IN_STATE = 2
GUESTS = 5


@pytest.fixture(autouse=True)
def _few_go_on_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE_IN_STATE", IN_STATE)


@pytest_asyncio.fixture(loop_scope="module")
async def room_id(ada: Caller) -> str:
    """A conversation of Ada's with Guest 0 to Guest 4."""
    room_id = await ada.starts()
    for number in range(GUESTS):
        guest = Caller(ada.app, f"Guest {number}")
        await guest.joins(room_id, user_id=f"guest-{number}")
    return room_id


async def shown(ada: Caller, address: str) -> str:
    """The page at an address of the server, as text."""
    return (await ada.call("GET", address.partition("#")[0])).text


async def posts(who: Caller, path: str, form: dict[str, str]) -> Reply:
    """Send a form as somebody with a token."""
    headers = {"Authorization": f"Bearer {who.token}"}
    response = await who.http.post(path, form=form, headers=headers)
    return Reply(response.status_code, response.headers, await response.get_data(as_text=False))


async def presses(ada: Caller, page: str, act: str, user_id: str) -> Reply:
    """Send the form beside somebody, with all its fields but the seal: she has a token."""
    forms = re.findall(
        rf'<form method="post" action="([^"#]*/{act})#[^"]*">(.*?)</form>', page, re.DOTALL
    )
    for path, form in forms:
        fields = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', form))
        if fields["user_id"] == user_id:
            sent = {name: unescape(value) for name, value in fields.items() if name != "page"}
            return await posts(ada, path, sent)
    raise AssertionError(f"there is no form to {act} {user_id}")


async def test_removing_somebody_found_by_name_shows_the_search_again(
    ada: Caller, room_id: str
) -> None:
    page = await shown(ada, f"/conversation/{room_id}/manage?name=guest+3")
    reply = await presses(ada, page, "remove", "guest-3")
    assert reply.status == 303
    address = urlsplit(reply.headers["Location"])
    assert (address.fragment, parse_qs(address.query)["name"]) == ("people-title", ["guest 3"])
    page = await shown(ada, reply.headers["Location"])
    assert "<bdi>Guest 3</bdi> was removed." in page
    assert 'class="saved" role="status">Saved' not in page
    assert 'type="search" maxlength="64"' in page
    assert 'value="guest 3"' in page

    reply = await presses(ada, page, "let-back", "guest-3")
    page = await shown(ada, reply.headers["Location"])
    assert "<bdi>Guest 3</bdi> can rejoin." in page
    assert 'value="guest 3"' in page


async def test_removing_somebody_on_a_later_page_shows_that_page_again(
    ada: Caller, room_id: str
) -> None:
    first = await shown(ada, f"/conversation/{room_id}/manage")
    assert "Guest 4" not in first
    more = re.search(r'href="([^"]*)#people-title">Show more people', first)
    assert more is not None
    page = await shown(ada, unescape(more[1]))
    reply = await presses(ada, page, "remove", "guest-4")
    page = await shown(ada, reply.headers["Location"])
    assert "<bdi>Guest 4</bdi> was removed." in page
    assert 'value="guest-2"' in page
    assert 'value="guest-0"' not in page


async def test_who_cannot_be_removed_leaves_the_search_as_it_was(ada: Caller, room_id: str) -> None:
    page = await shown(ada, f"/conversation/{room_id}/manage?name=guest+3")
    renamed = page.replace('value="guest-3"', 'value="nobody"')
    reply = await presses(ada, renamed, "remove", "nobody")
    assert reply.status == 404
    assert "No one in this conversation has this user_id" in reply.text
    assert 'value="guest 3"' in reply.text


async def test_the_founder_is_asked_before_handing_over(ada: Caller, room_id: str) -> None:
    await ada.joins(room_id, user_id="ada-1")
    guest = Caller(ada.app, "Heir")
    await guest.joins(room_id, user_id="heir-1")
    path = f"/conversation/{room_id}/manage"
    page = await shown(ada, f"{path}?name=heir")
    # There is no proof yet that it is them.
    assert "hand-over" not in page
    await guest.call("GET", "/api/mine")
    page = await shown(ada, f"{path}?name=heir")
    asked = await presses(ada, page, "hand-over", "heir-1")
    assert asked.status == 200
    assert "Hand over to Heir?" in asked.text
    headers = {"Authorization": f"Bearer {ada.token}"}
    form = {"user_id": "heir-1", "sure": "yes"}
    done = await ada.http.post(f"{path}/hand-over", form=form, headers=headers)
    assert done.status_code == 303
    page = await shown(ada, f"{path}?saved=hand-over&who=heir-1&name=heir")
    assert "<bdi>Heir</bdi> is the founder now." in page
    assert "hand-over" not in page
    assert "made the founder: Heir" in page
    assert "hand-over" in await shown(guest, f"{path}?name=ada")


async def test_roles_are_given_and_given_up_by_forms(ada: Caller, room_id: str) -> None:
    await ada.joins(room_id, user_id="ada-1")
    olga = Caller(ada.app, "Olga")
    await olga.joins(room_id, user_id="olga-1")
    path = f"/conversation/{room_id}/manage"
    # There is no proof yet that it is them.
    assert "Make owner" not in await shown(ada, f"{path}?name=olga")
    await olga.call("GET", "/api/mine")
    made = (
        ("owner", "Make Olga an owner?", "an owner"),
        ("founder", "Make Olga a founder?", "a founder"),
    )
    for role, question, words in made:
        form = {"user_id": "olga-1", "role": role, "name": "olga"}
        asked = await posts(ada, f"{path}/role", form)
        assert question in asked.text
        reply = await posts(ada, f"{path}/role", {**form, "sure": "yes"})
        page = await shown(ada, reply.headers["Location"])
        assert f"<bdi>Olga</bdi> is {words} now." in page
    assert '<span class="row-facts">founder</span>' in page
    assert "Remove" not in page.partition('id="links"')[0].partition('id="people-title"')[2]
    own = {"user_id": "ada-1", "role": "owner", "name": "ada"}
    assert "Step down?" in (await posts(ada, f"{path}/role", own)).text
    reply = await posts(ada, f"{path}/role", {**own, "sure": "yes"})
    assert "is an owner now" in await shown(ada, reply.headers["Location"])
    # Who steps down as an owner has nothing to manage any more.
    reply = await posts(ada, f"{path}/role", {**own, "role": "member", "sure": "yes"})
    assert reply.headers["Location"] == f"/conversation/{room_id}"
    page = await shown(olga, path)
    for words in ("made an owner: Olga", "made a founder: Olga", "</b> stepped down"):
        assert words in page
    form = {"user_id": "olga-1", "role": "member", "sure": "yes"}
    refused = await posts(olga, f"{path}/role", form)
    assert refused.status == 400
    assert "You are the only founder." in refused.text


async def test_an_owner_on_another_device_is_not_said_to_have_started_it(
    ada: Caller, ben: Caller
) -> None:
    room_id = await ada.starts()
    made = await ada.call("POST", f"/api/conversations/{room_id}/links", {"role": "owner"})
    used = await ben.call("POST", f"/api/links/{made.body['url'].rsplit('/', 1)[1]}")
    ben.token = used.body["token"]
    page = await shown(ben, f"/conversation/{room_id}")
    assert "This is your conversation. Enter your name to join." in page
    assert "started" not in page


async def test_a_link_makes_the_page_say_of_nobody_that_they_were_removed(
    ada: Caller, room_id: str
) -> None:
    for who in ("guest-1", "Mallory"):
        page = await shown(ada, f"/conversation/{room_id}/manage?saved=remove&who={who}")
        assert "was removed" not in page


async def sends(ada: Caller, room_id: str, act: str, **fields: str) -> Reply:
    """A form of the page, with her token for the cookie."""
    headers = {"Authorization": f"Bearer {ada.token}"}
    path = f"/conversation/{room_id}/manage/{act}"
    response = await ada.http.post(path, form=fields, headers=headers)
    return Reply(response.status_code, response.headers, await response.get_data(as_text=False))


def section(page: str, id: str) -> str:
    """One section of the page."""
    found = re.search(rf'<section[^>]* aria-labelledby="{id}">.*?</section>', page, re.DOTALL)
    assert found is not None, id
    return found[0]


@pytest.mark.parametrize(
    ("act", "id", "fields", "stays"),
    [
        ("title", "about", {"title": "x" * 201, "description": "Bring a lamp"}, "Bring a lamp"),
        ("door", "access", {"knock": "on", "passphrase": "x" * 201}, 'name="knock" checked'),
        ("link", "links", {"role": "reader", "label": "x" * 65}, "<details class=.* open>"),
    ],
)
async def test_what_a_form_was_refused_for_is_told_in_its_section(
    ada: Caller, act: str, id: str, fields: dict[str, str], stays: str
) -> None:
    room_id = await ada.starts()
    reply = await sends(ada, room_id, act, **fields)
    assert reply.status == 413
    assert reply.text.count('role="alert"') == 1
    assert 'role="alert"' in section(reply.text, id)
    assert re.search(stays, section(reply.text, id))
    assert all(value in unescape(section(reply.text, id)) for value in fields.values())


@pytest.mark.parametrize(
    ("act", "fields", "id", "words"),
    [
        ("title", {"title": "Tea"}, "about", "Saved."),
        ("door", {"locked": "on"}, "access", "Saved."),
        ("keep", {"keep_days": "0"}, "danger", "Saved."),
        ("replace-link", {}, "links", "The link was replaced."),
    ],
)
async def test_what_was_done_is_told_in_its_section(
    ada: Caller, act: str, fields: dict[str, str], id: str, words: str
) -> None:
    room_id = await ada.starts()
    reply = await sends(ada, room_id, act, **fields)
    assert reply.status == 303
    assert urlsplit(reply.headers["Location"]).fragment == id
    page = await shown(ada, reply.headers["Location"])
    assert page.count('class="saved"') == 1
    assert words in section(page, id)


async def test_what_cannot_be_undone_is_asked_about_first(ada: Caller) -> None:
    room_id = await ada.starts()
    made = await ada.call("POST", f"/api/conversations/{room_id}/links", {"role": "reader"})
    for act, fields, title in (
        ("keep", {"keep_days": "30"}, "Delete older messages?"),
        ("keep", {"keep_days": "7"}, "Delete older messages?"),
        ("revoke", {"id": made.body["link"]["id"]}, "Revoke this link?"),
    ):
        asked = await sends(ada, room_id, act, **fields)
        assert (asked.status, f"<h1>{title}</h1>" in asked.text) == (200, True)
        managed = (await ada.call("GET", f"/api/conversations/{room_id}/manage")).body
        assert managed["keep_days"] != int(fields.get("keep_days", -1))
        assert all("revoked_at" not in link for link in managed["links"])
        again = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', asked.text))
        del again["page"]
        assert (await sends(ada, room_id, act, **again)).status == 303
    for harmless in ("30", "365", "0"):  # each is longer than what holds
        assert (await sends(ada, room_id, "keep", keep_days=harmless)).status == 303
    managed = (await ada.call("GET", f"/api/conversations/{room_id}/manage")).body
    assert managed["links"][0]["revoked_at"]


async def test_strangers_are_not_asked_anything(ada: Caller, mallory: Caller) -> None:
    room_id = await ada.starts()
    await mallory.joins(room_id)
    for act, fields in (("keep", {"keep_days": "7"}), ("revoke", {"id": "1"})):
        refused = await sends(mallory, room_id, act, **fields)
        assert (refused.status, "?</h1>" in refused.text) == (403, False)
