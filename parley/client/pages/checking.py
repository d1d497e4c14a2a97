"""Fetches the pages that have to do with keys, with all they load, and compares."""

from __future__ import annotations

import asyncio
import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import aiohttp

from parley.client.encryption import Epoch, LinkKey, Unreadable
from parley.client.encryption.octets import to_base64url
from parley.client.pages import rules
from parley.client.pages.published import HOME, INSIDE, KEY, Kind, Published
from parley.client.pages.rules import Place

AT_ONCE = 6
"""Requests, as browsers have them."""
WITHIN_S = 60.0
"""One answer."""
FILE_MAX_BYTES = 16 * 1024 * 1024
REPLY_MAX_BYTES = 16 * 1024
KEY_TRIES = 3
"""The key may be changed again meanwhile."""
NUMBER_MAX = 2**32 - 1
"""Of a key."""
_AS_BROWSERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept-Language": "en-US,en;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}
"""So that a server can't tell too easily who is asking."""
_PAGE = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
}
_SCRIPT = {"Sec-Fetch-Dest": "script", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
_WORKER = {"Service-Worker": "script", "Sec-Fetch-Dest": "serviceworker"}
_ADDRESS = re.compile(r"(?P<root>.*)/conversation/(?P<id>[^/]+)(?:/key)?/?")
_IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")
_SHEET = re.compile(r"""@import\s+["'](\.{1,2}/[^"']+)["']""")
_OF_WORKER = re.compile(rb"self\.PARLEY=(\{.*?\});\n", re.DOTALL)
WORKER, WORKER_OFF = "built/js/worker.js", "js/worker-off.js"
NEVER_COVERED = (
    "The server may send others, or you at another time, something else than it sent now.",
    "Extensions of your browser can read and change every page.",
    "Other pages of the server, such as Manage, run at the same address.",
    "What the words on the pages say.",
)


class CannotCheck(Exception):
    """Why it can't be said, as a sentence."""


@dataclass
class Report:
    """What was found, as sentences."""

    agrees: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    """What wasn't looked at."""
    is_let_in: bool = True
    """Whether the server took the link's key, where it was given one."""


async def check_page(url: str, published: Published, *, passphrase: str = "") -> Report:
    """Compare the pages of a running server, and all scripts and style sheets that they load now or
    later, with what a version of Parley says of its own.

    `url`: of an encrypted conversation, as people open it, or of the server's first page. The key
    after the `#` stays here; as in a browser, the server is shown a proof that is derived from it.
    `passphrase`: the link's, if it has one.

    Raises `CannotCheck` where the server doesn't answer or the link can't be read.
    """
    place, link = _read(url)
    jar = aiohttp.CookieJar(unsafe=True)  # of a bare IP address, too
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(
        cookie_jar=jar,
        connector=connector,
        headers=_AS_BROWSERS,
        timeout=aiohttp.ClientTimeout(total=WITHIN_S),
    ) as session:
        check = _Check(session, place, published)
        try:
            return await check.run(link, passphrase)
        except TimeoutError:
            raise CannotCheck(f"{place.host} didn't answer in time.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise CannotCheck(f"{place.host} can't be asked: {error}.") from error


def has_passphrase(url: str) -> bool:
    """Whether the link asks for one. Raises `CannotCheck`."""
    _, link = _read(url)
    return link is not None and link.iterations > 0


def _read(url: str) -> tuple[Place, LinkKey | None]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        raise CannotCheck("That is no address of a page: it begins with https://.")
    standard = {"http": ":80", "https": ":443"}[parts.scheme]
    origin = f"{parts.scheme}://{parts.netloc.lower().removesuffix(standard)}"
    try:
        link = LinkKey.parse(parts.fragment) if parts.fragment.startswith("k=") else None
    except Unreadable:
        raise CannotCheck("What stands after the # is no key.") from None
    if found := _ADDRESS.fullmatch(parts.path):
        return Place(origin, found["root"], unquote(found["id"])), link
    return Place(origin, parts.path.rstrip("/")), link


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, list[str]]
    content: bytes


class _Check:
    def __init__(self, session: aiohttp.ClientSession, place: Place, published: Published) -> None:
        self.session = session
        self.place = place
        self.published = published
        self.report = Report()
        self.imports: dict[tuple[str, str], list[str]] = {}
        """By version and name, what the static files that were fetched import."""

    async def run(self, link: LinkKey | None, passphrase: str) -> Report:
        report, room_id = self.report, self.place.room_id
        await self.page("/", HOME)
        if room_id:
            inside = f"/conversation/{quote(room_id, safe='')}"
            await self.page(inside, KEY)
            await self.page(f"{inside}/key", KEY)
            if link is None:
                report.uncovered.append(
                    "The page of the conversation itself: for that, give the whole link, with what "
                    "stands after the #."
                )
            elif await self.enter(link, passphrase):
                await self.page(inside, INSIDE)
        else:
            report.uncovered.append("The pages of a conversation: for those, give its link.")
        await self.worker()
        if self.place.origin.startswith("http:"):
            report.uncovered.append("Without https, anyone on the way can send something else.")
        report.uncovered += NEVER_COVERED
        return report

    async def page(self, path: str, kind: Kind) -> None:
        """Look at one page, and at what it loads."""
        answer = await self.fetch(path, _PAGE)
        where = f"The page {kind.words} ({self.place.root}{path})"
        if answer.status in range(300, 400):
            to = "".join(answer.headers.get("location", []))
            self.differ(f"{where} isn't there: browsers are sent on to {_printable(to)}")
            return
        if answer.status not in ((200, 403) if kind is KEY else (200,)):
            self.differ(f"{where} isn't there: the server answers {answer.status}")
            return
        before = len(self.report.differs)
        for words in rules.look_at_headers(answer.headers, self.place, self.published):
            self.differ(f"{where}: {words}")
        try:
            text = answer.content.decode("utf-8")
        except UnicodeDecodeError:
            self.differ(f"{where} isn't text")
            return
        looked = rules.look_at(text, kind, self.place, self.published)
        for words in looked.differs[: rules.NAMED_MOST]:
            self.differ(f"{where}: {words}")
        if len(looked.differs) > rules.NAMED_MOST:
            self.differ(f"{where}: and {len(looked.differs) - rules.NAMED_MOST} more")
        version = next(iter(looked.versions - {""}), "")
        names = [name for name in looked.files if name in self.published.files]
        count = await self.files(version, names)
        if len(self.report.differs) == before:
            self.report.agrees.append(
                f"{where}: its policy, its elements, and the {count} files it loads now or later."
            )

    async def files(self, version: str, names: list[str]) -> int:
        """Fetch static files and all that they import. How many there are."""
        seen = list(dict.fromkeys(names))
        at = 0
        while at < len(seen):
            some = seen[at : at + AT_ONCE]
            at += len(some)
            for imported in await asyncio.gather(*(self.file(version, each) for each in some)):
                seen += [name for name in imported if name not in seen]
        return len(seen)

    async def file(self, version: str, name: str) -> list[str]:
        """What it imports, where it is as published: else what it does is anybody's guess."""
        key = version, name
        if key in self.imports:
            return self.imports[key]
        self.imports[key] = []
        answer = await self.fetch(f"/static/{version}/{name}", _SCRIPT)
        if answer.status != 200:
            self.differ(f"{name} isn't there: the server answers {answer.status}")
        elif not self.published.is_file(name, answer.content):
            self.differ(f"{name} isn't as published")
        else:
            found = _imported(name, answer.content)
            self.imports[key] = [each for each in found if each in self.published.files]
        return self.imports[key]

    async def worker(self) -> None:
        """The service worker, which could answer for the server once a browser has it."""
        answer = await self.fetch("/worker.js", {**_SCRIPT, **_WORKER})
        problems = list(self._of_worker(answer))
        for words in problems:
            self.differ(f"The service worker ({self.place.root}/worker.js) {words}")
        if not problems:
            self.report.agrees.append(f"The service worker ({self.place.root}/worker.js).")

    def _of_worker(self, answer: _Answer) -> Iterator[str]:
        if answer.status != 200:
            yield f"isn't there: the server answers {answer.status}"
            return
        policies = answer.headers.get("content-security-policy", [])
        for words in rules.look_at_policies(policies, self.published.worker_policy, self.place):
            yield f"isn't kept to what it may do: {words}"
        if self.published.is_file(WORKER_OFF, answer.content):
            return
        begun = _OF_WORKER.match(answer.content)
        if not begun or not self.published.is_file(WORKER, answer.content[begun.end() :]):
            yield "isn't as published"
        elif not self._is_told_right(begun[1]):
            yield "is told of files that aren't Parley's"

    def _is_told_right(self, told: bytes) -> bool:
        try:
            about: Any = json.loads(told)
        except ValueError:
            return False
        if not isinstance(about, dict) or about.keys() != {"version", "root", "assets"}:
            return False
        begin = f"{self.place.root}/static/{about['version']}/"
        return (
            isinstance(about["version"], str)
            and about["root"] == self.place.root
            and isinstance(about["assets"], list)
            and all(
                isinstance(each, str)
                and each.startswith(begin)
                and each.removeprefix(begin) in self.published.files
                for each in about["assets"]
            )
        )

    async def enter(self, link: LinkKey, passphrase: str) -> bool:
        """Show the server that one has the key, as the page does."""
        stretched = link.stretched(passphrase) if link.iterations else b""
        number: int | None = 0
        for _ in range(KEY_TRIES):
            if number is None:
                break
            epoch = Epoch.derive(link.key, stretched=stretched, number=number)
            is_let_in, number = await self.show(epoch)
            if is_let_in:
                return True
        self.report.is_let_in = False
        self.report.uncovered.append(
            "The page of the conversation itself: the server doesn't take this key."
        )
        return False

    async def show(self, epoch: Epoch) -> tuple[bool, int | None]:
        """Whether the server takes its proof, and the number of a later key where it names one."""
        path = f"/api/conversations/{quote(self.place.room_id, safe='')}/enter"
        async with self.session.post(
            f"{self.place.origin}{self.place.root}{path}",
            json={"read_proof": to_base64url(epoch.proof)},
            headers={"Parley-Page": "1", "Origin": self.place.origin, **_SCRIPT},
            allow_redirects=False,
        ) as response:
            if response.status == 200:
                return True, None
            try:
                told: Any = json.loads(await response.content.read(REPLY_MAX_BYTES))
            except ValueError:
                told = None
        later = told.get("epoch") if isinstance(told, dict) else None
        if isinstance(later, int) and epoch.number < later <= NUMBER_MAX:
            return False, later
        return False, None

    async def fetch(self, path: str, headers: dict[str, str]) -> _Answer:
        async with self.session.get(
            f"{self.place.origin}{self.place.root}{path}", headers=headers, allow_redirects=False
        ) as response:
            content = await response.content.read(FILE_MAX_BYTES)
            while more := await response.content.read(FILE_MAX_BYTES):
                content += more
                if len(content) > FILE_MAX_BYTES:
                    raise CannotCheck(f"{path} is larger than any file of Parley's.")
            by_name: dict[str, list[str]] = {}
            for name, value in response.headers.items():
                by_name.setdefault(name.lower(), []).append(value)
            return _Answer(response.status, by_name, content)

    def differ(self, words: str) -> None:
        self.report.differs.append(f"{words}.")


def _imported(name: str, content: bytes) -> Iterator[str]:
    """The files that a script or style sheet names, beside it. Some are only spoken of."""
    pattern = _SHEET if name.endswith(".css") else _IMPORT
    for found in pattern.findall(content.decode("utf-8", "replace")):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(name), found))


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
