"""What the page of an encrypted conversation makes of a text is what the server makes of it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from parley.domain import at_names
from parley.grammar import markdown
from tests import effort
from tests.domain.test_markdown import HOSTILE, PIECES

SEALED = Path(__file__).parents[1] / "parley" / "static" / "js" / "sealed"
TEXTS = effort.times(300, full=60_000)
WITHIN_S = 240
MEANT = [
    ("Ann", "ann-1"),
    ("Ann B", "ann-2"),
    ("李明", "li-1"),
    ("Bob_x", "bob-1"),
    ("C+.(", "c-1"),
]
MORE = [
    *(
        "@Ann B",
        "@李明",
        "看",
        "@Bob_x",
        "@C+.(",
        "/",
        "\u017f",
        "ß",
        "\u0131",
        "Σ",
        "ς",
        "\ufeff",
        "\u2028",
    ),
    *("\x1c", "\x85", "\x00", "\u200b", "\ufe0f", "e\u0301", "\r", "٣. ", "12. ", "2026. ", "x"),
    *("](https://a.example/)", "](https://b.example/ 'title')", "](<https://c.example/>)", "\\*"),
    *(
        "[a.example](https://a.example/)",
        "[bank.example](https://a.example/)",
        "¯\\_(ツ)_/¯",
        "  \n",
    ),
    *(
        "http://",
        "HTTPS://x.y/_a_",
        "http\u017f://x.y/",
        "[a](http\u017f://x.y/)",
        "https://a/*",
        "「",
        "」",
    ),
    *("&lt;", "&#42;", "&#x2a;", "[a](https://a.example/&amp;x)", "[a](https://a.example/\\ b)"),
    *(
        "\\ ",
        "\\\n",
        "[bank\u3002example](https://x.y)",
        "[नमिता.भारत](https://x.y)",
        "**",
        "~~a~~",
    ),
    *(
        "```py\n",
        "\n```",
        "\n> ",
        "\n- ",
        "\n  - ",
        "\n1. ",
        "    ",
        "- [ ] ",
        "<b>",
        "|",
        "$",
        "{",
    ),
]
READ = """
  const { partsOf } = await import(process.argv[1] + "/markdown/parts.js");
  const { texts, meant } = JSON.parse(await new Response(process.stdin).text());
  console.log(JSON.stringify(texts.map((text) => partsOf(text, meant) ?? null)));
"""
PEOPLE = """
  const { comparable, peopleIn } = await import(process.argv[1] + "/names.js");
  const { texts, names } = JSON.parse(await new Response(process.stdin).text());
  const known = new Map(names.map(([name, userId]) => [comparable(name), userId]));
  console.log(JSON.stringify(texts.map((text) => peopleIn(text, (name) => known.get(name)))));
"""
NAMES = [
    *MEANT,
    ("SSen  O'Neil", "ben-1"),
    ("E\u0301va", "eva-1"),
    ("ΟΔΟΣ", "odos-1"),
    ("x", "x-1"),
]
NAMED = [
    *("@", "@", "@@", "Ann", "ann", " B", "B", "李", "明", "看", "ssen o'neil", "ßEN\t O'NEIL"),
    *("Éva", "e\u0301VA", "οδος", "\u0301", "\u200d", "/", ".", "_", "1", " ", "\n", "\r", "🎉"),
    *("Bob_x", "C+.(", "a", "x", ",", "\u3000", "\ufeff", "\x1c", "ก", "が", "-"),
]

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js was not found"),
]


def in_node(script: str, given: object) -> Any:
    ran = subprocess.run(
        ["node", "--input-type=module", "--eval", script, SEALED.as_uri()],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        timeout=WITHIN_S,
    )
    return json.loads(ran.stdout)


def compare(texts: Sequence[str], meant: Sequence[tuple[str, str]]) -> int:
    """How many of the texts are Markdown. Fails at the first that the two don't read alike."""
    found = in_node(READ, {"texts": texts, "meant": meant})
    for text, pages in zip(texts, found, strict=True):
        parts = markdown.parts(text, meant)
        assert pages == (None if parts is None else json.loads(parts)), text
    return sum(each is not None for each in found)


@pytest.mark.parametrize("meant", [(), MEANT], ids=["nobody", "some"])
def test_both_make_the_same_of_any_text(meant: Sequence[tuple[str, str]]) -> None:
    chance = random.Random(f"parts {len(meant)}")
    pieces = [*PIECES, *MORE]
    texts = ["".join(chance.choices(pieces, k=chance.randrange(1, 40))) for _ in range(TEXTS)]
    assert compare(texts, meant) > TEXTS / 4


def test_both_draw_the_line_at_the_same_place() -> None:
    chance = random.Random("bounds")
    texts = [
        before + piece * times
        for piece in HOSTILE
        for before in ("", "**x** ", "- a\n", "> a\n")[: effort.times(2, full=4)]
        for times in (chance.randrange(2, 60), chance.randrange(60, 700), 8_000 // len(piece))
    ]
    compare([text[:8_000] for text in texts], MEANT)


def test_both_find_the_same_people_in_any_text() -> None:
    chance = random.Random("people")
    texts = ["".join(chance.choices(NAMED, k=chance.randrange(1, 30))) for _ in range(TEXTS)]
    known = {at_names.folded(name): user_id for name, user_id in NAMES}
    found = in_node(PEOPLE, {"texts": texts, "names": NAMES})
    for text, people in zip(texts, found, strict=True):
        assert [tuple(each) for each in people] == [*at_names.people_in(text, known)], repr(text)
    assert sum(map(len, found)) > TEXTS / 10
