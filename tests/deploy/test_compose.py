"""What `deploy/compose` puts together, but for the containers: two Parleys with the settings of its
file, a PostgreSQL, a Redis, and its Caddy in front.
"""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from tests.databases import NoPostgresql, Server
from tests.deploy.configurations import DEPLOY
from tests.people import Json, Person
from tests.proxying import SBIN, TRUSTING, Client, Place, in_caddy, runs
from tests.security.test_redis import PROGRAM, Redis
from tests.servers import Process, free_port

COMPOSE = DEPLOY / "compose"
CADDYS_PLACE = "172.30.81.2"


def settings(service: str, **given: str) -> dict[str, str]:
    """The environment that a service of the file has, with what stands there for `given` names."""
    text = (COMPOSE / "compose.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)["services"][service]["environment"]

    def filled(value: str) -> str:
        return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda each: given[each[1]], value)

    return {name: filled(value) for name, value in found.items()}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    # Where its own user can reach it, which is not among the folders of tests.
    folder = Path(tempfile.mkdtemp(prefix="parley-"))
    try:
        server = Server(folder, fsync="off")
    except NoPostgresql as error:
        pytest.skip(str(error))
    server.make()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def two(postgresql: Server, at: Place, tmp_path: Path) -> Iterator[tuple[str, list[Process]]]:
    caddy = shutil.which("caddy", path=SBIN)
    if PROGRAM is None or caddy is None:
        pytest.skip("redis-server or Caddy was not found; tests/system.sh says how to have them")
    url, ports = f"https://localhost:{at.port}", (free_port(), free_port())
    redis, data = Redis(), tmp_path / "data"
    data.mkdir(mode=0o700)
    text = (COMPOSE / "Caddyfile").read_text(encoding="utf-8")
    for name, port in zip(("parley-1:8081", "parley-2:8081"), ports, strict=True):
        text = text.replace(name, f"127.0.0.1:{port}")
    text = text.replace("{$SITE} {", f"{url} {{\n\ttls {at.certificate} {at.key}")
    running = []
    try:
        for service, port in zip(("parley-1", "parley-2"), ports, strict=True):
            environ = settings(service, PUBLIC_URL=url, POSTGRES_PASSWORD="secret")
            assert environ["PARLEY_TRUSTED_PROXIES"] == CADDYS_PLACE
            environ |= {
                "PARLEY_TRUSTED_PROXIES": "127.0.0.1",
                "PARLEY_DATABASE_URL": postgresql.url("postgres"),
                "PARLEY_REDIS_URL": redis.url,
            }
            flags = ("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning")
            running.append(Process(data, *flags, environ=environ))
            running[-1].start()
        with runs([caddy, *in_caddy(at, text)[1:]], at):
            yield url, running
    finally:
        for each in running:
            if each.is_running:
                each.stop()
        redis.ends()


@pytest.mark.long("tests/cluster tells most of it")
async def test_people_at_either_are_in_one_conversation(two: tuple[str, list[Process]]) -> None:
    url, servers = two
    # By its own address each, so that it is known who is where; strangers come through Caddy.
    host = {"headers": {"Host": url.removeprefix("https://")}}
    ada, ben = (Person(name, each.url) for name, each in zip(("Ada", "Ben"), servers, strict=True))
    cleo = Client("Cleo", url)
    try:
        status, created = await cleo.call("POST", "/api/conversations/create", {"title": "Tea"})
        assert status == 201, created
        room_id = created["room_id"]
        for each in (ada, ben):
            await each.connect(**host)
            await each.join(room_id)
        await cleo.join(room_id, token=created["token"])
        for each in (ada, ben, cleo):
            assert (await each.say(room_id, f"Hello from {each.name}"))["ok"]
        for each in (ada, ben, cleo):
            for said in ("Ada", "Ben", "Cleo"):
                await each.hears("new_message", saying(f"Hello from {said}"))
        file = await uploaded(url, room_id, created["token"])
        sent = await cleo.ask(
            "send_message", {"room_id": room_id, "message": "Look", "attachments": [file["id"]]}
        )
        assert sent["ok"], sent
        # From whichever address, and so from either.
        for number in range(8):
            async with at_address(number) as http, http.get(url + file["url"]) as reply:
                assert (reply.status, await reply.read()) == (200, b"Milk")
        # One goes, the other goes on; Caddy leaves out the one that went.
        servers[0].stop()
        assert (await ben.say(room_id, "Still here"))["ok"]
        for number in range(8):
            async with at_address(number) as http, http.get(f"{url}/api/ready") as reply:
                assert reply.status == 200
    finally:
        for each in (ada, ben, cleo):
            await each.goes_home()


def saying(text: str) -> Callable[[Json], bool]:
    return lambda data: bool(data["message"] == text)


def at_address(number: int) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        ssl=TRUSTING, local_addr=(f"127.0.2.{number + 1}", 0), family=socket.AF_INET
    )
    return aiohttp.ClientSession(connector=connector)


async def uploaded(url: str, room_id: str, token: str) -> Json:
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{url}/api/conversations/{room_id}/files?name=list.txt"
    async with at_address(40) as http, http.post(address, data=b"Milk", headers=headers) as reply:
        assert reply.status == 201, await reply.text()
        found: Json = (await reply.json())["file"]
        return found
