"""What a page may hold: so that nothing acts on it but Parley's own scripts, as they should."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from parley.client.pages import markup
from parley.client.pages.published import HOME, INSIDE, Kind, Published

NAMED_MOST = 20
"""So many differences of one page are named: whoever changed more has changed all."""
_STATIC = re.compile(r"/static/([0-9a-f]{12})/([\w./-]+)")
_FETCHED = ("src", "action", "formaction", "poster", "data", "srcset", "background", "href")
_ELSEWHERE = re.compile(r"https?://", re.IGNORECASE)
_LINKS = ("data-link", "data-join-link")
_SHOWN_CHARS = 100
_STEERS = ("refresh", "link", "speculation-rules", "content-security-policy-report-only")
"""Headers by which a page fetches or leaves, and which no answer of Parley's has."""


@dataclass(frozen=True)
class Place:
    """Where the server is, and which conversation it is about."""

    origin: str
    root: str
    """The path that its addresses begin with: empty, or such as `/talk`."""
    room_id: str = ""

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]


@dataclass
class Looked:
    """What a page came to."""

    differs: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """The static files that it names."""
    versions: set[str] = field(default_factory=set)
    """The folders that they lie in."""


def look_at(page: str, kind: Kind, place: Place, published: Published) -> Looked:
    """What differs in a page's HTML, as sentences, and which static files it loads."""
    looked = Looked()
    scripts: list[str] = []
    ids: Counter[str] = Counter()
    for element in markup.read(page):
        if isinstance(element, markup.Strange):
            looked.differs.append(f"it has markup that Parley never writes: {_shown(element.text)}")
            continue
        looked.differs += _problems(element, kind, place, published)
        ids[element.attributes.get("id", "")] += 1
        for name, version in _files_of(element, place):
            looked.files.append(name)
            looked.versions.add(version)
            if element.tag == "script":
                scripts.append(name)
    del ids[""]
    looked.differs += [f"it has two elements with the id {id}" for id, n in ids.items() if n > 1]
    looked.differs += _of_scripts(scripts, kind)
    looked.differs += [
        f"it loads {name}, which isn't a file of Parley's"
        for name in dict.fromkeys(looked.files)
        if name not in published.files
    ]
    if len(looked.versions) > 1:
        looked.differs.append("its files are of different versions")
    return looked


def _of_scripts(scripts: list[str], kind: Kind) -> Iterator[str]:
    allowed = [f"{folder}js/{kind.script}.js" for folder in ("built/", "")]
    early = [f"{folder}js/early.js" for folder in ("built/", "")]
    if kind is not HOME and any(name.endswith("js/conversation.js") for name in scripts):
        yield "it is the page of an open conversation: what is written there isn't encrypted"
    elif not any(name in allowed for name in scripts):
        yield f"it doesn't run {kind.script}.js"
    for name in scripts:
        if name not in (*allowed, *early) and not name.endswith("js/conversation.js"):
            yield f"it runs {name}, which no such page does"


def _problems(
    element: markup.Element, kind: Kind, place: Place, published: Published
) -> Iterator[str]:
    tag, attributes = element.tag, element.attributes
    if tag == "script":
        yield from _of_script(element)
    if tag not in published.elements:
        yield f"it has an element that no page of Parley has: <{tag}>"
        return
    if element.repeated:
        yield f"<{tag}> has {element.repeated} twice"
    for name, value in attributes.items():
        if tag == "script" and name == "type":
            continue
        if name.startswith("on"):
            yield f"it has a script written into {name} of <{tag}>"
        elif not published.may_be(tag, name, value):
            yield f"<{tag}> has {name}={_shown(value)}, as on no page of Parley"
        elif not _leads_where_it_may(tag, name, value, place):
            yield f"{name} of <{tag}> leads elsewhere: {_shown(value)}"
    if "http-equiv" in attributes:
        yield f"it has http-equiv={_shown(attributes['http-equiv'])}"
    yield from _of_page(element, kind, place)


def _of_script(script: markup.Element) -> Iterator[str]:
    type = script.attributes.get("type", "").lower()
    if type == "importmap":
        yield "it has an import map, which can have any script loaded instead of another"
    elif type not in ("", "module"):
        yield f"it has a script of the type {_shown(type)}"
    if script.text.strip():
        yield f"it has a script written into the page: {_shown(script.text.strip())}"
    elif "src" not in script.attributes:
        yield "it has a script without an address"


