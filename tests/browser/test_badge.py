"""The number on the icon of what is installed."""

from __future__ import annotations

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding

IS_INSTALLED = """
window.badges = [];
navigator.setAppBadge = async count => { badges.push(count) };
navigator.clearAppBadge = async () => { badges.push(0) };
const real = matchMedia.bind(window);
window.matchMedia = asked => real(asked === "(display-mode: standalone)" ? "all" : asked);
"""
"""In private windows nothing can be installed: so it is said to be, and what its icon would show
is noted.
"""
PUTS_AWAY = """() => {
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

UNTIL_READ = """async () => {
  for (;;) {
    const mine = await (await fetch("/api/mine")).json();
    if (mine.conversations.filter(own => own.unread > 0).length === 1) return;
    await new Promise(done => setTimeout(done, 100));
  }
}"""


def test_the_icon_counts_conversations_with_something_new(seeding: Seeding, arrive: Arrive) -> None:
    hut, tea = (seeding.conversation(title, [Said("Ada", "Hello")]) for title in ("Hut", "Tea"))
    ben = arrive("Ben")
    for talk in (tea, hut):
        ben.comes(talk.link)
        ben.is_connected()
    ben.opens("/")
    ben.page.add_init_script(IS_INSTALLED)
    for talk in (hut, tea, tea):
        seeding.say(talk, "Ada", "And this?")
    ben.opens("/")
    ben.page.wait_for_function("() => badges.at(-1) === 2")
    ben.opens(tea.link)
    ben.page.wait_for_function("() => badges.length > 0")
    ben.is_connected()
    ben.page.evaluate(UNTIL_READ)
    ben.page.evaluate(PUTS_AWAY)
    ben.page.wait_for_function("() => badges.length > 1")
    assert ben.measures("badges.at(-1)") == 1
