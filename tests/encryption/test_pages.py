"""`parley check-page`: it takes the pages of a real server for what they are, and names what a
hostile one changed.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from parley.client.encryption import Epoch, LinkKey
from parley.client.encryption import Person as Keys
from parley.client.encryption.epochs import begin as begin_epoch
from parley.client.pages import CannotCheck, Published, Report, check_page
from parley.pages.published import published
from tests.effort import some
from tests.encryption.members import new_key
from tests.encryption.spoiling import Sent, Spoil, spoiled
from tests.encryption.talk import encrypted
from tests.servers import START_WITHIN_S, Process, free_port, process

PASSPHRASE = "correct horse battery staple"
OURS = Published.read(published())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with process(tmp_path_factory.mktemp("pages") / "data") as started:
        yield started


def parley(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As it is installed, with all it needs to ask a server."""
    return subprocess.run(
        [sys.executable, "-m", "parley", *arguments],
        capture_output=True,
        text=True,
        timeout=START_WITHIN_S,
        check=False,
    )


async def begin(url: str, *, passphrase: str = "") -> str:
    """A new encrypted conversation's path, with its key."""
    link = LinkKey.generate(with_passphrase=bool(passphrase))
    stretched = link.stretched(passphrase) if passphrase else b""
    body = encrypted(Epoch.derive(link.key, stretched=stretched))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/api/conversations/create", json=body) as made,
    ):
        assert made.status == 201, await made.text()
        return f"/conversation/{(await made.json())['room_id']}#{link.fragment()}"


async def check(server: Process, spoil: Spoil | None = None) -> Report:
    """What is found where a conversation is behind a server that spoils what is sent."""
    path = await begin(server.url)
    async with spoiled(server.url, spoil) as there:
        return await check_page(f"{there.url}{path}", OURS)


def is_inside(sent: Sent) -> bool:
    """The page of the conversation, once one is let in."""
    return sent.is_page and b'id="composer"' in sent.body


async def test_what_parley_sends_agrees(server: Process) -> None:
    path = await begin(server.url)
    report = await check_page(f"{server.url}{path}", OURS)
    assert report.differs == []
    assert len(report.agrees) == 5
    [files] = [
        re.search(r"the (\d+) files", each) for each in report.agrees if "of the conv" in each
    ]
    assert files is not None
    assert int(files[1]) > 40, "what is loaded later is among them"
    assert any(each.startswith("The service worker") for each in report.agrees)
    assert any("Without https" in each for each in report.uncovered)


async def test_the_key_is_not_sent(server: Process) -> None:
    path = await begin(server.url)
    key = path.partition("#k=")[2]
    heard: list[str] = []
    async with spoiled(server.url, lambda sent: heard.append(sent.path)) as there:
        await check_page(f"{there.url}{path}", OURS)
    assert heard
    assert key not in "".join(heard)


async def test_a_proxy_that_compresses_changes_nothing(server: Process) -> None:
    path = await begin(server.url)
    async with spoiled(server.url, compresses=True) as there:
        report = await check_page(f"{there.url}{path}", OURS)
    assert (report.differs, len(report.agrees)) == ([], 5)


async def test_a_server_under_a_path_is_checked_there(tmp_path: Path) -> None:
    port = free_port()
    public = f"http://localhost:{port}/talk"
    with process(tmp_path / "data", "--port", str(port), "--public-url", public):
        path = await begin(public)
        report = await check_page(f"{public}{path}", OURS)
    assert (report.differs, len(report.agrees)) == ([], 5)


async def test_a_link_with_a_passphrase_is_checked_with_it(server: Process) -> None:
    path = await begin(server.url, passphrase=PASSPHRASE)
    report = await check_page(f"{server.url}{path}", OURS, passphrase=PASSPHRASE)
    assert (report.differs, report.is_let_in, len(report.agrees)) == ([], True, 5)
    report = await check_page(f"{server.url}{path}", OURS, passphrase="a guess")
    assert (report.differs, report.is_let_in, len(report.agrees)) == ([], False, 4)


