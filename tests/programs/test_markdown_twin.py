"""The library that reads Markdown here and its twin in JavaScript read any text alike: whoever
writes a client in JavaScript can show a message before the server has read it.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from parley.grammar import markdown_rules
from tests import effort
from tests.domain import test_markdown

ALONE = "https://a.example/"
HERE = Path(__file__).parent
TEXTS = effort.times(500, full=40_000)
# Links by our own rule are left out.
PIECES = [
    *(piece for piece in test_markdown.PIECES if piece != ALONE),
    *("](https://a.example/)", "](https://b.example/ 'title')", "](<https://c.example/>)", "\\*"),
]
READ = """
  import MarkdownIt from "markdown-it";
  const made = new MarkdownIt("zero").enable(["fence", "blockquote", "list"])
    .enable(["newline", "escape", "backticks", "strikethrough", "emphasis", "link"]);
  made.normalizeLink = address => address;
  made.validateLink = address => /^https?:[/][/][^/?#.:@]/i.test(address);
  const [quote, list] = ["blockquote", "list"].map(name =>
    made.block.ruler.__rules__.find(rule => rule.name === name).fn);
  const line = (state, number) =>
    state.src.slice(state.bMarks[number] + state.tShift[number], state.eMarks[number]);
  const narrow = (rule, isMeant) => (state, start, ...others) =>
    isMeant(line(state, start)) && rule(state, start, ...others);
  const ends = ["paragraph", "reference", "blockquote", "list"];
  const narrowed = [
    ["blockquote", narrow(quote, words => /^>([ \\t]|$)/.test(words)), {alt: ends}],
    ["list", narrow(list, words => !/^([-+*\\s]*|\\d+[.)]\\s*|\\d{4,}.*)$/s.test(words)),
      {alt: ends.slice(0, 3)}],
  ];
  narrowed.forEach(rule => made.block.ruler.at(...rule));
  const said = tokens => tokens.flatMap(({type, content, info, attrs, children}) =>
    [[type, children ? "" : content, type === "fence" ? info : "", attrs ?? []],
      ...said(children ?? [])]);
  const texts = JSON.parse(await new Response(process.stdin).text());
  console.log(JSON.stringify(texts.map(text => said(made.parse(text, {})))));
"""

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(
        shutil.which("node") is None or not (HERE / "node_modules" / "markdown-it").is_dir(),
        reason="Node.js, or what it needs from npm, was not found",
    ),
]


def test_the_twins_read_any_text_alike() -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices(PIECES, k=chance.randrange(40))) for _ in range(TEXTS)]
    texts = [re.sub(r"(\\)[ \t]+", r"\1", text) for text in texts]
    read = subprocess.run(
        ["node", "--input-type=module", "--eval", READ],
        input=json.dumps(texts),
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    # They differ in what they make of a backslash and a space at the end of a line or an address.
    made = markdown_rules.grammar().disable("web_link")
    for text, twins in zip(texts, json.loads(read.stdout), strict=True):
        with contextlib.suppress(markdown_rules.TooMuch):
            assert said(made.parse(text, {"mentions": None})) == twins, text


def said(tokens: list[Any]) -> list[list[Any]]:
    found: list[list[Any]] = []
    for token in tokens:
        attributes = [list(each) for each in token.attrs.items()]
        content = "" if token.children else token.content
        found.append([token.type, content, token.info if token.type == "fence" else "", attributes])
        found += said(token.children or [])
    return found
