"""The servers by which browsers find a way to each other, and a real TURN server's word on our
credentials."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from parley.app import create_app
from parley.config import Config
from parley.doctor import stun
from parley.domain import relays
from parley.errors import TurnUnusable
from tests import lasting
from tests.network import SERVER, Space
from tests.people import Json, Person
from tests.servers import free_port, running

pytestmark = lasting.in_one_loop
config = lasting.config

SECRET = "open sesame"
STUN, TURN = "stun:stun.example.org", "turn:turn.example.org?transport=udp"
PATIENCE_S = 30
needs_coturn = pytest.mark.skipif(
    not (shutil.which("turnserver") and shutil.which("turnutils_uclient")),
    reason="there is no coturn: tests/system.sh installs it",
)


@pytest.fixture
def turned(config: Config) -> Config:
    return replace(config, stun=(STUN,), turn=(TURN,), turn_secret=SECRET)


async def servers_of(config: Config) -> Json:
    async with running(config) as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        status, reply = await ada.call("GET", f"/api/conversations/{room_id}/call/servers")
        assert status == 200, reply
        await ada.goes_home()
        return reply


async def test_without_servers_there_are_none(own_config: Config) -> None:
    assert await servers_of(own_config) == {"success": True, "ice_servers": [], "relay_only": False}


async def test_a_credential_is_an_hmac_of_when_it_expires(turned: Config) -> None:
    reply = await servers_of(turned)
    stun, turn = reply["ice_servers"]
    assert (stun, turn["urls"]) == ({"urls": [STUN]}, [TURN])
    expiry, _, who = turn["username"].partition(":")
    expires_at = datetime.fromisoformat(reply["expires_at"])
    assert int(expiry) == int(expires_at.timestamp())
    assert timedelta(hours=1) < expires_at - datetime.now(UTC) <= timedelta(hours=2)
    assert "Ada" not in who
    assert turn["credential"] == relays.key_for(SECRET, who, expires_at).credential
    assert reply["relay_only"]


@pytest.mark.parametrize(("relayed", "expected"), [("off", False), ("auto", True), ("on", True)])
async def test_calls_are_relayed_as_the_host_says(
    turned: Config, relayed: str, expected: bool
) -> None:
    reply = await servers_of(replace(turned, calls_relayed=relayed))
    assert reply["relay_only"] is expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"turn_secret": ""},
        {"turn": ()},
        {"turn": (), "turn_secret": "", "calls_relayed": "on"},
        {"turn_secret_file": Path("/nowhere")},
        {"turn_secret": "", "turn_secret_file": Path("/nowhere")},
    ],
)
async def test_settings_that_do_not_go_together_are_refused(
    turned: Config, wrong: dict[str, Any]
) -> None:
    with pytest.raises(TurnUnusable):
        create_app(replace(turned, **wrong))


async def test_the_secret_stands_in_a_file(turned: Config, tmp_path: Path) -> None:
    file = tmp_path / "turn.secret"
    file.write_text(f"{SECRET}\n")
    found = relays.relays_of(replace(turned, turn_secret="", turn_secret_file=file))
    assert found is not None
    assert found.secret == SECRET


@contextlib.contextmanager
def coturn(folder: Path, *more: str, space: Space | None = None) -> Iterator[int]:
    """A TURN server on 127.0.0.1, or in a space of its own on `SERVER`, that shares the secret; its
    port.
    """
    port = free_port()
    at = "127.0.0.1" if space is None else SERVER
    command = [
        "turnserver",
        *(f"--listening-ip={at}", f"--relay-ip={at}", f"--listening-port={port}"),
        *("--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=parley.test"),
        *("--allow-loopback-peers", "--no-dtls", "--no-cli", "--simple-log"),
        *(f"--log-file={folder / 'turn.log'}", f"--pidfile={folder / 'turn.pid'}"),
        *(f"--userdb={folder / 'turn.db'}", "-n", "--cli-password=unused"),
        *(more or ("--no-tls",)),
    ]
    if space is not None:
        command = space.within(*command)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            if space is None:
                wait_for(port)
            else:
                space.waits_for(SERVER, port)
            yield port
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    """Until it answers by UDP and by TCP, one after the other of which it opens."""
    deadline = datetime.now(UTC) + timedelta(seconds=PATIENCE_S)
    while datetime.now(UTC) < deadline:
        with contextlib.suppress(stun.Silent):
            for transport in ("udp", "tcp"):
                stun.seen_as(stun.Server("stun", "127.0.0.1", port, transport), within_s=3.0)
            return
    raise TimeoutError("The TURN server did not begin.")


def is_taken(port: int, username: str, credential: str) -> bool:
    """Whether the TURN server relays for them."""
    done = subprocess.run(
        [
            "turnutils_uclient",
            *("-y", "-n", "1", "-m", "1", "-c", "-X", "-u", username, "-w", credential),
            *("-p", str(port), "127.0.0.1"),
        ],
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.long("it waits until they expire")
@needs_coturn
def test_a_turn_server_takes_our_credentials_until_they_expire(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    good = relays.key_for(SECRET, "somebody", now + timedelta(hours=1))
    over = relays.key_for(SECRET, "somebody", now - timedelta(hours=1))
    with coturn(tmp_path) as port:
        assert is_taken(port, good.username, good.credential)
        assert not is_taken(port, good.username, over.credential)
        assert not is_taken(port, over.username, over.credential)