async def test_a_link_whose_key_was_changed_is_checked_with_its_number(server: Process) -> None:
    me = Keys.generate()
    link = LinkKey.generate(owner=me.public.id)
    first = Epoch.derive(link.key)
    new, record = begin_epoch(me, first, first.room, [me.public])
    async with (
        aiohttp.ClientSession(headers={"Parley-Page": "1"}) as session,
        session.post(f"{server.url}/api/conversations/create", json=encrypted(first)) as made,
    ):
        there = f"{server.url}/api/conversations/{(await made.json())['room_id']}"
        async with session.post(f"{there}/epochs", json=new_key(new, record)) as changed:
            assert changed.status == 201, await changed.text()
    page = f"{there.replace('/api/conversations/', '/conversation/')}#"
    report = await check_page(f"{page}{LinkKey(new.key, owner=link.owner).fragment()}", OURS)
    assert (report.differs, report.is_let_in, len(report.agrees)) == ([], True, 5)
    report = await check_page(f"{page}{link.fragment()}", OURS)
    assert (report.differs, report.is_let_in, len(report.agrees)) == ([], False, 4)


@pytest.mark.parametrize(
    "told", [b"[]", b"{", b'{"epoch": -1}', b'{"epoch": 1e99}', b'{"epoch": "1"}']
)
async def test_a_server_that_names_no_key_ends_it(server: Process, told: bytes) -> None:
    def spoil(sent: Sent) -> None:
        if sent.path.endswith("/enter"):
            sent.status, sent.body = 403, told

    report = await check(server, spoil)
    assert (report.differs, report.is_let_in) == ([], False)


async def test_without_the_key_what_is_before_it_is_checked(server: Process) -> None:
    path = await begin(server.url)
    report = await check_page(f"{server.url}{path.partition('#')[0]}", OURS)
    assert (report.differs, len(report.agrees)) == ([], 4)
    assert any("give the whole link" in each for each in report.uncovered)
    report = await check_page(server.url, OURS)
    assert (report.differs, len(report.agrees)) == ([], 2)


async def test_an_open_conversation_is_not_taken_for_an_encrypted_one(server: Process) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/api/conversations/create", json={"title": "Tea"}) as made,
    ):
        room_id = (await made.json())["room_id"]
    report = await check_page(f"{server.url}/conversation/{room_id}", OURS)
    assert any("it is the page of an open conversation" in each for each in report.differs)


# --- what a hostile server does ---


def in_page(old: str, new: str) -> Spoil:
    def spoil(sent: Sent) -> None:
        if is_inside(sent):
            sent.replace(old, new)

    return spoil


def in_head(markup: str) -> Spoil:
    return in_page("<meta charset", f"{markup}\n  <meta charset")


def in_body(markup: str) -> Spoil:
    return in_page("</main>", f"{markup}</main>")


def of_file(pattern: str, more: str) -> Spoil:
    def spoil(sent: Sent) -> None:
        if re.search(pattern, sent.path):
            sent.body += more.encode()

    return spoil


def with_header(name: str, value: str | None) -> Spoil:
    def spoil(sent: Sent) -> None:
        if is_inside(sent):
            sent.headers.pop(name, None)
            if value is not None:
                sent.headers[name] = value

    return spoil


def policy(old: str, new: str) -> Spoil:
    def spoil(sent: Sent) -> None:
        if is_inside(sent):
            given = sent.headers["Content-Security-Policy"]
            assert old in given
            sent.headers["Content-Security-Policy"] = given.replace(old, new)

    return spoil


def sent_on(sent: Sent) -> None:
    if is_inside(sent):
        sent.status, sent.body = 302, b""
        sent.headers["Location"] = "/conversation/another"


def script_sent_on(sent: Sent) -> None:
    if "/js/encrypted" in sent.path:
        sent.status, sent.body = 302, b""
        sent.headers["Location"] = "/static/other.js"


def as_open(sent: Sent) -> None:
    if is_inside(sent):
        sent.replace("js/encrypted.js", "js/conversation.js")


def of_two_versions(sent: Sent) -> None:
    if is_inside(sent):
        sent.body = re.sub(
            rb"/static/[0-9a-f]{12}(/(?:built/)?css)", rb"/static/0123456789ab\1", sent.body
        )


def worker_told_of_another(sent: Sent) -> None:
    if sent.path == "/worker.js":
        about, _, code = sent.body.partition(b";\n")
        told = json.loads(about.removeprefix(b"self.PARLEY="))
        told["assets"].append("/static/evil.js")
        sent.body = b"self.PARLEY=" + json.dumps(told).encode() + b";\n" + code


def worker_set_free(sent: Sent) -> None:
    if sent.path == "/worker.js":
        sent.headers.pop("Content-Security-Policy")


