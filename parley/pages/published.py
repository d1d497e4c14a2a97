"""What this version's pages are made of, for whoever compares a server's with it.

`tools/bundle.py` writes it into the package, `parley page-hashes` prints it, and
`parley.client.pages` reads it. It holds the SHA-256 of every static file, the policy of a page, and
what templates may come to: which elements with which attributes. What people write is never markup.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from parley import __version__
from parley.pages.assets import BUILT, FOLDER, PRESSED
from parley.pages.policy import page_policy
from parley.pages.worker import POLICY as WORKER_POLICY

NAME = "published.json"
"""Where it stands among what was built."""
TEMPLATES = Path(__file__).parent.parent / "templates"
_FORMAT = 1
_ANY = "*"
_NO_PAGES = "exported"
"""The folder of what is a file of somebody's, and no page of a server."""
_OF_CODE = '<input type="hidden" name="page" value="{{ seal }}">'
"""Elements that no template writes: the seal of a form (`forms.py`)."""
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_BLOCKS = re.compile(r"\{%.*%\}", re.DOTALL)
_VALUE = re.compile(r'="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{]|\{(?![{%]))*)"', re.DOTALL)
_NAME = re.compile(r"[A-Za-z][\w-]*")
_TAG = re.compile(r"<([A-Za-z][\w-]*)")

Elements = dict[str, dict[str, list[str]]]


class TemplateTooClever(Exception):
    """A template writes a tag in a way that can't be told beforehand."""


def published(folder: Path = FOLDER, templates: Path = TEMPLATES) -> str:
    """As JSON, the same for the same files."""
    return publish(files_in(folder), templates)


def files_in(folder: Path) -> dict[str, bytes]:
    """All below it, by their paths. What is pressed is the same once more."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != PRESSED
    }


def publish(files: Mapping[str, bytes], templates: Path = TEMPLATES) -> str:
    """Of static files by their names. Raises `TemplateTooClever`."""
    hashes = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != f"{BUILT}/{NAME}"
    }
    said = {
        "format": _FORMAT,
        "version": __version__,
        "policy": _directives(page_policy("")),
        "worker_policy": _directives(WORKER_POLICY),
        "elements": elements_of(_sources(templates)),
        "files": hashes,
    }
    return json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _directives(policy: str) -> dict[str, str]:
    parts = (each.strip().partition(" ") for each in policy.split(";"))
    return {name: value for name, _, value in parts}


def _sources(templates: Path) -> Iterator[str]:
    yield _OF_CODE
    for path in sorted(templates.rglob("*.html")):
        if _NO_PAGES not in path.relative_to(templates).parts:
            yield path.read_text("utf-8")


def elements_of(sources: Iterator[str]) -> Elements:
    """The tags that templates write, the attributes of each, and what those may be: `*` stands for
    whatever comes from elsewhere. Names are in lower case, as browsers read them.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for source in sources:
        for tag, attributes in _tags(_COMMENT.sub("", source)):
            of_tag = found.setdefault(tag, {})
            for name, pattern in attributes:
                of_tag.setdefault(name, set()).add(pattern)
    return {
        tag: {
            name: [_ANY] if _ANY in patterns else sorted(patterns)
            for name, patterns in attributes.items()
        }
        for tag, attributes in found.items()
    }


def _tags(source: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    at = 0
    while at < len(source):
        if jinja := _JINJA.match(source, at):
            at = jinja.end()
        elif tag := _TAG.match(source, at):
            attributes, at = _attributes(source, tag.end())
            yield tag[1].lower(), attributes
        else:
            at += 1


def _attributes(source: str, at: int) -> tuple[list[tuple[str, str]], int]:
    """Those of the tag whose name ends here, and where the tag does."""
    found = []
    while source[at] != ">":
        if source.startswith("{%", at) and (jinja := _JINJA.match(source, at)):
            at = jinja.end()
        elif name := _NAME.match(source, at):
            value = _VALUE.match(source, name.end())
            at = value.end() if value else name.end()
            found.append((name[0].lower(), _pattern(value[0][2:-1] if value else "")))
        elif source[at].isspace() or source.startswith("/>", at):
            at += 1
        else:
            raise TemplateTooClever(source[max(0, at - 60) : at + 60])
    return found, at + 1


def _pattern(value: str) -> str:
    if _ANY in value:
        return _ANY
    pattern = re.sub(r"\*+", _ANY, _JINJA.sub(_ANY, _BLOCKS.sub(_ANY, value)))
    return html.unescape(pattern)
