"""`parley doctor` finds what was broken on purpose, and nothing where all is well."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from msgspec import Struct

from parley.config import SETTINGS
from tests import forking
from tests.databases import sqlite_only
from tests.deploy.configurations import PROXIES, Proxy, every_time_one
from tests.deploy.conftest import flags_of
from tests.effort import some
from tests.generous import ENVIRON
from tests.proxying import Place, runs
from tests.servers import begin_folder, free_port, process

HOST = "localhost"
PATIENCE_S = 200
WITH_FILES = {"PARLEY_MAX_FILE": next(each.default for each in SETTINGS if each.name == "max_file")}


def parley(
    *arguments: str, environ: Mapping[str, str] | None = None, files: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Forked; with a limit of open files as it is installed, for the doctor loads what the server
    doesn't.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    env = {**clean, **ENVIRON, **(environ or {})}
    if files is None:
        return forking.run(*arguments, env=env, timeout=PATIENCE_S)
    limited = ("bash", "-c", f'ulimit -n {files}; exec "$@"', "bash")
    return subprocess.run(
        [*limited, sys.executable, "-m", "parley", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=env,
        check=False,
    )


class Found(Struct):
    """What it printed, and how it ended."""

    code: int
    lines: list[dict[str, str]]
    text: str

    def states(self, check: str) -> set[str]:
        return {each["state"] for each in self.lines if each["check"] == check}

    def says(self, state: str, check: str, *words: str) -> bool:
        """Whether a line in that state has all these words."""
        said = (
            f"{each['text']} {each['advice']}"
            for each in self.lines
            if (each["state"], each["check"]) == (state, check)
        )
        return any(all(word in one for word in words) for one in said)

    @property
    def bad(self) -> list[str]:
        return [
            f"{each['state']} {each['check']}: {each['text']}"
            for each in self.lines
            if each["state"] in ("warn", "fail")
        ]


def doctor(data: Path, *flags: str, **environ: str) -> Found:
    """With no files sent, unless asked for: to have a picture looked at is most of what it does."""
    environ = {"PARLEY_MAX_FILE": "0", **environ}
    ended = parley("doctor", "--json", "--offline", "--data", str(data), *flags, environ=environ)
    assert not ended.stderr, ended.stderr
    told = json.loads(ended.stdout)
    assert ended.returncode == {"ok": 0, "warn": 1, "fail": 2}[told["state"]]
    return Found(ended.returncode, told["findings"], ended.stdout)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    begin_folder(folder)
    return folder


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def trusting(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """The environment in which this authority's certificates are accepted."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return {"SSL_CERT_FILE": str(path)}


def issued(
    authority: trustme.CA, folder: Path, host: str = HOST, days: float = 90
) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    made = authority.issue_cert(
        host,
        not_before=datetime.now(UTC) - timedelta(days=100),
        not_after=datetime.now(UTC) + timedelta(days=days),
    )
    certificate, key = folder / "chain.pem", folder / "key.pem"
    for each in made.cert_chain_pems:
        each.write_to_path(str(certificate), append=True)
    made.private_key_pem.write_to_path(str(key))
    return certificate, key


# --- the proxy ---


@contextmanager
def behind(
    proxy: Proxy,
    authority: trustme.CA,
    tmp_path: Path,
    *change: tuple[str, str],
    trusted: str = "127.0.0.1",
) -> Iterator[tuple[str, list[str]]]:
    """A server behind a proxy whose configuration has these changes: its URL, and its flags."""
    folder = tmp_path / "proxy"
    at = Place(folder, free_port(), free_port(), *issued(authority, folder))
    url = f"https://{HOST}:{at.port}"

    def rewritten(text: str) -> str:
        for pattern, new in change:
            text, count = re.subn(pattern, new, text)
            assert count, pattern
        return text

    command = proxy.command(proxy.one, at, at.upstream, rewritten=rewritten)
    flags = [*flags_of(url, at.upstream)]
    flags[flags.index("--trusted-proxies") + 1] = trusted
    with process(tmp_path / "data", *flags), runs(command, at):
        yield url, flags


@pytest.mark.parametrize("proxy", every_time_one(PROXIES), ids=str)
def test_nothing_is_wrong_with_our_own_configurations(
    proxy: Proxy, authority: trustme.CA, tmp_path: Path
) -> None:
    with behind(proxy, authority, tmp_path) as (url, flags):
        found = doctor(tmp_path / "data", *flags, **WITH_FILES, **trusting(authority, tmp_path))
    assert found.says("ok", "public url", url)
    assert found.says("ok", "certificate", "valid for 89 days")
    assert found.says("ok", "certificate", "HTTP/2")
    assert found.says("ok", "clock", url)
    for words in (
        "WebSockets get through",
        "word on addresses counts",
        "Host header arrives",
        "Answers come as they are written",
        "largest files",
        "Uploads reach Parley",
        "error messages arrive",
    ):
        assert found.says("ok", "proxy", words), words
    assert found.says("ok", "server", "1 process")
    # The test's own disk may be nearly full, or lie in memory.
    assert [each for each in found.bad if "data folder" not in each] == []


