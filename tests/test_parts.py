"""Markdown as HTML: the cases that hold the browser's code to the same elements, and escaping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from parley.grammar import markdown
from parley.pages import parts
from tests.cases import together
from tests.test_rich_text import ATTACKS, Seen

CASES = [
    case
    for case in json.loads((Path(__file__).parent / "markdown_cases.json").read_text("utf-8"))
    if case["parts"] is not None
]
ALLOWED: dict[str, set[str]] = {
    **{tag: set() for tag in ("p", "blockquote", "ul", "li", "strong", "em", "s", "code")},
    "a": {"class", "href", "title", "rel", "target"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "div": {"class"},
    "span": {"class", "data-user-id"},
    "button": {"class", "type", "data-action", "aria-label"},
}
"""What a message may become, and with which attributes."""


@together("case", CASES)
def test_parts_become_the_elements_that_are_written_down(case: dict[str, Any]) -> None:
    assert parts.rendered(case["parts"]) == case["html"]


@given(
    st.lists(
        st.sampled_from(
            [
                *ATTACKS,
                "**",
                "*",
                "`",
                "```\n",
                "> ",
                "\n",
                "- ",
                "[a](https://b.example/",
                ")",
                "~~",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_a_message_brings_no_markup_of_its_own(text: str) -> None:
    found = markdown.parts(text, [('"><b>', '"><i>')])
    if found is not None:
        for tag, attributes in Seen(str(parts.rendered(json.loads(found)))).tags:
            assert set(attributes) <= ALLOWED[tag]
            if tag == "a":
                assert (attributes["href"] or "").startswith(("http://", "https://"))


def test_names_and_ids_are_text() -> None:
    html = str(parts.rendered([["p", [["mention", '"><script>', "@<b>"]]]]))
    assert html == (
        '<p><span class="mention" data-user-id="&#34;&gt;&lt;script&gt;">@&lt;b&gt;</span></p>'
    )