def _leads_where_it_may(tag: str, name: str, value: str, place: Place) -> bool:
    if name in _LINKS:
        return value.startswith(f"{place.origin}{place.root}/conversation/")
    if name not in _FETCHED or value == "" or value.startswith(("#", "?")):
        return True
    if tag == "a" and _ELSEWHERE.match(value):
        return True
    inside = value.startswith(f"{place.root}/") and not value.startswith("//")
    if tag in ("script", "link") and name in ("src", "href"):
        rooted = value.removeprefix(place.root)
        return inside and (_STATIC.fullmatch(rooted) is not None or _is_sign(rooted))
    return inside and "\\" not in value


def _is_sign(path: str) -> bool:
    return path in ("/favicon.ico", "/apple-touch-icon.png", "/manifest.webmanifest")


def _of_page(element: markup.Element, kind: Kind, place: Place) -> Iterator[str]:
    """What a script takes from the page, and goes by."""
    attributes = element.attributes
    id = attributes.get("id", "")
    if element.tag == "html" and attributes.get("data-root", "") != place.root:
        yield f"it says that the server is under {_shown(attributes.get('data-root', ''))}"
    is_of_one = kind is not HOME and id in ("conversation", "door")
    if is_of_one and attributes.get("data-room-id", "") != place.room_id:
        yield "it is the page of another conversation"
    if kind is INSIDE:
        if id == "composer" and attributes.get("method") != "dialog":
            yield "what is written in it would be sent as it is, where a script didn't prevent it"
        if attributes.get("name") == "message" and id != "message" and element.tag != "meta":
            yield "it has a second place for a message"


def _files_of(element: markup.Element, place: Place) -> Iterator[tuple[str, str]]:
    """The static files an element names, and their version."""
    for name, value in element.attributes.items():
        is_sheet = name.endswith("-sheet")  # a script goes by it
        if not is_sheet and not (element.tag in ("script", "link") and name in ("src", "href")):
            continue
        found = _STATIC.fullmatch(value.removeprefix(place.root))
        if found and value.startswith(f"{place.root}/"):
            yield found[2], found[1]
        elif is_sheet:
            yield value, ""


# --- headers ---


def look_at_headers(
    headers: Mapping[str, list[str]], place: Place, published: Published
) -> Iterator[str]:
    """What differs in the headers of a page; names in lower case."""
    if (
        "".join(headers.get("content-type", [])).replace(" ", "").lower()
        != "text/html;charset=utf-8"
    ):
        yield "it isn't sent as HTML in UTF-8"
    for name in _STEERS:
        for value in headers.get(name, []):
            yield f"it has the header {name}: {_shown(value)}"
    yield from look_at_policies(headers.get("content-security-policy", []), published.policy, place)


def look_at_policies(given: list[str], wanted: Mapping[str, str], place: Place) -> Iterator[str]:
    """What differs in the policies of an answer, of which browsers keep all."""
    policies = [each for line in given for each in line.split(",") if each.strip()]
    if not policies:
        yield "it has no Content-Security-Policy, which keeps out other scripts"
        return
    problems = [list(_of_policy(each, wanted, place)) for each in policies]
    if [] not in problems:
        yield from problems[0]
        return
    for policy, found in zip(policies, problems, strict=True):
        if found:
            yield f"it has a second Content-Security-Policy: {_shown(policy.strip())}"


def _of_policy(policy: str, wanted: Mapping[str, str], place: Place) -> Iterator[str]:
    parts = [each.strip().partition(" ") for each in policy.split(";") if each.strip()]
    given: dict[str, str] = {}
    for name, _, value in parts:
        given.setdefault(name.lower(), value.strip())  # of several the first counts
    free = {"connect-src", "frame-ancestors"}
    for name, value in wanted.items():
        if name not in given:
            yield f"its Content-Security-Policy has no {name}"
        elif name not in free and given[name] != value:
            yield f"its Content-Security-Policy says {name} {_shown(given[name])}"
    for name in given.keys() - wanted.keys():
        yield f"its Content-Security-Policy has {name} {_shown(given[name])}"
    sockets = {f"ws://{place.host}", f"wss://{place.host}", wanted.get("connect-src", "")}
    for source in given.get("connect-src", "").split():
        if source not in sockets:
            yield f"its Content-Security-Policy lets it connect to {_shown(source)}"


def _shown(text: str) -> str:
    """For a terminal: without what would steer it."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    short = plain if len(plain) <= _SHOWN_CHARS else f"{plain[:_SHOWN_CHARS]}…"
    return f"“{short}”"