NGINX = PROXIES[0]
BROKEN = {
    "no upgrade": ((r"proxy_set_header Upgrade .*;", ""), "fail", "WebSockets don't get through"),
    "another host": (
        (r"(proxy_set_header Host) .*;", r"\1 parley.internal;"),
        "fail",
        "another host name",
    ),
    "no addresses": (
        (r"proxy_set_header X-Forwarded-For .*;", 'proxy_set_header X-Forwarded-For "";'),
        "fail",
        "sets no X-Forwarded-For",
    ),
    "chosen addresses": (
        (r"proxy_set_header X-Forwarded-For .*;", ""),
        "fail",
        "anyone can choose their address",
    ),
    "small bodies": ((r"client_max_body_size 0", "client_max_body_size 1m"), "fail", "--max-file"),
    "kept bodies": ((r"proxy_request_buffering off;", ""), "warn", "keeps uploads back"),
    "own errors": (
        (
            r"error_page 502",
            "proxy_intercept_errors on; error_page 404 = @parley_away;\nerror_page 502",
        ),
        "warn",
        "a page of its own",
    ),
}


@pytest.mark.parametrize("how", some(list(BROKEN), every=12, why="one tells most"))
def test_what_a_proxy_does_wrong_is_found(how: str, authority: trustme.CA, tmp_path: Path) -> None:
    change, state, words = BROKEN[how]
    with behind(NGINX, authority, tmp_path, change) as (_, flags):
        found = doctor(tmp_path / "data", *flags, **WITH_FILES, **trusting(authority, tmp_path))
    assert found.says(state, "proxy", words), found.lines
    assert found.says("ok", "public url", "Parley answers")


@pytest.mark.long("one that is set up wrong tells most")
def test_a_proxy_that_is_not_trusted_is_named(authority: trustme.CA, tmp_path: Path) -> None:
    with behind(NGINX, authority, tmp_path, trusted="192.0.2.1") as (_, flags):
        found = doctor(tmp_path / "data", *flags, **WITH_FILES, **trusting(authority, tmp_path))
    assert found.says("fail", "proxy", "--trusted-proxies 127.0.0.1"), found.lines


def test_a_proxy_without_a_server_is_told_from_none(
    authority: trustme.CA, tmp_path: Path, data: Path
) -> None:
    folder = tmp_path / "proxy"
    at = Place(folder, free_port(), free_port(), *issued(authority, folder))
    url = f"https://{HOST}:{at.port}"
    trust = trusting(authority, tmp_path)
    with runs(NGINX.command(NGINX.one, at, at.upstream), at):
        found = doctor(data, "--url", url, **trust)
    assert found.says("fail", "public url", "503", "doesn't reach Parley"), found.lines
    assert found.says("skip", "server", "No server runs")
    found = doctor(data, "--url", url, **trust)
    assert found.says("fail", "public url", "can't be reached"), found.lines


# --- certificates ---


@pytest.mark.parametrize(
    ("host", "days", "is_trusted", "state", "words"),
    some(
        [
            (HOST, -1.5, True, "fail", "expired on"),
            (HOST, 5.5, True, "warn", "expires in 5 days"),
            ("elsewhere.example", 90, True, "fail", "another name"),
            (HOST, 90, False, "fail", "chain"),
        ],
        every=2,
        why="a time that is over and a name that is not its own tell most",
    ),
)
def test_a_certificate_that_browsers_refuse_is_found(
    host: str,
    days: float,
    is_trusted: bool,
    state: str,
    words: str,
    authority: trustme.CA,
    tmp_path: Path,
    data: Path,
) -> None:
    folder = tmp_path / "proxy"
    at = Place(folder, free_port(), free_port(), *issued(authority, folder, host, days))
    trust = trusting(authority if is_trusted else trustme.CA(), tmp_path)
    with runs(NGINX.command(NGINX.one, at, at.upstream), at):
        found = doctor(data, "--url", f"https://{HOST}:{at.port}", **trust)
    assert found.says(state, "certificate", words), found.lines


# --- settings, folder, database ---


def test_settings_that_do_nothing_or_contradict_each_other_are_found(data: Path) -> None:
    found = doctor(
        data,
        *("--metrics", "on", "--workers", "2", "--rate-limits", "off", "--proxy-protocol", "on"),
        PARLEY_PUBLIC_ULR="https://talk.example.org",
    )
    assert found.says("warn", "settings", "PARLEY_PUBLIC_ULR", "PARLEY_PUBLIC_URL?")
    assert found.says("fail", "settings", "nobody may see them")
    assert found.says("fail", "settings", "--trusted-proxies")
    assert found.says("warn", "settings", "Rate limits are off")
    assert found.code == 2