def as_latin(sent: Sent) -> None:
    if is_inside(sent):
        sent.headers["Content-Type"] = "text/html; charset=iso-8859-1"


HOSTILE: dict[str, tuple[Spoil, str]] = {
    "a script loaded at once": (of_file(r"/js/encrypted\.js$", ";0"), "js/encrypted.js isn't as"),
    "a script loaded later": (of_file(r"/viewer[^/]*\.js$", ";0"), "viewer"),
    "a style sheet loaded later": (
        of_file(r"/pages/search\.css$", "a{b:c}"),
        "search.css isn't as",
    ),
    "a script of its own": (
        in_head('<script src="/static/0123456789ab/evil.js"></script>'),
        "evil.js, which isn't a file of Parley's",
    ),
    "a script from elsewhere": (
        in_head('<script src="https://evil.example/x.js"></script>'),
        "src of <script> leads elsewhere",
    ),
    "a script in the page": (in_head("<script>steal()</script>"), "script written into the page"),
    "another of our scripts": (
        in_head('<script src="VERSIONED/js/offline.js"></script>'),
        "it runs",
    ),
    "an import map": (in_head('<script type="importmap">{}</script>'), "import map"),
    "rules to fetch ahead": (
        in_head('<script type="speculationrules">{}</script>'),
        "a script of the type “speculationrules”",
    ),
    "an event handler": (
        in_page('<main class="talk"', '<main onclick="steal()" class="talk"'),
        "a script written into onclick of <main>",
    ),
    "an event handler in capitals": (
        in_page('<main class="talk"', '<main ONCLICK="steal()" class="talk"'),
        "onclick of <main>",
    ),
    "a style": (in_body('<p style="x:y">Hi</p>'), "<p> has style="),
    "a frame": (in_body('<iframe src="/x"></iframe>'), "<iframe>"),
    "another base": (in_head('<base href="https://evil.example/">'), "<base>"),
    "a way elsewhere": (
        in_head('<meta http-equiv="refresh" content="0; url=https://evil.example">'),
        "http-equiv",
    ),
    "a form of its own": (
        in_body('<form method="post" action="https://evil.example/"></form>'),
        "action of <form> leads elsewhere",
    ),
    "a link that does something": (
        in_body('<a href="javascript:steal()">Help</a>'),
        "href of <a> leads elsewhere",
    ),
    "a comment": (in_body("<!--><script>steal()</script>-->"), "markup that Parley never writes"),
    "an attribute without quotes": (
        in_body("<p title=x>Hi</p>"),
        "markup that Parley never writes",
    ),
    "a tag that is left open": (in_body('<p title="'), "markup that Parley never writes"),
    "a second thing of a name": (in_body('<p id="composer"></p>'), "two elements with the id"),
    "a composer that sends as it is": (
        in_page('id="composer" method="dialog"', 'id="composer" method="post"'),
        "would be sent as it is",
    ),
    "a link that leads elsewhere": (
        in_page('data-link="http://', 'data-link="https://evil.example/conversation/http://'),
        "data-link of <copy-link> leads elsewhere",
    ),
    "another conversation": (
        in_page('data-room-id="', 'data-room-id="other-'),
        "the page of another conversation",
    ),
    "a style sheet of its own": (
        in_page('data-search-sheet="', 'data-search-sheet="https://evil.example/'),
        "which isn't a file of Parley's",
    ),
    "an open conversation's page": (as_open, "what is written there isn't encrypted"),
    "no policy": (with_header("Content-Security-Policy", None), "no Content-Security-Policy"),
    "a policy that lets scripts in": (
        policy("script-src 'self'", "script-src 'self' 'unsafe-inline'"),
        "says script-src",
    ),
    "a policy that lets words out": (
        policy("connect-src 'self'", "connect-src 'self' https://evil.example"),
        "lets it connect to “https://evil.example”",
    ),
    "a policy without types": (
        policy("require-trusted-types-for 'script'", ""),
        "has no require-trusted-types-for",
    ),
    "a policy that tells": (
        policy("base-uri", "report-uri https://evil.example; base-uri"),
        "has report-uri",
    ),
    "a header that fetches": (
        with_header("Link", "<https://evil.example/x.css>; rel=stylesheet"),
        "it has the header link",
    ),
    "a header that leaves": (with_header("Refresh", "0; url=/x"), "it has the header refresh"),
    "another encoding": (as_latin, "isn't sent as HTML in UTF-8"),
    "a redirect": (sent_on, "browsers are sent on to /conversation/another"),
    "a script's redirect": (script_sent_on, "js/encrypted.js isn't there: the server answers 302"),
    "files of two versions": (of_two_versions, "its files are of different versions"),
    "a service worker": (of_file(r"^/worker\.js$", ";0"), "service worker (/worker.js) isn't as"),
    "what the worker keeps": (worker_told_of_another, "told of files that aren't Parley's"),
    "a worker that may do all": (worker_set_free, "isn't kept to what it may do"),
}


