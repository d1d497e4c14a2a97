"""What is published of the pages: of these sources, and of all that templates write."""

from __future__ import annotations

import hashlib
import re

import pytest

from parley.client.pages import Published
from parley.pages.assets import BUILT, FOLDER, PRESSED
from parley.pages.published import NAME, TEMPLATES, TemplateTooClever, elements_of, published

OURS = Published.read(published())


def test_what_is_in_the_package_is_of_these_sources() -> None:
    assert (FOLDER / BUILT / NAME).read_text("utf-8") == published(), "run make bundle"


def test_every_static_file_is_in_it_but_itself() -> None:
    files = (path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != PRESSED)
    there = {path.relative_to(FOLDER).as_posix() for path in files}
    assert OURS.files.keys() == there - {f"{BUILT}/{NAME}"}
    name = "js/encryption/keys.js"
    assert OURS.files[name] == hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()


def test_every_tag_of_every_template_is_in_it() -> None:
    written = set()
    for path in TEMPLATES.rglob("*.html"):
        if "exported" not in path.parts:
            written |= set(re.findall(r"<([A-Za-z][\w-]*)", path.read_text("utf-8")))
    assert {tag.lower() for tag in written} == OURS.elements.keys()


def test_no_template_writes_what_the_policy_would_refuse() -> None:
    assert not OURS.elements.keys() & {"style", "iframe", "object", "embed", "base"}
    names = {name for attributes in OURS.elements.values() for name in attributes}
    assert not [name for name in names if name == "style" or name.startswith("on")]


@pytest.mark.parametrize(
    ("source", "tag", "attributes"),
    [
        ('<p class="a {{ b }}" hidden>', "p", {"class": ["a *"], "hidden": [""]}),
        ('<p{% if a < b %} id="x"{% endif %}>', "p", {"id": ["x"]}),
        ('<p class="a{% if b %} c{% endif %} d">', "p", {"class": ["a* d"]}),
        ('<a href="{{ "x" if y else "z" }}">', "a", {"href": ["*"]}),
        ('{# <b> #}{% set x = "<i>" %}<svg viewBox="0 0 2 2"/>', "svg", {"viewbox": ["0 0 2 2"]}),
        ('<p title="a &amp; b">', "p", {"title": ["a & b"]}),
        ('<p id="a"><p id="b">', "p", {"id": ["a", "b"]}),
        ('<p id="a"><p id="{{ b }}">', "p", {"id": ["*"]}),
    ],
)
def test_a_template_is_read_for_all_that_it_may_write(
    source: str, tag: str, attributes: dict[str, list[str]]
) -> None:
    assert elements_of(iter([source])) == {tag: attributes}


@pytest.mark.parametrize("source", ["<p {{ attributes }}>", "<p title='a'>", "<p title=a=>"])
def test_what_cannot_be_told_beforehand_is_refused(source: str) -> None:
    with pytest.raises(TemplateTooClever):
        elements_of(iter([source]))


def test_each_pattern_takes_what_it_stands_for_and_nothing_else() -> None:
    assert OURS.may_be("form", "method", "dialog")
    assert not OURS.may_be("form", "target", "_blank")
    assert OURS.may_be("meta", "charset", "utf-8")
    assert not OURS.may_be("meta", "charset", "utf-7")
