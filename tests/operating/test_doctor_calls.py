"""`parley doctor` beside a TURN server, and beside none where there should be one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling.test_turn import SECRET, coturn, needs_coturn
from tests.operating.test_doctor import doctor
from tests.servers import begin_folder, free_port


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    begin_folder(folder)
    return folder


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "turn.secret"
    file.write_text(SECRET)
    return str(file)


def test_without_servers_there_is_nothing_to_ask(data: Path) -> None:
    assert doctor(data).says("skip", "calls", "--stun")
    assert doctor(data, "--calls", "off").says("skip", "calls", "--calls off")


@needs_coturn
def test_a_turn_server_that_knows_the_secret_relays(
    data: Path, secret: str, tmp_path: Path
) -> None:
    with coturn(tmp_path) as port:
        place = f"127.0.0.1:{port}"
        turn = f"turn:{place},turn:{place}?transport=tcp"
        flags = ("--stun", f"stun:{place}", "--turn", turn, "--turn-secret-file", secret)
        found = doctor(data, *flags)
        assert found.says("ok", "calls", f"stun:{place} answers", "127.0.0.1")
        # It relays where it listens, which is this machine alone.
        assert found.says("warn", "calls", "relays over UDP", "external-ip")
        assert found.says("warn", "calls", "relays over TCP", "external-ip")
        other = tmp_path / "other.secret"
        other.write_text("another secret")
        found = doctor(data, "--turn", turn, "--turn-secret-file", str(other))
        assert found.says("fail", "calls", "doesn't take our credentials", "static-auth-secret")
        assert "another secret" not in str(found.lines)


def test_servers_that_do_not_answer_are_found(data: Path, secret: str) -> None:
    port = free_port()
    servers = f"turn:127.0.0.1:{port}?transport=tcp,turns:127.0.0.1:{port}"
    found = doctor(
        data, *("--stun", f"stun:127.0.0.1:{port}"), *("--turn", servers),
        *("--turn-secret-file", secret),
    )  # fmt: skip
    assert found.says("fail", "calls", f"stun:127.0.0.1:{port} can't be reached", "UDP")
    assert found.says("fail", "calls", "transport=tcp can't be reached", "TCP")
    assert found.says("fail", "calls", f"turns:127.0.0.1:{port} can't be reached", "TCP")