def test_a_setting_that_cannot_be_read_is_a_finding(data: Path) -> None:
    found = doctor(data, "--port", "many")
    assert found.says("fail", "settings", "--port", "65535")


@sqlite_only
def test_a_database_that_is_damaged_is_found(data: Path) -> None:
    assert doctor(data).says("ok", "database", "in order")
    path = data / "parley.db"
    content = bytearray(path.read_bytes())
    content[8192:40960] = os.urandom(40960 - 8192)
    path.write_bytes(content)
    found = doctor(data)
    assert found.states("database") == {"fail"}, found.lines
    assert found.code == 2


@sqlite_only
def test_a_database_of_another_version_is_found(data: Path) -> None:
    def becomes(revision: str) -> Found:
        with sqlite3.connect(data / "parley.db") as own:
            own.execute("UPDATE alembic_version SET version_num = ?", [revision])
        own.close()
        return doctor(data)

    assert becomes("0020").says("warn", "database", "parley migrate")
    assert becomes("9999").says("fail", "database", "newer version")


@sqlite_only
def test_a_database_that_was_moved_is_found(data: Path) -> None:
    with sqlite3.connect(data / "parley.db") as own:
        own.execute("INSERT INTO facts (name, value) VALUES ('moved', '1')")
    own.close()
    assert doctor(data).says("fail", "database", "were moved to another", "--reopen")


@sqlite_only
def test_a_clock_that_was_set_back_is_found(data: Path) -> None:
    assert doctor(data).says("ok", "clock", "what is stored")
    tomorrow_ms = int((datetime.now(UTC) + timedelta(days=1.5)).timestamp() * 1000)
    with process(data) as server:
        import requests

        made = requests.post(f"{server.url}/api/conversations/create", json={}, timeout=30)
        assert made.status_code == 201
    with sqlite3.connect(data / "parley.db") as own:
        own.execute("UPDATE conversations SET last_activity_at = ?", [tomorrow_ms])
    own.close()
    assert doctor(data).says("fail", "clock", "1 day from now")


def test_a_folder_that_others_can_read_is_found(data: Path) -> None:
    secret = data / "parley.secret"
    secret.write_text("ab" * 32)
    secret.chmod(0o644)
    data.chmod(0o777)
    found = doctor(data)
    assert found.says("fail", "data folder", "chmod 700")
    assert found.says("fail", "data folder", "parley.secret", "chmod 600")
    # It looks, and mends nothing.
    assert stat.S_IMODE(secret.stat().st_mode) == 0o644
    secret.write_text("no secret")
    assert doctor(data).says("fail", "data folder", "no secret for Parley")
    assert not list(data.glob(".doctor*"))


def test_a_folder_that_cannot_be_written_to_is_found() -> None:
    # Not even root can write there.
    assert doctor(Path("/proc/self")).says("fail", "data folder", "can't be written to")


def test_it_changes_nothing_where_nothing_is(tmp_path: Path) -> None:
    found = doctor(tmp_path / "none")
    assert found.says("fail", "data folder", "There is no folder")
    assert list(tmp_path.iterdir()) == []


def test_lines_are_for_people_and_tell_no_secret(data: Path) -> None:
    password = "hunter2-and-more"
    ended = parley(
        *("doctor", "--offline", "--data", str(data)),
        *("--redis-url", f"redis://:{password}@127.0.0.1:{free_port()}"),
        *("--database-url", f"postgresql://parley:{password}@127.0.0.1:{free_port()}/parley"),
        *("--public-url", "https://talk.example.invalid", "--mail-from", "a@example.org"),
        *("--smtp-url", f"smtp://ada:{password}@127.0.0.1:{free_port()}"),
    )
    assert ended.returncode == 2, ended
    assert ended.stderr == ""
    assert password not in ended.stdout
    lines = ended.stdout.splitlines()
    assert all(re.match(r"(ok  |skip|warn|fail)  [a-z ]+: .*[.?)]$", line) for line in lines), lines
    failed = {line[6:].partition(":")[0] for line in lines if line.startswith("fail")}
    assert failed >= {"database", "redis", "mail", "public url"}, lines


@pytest.mark.long("a whole server starts with few")
def test_too_few_open_files_are_found(data: Path) -> None:
    ended = parley("doctor", "--json", "--offline", "--data", str(data), files=512)
    found = Found(ended.returncode, json.loads(ended.stdout)["findings"], ended.stdout)
    assert found.says("warn", "limits", "384 connections", "LimitNOFILE=")
