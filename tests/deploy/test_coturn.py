"""coturn as deploy/ has it: it takes our credentials, and is no way into its own network."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from parley.doctor import stun
from parley.domain.relays import key_for
from tests.calling.test_turn import needs_coturn, wait_for
from tests.servers import free_port

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "coturn" / "turnserver.conf"
SECRET = "open sesame"
FORBIDDEN = 403


@contextlib.contextmanager
def coturn(folder: Path) -> Iterator[int]:
    """By our file, with only the port, the secret and the certificate changed."""
    port = free_port()
    lines = CONFIGURATION.read_text().replace("=SECRET", f"={SECRET}").splitlines()
    kept = [each for each in lines if not each.startswith(("cert=", "pkey=", "log-file="))]
    own = folder / "turnserver.conf"
    own.write_text("\n".join(kept).replace("listening-port=3478", f"listening-port={port}"))
    program = shutil.which("turnserver") or ""
    flags = ("--no-tls", "--no-dtls", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1")
    files = (f"--pidfile={folder / 'pid'}", f"--userdb={folder / 'db'}", f"-l={folder / 'log'}")
    command = [program, "-c", str(own), *flags, *files]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            yield port
        finally:
            server.terminate()


@needs_coturn
@pytest.mark.parametrize(
    ("peer", "passes"),
    [
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.20.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("8.8.8.8", True),
    ],
)
def test_it_relays_to_nobody_in_its_own_network(tmp_path: Path, peer: str, passes: bool) -> None:
    key = key_for(SECRET, "somebody", datetime.now(UTC) + timedelta(minutes=5))
    with coturn(tmp_path) as port:
        server = stun.Server("turn", "127.0.0.1", port, "udp")
        with stun.allocated(server, key.username, key.credential, within_s=30.0) as allocation:
            if passes:
                allocation.permit(IPv4Address(peer))
            else:
                with pytest.raises(stun.Refused) as refused:
                    allocation.permit(IPv4Address(peer))
                assert refused.value.code == FORBIDDEN
