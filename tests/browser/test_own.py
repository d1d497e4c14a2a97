"""Whoever comes back finds their conversations on the first page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import PHONE, Visitor


def test_whoever_comes_back_finds_their_conversations(ada: Visitor, arrive: Arrive) -> None:
    tea = ada.starts("Tea on Sunday")
    ben = arrive("Ben", **PHONE)
    ben.owns("Dinner " + "with everybody who was there last time " * 4)
    ben.comes(tea)
    ben.says("Who brings the cake?")
    ben.opens("/")
    own = ben.page.get_by_role("region", name="Your conversations").get_by_role("listitem")
    expect(own.first).to_have_text(
        "Tea on Sunday Ben: Who brings the cake? 1 message · Today Pin Leave", use_inner_text=True
    )
    expect(own.last).to_contain_text("owner")
    # On a phone what is new stands where the words begin.
    begins = own.last.evaluate(
        """row => {
          for (const mark of row.querySelectorAll(".row-mark")) mark.hidden = true;
          const unread = row.querySelector('[data-part="unread"]');
          unread.hidden = false;
          unread.textContent = "2 new";
          return [".row-title", ".row-news"].map(part =>
            Math.round(row.querySelector(part).getBoundingClientRect().left));
        }"""
    )
    assert begins[0] == begins[1]
    wide = ben.measures("document.documentElement.scrollWidth - screen.width")
    assert wide <= 0
    assert grave_faults(ben.page) == []
    own.first.get_by_role("link").click()
    ben.reads("Who brings the cake?")
    expect(ben.composer).to_be_visible()


def test_the_list_is_live_and_one_leaves_from_it(seeding: Seeding, arrive: Arrive) -> None:
    hut, tea = (seeding.conversation(title, [Said("Ada", "Hello")]) for title in ("Hut", "Tea"))
    ben = arrive("Ben")
    for talk in (tea, hut):
        ben.comes(talk.link)
        ben.is_connected()
    ben.opens("/")
    rows = ben.page.get_by_role("region", name="Your conversations").get_by_role("listitem")
    expect(rows).to_contain_text(["Tea", "Hut"])
    seeding.say(hut, "Ada", "Bring a lamp")
    expect(rows).to_contain_text(["Hut", "Tea"])
    seeding.say(tea, "Ada", "Milk or lemon?")
    seeding.say(tea, "Ada", "Both, then")
    expect(rows.first).to_have_text(
        "Tea 2 new Ada: Both, then 3 messages · Today Pin Leave", use_inner_text=True
    )
    assert grave_faults(ben.page) == []

    # Read on another of their devices, it is read here.
    phone = ben.context.new_page()
    phone.goto(tea.link)
    expect(rows.first).not_to_contain_text("2 new")
    phone.close()

    rows.first.get_by_role("button", name="Leave Tea").click()
    expect(rows).to_contain_text(["Hut"])
    expect(rows.first.get_by_role("link")).to_be_focused()
    expect(ben.page.get_by_role("status")).to_have_text("You left Tea. Open it again")
    ben.page.get_by_role("link", name="Open it again").click()
    ben.reads("Both, then")


def test_without_javascript_one_reads_and_leaves(seeding: Seeding, arrive: Arrive) -> None:
    tea = seeding.conversation("Tea", [Said("Ada", "Hello")])
    ben = arrive("Ben", java_script_enabled=False)
    ben.opens(tea.link)
    ben.page.get_by_label("Enter your name to join.").fill("Ben")
    ben.page.get_by_role("button", name="Join").click()
    seeding.say(tea, "Ada", "Milk?")
    ben.opens("/conversations")
    row = ben.page.get_by_role("region", name="Your conversations").get_by_role("listitem")
    expect(row).to_contain_text("1 new")
    with ben.page.expect_response("**/read?through=2"):
        ben.opens(tea.link)
    ben.opens("/conversations")
    expect(row).not_to_contain_text("1 new")
    ben.page.get_by_role("button", name="Leave Tea").click()
    expect(ben.page.get_by_role("heading", name="You left")).to_be_visible()
    ben.opens("/conversations")
    expect(ben.page.get_by_role("region", name="Your conversations")).to_have_count(0)


def test_older_conversations_are_a_press_away(seeding: Seeding, arrive: Arrive) -> None:
    first = seeding.conversation("Talk 0")
    token = first.tokens["owner"]
    for number in range(1, 43):
        seeding.start(f"Talk {number}", token)
    ada, plain = arrive("Ada"), arrive("Ada without scripts", java_script_enabled=False)
    for each in (ada, plain):
        each.has_session(token)
    ada.opens("/")
    own = ada.page.get_by_role("region", name="Your conversations")
    rows, older = own.get_by_role("listitem"), own.get_by_role("link", name="Older")
    expect(rows).to_have_count(20)
    older.click()
    expect(rows).to_have_count(40)
    expect(rows.nth(20).get_by_role("link")).to_be_focused()
    older.click()
    expect(rows).to_have_count(43)
    expect(older).to_have_count(0)
    expect(rows.last).to_contain_text("Talk 0")
    # What was shown late is live like the rest.
    seeding.join_many(first, ["Ada"], token)
    seeding.say(first, "owner", "Still here?")
    expect(rows.first).to_contain_text("Talk 0")
    assert grave_faults(ada.page) == []

    plain.opens("/conversations")
    own = plain.page.get_by_role("region", name="Your conversations")
    rows = own.get_by_role("listitem")
    expect(rows.first).to_contain_text("Talk 0")
    for title in ("Talk 23", "Talk 3"):
        own.get_by_role("link", name="Older").click()
        expect(rows.first).to_contain_text(title)
    expect(rows).to_have_count(3)
    expect(own.get_by_role("link", name="Older")).to_have_count(0)
    own.get_by_role("link", name="Newest").click()
    expect(rows).to_have_count(20)


def test_pins_keep_their_place_as_others_talk(seeding: Seeding, arrive: Arrive) -> None:
    hut, tea = (seeding.conversation(title, [Said("Ada", "Hello")]) for title in ("Hut", "Tea"))
    ben = arrive("Ben")
    for talk in (tea, hut):
        ben.comes(talk.link)
        ben.is_connected()
    ben.opens("/")
    rows = ben.page.locator("#own-rows > li")
    ben.page.get_by_role("button", name="Pin Tea").click()
    expect(rows).to_contain_text(["Tea", "Hut"])
    seeding.say(hut, "Ada", "Bring a lamp")
    expect(rows.last).to_contain_text("1 new")
    expect(rows).to_contain_text(["Tea", "Hut"])
