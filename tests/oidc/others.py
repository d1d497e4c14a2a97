"""A provider of somebody else's making, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator

import requests

from tests.servers import START_WITHIN_S, free_port

ANA = {"sub": "ana", "name": "Ana Ruiz", "email": "ana@example.org"}


@contextlib.contextmanager
def provider() -> Iterator[str]:
    """Its issuer. It takes any client, and lets people say who they are."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    started = subprocess.Popen(
        [*command, "--user-claims", json.dumps(ANA)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{issuer}/.well-known/openid-configuration", started)
        yield issuer
    finally:
        started.kill()
        started.wait()


def _wait_for(url: str, started: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until:
        assert started.poll() is None, "The provider ended at once."
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(url, timeout=START_WITHIN_S).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("The provider did not start.")
