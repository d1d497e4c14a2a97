"""Servers with limits low enough to be hit, a clock that tests turn, and people at addresses."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from parley.config import SETTINGS, Config
from tests.people import Json, Person
from tests.servers import Running, running

TRUSTED = "127.0.0.1"
"""The proxy that everybody in these tests comes through, where it is trusted."""
ADDRESS, ELSEWHERE = "203.0.113.7", "203.0.113.8"


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now

    def goes_on(self, seconds: float) -> None:
        self.now += seconds


class Guest(Person):
    """Somebody who comes from an address, as the proxy says: without one from where they are."""

    def __init__(self, name: str, url: str, address: str, transports: tuple[str, ...]) -> None:
        super().__init__(name, url, transports)
        self.forwarded = {"X-Forwarded-For": address} if address else {}

    async def connect(self, **options: Any) -> Person:
        return await super().connect(headers=self.forwarded, **options)

    async def call(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Json]:
        headers = self.forwarded | options.pop("headers", {})
        return await super().call(method, path, body, headers=headers, **options)

    async def sits_down(self, room_id: str = "") -> str:
        """Start a conversation, or take the one there is, and join it on the socket."""
        room_id = room_id or await self.starts()
        await self.connect(**({"auth": {"token": self.token}} if self.token else {}))
        await self.join(room_id)
        return room_id


def assert_too_much(answer: Json, retry_after: float) -> None:
    """An acknowledgement or a reply that refuses, with when to come back."""
    assert answer["code"] == "rate_limited", answer
    assert answer["retry_after"] == retry_after
    assert "wait" in answer["error"]


@dataclass
class House:
    """A running server."""

    server: Running
    clock: Clock = field(default_factory=Clock)
    guests: list[Guest] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.url

    def guest(
        self, name: str, address: str = "", transports: tuple[str, ...] = ("websocket",)
    ) -> Guest:
        self.guests.append(Guest(name, self.url, address, transports))
        return self.guests[-1]


Open = Callable[..., contextlib.AbstractAsyncContextManager[House]]


def with_settings(config: Config, **settings: str) -> Config:
    """The same with settings as one writes them."""
    parse = {setting.name: setting.parse for setting in SETTINGS}
    return replace(config, **{name: parse[name](text) for name, text in settings.items()})


@pytest.fixture
def default(own_config: Config) -> Config:
    """What `parley serve` has without a flag, on the folder of the test."""
    return Config(data=own_config.data, leave_grace_s=own_config.leave_grace_s)


@pytest.fixture
def opened(default: Config) -> Open:
    """A server with these settings, whose limits go by the test's clock."""

    @contextlib.asynccontextmanager
    async def opened(*, plain: bool = False, **settings: str) -> AsyncIterator[House]:
        async with running(with_settings(default, **settings), plain=plain) as server:
            house = House(server)
            server.app.limits.clock = house.clock
            try:
                yield house
            finally:
                for guest in house.guests:
                    await guest.goes_home()

    return opened


own_opened = opened
"""For a test alone, in files whose `opened` is `kept.opened`."""
