"""Messages as HTML: the cases that hold the browser's code to the same rules, and escaping."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from parley import rich_text

CASES = json.loads((Path(__file__).parent / "rich_text_cases.json").read_text("utf-8"))
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "`<b>code</b>`",
    "```\n<script>alert(1)</script>\n```",
    'https://a.example/"onmouseover="alert(1)',
    "https://a.example/'><script>alert(1)</script>",
    "https://a.example/&quot;><b>",
    "javascript:alert(1)",
    "https://a.example/`<i>`",
    "&lt;b&gt; &amp; &#60;script&#62;",
    "{{ 7 * 7 }} {% raw %}",
    "</article></main><h1>",
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"])[:60])
def test_a_text_is_taken_apart_as_written_down(case: dict[str, Any]) -> None:
    assert [list(part) for part in rich_text.parse(case["text"])] == case["parts"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"])[:60])
def test_emoji_alone_are_told_apart(case: dict[str, Any]) -> None:
    assert rich_text.is_emoji_only(case["text"]) is case["emoji_only"]


class Seen(HTMLParser):
    """Every tag with its attributes, and the text that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_message_brings_no_markup_of_its_own(attack: str) -> None:
    seen = Seen(str(rich_text.rich(attack)))
    assert {tag for tag, _ in seen.tags} <= {"a", "code", "pre"}
    for tag, attributes in seen.tags:
        if tag == "a":
            assert set(attributes) == {"href", "rel", "target"}
            assert re.match("https?://", attributes["href"] or "")
        else:
            assert set(attributes) <= {"tabindex"}


@pytest.mark.parametrize("attack", [text for text in ATTACKS if "`" not in text])
def test_a_reader_sees_what_was_written(attack: str) -> None:
    assert Seen(str(rich_text.rich(attack))).text == attack


def test_a_link_leads_where_it_says_and_tells_nothing_to_whom_it_leads() -> None:
    [(tag, attributes)] = Seen(str(rich_text.rich("https://a.example/?b=1&c=2"))).tags
    assert tag == "a"
    assert attributes == {
        "href": "https://a.example/?b=1&c=2",
        "rel": "noopener noreferrer nofollow",
        "target": "_blank",
    }
