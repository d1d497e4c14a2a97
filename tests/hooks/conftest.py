"""A server with a hook, one for all tests of a file, and an address of our own that is told what
happens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from parley.addresses import parse_networks
from parley.config import Config
from tests import lasting
from tests.hooks.receiver import Receiver, receiving
from tests.people import Json, Person

server, person = lasting.server, lasting.person


def with_hooks_here(config: Config) -> Config:
    return dataclasses.replace(config, hook_networks=parse_networks("127.0.0.0/8"))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Config:
    return with_hooks_here(lasting.config_in(tmp_path_factory.mktemp("hooks"), empty_database))


@pytest.fixture
def own_config(own_config: Config) -> Config:
    return with_hooks_here(own_config)


@pytest_asyncio.fixture(loop_scope="module")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


@dataclasses.dataclass
class Talk:
    """Ada's conversation, in which Ben takes part."""

    ada: Person
    ben: Person
    room_id: str

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.room_id}"

    async def hook(self, name: str = "Alerts") -> str:
        """The path of a new hook."""
        status, reply = await self.ada.call("POST", f"{self.path}/hooks", {"name": name})
        assert status == 201, reply
        url: str = reply["url"]
        return url.removeprefix(self.ada.url)

    async def webhook(self, url: str, *events: str) -> Json:
        """A new webhook: the reply that tells its secret."""
        body = {"url": url, **({"events": events} if events else {})}
        status, reply = await self.ada.call("POST", f"{self.path}/webhooks", body)
        assert status == 201, reply
        return reply

    async def webhooks(self) -> list[Json]:
        _, reply = await self.ada.call("GET", f"{self.path}/webhooks")
        found: list[Json] = reply["webhooks"]
        return found

    async def deliveries(self, webhook_id: int) -> list[Json]:
        _, reply = await self.ada.call("GET", f"{self.path}/webhooks/{webhook_id}/deliveries")
        found: list[Json] = reply["deliveries"]
        return found


async def begins(ada: Person, ben: Person) -> Talk:
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id)
    return Talk(ada, ben, room_id)


@pytest_asyncio.fixture(loop_scope="module")
async def talk(person: Callable[..., Person]) -> AsyncIterator[Talk]:
    """Deleted at the end, and with it whatever a webhook was not told yet."""
    began = await begins(person("Ada"), person("Ben"))
    yield began
    await began.ada.call("DELETE", began.path)
