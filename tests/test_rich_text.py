"""Messages as HTML: the cases that hold the browser's code to the same rules, and escaping."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.contract import MESSAGE_MAX_CHARS
from parley.pages import text as rich_text
from tests.cases import together
from tests.effort import times

CASES = json.loads((Path(__file__).parent / "rich_text_cases.json").read_text("utf-8"))
ROOT = Path(__file__).parents[1]
PIECES = [
    *(
        "```",
        "``",
        "`",
        "\n",
        "\n",
        "\r",
        " ",
        "\t",
        "a",
        "py",
        "é",
        "🎉",
        "\u200d",
        "\ufe0f",
        '"',
        "<",
        "*",
        "_",
    ),
    *(
        "http://",
        "HTTPS://",
        "a.example",
        "/",
        "?",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        ",",
        "!",
        "…",
        "\u00a0",
    ),
    *("~", "*a", "_ ", "“", "”", "„", "»", "「", "」", "（", "）", "’", "。"),  # noqa: RUF001  # meant
]
"""What the rules look at, and some of what they do not."""
HOSTILE = [
    *(("", "```a\n"), ("", "```\n"), ("", "```\na\n```\n"), ("", "`"), ("", "`a"), ("", "``a")),
    *(
        ("https://a", ")"),
        ("https://a", "])}"),
        ("https://a", "(."),
        ("", "https://"),
        ("", "https://a) "),
        ("", "https://a/_ "),
        ("*a ", "https://a/* "),
        ("*" * 9, "https://a/*\n"),
        ("https://a", "「"),
        ("https://a", "「a」"),
        ("", "https://「"),
        ("https://a/", "*_"),
        ("https://a?", "*"),
    ),
    *(("", "("), ("", "["), ("", "*_"), ("", "a"), ("", "\n"), ("", "<"), ("", "🎉\u200d")),
]
"""How a long text begins, and what is repeated in it."""
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


@together("case", CASES)
def test_a_text_is_taken_apart_as_written_down(case: dict[str, Any]) -> None:
    assert [list(part) for part in rich_text.parse(case["text"])] == case["parts"]


@together("case", CASES)
def test_emoji_alone_are_told_apart(case: dict[str, Any]) -> None:
    assert rich_text.is_emoji_only(case["text"]) is case["emoji_only"]


TEXTS = times(1_000, full=3_000)
FENCED = re.compile(r"(?:\A|\n)```[A-Za-z0-9_+#.-]*[ \t]*\n([\s\S]*?)\n```[ \t]*(?=\n|\Z)")


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_blocks_are_those_of_the_rule_in_one_expression(text: str) -> None:
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks = [value for kind, value in rich_text.parse(text) if kind == "pre"]
    assert blocks == FENCED.findall(source)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_a_link_is_cut_again_and_again(text: str) -> None:
    link = "https://a" + re.sub(r"[\s\"<`\u200d\ufeff\u00a0“”„»「」（）]", "", text)  # noqa: RUF001
    punctuation = ".,!…?:’。"  # as somebody writes who writes well
    after_host = re.search(r"/|\?(?=.*[^])}*_~" + punctuation + "])", link[len("https://") :])
    marks = "" if after_host else "*_~"
    kept = link
    while kept[-1] in punctuation + marks or any(
        kept[-1] == close and kept.count(close) > kept.count(open)
        for open, close in ("()", "[]", "{}")
    ):
        kept = kept[:-1]
    assert rich_text.parse(link)[0] == ("link", kept)


@pytest.mark.parametrize("code", ["Zk3vQ8-w1xY_", "Zk3vQ8-w1x__", "abcdefghijk-"])
@pytest.mark.parametrize("around", ["{}", "Come: {}.", "“{}”", "「{}」", "_{}_", "*Come:* {}"])
def test_an_invitation_leads_where_it_should_however_it_is_said(code: str, around: str) -> None:
    link = f"https://talk.example/conversation/{code}"
    assert ("link", link) in rich_text.parse(around.format(link))


@pytest.mark.longer
@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js was not found")
def test_server_and_browser_read_any_text_alike() -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices(PIECES, k=chance.randrange(60))) for _ in range(TEXTS)]
    # Some begin with so much code that what follows is partly text.
    texts[::3] = ["`a`." * chance.randrange(90, 101) + text for text in texts[::3]]
    script = """
      import { isEmojiOnly, parse } from "./parley/static/js/transcript/text.js";
      const texts = JSON.parse(await new Response(process.stdin).text());
      console.log(JSON.stringify(texts.map((text) => [parse(text), isEmojiOnly(text)])));
    """
    read = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        input=json.dumps(texts),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for text, browsers in zip(texts, json.loads(read.stdout), strict=True):
        servers = [[list(part) for part in rich_text.parse(text)], rich_text.is_emoji_only(text)]
        assert servers == browsers, text


@pytest.mark.parametrize(("start", "piece"), HOSTILE, ids=lambda text: repr(text))
def test_a_text_costs_no_more_than_its_length(start: str, piece: str) -> None:
    short, long = (start + piece * (length // len(piece)) for length in (2_000, 128_000))
    # 64 times as long: what is linear takes 64 times as much, what is quadratic 4096 times.
    assert work(long) < work(short) * 512


@together(("start", "piece"), [*HOSTILE, ("", "`a` "), ("", "http://a ")])
def test_a_message_becomes_few_elements_whatever_it_says(start: str, piece: str) -> None:
    text = start + piece * (MESSAGE_MAX_CHARS // len(piece))
    assert len(rich_text.parse(text)) <= 2 * rich_text.RICH_PARTS_MAX + 1
    assert str(rich_text.rich(text)).count("<") <= 4 * rich_text.RICH_PARTS_MAX


def work(text: str) -> float:
    """Seconds of a core; the least of some tries, for all else only ever adds to it."""

    def once() -> float:
        started = time.thread_time()
        rich_text.rich(text)
        rich_text.is_emoji_only(text)
        return time.thread_time() - started

    return min(once() for _ in range(3))


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


@together("case", CASES)
def test_a_reader_sees_every_part(case: dict[str, Any]) -> None:
    seen = Seen(str(rich_text.rich(case["text"]))).text
    assert seen == "".join(value for _, value in case["parts"])


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


@pytest.mark.parametrize("text", ["", "\n" * 20, "\r\n" * 20, "x" * 1500, "🎉" * 1500])
def test_what_fits_a_screen_is_not_long(text: str) -> None:
    assert not rich_text.is_long(text)


@pytest.mark.parametrize("text", ["\n" * 21, "\r\n" * 21, "\r" * 21, "x" * 1501, "🎉" * 1501])
def test_what_fills_more_than_a_screen_is_long(text: str) -> None:
    assert rich_text.is_long(text)
