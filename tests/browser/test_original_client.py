"""The original system's own example, from a page of another origin, as it was written."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from parley.pages.assets import FOLDER
from tests.browser.seeding import Seeding
from tests.browser.visitor import Visitor
from tests.original_examples import CONNECT
from tests.servers import process

ORIGINAL_PORT = 3000
PAGE = """<!doctype html>
<link rel="icon" href="data:,">
<script type="importmap">{"imports": {"socket.io-client": "./socket.io.esm.min.js"}}</script>
<script type="module">%s</script>
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def frontend(folder: Path) -> Iterator[ThreadingHTTPServer]:
    """A server of files: on the original's port, else, where somebody has that, on a free one."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", _free_port()), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", ORIGINAL_PORT))
        except OSError:
            return 0
        return ORIGINAL_PORT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "frontend"
    folder.mkdir()
    library = FOLDER / "vendor" / "socket.io.esm.min.js"
    (folder / library.name).write_bytes(library.read_bytes())
    return folder


def test_the_original_example_runs_as_it_was_written(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(frontend(folder)).server_port
        origin = f"http://localhost:{port}"
        allowed = () if port == ORIGINAL_PORT else ("--allowed-origins", origin)
        site = stack.enter_context(process(tmp_path / "data", "--port", "0", *allowed))
        seeding = stack.enter_context(contextlib.closing(Seeding(site.url, tmp_path / "data")))
        seeded = seeding.conversation(listed=True)
        script = CONNECT.replace("http://localhost:8081", site.url)
        (folder / "index.html").write_text(PAGE % script.replace("abc12345", seeded.room_id))

        ada = Visitor("Ada", browser, site.url)
        stack.callback(ada.goes_home)
        ada.comes(seeded.link)
        john = browser.new_context().new_page()
        stack.callback(john.context.close)
        john.goto(f"{origin}/")
        expect(ada.notices).to_have_text(["John Doe joined"])
        with john.expect_console_message() as logged:
            ada.says("Hello, John")

        assert logged.value.args[0].json_value() == "New message:"
        message = logged.value.args[1].json_value()
        assert message["message"] == "Hello, John"
        assert message["username"] == "Ada"
        assert not ada.trouble.met
