"""A site of somebody else's, over TLS, that shows ours in frames: another site, by its name too."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

TALK, SHOP, BLOG, EVIL = "talk.test", "shop.test", "blog.test", "evil.test"
"""Ours, two whose pages show it, and one that may not."""
HOSTS = (TALK, SHOP, BLOG, EVIL)


class Elsewhere(ThreadingHTTPServer):
    """Serves `pages` by their paths, under whichever of the names it is asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, str] = {}
        self.policy = ""

    def at(self, host: str) -> str:
        """Its origin under one of the names."""
        return f"https://{host}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path)
        body = (page or "").encode()
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.server.policy:
            self.send_header("Content-Security-Policy", self.server.policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for all the names, and its key."""
    made = trustme.CA().issue_cert(*HOSTS)
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
    made.private_key_pem.write_to_path(str(key))
    return chain, key


@contextlib.contextmanager
def others(chain: Path, key: Path) -> Iterator[Elsewhere]:
    server = Elsewhere()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
