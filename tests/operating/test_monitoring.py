"""The dashboard and the alert rules ask for numbers that a real server has."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.databases import ON_POSTGRESQL
from tests.deploy.configurations import DEPLOY
from tests.eventually import until
from tests.operating.test_metrics import PATIENCE_S, measured
from tests.people import Person
from tests.proxying import SBIN
from tests.servers import free_port

FOLDER = DEPLOY / "monitoring"
RULES, DASHBOARD = FOLDER / "parley.rules.yml", FOLDER / "parley-dashboard.json"
WITH_MAIL = (
    *("--public-url", "http://localhost:8081", "--mail-from", "parley@example.org"),
    *("--smtp-url", "smtp://localhost:25", "--hosts", "localhost,127.0.0.1"),
)
OF_PROMETHEUS = {"up", "ALERTS"}
NAME = re.compile(r"\b(?:parley|process)_[a-z_]+\b|\bup\b|\bALERTS\b")
SCRAPES_WITHIN_S = 60.0


def program(name: str) -> str:
    found = shutil.which(name, path=SBIN)
    if found is None:
        pytest.skip(f"{name} was not found; tests/system.sh says how to have it")
    return found


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    """All of the dashboard's."""
    board = json.loads(DASHBOARD.read_text("utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]


def written_out(expression: str) -> str:
    """As Grafana sends it."""
    chosen = {"$job": "parley", "$instance": ".*", "$__rate_interval": "5m"}
    for name, value in chosen.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


def names_in(text: str) -> set[str]:
    without_labels = re.sub(r"\{[^}]*\}|by \([^)]*\)", "", text)
    return set(NAME.findall(without_labels)) - OF_PROMETHEUS


def test_every_number_that_is_asked_for_is_there(tmp_path: Path) -> None:
    with measured(tmp_path / "data", *WITH_MAIL) as (_, url):
        text = requests.get(url, timeout=PATIENCE_S).text
    there = set(re.findall(r"^([a-z_]+)[{ ]", text, re.MULTILINE))
    if ON_POSTGRESQL:
        there.add("parley_database_bytes")
    asked = names_in(" ".join([*expressions(), *(each["expr"] for each in alerts())]))
    assert len(asked) > 25
    assert asked <= there, asked - there
    labels = set(re.findall(r'(\w+)="', text)) | {"job", "instance"}
    for expression in [*expressions(), *(each["expr"] for each in alerts())]:
        grouped = re.findall(r"by \(([^)]*)\)", expression)
        chosen = [
            name
            for part in re.findall(r"\{([^}]*)\}", expression)
            for name in re.findall(r"(\w+)=", part)
        ]
        asked_by = {name.strip() for part in grouped for name in part.split(",")} | set(chosen)
        assert asked_by <= labels, (expression, asked_by - labels)


def test_the_dashboard_is_whole() -> None:
    board = json.loads(DASHBOARD.read_text("utf-8"))
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids) > 20
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == "${datasource}", panel["title"]


def test_the_rules_are_right(tmp_path: Path) -> None:
    promtool = program("promtool")
    for what, file in (("check", RULES), ("test", FOLDER / "parley.rules.test.yml")):
        done = subprocess.run(
            [promtool, what, "rules", str(file)], capture_output=True, text=True, cwd=FOLDER
        )
        assert done.returncode == 0, done.stdout + done.stderr
    asked = [
        {"record": f"asked:{at}", "expr": written_out(each)}
        for at, each in enumerate(expressions())
    ]
    written = tmp_path / "asked.yml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": asked}]}))
    done = subprocess.run(
        [promtool, "check", "rules", str(written)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_of_its_own() -> None:
    tested = (FOLDER / "parley.rules.test.yml").read_text("utf-8")
    for alert in alerts():
        fires = re.search(rf"{alert['alert']}\n +eval_time: \w+\n +exp_alerts:\n +- ", tested)
        assert fires or f'ALERTS{{alertname="{alert["alert"]}"}}' in tested, alert["alert"]
        assert set(alert["annotations"]) == {"summary", "description"}
        assert alert["labels"]["severity"] in ("critical", "warning")


def test_the_numbers_are_told_as_prometheus_wants_them(tmp_path: Path) -> None:
    promtool = program("promtool")
    with measured(tmp_path / "data", *WITH_MAIL) as (_, url):
        text = requests.get(url, timeout=PATIENCE_S).text
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@contextmanager
def prometheus(tmp_path: Path, target: str) -> Iterator[str]:
    """A real one that asks the target every second."""
    binary, port = program("prometheus"), free_port()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{"job_name": "parley", "static_configs": [{"targets": [target]}]}],
    }
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    with (tmp_path / "prometheus.log").open("wb") as log:
        running = subprocess.Popen(
            [
                *(binary, f"--config.file={file}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"),
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(30)


@pytest.mark.long("Prometheus starts, and looks at a server for a while")
async def test_every_panel_shows_something_of_a_server_where_people_talk(tmp_path: Path) -> None:
    """But those of what there is none of, and of what went wrong."""
    with (
        measured(tmp_path / "data", *WITH_MAIL) as (server, url),
        prometheus(tmp_path, url.split("/")[2]) as asked,
    ):

        def found(expression: str) -> list[Any]:
            try:
                reply = requests.get(
                    f"{asked}/api/v1/query", {"query": expression}, timeout=PATIENCE_S
                ).json()
            except (requests.ConnectionError, requests.JSONDecodeError):
                return []  # it starts, and says so in plain words
            if reply["status"] != "success":
                return []  # it says so until it is ready
            result: list[Any] = reply["data"]["result"]
            return result

        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id)

        def is_scraped(times: int) -> bool:
            seen = found("count_over_time(parley_ready[5m])")
            return bool(seen) and float(seen[0]["value"][1]) >= times

        await asyncio.to_thread(
            lambda: asyncio.run(until(lambda: is_scraped(2), SCRAPES_WITHIN_S, 0.5))
        )
        assert (await ada.say(room_id, "Hello"))["ok"]

        def has_counted() -> bool:
            return bool(found("rate(parley_messages_stored_total[5m]) > 0"))

        await asyncio.to_thread(lambda: asyncio.run(until(has_counted, SCRAPES_WITHIN_S, 0.5)))
        for expression in map(written_out, expressions()):
            is_of_sqlite = ON_POSTGRESQL and "database_bytes" in expression
            if not is_of_sqlite and "parley_refusals_total" not in expression:
                assert await asyncio.to_thread(found, expression), expression
        firing = await asyncio.to_thread(found, 'ALERTS{alertstate="firing"}')
        assert firing == [], firing
        await ada.goes_home()