@pytest.mark.parametrize("changed", some(sorted(HOSTILE), every=12, why="a few tell most"))
async def test_a_change_is_named(server: Process, changed: str) -> None:
    spoil, words = HOSTILE[changed]
    version = ""

    def spoil_it(sent: Sent) -> None:
        nonlocal version
        if is_inside(sent) and (found := re.search(rb"/static/[0-9a-f]{12}(?:/built)?", sent.body)):
            version = found[0].decode()
        spoil(sent)
        sent.body = sent.body.replace(b"VERSIONED", version.encode())

    report = await check(server, spoil_it)
    assert any(words in each for each in report.differs), report.differs


async def test_one_who_changes_everything_is_told_in_few_lines(server: Process) -> None:
    report = await check(server, in_body('<p style="x:y">Hi</p>' * 500))
    assert len(report.differs) == 21
    assert report.differs[-1].endswith("and 480 more.")


async def test_what_people_wrote_is_no_difference(server: Process) -> None:
    """Names stand on the page before any script runs."""
    link = LinkKey.generate()
    epoch = Epoch.derive(link.key)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        create = f"{server.url}/api/conversations/create"
        async with session.post(create, json=encrypted(epoch)) as made:
            told = await made.json()
        name = "<script>\"'&lt;</p onclick=x> ​"
        headers = {"Authorization": f"Bearer {told['token']}"}
        async with session.post(
            f"{server.url}/api/conversations/{told['room_id']}/join",
            json={"username": name},
            headers=headers,
        ) as joined:
            assert joined.status == 200, await joined.text()
    path = f"/conversation/{told['room_id']}#{link.fragment()}"
    report = await check_page(f"{server.url}{path}", OURS)
    assert (report.differs, len(report.agrees)) == ([], 5)


# --- the command ---


@pytest.mark.long("a program starts for each")
async def test_the_command_says_it_by_its_exit_code(server: Process, tmp_path: Path) -> None:
    path = await begin(server.url)
    done = await asyncio.to_thread(parley, "check-page", f"{server.url}{path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is what Parley" in done.stdout.splitlines()[-1]

    hashes = json.loads(published())
    hashes["files"]["built/js/encrypted.js"] = hashes["files"]["js/encrypted.js"] = "0" * 64
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**hashes, "version": "0.0.9"}))
    done = await asyncio.to_thread(
        parley, "check-page", f"{server.url}{path}", "--hashes", str(other)
    )
    assert done.returncode == 1
    assert "encrypted.js isn't as published" in done.stdout
    assert "not what Parley 0.0.9 sends" in done.stdout

    other.write_text("{}")
    done = await asyncio.to_thread(parley, "check-page", server.url, "--hashes", str(other))
    assert (done.returncode, done.stdout) == (2, "")
    assert "isn't what parley page-hashes prints" in done.stderr


@pytest.mark.parametrize(
    "url", ["example.org", "ftp://example.org/", "https://x/conversation/a#k=1"]
)
async def test_what_is_no_link_cannot_be_checked(url: str) -> None:
    with pytest.raises(CannotCheck):
        await check_page(url, OURS)


@pytest.mark.long("a program of its own starts for it")
async def test_a_server_that_is_not_there_cannot_be_checked(server: Process) -> None:
    async with spoiled(server.url) as there:
        gone = there.url
    done = await asyncio.to_thread(parley, "check-page", gone)
    assert done.returncode == 2
    assert "can't be asked" in done.stderr


@pytest.mark.long("each file is fetched by itself")
async def test_the_hashes_are_printed_for_others(tmp_path: Path) -> None:
    done = await asyncio.to_thread(parley, "page-hashes")
    assert done.returncode == 0, done.stderr
    assert Published.read(done.stdout) == OURS
