"""The command line: what it says, what it takes, how it starts and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest
import requests
import websocket

from parley import __version__
from parley.config import SETTINGS, Config, load_config
from parley.errors import SettingInvalid
from parley.limits.rates import By, Rate
from parley.wire.line import SERVICE_RESTART
from tests import forking, lean
from tests.cases import together
from tests.effort import some
from tests.people import PATIENCE_S, Person
from tests.raw import event
from tests.servers import START_WITHIN_S, STOP_WITHIN_S, begin_folder, process

FIRST = "the first of them tells most"


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


HAS_IPV6 = _has_ipv6()


def parley(
    *arguments: str, environ: Mapping[str, str] | None = None, files: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `parley` to its end, where it may open so many `files` and no more."""
    limit = () if files is None else ("bash", "-c", f'ulimit -n {files}; exec "$@"', "bash")
    return subprocess.run(
        [*limit, *lean.COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=START_WITHIN_S,
        env=_clean() | dict(environ or {}),
        check=False,
    )


def loaded_parley(
    *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The same for what happens once it has loaded, which is most of what a start takes."""
    return forking.run(*arguments, env=_clean() | dict(environ or {}), timeout=START_WITHIN_S)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}


def assert_says_why(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """One sentence on stderr, exit code 1, no traceback."""
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    assert line.startswith("parley: ")
    assert line.endswith(".")
    for word in words:
        assert word in line


def begun(folder: Path) -> Path:
    """Where a server has started before: the first time takes as long again."""
    data = folder / "data"
    begin_folder(data)
    return data


# --- what it says ---


def test_help_names_the_commands() -> None:
    ended = parley("--help")
    assert ended.returncode == 0
    assert "serve" in ended.stdout
    assert "migrate" in ended.stdout
    assert "backup" in ended.stdout
    assert "owner-link" in ended.stdout


def test_the_version_is_that_of_the_package() -> None:
    assert loaded_parley("--version").stdout == f"parley {__version__}\n"


def test_help_of_serve_has_every_setting_with_its_default() -> None:
    shown = " ".join(loaded_parley("serve", "--help").stdout.split())
    assert "PARLEY_PORT" in shown
    for setting in SETTINGS:
        assert f"{setting.flag} {setting.metavar}" in shown
        if setting.default:
            assert f"[default: {setting.default}]" in shown


def test_an_unknown_flag_is_a_usage_error() -> None:
    ended = loaded_parley("serve", "--colour", "green")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


# --- settings ---

VALUES = {
    "imports": ("off", False),
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("9000", 9000),
    "data": ("/tmp/elsewhere", Path("/tmp/elsewhere")),
    "workers": ("4", 4),
    "tls_certificate": ("/etc/ssl/talk.pem", Path("/etc/ssl/talk.pem")),
    "tls_key": ("/etc/ssl/talk.key", Path("/etc/ssl/talk.key")),
    "public_url": ("https://Talk.example/", "https://talk.example"),
    "hosts": ("Talk.example., *, fd00::0:1", ("talk.example", "*", "[fd00::1]")),
    "allowed_origins": (
        "https://a.example, http://b.example:8080",
        ("https://a.example", "http://b.example:8080"),
    ),
    "embedding_origins": ("https://Board.example:443", ("https://board.example",)),
    "log_level": ("WARNING", "warning"),
    "leave_grace_s": ("2.5", 2.5),
    "away_after_s": ("600", 600.0),
    "keep_sessions_days": ("7", 7),
    "keep_empty_days": ("0", 0),
    "today": ("2030-12-31", date(2030, 12, 31)),
    "ping_interval_s": ("1", 1.0),
    "ping_timeout_s": ("2", 2.0),
    "files_url": (" s3://talk.example/a/b/ ", "s3://talk.example/a/b"),
    "max_file": ("1.5 GB", 1_500_000_000),
    "files_per_person": ("0", 0),
    "files_per_conversation": ("200mb", 200_000_000),
    "files_in_all": ("2TB", 2_000_000_000_000),
    "push_contact": ("mailto:ada@example.org", "mailto:ada@example.org"),
    "push_networks": ("10.0.0.0/8", (ip_network("10.0.0.0/8"),)),
    "hook_networks": ("10.0.0.0/8", (ip_network("10.0.0.0/8"),)),
    "smtp_url": (" smtps://a:b%40c@mail.example ", "smtps://a:b%40c@mail.example"),
    "smtp_password_file": ("/run/secrets/smtp", Path("/run/secrets/smtp")),
    "mail_from": ("Parley <parley@mail.example>", "Parley <parley@mail.example>"),
    "oidc_providers": ("/etc/parley/providers.toml", Path("/etc/parley/providers.toml")),
    "max_connections": ("500", 500),
    "max_connections_per_address": ("20", 20),
    "trusted_proxies": (
        "127.0.0.1, 2001:db8::/32",
        (ip_network("127.0.0.1"), ip_network("2001:db8::/32")),
    ),
    "require_proof": ("ON", True),
    "who_may_start": ("Invited", "invited"),
    "proxy_protocol": ("on", True),
    "service_worker": ("OFF", False),
    "rate_limits": ("OFF", False),
    "rate_limit_storage": ("redis://:secret@localhost:6379/1", "redis://:secret@localhost:6379/1"),
    "limit_messages": (
        "200/1m room, 5/s session",
        (Rate(5, 1, By.SESSION), Rate(200, 60, By.ROOM)),
    ),
    "limit_typing": ("", ()),
    "limit_hooks": ("8/1m session", (Rate(8, 60, By.SESSION),)),
    "limit_calls": ("8/1m session", (Rate(8, 60, By.SESSION),)),
    "limit_rings": ("2/1h room", (Rate(2, 3600, By.ROOM),)),
    "limit_signals": ("80/1m room", (Rate(80, 60, By.ROOM),)),
    "calls": ("off", False),
    "stun": (
        "stun:stun.example.org, stuns:[2001:db8::1]:5349",
        ("stun:stun.example.org", "stuns:[2001:db8::1]:5349"),
    ),
    "turn": (
        "turn:turn.example.org:3478?transport=tcp,turns:192.0.2.1",
        ("turn:turn.example.org:3478?transport=tcp", "turns:192.0.2.1"),
    ),
    "turn_secret": (" open sesame ", "open sesame"),
    "turn_secret_file": ("/run/secrets/turn", Path("/run/secrets/turn")),
    "calls_relayed": ("ON", "on"),
    "limit_joins": ("9/2h address", (Rate(9, 7200, By.ADDRESS),)),
    "limit_creations": ("1/s session", (Rate(1, 1, By.SESSION),)),
    "limit_searches": ("1/m session", (Rate(1, 60, By.SESSION),)),
    "limit_passphrases": ("3/10m room", (Rate(3, 600, By.ROOM),)),
    "limit_unknown_rooms": ("2/24h address", (Rate(2, 86_400, By.ADDRESS),)),
    "limit_acts": ("4/1m address", (Rate(4, 60, By.ADDRESS),)),
    "limit_readings": ("9/1m session", (Rate(9, 60, By.SESSION),)),
    "limit_mails": ("2/1h address", (Rate(2, 3600, By.ADDRESS),)),
    "limit_sign_ins": ("3/1m address", (Rate(3, 60, By.ADDRESS),)),
    "limit_invites": ("8/1h session", (Rate(8, 3600, By.SESSION),)),
    "limit_reports": ("5/1h session", (Rate(5, 3600, By.SESSION),)),
    "limit_uploads": ("6/1m session", (Rate(6, 60, By.SESSION),)),
    "limit_downloads": ("7/s address", (Rate(7, 1, By.ADDRESS),)),
    "limit_reads": ("5/1m address", (Rate(5, 60, By.ADDRESS),)),
    "database_url": (
        "postgresql://parley:secret@localhost/talk",
        "postgresql://parley:secret@localhost/talk",
    ),
    "redis_url": ("redis://localhost:6379/2", "redis://localhost:6379/2"),
    "secret_file": ("/etc/parley/secret", Path("/etc/parley/secret")),
    "metrics": ("on", True),
    "metrics_listen": ("localhost:9100", "localhost:9100"),
    "metrics_token_file": ("/etc/parley/token", Path("/etc/parley/token")),
}


def test_the_table_has_every_setting() -> None:
    assert [setting.name for setting in SETTINGS] == [f.name for f in dataclasses.fields(Config)]
    assert set(VALUES) == {setting.name for setting in SETTINGS}


@together("name", VALUES)
def test_a_setting_is_taken_from_its_flag(name: str) -> None:
    text, value = VALUES[name]
    assert getattr(load_config({name: text}, {}), name) == value


@together("name", VALUES)
def test_a_setting_is_taken_from_its_variable(name: str) -> None:
    text, value = VALUES[name]
    assert getattr(load_config({}, {"PARLEY_" + name.upper(): text}), name) == value


def test_a_flag_goes_before_its_variable() -> None:
    assert load_config({"port": "1"}, {"PARLEY_PORT": "2"}).port == 1


def test_without_flags_and_variables_the_defaults_hold() -> None:
    assert load_config({}, {}) == Config()
    assert (Config().host, Config().port) == ("localhost", 8081)


@together(
    ("name", "text"),
    [
        ("port", "http"),
        ("port", "65536"),
        ("port", "-1"),
        ("workers", "0"),
        ("stun", "https://stun.example.org"),
        ("turn", "turn.example.org:3478"),
        ("turn", "stun:turn.example.org"),
        ("calls_relayed", "maybe"),
        ("workers", "129"),
        ("workers", "all"),
        ("public_url", "talk.example"),
        ("public_url", "https://talk.example/a path"),
        ("public_url", "https://talk.example/talk?a=b"),
        ("public_url", "https://talk.example/conversation"),
        ("public_url", "ftp://talk.example"),
        ("hosts", "https://talk.example"),
        ("hosts", "talk.example:8081"),
        ("hosts", "talk.example nonsense.example"),
        ("hosts", "[talk.example]"),
        ("allowed_origins", "*"),
        ("allowed_origins", "http://a.example,nonsense"),
        ("allowed_origins", "http://a.example;b"),
        ("embedding_origins", "*"),
        ("embedding_origins", "'self'"),
        ("log_level", "loud"),
        ("leave_grace_s", "soon"),
        ("leave_grace_s", "-1"),
        ("leave_grace_s", "nan"),
        ("away_after_s", "59"),
        ("away_after_s", "86401"),
        ("keep_sessions_days", "-1"),
        ("keep_empty_days", "a month"),
        ("today", "31.12.2030"),
        ("today", "2030-02-30"),
        ("ping_interval_s", "inf"),
        ("ping_interval_s", "0"),
        ("ping_timeout_s", "0.01"),
        ("trusted_proxies", "localhost"),
        ("trusted_proxies", "10.0.0.1/8"),
        ("trusted_proxies", "0.0.0.0/0"),
        ("trusted_proxies", "::/0"),
        ("files_url", "/var/files"),
        ("files_url", "https://s3.example/bucket"),
        ("files_url", "s3://"),
        ("files_url", "s3://bucket?region=here"),
        ("files_url", "s3://bucket//prefix"),
        ("rate_limits", "maybe"),
        ("rate_limit_storage", "memcached://localhost"),
        ("rate_limit_storage", "redis://"),
        ("rate_limit_storage", "redis://localhost:port"),
        ("limit_messages", "30"),
        ("limit_messages", "30/10s"),
        ("limit_messages", "30/10s person"),
        ("limit_messages", "0/10s session"),
        ("limit_messages", "30/0s session"),
        ("limit_messages", "30/25h session"),
        ("limit_messages", "30/10s session,"),
        ("limit_messages", "30/10s session 300/10s address"),
        ("limit_creations", "30/10s room"),
    ],
)
def test_an_invalid_setting_is_told_with_its_name_and_value(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid) as flag:
        load_config({name: text}, {})
    assert "--" + name.replace("_", "-") in str(flag.value)
    assert repr(text) in str(flag.value)
    with pytest.raises(SettingInvalid) as variable:
        load_config({}, {"PARLEY_" + name.upper(): text})
    assert "PARLEY_" + name.upper() in str(variable.value)


@pytest.mark.parametrize("name", ["files_url", "rate_limit_storage"])
def test_no_password_is_told_of_an_invalid_setting(name: str) -> None:
    with pytest.raises(SettingInvalid) as flag:
        load_config({name: "s3://someone:secret@bucket:port/path"}, {})
    assert "'s3://…@bucket:port/path'" in str(flag.value)
    assert ":secret" not in str(flag.value)


# --- what keeps it from starting ---


def test_an_invalid_setting_is_one_sentence() -> None:
    assert_says_why(loaded_parley("serve", "--port", "http"), "--port", "'http'")
    assert_says_why(
        loaded_parley("serve", environ={"PARLEY_PORT": "http"}), "PARLEY_PORT", "'http'"
    )


def test_mail_and_providers_without_what_they_need_are_one_sentence(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    mail = ("--smtp-url", "smtp://localhost", "--mail-from", "parley@example.org")
    assert_says_why(loaded_parley("serve", *data, *mail[:2]), "--mail-from")
    assert_says_why(loaded_parley("serve", *data, *mail), "--public-url")
    assert_says_why(loaded_parley("serve", *data, *mail[2:]), "--smtp-url")
    providers = ("--oidc-providers", str(tmp_path / "none.toml"))
    assert_says_why(loaded_parley("serve", *data, *providers), "--public-url")
    public = ("--public-url", "http://localhost")
    assert_says_why(loaded_parley("serve", *data, *public, *providers), "cannot be read")


def test_a_misspelt_variable_is_told(tmp_path: Path) -> None:
    with process(tmp_path, environ={"PARLEY_PROT": "80"}) as server:
        assert server.stop() == (
            0,
            "parley: unknown setting PARLEY_PROT; see parley serve --help.\n",
        )


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        data = ("--data", str(tmp_path))
        ended = loaded_parley("serve", "--host", "127.0.0.1", "--port", port, *data)
    assert_says_why(ended, port, "in use", "--port")


def test_a_host_that_is_not_ours_is_one_sentence(tmp_path: Path) -> None:
    ended = loaded_parley("serve", "--host", "192.0.2.1", "--port", "0", "--data", str(tmp_path))
    assert_says_why(ended, "192.0.2.1")


@pytest.mark.long("a program of its own starts for it")
@pytest.mark.parametrize("files", [140, 64, 128])
def test_too_few_files_for_anybody_is_one_sentence(tmp_path: Path, files: int) -> None:
    ended = parley("serve", "--port", "0", "--data", str(tmp_path / "data"), files=files)
    assert_says_why(ended, f" {files} files", "ulimit -n ", "LimitNOFILE=")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    # A folder under a file: not even root can make it.
    (tmp_path / "file").touch()
    folder = str(tmp_path / "file" / "data")
    assert_says_why(loaded_parley("serve", "--data", folder), folder, "--data")


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_database_of_a_newer_version_is_one_sentence(
    tmp_path: Path, empty_database: Path, command: str
) -> None:
    shutil.copytree(empty_database, tmp_path, dirs_exist_ok=True)
    with sqlite3.connect(tmp_path / "parley.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert_says_why(loaded_parley(command, "--data", str(tmp_path)), "newer", "9999")


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "parley.db").write_bytes(b"Dear diary, this is no database.\n" * 200)
    assert_says_why(loaded_parley("serve", "--data", str(tmp_path)), "database", str(tmp_path))


def test_migrate_makes_the_database_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    for _ in ("at first", "again"):
        ended = loaded_parley("migrate", "--data", str(folder))
        assert ended.returncode == 0
        assert ended.stdout == f"The database in {folder} is up to date.\n"
    assert (folder / "parley.db").exists()


FULL = Path("/dev/full")
ALL_ALIKE = pytest.mark.long("it says it as the others do")
SAYING = [
    ("--help",),
    pytest.param(("--version",), marks=ALL_ALIKE),
    pytest.param(("serve", "--help"), marks=ALL_ALIKE),
    pytest.param(("serve", "--port", "0"), marks=ALL_ALIKE),
    pytest.param(("migrate",), marks=ALL_ALIKE),
]
"""What is said by the library of commands, and what by a server that runs."""


def told_where_nobody_hears(
    arguments: tuple[str, ...], folder: Path, stdout: int
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*lean.COMMAND, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=START_WITHIN_S,
        env={**os.environ, "PARLEY_DATA": str(begun(folder))},
        check=False,
    )


def assert_ends_for_lack_of_output(ended: subprocess.CompletedProcess[str], reason: str) -> None:
    assert ended.returncode == 1, ended
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"parley: Standard output can't be written: {reason}.")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", SAYING, ids=" ".join)
def test_a_full_disk_under_its_output_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with FULL.open("w") as full:
        ended = told_where_nobody_hears(arguments, tmp_path, full.fileno())
    assert_ends_for_lack_of_output(ended, "No space left on device")


@pytest.mark.parametrize("arguments", SAYING, ids=" ".join)
def test_a_pipe_that_is_closed_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    try:
        ended = told_where_nobody_hears(arguments, tmp_path, writes)
    finally:
        os.close(writes)
    assert_ends_for_lack_of_output(ended, "Broken pipe")


# --- how it runs and stops ---


def test_it_answers_once_it_says_where_it_is(tmp_path: Path) -> None:
    with process(tmp_path) as server:
        for path in ("/", "/api/health", "/api/ready", "/conversations"):
            assert requests.get(server.url + path, timeout=PATIENCE_S).status_code == 200


def test_on_every_network_it_says_where_others_find_it(tmp_path: Path) -> None:
    with first_said(tmp_path, "--host", "0.0.0.0") as said:
        if said[1].startswith("Conversations are kept in"):
            pytest.skip("this machine is in no network")
        url = said[1].removeprefix("On your network: ").strip()
        assert requests.get(f"{url}/api/health", timeout=PATIENCE_S).status_code == 200


@contextlib.contextmanager
def first_said(folder: Path, *flags: str) -> Iterator[list[str]]:
    """The first two lines of a server that runs meanwhile."""
    data = begun(folder)
    server = forking.Forked(["serve", "--port", "0", "--data", str(data), *flags], env=_clean())
    try:
        yield [server.stdout.readline().decode() for _ in range(2)]
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(STOP_WITHIN_S)


def listening_at(*flags: str, data: Path) -> tuple[str, list[str]]:
    """Where it says that it listens, and where on the network; it answers at every one of them."""
    server = forking.Forked(["serve", "--port", "0", "--data", str(data), *flags], env=_clean())
    try:
        here, network = (server.stdout.readline().decode() for _ in range(2))
        url = here.split(" at ")[1].split()[0]
        others = network.removeprefix("On your network: ").split(" and ")
        others = [each.strip() for each in others if each.startswith("http")]
        for each in (url, *others):
            assert requests.get(f"{each}/api/health", timeout=PATIENCE_S).status_code == 200
        port = url.rsplit(":", 1)[1]
        for loopback in ("127.0.0.1", "[::1]"):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://{loopback}:{port}/api/health", timeout=PATIENCE_S)
                others.append(loopback)
        return url.rsplit(":", 1)[0], others
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(START_WITHIN_S)


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")
@pytest.mark.parametrize("host", some(["::", "[::]", "0::0"], every=3, why=FIRST))
def test_everywhere_in_ipv6_is_everywhere_in_ipv4_too(tmp_path: Path, host: str) -> None:
    url, answering = listening_at("--host", host, data=tmp_path)
    assert url == "http://localhost"
    assert {"127.0.0.1", "[::1]"} <= set(answering)


def test_everywhere_in_ipv4_is_nowhere_in_ipv6(tmp_path: Path) -> None:
    url, answering = listening_at("--host", "0.0.0.0", data=tmp_path)
    assert url == "http://localhost"
    assert "127.0.0.1" in answering
    assert "[::1]" not in answering
    assert not any("[" in each for each in answering)


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")
def test_one_address_of_ipv6_is_that_alone(tmp_path: Path) -> None:
    assert listening_at("--host", "[::1]", data=tmp_path) == ("http://[::1]", ["[::1]"])


WITHOUT_IPV6 = ("unshare", "--net", "--map-root-user", "bash", "-c")
LOSE_IPV6 = "ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"


@pytest.mark.parametrize("host", ["localhost", "::"])
def test_without_ipv6_it_listens_where_it_can(tmp_path: Path, host: str) -> None:
    if subprocess.run([*WITHOUT_IPV6, LOSE_IPV6], capture_output=True, check=False).returncode:
        pytest.skip("no network of our own can be made here")
    # Names its addresses as machines do whose IPv6 was turned off: that of IPv6 first.
    listen = (
        "import socket; from parley.wire import listening\n"
        "found = ((10, '::1'), (2, '127.0.0.1'))\n"
        "named = [(family, 1, 6, '', (host, 0)) for family, host in found]\n"
        f"if {host!r} == 'localhost': socket.getaddrinfo = lambda *_, **__: named\n"
        f"sockets = listening.listen({host!r}, 0)\n"
        "port = sockets[0].getsockname()[1]\n"
        "socket.socket().connect(('127.0.0.1', port))\n"
    )
    command = f'{LOSE_IPV6} && exec {sys.executable} -c "$LISTEN"'
    ended = subprocess.run(
        [*WITHOUT_IPV6, command],
        env={**os.environ, "LISTEN": listen},
        capture_output=True,
        text=True,
        timeout=START_WITHIN_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("switch", "is_told"), some([("off", True), ("on", False)], every=2, why=FIRST)
)
def test_it_says_so_where_limits_are_off(tmp_path: Path, switch: str, is_told: bool) -> None:
    with process(tmp_path / "data", environ={"PARLEY_RATE_LIMITS": switch}) as server:
        requests.get(server.url, timeout=PATIENCE_S)
        _, output = server.stop()
    assert ("Rate limits are OFF" in output) is is_told


def test_with_a_public_url_it_says_where_it_listens_and_where_people_reach_it(
    tmp_path: Path,
) -> None:
    with first_said(tmp_path, "--public-url", "https://talk.example") as said:
        listens, reached = said
    assert listens.startswith("Parley listens at http://localhost:")
    assert reached == "People reach it at https://talk.example\n"


@pytest.mark.parametrize(
    ("names", "is_told"), some([("talk.lan, *", True), ("talk.lan", False)], every=2, why=FIRST)
)
def test_it_says_so_where_any_host_name_is_answered(
    tmp_path: Path, names: str, is_told: bool
) -> None:
    with process(tmp_path / "data", "--port", "0", "--hosts", names) as server:
        requests.get(server.url, timeout=PATIENCE_S)
        _, output = server.stop()
    assert ("Host names are NOT CHECKED" in output) is is_told


def test_the_data_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    with process(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name", some([signal.SIGTERM, signal.SIGINT, signal.SIGHUP], every=3, why=FIRST)
)
def test_a_signal_ends_it_well(tmp_path: Path, name: signal.Signals) -> None:
    with process(tmp_path / "data") as server:
        requests.get(server.url, timeout=PATIENCE_S)
        code, output = server.stop(name)
    assert code == 0
    assert "Traceback" not in output


@pytest.mark.long("a signal tells most of it")
def test_a_terminal_that_closes_ends_it_with_a_goodbye(tmp_path: Path) -> None:
    """It and its shell both send SIGHUP, and what is said then goes nowhere."""
    terminal, end = os.openpty()
    server = subprocess.Popen(
        [*lean.COMMAND, "serve", "--port", "0", "--data", str(begun(tmp_path))],
        stdout=end,
        stderr=end,
    )
    os.close(end)
    said = b""
    while b"kept in" not in said:
        said += os.read(terminal, 4_096)
    address = said.decode().split(" at http")[1].split()[0]
    target = "/socket.io/?EIO=4&transport=websocket"
    ada = websocket.create_connection(f"ws{address}{target}", timeout=10)
    os.close(terminal)
    for _ in range(3):
        server.send_signal(signal.SIGHUP)
    opcode, said = 0, b""
    while opcode != websocket.ABNF.OPCODE_CLOSE:
        opcode, said = ada.recv_data(control_frame=True)
    assert int.from_bytes(said[:2], "big") == SERVICE_RESTART
    ada.shutdown()  # type: ignore[no-untyped-call]
    assert server.wait(15) == 0


@pytest.mark.long("a signal tells most of it")
def test_who_starts_it_with_nohup_may_close_the_terminal(tmp_path: Path) -> None:
    command = ["nohup", *lean.COMMAND, "serve", "--port", "0", "--data", str(begun(tmp_path))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split(" at ")[1].split()[0]
        server.send_signal(signal.SIGHUP)
        assert requests.get(f"{url}/api/ready", timeout=10).status_code == 200
        server.terminate()
        assert server.wait(15) == 0


@pytest.mark.parametrize("transport", some(["websocket", "polling"], every=2, why=FIRST))
async def test_it_ends_well_while_people_talk(tmp_path: Path, transport: str) -> None:
    with process(tmp_path / "data") as server:
        ada = Person("Ada", server.url, (transport,))
        room_id = await ada.starts()
        await ada.join(room_id)
        code, output = await asyncio.to_thread(server.stop)
        await ada.goes_home()
    assert code == 0
    assert "Traceback" not in output


async def test_it_ends_well_while_somebody_never_reads(tmp_path: Path) -> None:
    with process(tmp_path / "data") as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id)
        # A small buffer, which nobody empties.
        small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)]
        address = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        mallory = await asyncio.to_thread(websocket.create_connection, address, sockopt=small)
        mallory.send("40")
        mallory.send(event("watch_room", {"room_id": room_id}))
        # Three bytes each in UTF-8: several megabytes.
        await asyncio.gather(*(ada.say(room_id, "茶" * 8_000) for _ in range(200)))
        code, output = await asyncio.to_thread(server.stop)
        mallory.shutdown()  # type: ignore[no-untyped-call]
        await ada.goes_home()
    assert code == 0
    assert "Traceback" not in output
