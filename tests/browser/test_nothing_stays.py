"""What is over is gone from the device, as far as the device can know of it."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

from parley.contract import OWN_PAGE_DEFAULT
from tests.browser.conftest import Arrive
from tests.browser.making_files import payload
from tests.browser.test_files import chooses
from tests.browser.test_offline import CHANGED, keeps, path_of
from tests.browser.test_worker import comes_true
from tests.browser.visitor import SLOW_MS, Visitor

pytestmark = pytest.mark.with_worker

SECRET = "The key is under the mat"
ALL_OF_IT = (SECRET, "Hush", "Half a thought", "Tell nobody", "plan.txt", "a file")
ALL_THAT_IS_KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const { pathname } = new URL(request.url);
      found.push(pathname);
      if (!pathname.startsWith("/static/")) found.push(await (await cache.match(request)).text());
    }
  }
  for (const { name } of await indexedDB.databases()) {
    const opened = indexedDB.open(name);
    const database = await new Promise((done) => (opened.onsuccess = () => done(opened.result)));
    for (const store of database.objectStoreNames) {
      const asked = database.transaction(store).objectStore(store).getAll();
      const kept = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
      found.push(JSON.stringify(kept), ...kept.filter(({ blob }) => blob).map(() => "a file"));
    }
    database.close();
  }
  found.push(JSON.stringify(localStorage), JSON.stringify(sessionStorage));
  return found.join(" ");
}"""

LIST_THAT_IS_KEPT = """async () => {
  const kept = await caches.match("/", { ignoreVary: true });
  return kept ? kept.text() : "";
}"""


def knows_none(visitor: Visitor, *words: str) -> None:
    said = f"({ALL_THAT_IS_KEPT})().then((all) => !{list(words)}.some((it) => all.includes(it)))"
    comes_true(visitor.page, said)


def is_told(ada: Visitor, ben: Visitor, title: str = "Hush") -> str:
    """The link of a conversation of Ada's that is kept on Ben's device in every place; he has
    begun to write in it.
    """
    link = owns_with_a_secret(ada, title)
    ben.comes(link)
    keeps(ben, path_of(link))
    ben.opens("/")
    keeps(ben, "/")
    # Not only an older one, of which another end was tried before.
    comes_true(ben.page, f"({LIST_THAT_IS_KEPT})().then((list) => list.includes('{room(link)}'))")
    ben.opens(link)
    ben.is_connected()
    ben.says("I'll look")
    comes_true(
        ben.page, f'({ALL_THAT_IS_KEPT})().then((all) => all.includes(\'"roomId":"{room(link)}"\'))'
    )
    chooses(ben, payload("plan.txt", b"The plan"))
    ben.composer.fill("Half a thought")
    for each in ("Half a thought", "plan.txt", "a file"):
        comes_true(ben.page, f"({ALL_THAT_IS_KEPT})().then((all) => all.includes({each!r}))")
    return link


def owns_with_a_secret(ada: Visitor, title: str = "Hush") -> str:
    """The link of what Ada has said, who looks at no page of it."""
    link = ada.owns(title)
    asks(ada, "POST", f"{room(link)}/join", username=ada.name)
    asks(ada, "POST", f"{room(link)}/messages", message=SECRET)
    return link


def room(link: str) -> str:
    return link.rsplit("/", 1)[1]


def asks(visitor: Visitor, method: str, path: str, **fields: object) -> requests.Response:
    answer = requests.request(
        method,
        f"{visitor.url}/api/conversations/{path}",
        json=fields,
        headers={"Authorization": f"Bearer {visitor.session()}"},
        timeout=SLOW_MS / 1000,
    )
    answer.raise_for_status()
    return answer


def leaves(ada: Visitor, ben: Visitor, link: str) -> None:
    ben.page.get_by_role("button", name="Leave").click()
    expect(ben.page.get_by_role("heading", name="You left")).to_be_visible()


def leaves_from_the_list(ada: Visitor, ben: Visitor, link: str) -> None:
    ben.opens("/")
    ben.page.get_by_role("button", name="Leave").click()
    expect(ben.page.get_by_text("You left")).to_be_visible()


def is_removed(ada: Visitor, ben: Visitor, link: str) -> None:
    asks(ada, "POST", f"{room(link)}/remove", user_id=user_id(ben))
    expect(ben.page.locator("#gone")).to_be_visible()


def is_deleted(ada: Visitor, ben: Visitor, link: str) -> None:
    asks(ada, "DELETE", room(link))
    expect(ben.page.locator("#gone")).to_be_visible()


def is_deleted_while_away(ada: Visitor, ben: Visitor, link: str) -> None:
    ben.page.goto("about:blank")
    asks(ada, "DELETE", room(link))
    ben.opens("/")


def is_removed_while_away(ada: Visitor, ben: Visitor, link: str) -> None:
    removed = user_id(ben)
    ben.page.goto("about:blank")
    asks(ada, "POST", f"{room(link)}/remove", user_id=removed)
    ben.opens(link)


