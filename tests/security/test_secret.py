"""The server's own secret: made once, kept, for its user's eyes only."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from parley.errors import SecretUnusable
from parley.secret import Secret
from parley.storage import secret_file
from tests.servers import process
from tests.test_cli import loaded_parley

TEXTS = ("", "a", "a\0b", "é", "\ud800", "x" * 10_000)


def serve(folder: Path) -> subprocess.CompletedProcess[str]:
    """`parley serve` on a folder that it refuses."""
    return loaded_parley("serve", "--port", "0", "--data", str(folder))


def test_it_is_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    file = tmp_path / secret_file.NAME
    contents = []
    for _ in range(2):
        with process(tmp_path) as server:
            contents.append(file.read_bytes())
            assert server.stop() == (0, "")
    assert contents[0] == contents[1]
    assert re.fullmatch(rb"[0-9a-f]{64}\n", contents[0])
    assert file.stat().st_mode & 0o777 == 0o600
    assert not list(file.parent.glob("*.new"))


def test_every_folder_has_another(tmp_path: Path) -> None:
    seals = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        seals.add(secret_file.load(tmp_path / name).seal("test", "text"))
    assert len(seals) == 2


def test_one_that_others_could_read_is_narrowed_and_told(tmp_path: Path) -> None:
    secret_file.load(tmp_path)
    file = tmp_path / secret_file.NAME
    written = file.read_bytes()
    file.chmod(0o644)
    with process(tmp_path) as server:
        _, log = server.stop()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == written
    assert "secret_was_open" in log
    assert written.decode().strip() not in log


@pytest.mark.parametrize("content", [b"", b"hello", b"0" * 63, b"G" * 64, b"0" * 65, b"\0" * 64])
def test_one_that_parley_did_not_make_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / secret_file.NAME
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(SecretUnusable, match="Remove it"):
        secret_file.load(tmp_path)
    assert file.read_bytes() == content


def test_one_that_cannot_be_read_is_one_sentence_at_the_start(tmp_path: Path) -> None:
    (tmp_path / secret_file.NAME).mkdir()
    ended = serve(tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    assert line.startswith("parley: The server's secret")
    assert secret_file.NAME in line


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_one_that_others_can_read_for_good_keeps_the_server_down() -> None:
    # Not under pytest's folder, which is closed to everybody else.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        secret_file.load(folder)
        (folder / secret_file.NAME).chmod(0o644)
        # As somebody who may read it but not change its mode.
        script = (
            "import os, sys, pathlib; from parley.storage import secret_file;"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534);"
            "secret_file.load(pathlib.Path(sys.argv[1]))"
        )
        ended = subprocess.run(
            [sys.executable, "-c", script, name], capture_output=True, text=True, check=False
        )
    assert "SecretUnusable" in ended.stderr
    assert "is open to others" in ended.stderr


def test_what_a_crash_left_half_made_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / f"{secret_file.NAME}.1f.new"
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    secret_file.load(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [secret_file.NAME]


def test_of_several_that_start_at_once_all_have_the_first_ones_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: secret_file.load(tmp_path), range(8)))
    assert len({each.seal("test", "text") for each in made}) == 1
    assert [path.name for path in tmp_path.iterdir()] == [secret_file.NAME]


def test_a_secret_that_is_given_is_read_and_none_is_made(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_text("ab" * 32 + "\n")
    given.chmod(0o444)  # as containers are given it
    folder = tmp_path / "data"
    folder.mkdir()
    assert secret_file.load(folder, given).seal("a", "b") == Secret(b"\xab" * 32).seal("a", "b")
    assert not list(folder.iterdir())


@pytest.mark.parametrize(("content", "said"), [(None, "openssl rand"), ("short", "64 hexadecimal")])
def test_a_secret_that_is_given_and_is_none_is_refused(
    tmp_path: Path, content: str | None, said: str
) -> None:
    given = tmp_path / "given"
    if content is not None:
        given.write_text(content)
    with pytest.raises(SecretUnusable, match=said):
        secret_file.load(tmp_path, given)


def test_a_seal_is_of_one_text_one_purpose_and_one_secret() -> None:
    one, other = Secret(b"1" * 32), Secret(b"2" * 32)
    seals = [
        secret.seal(purpose, text)
        for secret in (one, other)
        for purpose in ("a", "b")
        for text in TEXTS
    ]
    assert len(set(seals)) == len(seals)
    assert all(re.fullmatch(r"[\w-]{43}", seal) for seal in seals)
    assert one.is_seal(one.seal("a", "text"), "a", "text")
    for seal in ("", "é", "\ud800", other.seal("a", "text"), one.seal("b", "text"), "x" * 43):
        assert not one.is_seal(seal, "a", "text")


def test_it_is_never_shown() -> None:
    secret = Secret(b"canary-canary-canary-canary-cana")
    assert "canary" not in f"{secret!r} {secret} {[secret]}"
    assert not hasattr(secret, "__dict__")
