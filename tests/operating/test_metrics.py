"""Numbers for Prometheus: what they say, and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from parley.config import Config
from parley.errors import SettingInvalid
from parley.metrics.families import FAMILIES
from parley.metrics.seeing import seeing_of
from parley.metrics.tallies import BOUNDS_S, Tally
from tests.databases import ON_POSTGRESQL
from tests.eventually import until
from tests.people import Person
from tests.servers import Process, free_port, process
from tests.test_cli import assert_says_why, loaded_parley

PATIENCE_S = 30
TOKEN = "0123456789abcdef0123456789abcdef"
Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Seen:
    """What Prometheus's own parser finds in an answer."""

    def __init__(self, text: str) -> None:
        self.kinds: dict[str, str] = {}
        self._numbers: Numbers = {}
        for family in text_string_to_metric_families(text):
            self.kinds[family.name] = family.type
            for sample in family.samples:
                self._numbers[sample.name, tuple(sorted(sample.labels.items()))] = sample.value

    def __getitem__(self, name: str) -> float:
        return self.of(name)

    def of(self, name: str, process: str = "0", **labels: str) -> float:
        return self._numbers[name, tuple(sorted({"process": process, **labels}.items()))]

    def processes(self, name: str) -> set[str]:
        return {dict(labels)["process"] for (sample, labels) in self._numbers if sample == name}


