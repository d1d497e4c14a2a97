"""What people mark in their messages, as it is shown: live, after a reload, without a script."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.line import Line
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import Visitor

CASES = [
    case
    for case in json.loads((Path(__file__).parents[1] / "markdown_cases.json").read_text("utf-8"))
    if case["parts"] is not None
]
IMPORTED = """
  const script = document.querySelector("script[type=module]").src;
  const folder = script.match(/.*\\/static\\/[^/]+\\//)[0];
  const {renderText} = await import(`${folder}js/transcript/parts.js`);
  const made = document.createElement("div");
"""
# Each case as a page makes it of its parts.
MADE = f"""async cases => {{
  {IMPORTED}
  return cases.map(({{text, parts}}) => {{
    made.replaceChildren(renderText({{seq: 1, message: text, parts}}));
    return made.innerHTML;
  }});
}}"""
OF_A_LATER_SERVER = f"""async () => {{
  {IMPORTED}
  const hidden = ["spoiler", ["at ", ["em", ["four"]]]];
  const parts = [["heading", 2, [["strong", ["Tea"]]]], ["p", [hidden]], ["rule"]];
  made.append(renderText({{seq: 1, message: "", parts}}));
  return made.textContent;
}}"""
PLAN = """**Tea** at ~~three~~ *four*
as `planned`, see [the plan](https://plan.example/a?b=1)

> three suits
> nobody

1. bake
2. [bank.example](https://evil.example/)

```sh
make cake  # <b>
```"""


class Elements(HTMLParser):
    """What a piece of HTML says, however it is written."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.read: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.read.append((tag, sorted(attributes)))

    def handle_endtag(self, tag: str) -> None:
        self.read.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.read.append(data)


def text(visitor: Visitor) -> Locator:
    return visitor.messages.last.locator(".message-text")


def looks_like_the_plan(visitor: Visitor) -> None:
    said = text(visitor)
    expect(said.locator("strong")).to_have_text("Tea")
    expect(said.locator("s")).to_have_text("three")
    expect(said.locator("em")).to_have_text("four")
    expect(said.locator("blockquote p")).to_have_text("three suits nobody")
    expect(said.get_by_role("listitem")).to_have_text(
        ["bake", "bank.example (https://evil.example/)"]
    )
    expect(said.locator(".code-language")).to_have_text("sh")
    expect(said.locator("pre code")).to_have_text("make cake  # <b>")
    link = said.get_by_role("link", name="the plan")
    expect(link).to_have_attribute("title", "https://plan.example/a?b=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(said.get_by_role("link", name="https://evil.example/")).to_be_visible()
    expect(said.get_by_role("link", name="bank.example", exact=True)).to_have_count(0)


def test_what_is_marked_is_shown_alike_to_all_and_after_a_reload(
    ada: Visitor, ben: Visitor
) -> None:
    link = ada.starts()
    ben.comes(link)
    ada.says(PLAN)
    looks_like_the_plan(ada)
    looks_like_the_plan(ben)
    # Its words are spoken, and not the marks.
    spoken = ben.page.locator("#announcer p")
    expect(spoken).to_contain_text("Ada: Tea at three four as planned, see the plan three suits")
    expect(spoken).not_to_contain_text("**")
    live = text(ben).inner_html()
    ben.reloads()
    looks_like_the_plan(ben)
    assert text(ben).inner_html() == live
    for case, made in zip(CASES, ben.measures(MADE, CASES), strict=True):
        assert Elements(made).read == Elements(case["html"]).read
    assert "at four" in ben.measures(OF_A_LATER_SERVER)
    # What one wrote is there to be edited as it was written.
    ada.reloads()
    ada.is_connected()
    ada.messages.last.hover()
    ada.messages.last.get_by_role("button", name="Delete").click()
    ada.page.get_by_role("button", name="Undo").click()
    looks_like_the_plan(ada)
    ada.composer.press("ArrowUp")
    expect(ada.composer).to_have_value(PLAN)
    ada.composer.fill("Tea is *off*")
    ada.composer.press("Enter")
    for visitor in (ada, ben):
        expect(text(visitor).locator("em")).to_have_text("off")


def test_what_is_marked_is_shown_without_a_script(arrive: Arrive, seeding: Seeding) -> None:
    cleo = arrive("Cleo", java_script_enabled=False)
    cleo.opens(seeding.conversation(said=[Said("Ada", PLAN)]).link)
    looks_like_the_plan(cleo)
    expect(text(cleo).get_by_text("Copy", exact=True)).to_be_hidden()


@pytest.mark.not_in_firefox("it gives generated text as attr(…), and not what is shown")
def test_where_words_lead_shows_on_focus(ada: Visitor) -> None:
    ada.starts()
    ada.says("See [the plan](https://plan.example/)")
    link = text(ada).get_by_role("link", name="the plan")
    shown = "link => getComputedStyle(link, '::after').content"
    assert link.evaluate(shown) == "none"
    ada.messages.last.focus()
    ada.page.keyboard.press("Tab")
    while not link.evaluate("link => link === document.activeElement"):
        ada.page.keyboard.press("Tab")
    assert link.evaluate(shown) == '"https://plan.example/"'


def test_code_is_copied_with_a_button_or_a_key(ada: Visitor) -> None:
    ada.may_use_the_clipboard()
    ada.starts()
    ada.says("```py\nfor each in (1, 2):\n    print(each)\n```")
    ada.says("Some:\n- this\n  ```\n  that\n  ```")
    buttons = ada.page.get_by_role("button", name="Copy code")
    buttons.first.click()
    expect(ada.page.locator(".toast")).to_have_text("Copied")
    expect(ada.page.locator("#announcer")).to_contain_text("Copied")
    assert pasted(ada) == "for each in (1, 2):\n    print(each)"
    buttons.last.focus()
    ada.page.keyboard.press("Enter")
    expect(ada.page.locator("#announcer p")).to_have_count(2)
    assert pasted(ada) == "that"
    ada.composer.fill("")


def pasted(visitor: Visitor) -> str:
    visitor.composer.fill("")
    visitor.composer.press("Control+v")
    return visitor.composer.input_value()


def test_what_is_on_its_way_takes_the_room_it_will_have(ada: Visitor) -> None:
    line = Line(ada.page)
    ada.starts()
    for words in ("One **two**\nthree", "Look:\n```\ncode\n```", "```py\nx\ny\n```"):
        line.hold("send_message")
        ada.sends(words)
        pending = ada.page.locator(".pending .message-text")
        expect(pending).to_be_visible()
        height = pending.evaluate("text => text.getBoundingClientRect().height")
        line.release()
        expect(pending).to_have_count(0)
        expect(text(ada).locator("p, .code-block").first).to_be_visible()
        assert abs(text(ada).evaluate("text => text.getBoundingClientRect().height") - height) < 2


def test_what_is_acknowledged_before_it_comes_is_completed_when_it_comes(ada: Visitor) -> None:
    line = Line(ada.page)
    ada.starts()
    line.lose("new_message")
    ada.says("It is *late*")
    expect(text(ada)).to_have_text("It is *late*")
    expect(text(ada).locator("em")).to_have_count(0)
    ada.reloads()
    expect(text(ada).locator("em")).to_have_text("late")