def is_removed_with_words_unsent(ada: Visitor, ben: Visitor, link: str) -> None:
    removed = user_id(ben)
    ben.context.set_offline(True)
    ben.sends("Tell nobody")
    ben.has_badge("Offline")
    asks(ada, "POST", f"{room(link)}/remove", user_id=removed)
    ben.context.set_offline(False)
    expect(ben.page.locator("#conversation")).to_have_count(0)


def is_deleted_while_away_with_words_unsent(ada: Visitor, ben: Visitor, link: str) -> None:
    ben.context.set_offline(True)
    ben.sends("Tell nobody")
    ben.has_badge("Offline")
    comes_true(ben.page, f"({ALL_THAT_IS_KEPT})().then((all) => all.includes('Tell nobody'))")
    ben.page.goto("about:blank")
    asks(ada, "DELETE", room(link))
    ben.context.set_offline(False)
    ben.opens("/")


def user_id(visitor: Visitor) -> str:
    found: str = visitor.page.evaluate("document.querySelector('#conversation').dataset.userId")
    return found


ENDS = [
    leaves,
    leaves_from_the_list,
    is_removed,
    is_deleted,
    is_deleted_while_away,
    is_removed_while_away,
    is_removed_with_words_unsent,
    is_deleted_while_away_with_words_unsent,
]


def test_nothing_stays_of_what_is_over(
    ada: Visitor, ben: Visitor, subtests: pytest.Subtests
) -> None:
    """One end after the other on one device, which has its worker and its scripts by then."""
    ben.may_meet("status 40", "Failed to load resource", "WebSocket", "socket.io", "ERR_")
    for end in ENDS:
        with subtests.test(end.__name__):
            link = is_told(ada, ben)
            end(ada, ben, link)
            knows_none(ben, *ALL_OF_IT, room(link))
            # Nor is it kept again when the page goes.
            ben.opens("/conversations")
            knows_none(ben, *ALL_OF_IT, room(link))


def test_nothing_stays_in_another_tab_or_of_another_link(ada: Visitor, ben: Visitor) -> None:
    ben.may_meet("status 40", "Failed to load resource")
    link, removed = is_told(ada, ben), user_id(ben)
    ada.opens(link)
    other_tab = ben.opens_another_tab()
    other_tab.locator("#message").fill("Half a thought, too")
    comes_true(ben.page, f"({ALL_THAT_IS_KEPT})().then((all) => all.includes('thought, too'))")
    answer = asks(ada, "POST", f"{room(link)}/link")
    now = answer.json()["room_id"]
    for tab in (ada.page, ben.page, other_tab):
        tab.wait_for_url(f"**/{now}")
    ada.is_connected()
    ada.says("Under another link")
    # As it is kept when the page is put away.
    ben.page.evaluate(CHANGED, f"/conversation/{now}")
    keeps(ben, f"/conversation/{now}")
    asks(ada, "POST", f"{now}/remove", user_id=removed)
    for tab in (ben.page, other_tab):
        expect(tab.locator("#gone")).to_be_visible()
    knows_none(ben, *ALL_OF_IT, room(link), now)
    other_tab.close()
    ben.opens("/conversations")
    knows_none(ben, *ALL_OF_IT, room(link), now)


def test_nothing_stays_where_the_list_goes_on(ada: Visitor, ben: Visitor) -> None:
    ben.may_meet("status 404", "Failed to load resource")
    link = is_told(ada, ben)
    own = ben.starts("Long ago")
    ben.says("Still mine")
    keeps(ben, path_of(own))
    for number in range(OWN_PAGE_DEFAULT + 1):
        other = ada.owns(f"Number {number}")
        asks(ada, "POST", f"{room(other)}/join", username="Ada")
        asks(ben, "POST", f"{room(other)}/join", username="Ben")
        asks(ada, "POST", f"{room(other)}/messages", message="Hello")
    is_deleted_while_away(ada, ben, link)
    expect(ben.page.locator("#own-older")).to_be_visible()
    assert room(own) not in ben.page.locator("#own-rows").inner_html()
    knows_none(ben, *ALL_OF_IT, room(link))
    keeps(ben, path_of(own))
    keeps(ben, "/")


def test_what_one_only_reads_is_not_kept(ada: Visitor, arrive: Arrive) -> None:
    link = owns_with_a_secret(ada)
    cleo = arrive("Cleo")
    cleo.opens("/")
    keeps(cleo, "/")
    cleo.opens(link)
    cleo.reads(SECRET)
    cleo.opens("/")
    knows_none(cleo, SECRET, room(link))


def test_others_stay(ada: Visitor, ben: Visitor) -> None:
    kept = owns_with_a_secret(ada, "Tea")
    ben.comes(kept)
    keeps(ben, path_of(kept))
    leaves(ada, ben, is_told(ada, ben))
    ben.opens("/")
    keeps(ben, "/")
    keeps(ben, path_of(kept))