def seen_at(url: str, token: str = "") -> Seen:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.get(url, headers=headers, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Seen(answer.text)


@contextmanager
def measured(data: Path, *flags: str) -> Iterator[tuple[Process, str]]:
    """A server, and where it shows its numbers."""
    at = f"127.0.0.1:{free_port()}"
    given = ("--port", "0", "--metrics", "on", "--metrics-listen", at, *flags)
    with process(data, *given) as server:
        yield server, f"http://{at}/metrics"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def test_the_numbers_are_those_of_what_happened(data: Path) -> None:
    with measured(data) as (server, url):
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        room_id = await ada.starts()
        await ada.join(room_id)
        await ben.join(room_id)
        calling = {"room_id": room_id, "audio": True, "video": False}
        assert (await ben.ask("call_join", calling))["ok"]
        before = await asyncio.to_thread(seen_at, url)
        for number in range(20):
            assert (await ada.say(room_id, f"Message {number}"))["ok"]
        await ben.hears("new_message", lambda heard: heard["message"] == "Message 19")
        seen = await asyncio.to_thread(seen_at, url)
        assert seen["parley_messages_stored_total"] == 20
        assert seen["parley_joins_total"] == 2
        assert seen["parley_rooms"] == 1
        assert seen["parley_people"] == 2
        assert seen["parley_call_devices"] == 1
        assert seen.of("parley_connections", transport="websocket") == 2
        assert seen.of("parley_connections", transport="polling") == 0
        assert seen.of("parley_conversations", state="active") == 1
        assert seen["parley_ready"] == 1
        assert seen["parley_database_problem"] == 0
        if not ON_POSTGRESQL:
            assert seen.of("parley_database_bytes", file="database") > 0
        # Each message is told to both, and counted by room, not by socket.
        told = seen["parley_deliveries_total"] - before["parley_deliveries_total"]
        assert told >= 20
        commits = seen["parley_commit_seconds_count"] - before["parley_commit_seconds_count"]
        assert 1 <= commits <= 20 + 5
        assert seen["parley_writes_total"] - before["parley_writes_total"] >= 20
        assert (
            seen.of("parley_commit_seconds_bucket", le="+Inf")
            == (seen["parley_commit_seconds_count"])
        )
        assert seen["process_resident_memory_bytes"] > 1_000_000
        assert seen["process_cpu_seconds_total"] > 0
        await ada.goes_home()
        await ben.goes_home()

        def left() -> bool:
            return seen_at(url).of("parley_connections", transport="websocket") == 0

        await asyncio.to_thread(asyncio.run, until(left, every_s=0.2))


def test_every_number_that_is_promised_is_there(data: Path) -> None:
    left_out = {"parley_mail_queue"} | ({"parley_database_bytes"} if ON_POSTGRESQL else set())
    with measured(data) as (_, url):
        seen = seen_at(url)
    for family in FAMILIES:
        if family.name not in left_out:
            assert seen.kinds[family.name] == family.kind, family.name


@pytest.mark.long("it waits for a lag")
def test_the_event_loops_lag_is_measured(data: Path) -> None:
    with measured(data) as (_, url):

        def measured_twice() -> bool:
            return seen_at(url)["parley_event_loop_lag_seconds_count"] >= 2

        asyncio.run(until(measured_twice, every_s=0.1))


def test_refusals_are_counted_by_their_limit(data: Path) -> None:
    with measured(data, "--limit-creations", "2/1h session, 2/1h address") as (server, url):
        statuses = [
            requests.post(
                f"{server.url}/api/conversations/create", json={}, timeout=PATIENCE_S
            ).status_code
            for _ in range(4)
        ]
        seen = seen_at(url)
    assert statuses == [201, 201, 429, 429]
    assert seen.of("parley_refusals_total", limit="creations") == 2
    assert seen.of("parley_refusals_total", limit="messages") == 0
    assert seen.of("parley_requests_total", status="2xx") == 2
    assert seen.of("parley_requests_total", status="4xx") == 2


def test_nobody_sees_them_unless_they_are_on(data: Path) -> None:
    with process(data) as server:
        assert requests.get(f"{server.url}/metrics", timeout=PATIENCE_S).status_code == 404


def test_on_the_servers_own_address_they_take_the_token(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    flags = ("--port", "0", "--metrics", "on", "--metrics-token-file", str(file))
    with process(data, *flags) as server:
        url = f"{server.url}/metrics"
        for headers in ({}, {"Authorization": f"Bearer {TOKEN[:-1]}"}, {"Authorization": TOKEN}):
            refused = requests.get(url, headers=headers, timeout=PATIENCE_S)
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
            assert "parley_" not in refused.text
        assert seen_at(url, TOKEN)["parley_ready"] in (0, 1)


def test_an_address_of_their_own_may_ask_for_the_token_too(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    with measured(data, "--metrics-token-file", str(file)) as (server, url):
        assert requests.get(url, timeout=PATIENCE_S).status_code == 401
        assert seen_at(url, TOKEN)["parley_ready"] in (0, 1)
        elsewhere = requests.get(url.replace("/metrics", "/"), timeout=PATIENCE_S)
        assert elsewhere.status_code == 404
        assert requests.post(url, timeout=PATIENCE_S).status_code == 405
        here = requests.get(f"{server.url}/metrics", timeout=PATIENCE_S)
        assert here.status_code == 404, "they have an address of their own"


def test_no_page_has_a_browser_of_this_network_read_them(data: Path) -> None:
    with measured(data, "--hosts", "numbers.example") as (_, url):

        def status(host: str) -> int:
            return requests.get(url, headers={"Host": host}, timeout=PATIENCE_S).status_code

        assert [status(host) for host in ("talk.example", "talk.example:9109", "[::x]")] == [
            400
        ] * 3
        known = ("127.0.0.1:9109", "localhost", "parley:9109", "a.b.svc.cluster.local", "[::1]:9")
        assert [status(host) for host in (*known, "numbers.example:9109")] == [200] * 6


def test_those_of_all_processes_of_a_machine_are_shown_by_any(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with measured(data) as (_, url), measured(other):
        # As a second worker in the same folder would leave it there.
        (data / "parley-1.control").symlink_to(other / "parley-0.control")
        (data / "parley-2.control").write_text("Nobody listens here.")

        def both() -> bool:
            # Both take themselves for number 0 here, so each line stands there twice.
            lines = requests.get(url, timeout=PATIENCE_S).text.splitlines()
            return lines.count('parley_ready{process="0"} 1.0') == 2

        asyncio.run(until(both, every_s=0.2))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--metrics", "on"), ("nobody may see them", "--metrics-listen", "--metrics-token-file")),
        (("--metrics-listen", "localhost:9109"), ("--metrics on",)),
        (("--metrics", "on", "--metrics-listen", "0.0.0.0:9109"), ("strangers", "token")),
        (("--metrics", "on", "--metrics-listen", "9.9.9.9:9109"), ("strangers", "token")),
        (("--metrics", "on", "--metrics-listen", "9109"), ("an address and a port",)),
        (("--metrics", "on", "--metrics-token-file", "/no/such"), ("/no/such", "cannot be read")),
    ],
)
def test_what_would_show_them_to_nobody_or_to_strangers_is_one_sentence(
    data: Path, flags: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert_says_why(loaded_parley("serve", "--port", "0", "--data", str(data), *flags), *words)


def test_an_address_that_is_taken_is_one_sentence(data: Path, tmp_path: Path) -> None:
    with measured(data) as (_, url):
        at = url.split("/")[2]
        taken = loaded_parley(
            *("serve", "--port", "0", "--data", str(tmp_path / "other")),
            *("--metrics", "on", "--metrics-listen", at),
        )
    assert_says_why(taken, "metrics", "in use", "--metrics-listen")


def test_a_token_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for text in ("", "short", "two words of which one is long", "x" * 5_000):
        file.write_text(text)
        with pytest.raises(SettingInvalid, match="openssl rand"):
            seeing_of(Config(metrics=True, metrics_token_file=file))


def test_a_tally_puts_each_where_it_belongs() -> None:
    tally = Tally()
    for took_s in (0.0, 0.001, 0.0011, 5.0, 60.0):
        tally.add(took_s)
    assert tally.counts == [2, 1, *[0] * (len(BOUNDS_S) - 3), 1, 1]
    assert (tally.count, tally.sum_s) == (5, 65.0021)
