"""A provider of somebody else's making, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator

from tests.peers import until_ready
from tests.servers import free_port

ANA = {"sub": "ana", "name": "Ana Ruiz", "email": "ana@example.org"}


@contextlib.contextmanager
def provider() -> Iterator[str]:
    """Its issuer. It takes any client, and lets people say who they are."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    command += ["--user-claims", json.dumps(ANA)]
    with until_ready(command, {}, until="running on"):
        yield f"http://127.0.0.1:{port}"
