"""How much one person, one address and one room may do, and what happens to whoever wants more."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from enum import Enum, StrEnum
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import WeakValueDictionary

import structlog

from parley.addresses import roughly
from parley.config import MEMORY, Config
from parley.errors import (
    ConversationNotFound,
    PassphraseWrong,
    RateLimited,
    RateLimitStorageUnusable,
)
from parley.rates import Rate
from parley.windows import Key, Keys, Windows

if TYPE_CHECKING:
    from parley.shared_windows import SharedWindows

log = structlog.get_logger(__name__)

T = TypeVar("T")
SAY_EVERY_S = 60.0
"""How often the log tells that a limit is being reached, whoever reaches it."""


class Kind(StrEnum):
    """What is limited; each has the setting `limit_<kind>`."""

    MESSAGES = "messages"
    TYPING = "typing"
    JOINS = "joins"
    """Reading along live counts too: it costs as much."""
    CREATIONS = "creations"
    SEARCHES = "searches"
    PASSPHRASES = "passphrases"
    """Wrong ones."""
    UNKNOWN_ROOMS = "unknown_rooms"
    """Links that lead nowhere: guesses."""
    ACTS = "acts"
    """What is changed of a conversation, its people and what was said: mostly by owners."""
    READS = "reads"
    """Pages, forms' answers too, and what is asked for over REST or by `sync`."""


class Who(NamedTuple):
    """Whom something is counted for."""

    session: Key
    """The session's id; that of the socket where there is no session; empty for neither."""
    address: str
    """As `addresses.place_of` has it; empty where the server tells none."""


NOBODY = Who("", "")


class Place(Enum):
    """Where somebody is, seen from a room."""

    OUTSIDE = "outside"
    READING = "reading"
    MEMBER = "member"
    """Taking part: the room's limits are theirs to use up."""


OF_EVENT = {
    "join_room": Kind.JOINS,
    "watch_room": Kind.JOINS,
    "knock": Kind.JOINS,
    "send_message": Kind.MESSAGES,
    "typing": Kind.TYPING,
    "delete_message": Kind.ACTS,
    "answer_knock": Kind.ACTS,
    "change_conversation": Kind.ACTS,
    "remove_participant": Kind.ACTS,
    "let_back": Kind.ACTS,
    "replace_link": Kind.ACTS,
    "end_conversation": Kind.ACTS,
    "delete_conversation": Kind.ACTS,
    "sync": Kind.READS,
}


class Limits:
    """The limits of one server. Everything that asks raises `RateLimited` where it was too much."""

    def __init__(self, config: Config) -> None:
        """Raises `StartupError`s."""
        self.clock: Callable[[], float] = time.monotonic
        rates: dict[str, tuple[Rate, ...]] = {
            kind: getattr(config, f"limit_{kind}") if config.rate_limits else () for kind in Kind
        }
        self._own = Windows(rates)
        self._shared: SharedWindows | None = None
        if config.rate_limits and config.rate_limit_storage != MEMORY:
            self._shared = _shared(config.rate_limit_storage, rates)
        self._guesses: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        """By address, and by room: held while a passphrase is looked at."""
        self._says_again_at: dict[Kind, float] = {}

    async def open(self) -> None:
        """Raises `RateLimitStorageUnusable` where Redis is wanted and does not answer."""
        if self._shared is not None:
            await self._shared.open()

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.close()

    async def spend(self, kind: Kind, who: Who, room_id: str = "") -> None:
        """Count one use, unless it is too much."""
        keys = (*who, room_id)
        wait_s = None if self._shared is None else await self._shared.spend(kind, keys)
        if wait_s is None:
            wait_s = self._own.spend(kind, keys, self.clock())
        self._refuse_for(wait_s, kind, who)

    async def require(self, kind: Kind, who: Who, room_id: str = "") -> None:
        """Refuse what would be too much, and count nothing."""
        keys = (*who, room_id)
        wait_s = None if self._shared is None else await self._shared.wait_s(kind, keys)
        if wait_s is None:
            wait_s = self._own.wait_s(kind, keys, self.clock())
        self._refuse_for(wait_s, kind, who)

    async def charge(self, kind: Kind, who: Who, room_id: str = "") -> None:
        """Count one use that has happened. Refuses nothing."""
        keys = (*who, room_id)
        done = None if self._shared is None else await self._shared.charge(kind, keys)
        if done is None:
            self._own.charge(kind, keys, self.clock())

    async def require_no_guesses(self, who: Who, is_known: Callable[[], Awaitable[bool]]) -> None:
        """Refuse who comes from where links were guessed, unless it is known where they come to."""
        try:
            await self.require(Kind.UNKNOWN_ROOMS, who)
        except RateLimited:
            if not await is_known():
                raise

    @contextlib.asynccontextmanager
    async def using(self, kind: Kind | None, who: Who, room_id: str = "") -> AsyncIterator[None]:
        """Around what somebody does who may be a stranger to the room.

        The room is charged only once it is done: nobody uses up what others share by
        knocking at a door that stays closed.
        """
        if kind is None:
            yield
            return
        await self.spend(kind, who)
        await self.require(kind, NOBODY, room_id)
        yield
        await self.charge(kind, NOBODY, room_id)

    @contextlib.asynccontextmanager
    async def guessing(self, who: Who, room_id: str) -> AsyncIterator[None]:
        """Around a try at a passphrase.

        One at a time from each address and for each room: none is made before the last is
        counted. The room's turn is waited for last, or two could wait for each other.
        """
        by_address = self._guesses.setdefault(("address", who.address), asyncio.Lock())
        by_room = self._guesses.setdefault(("room", room_id), asyncio.Lock())
        async with by_address:
            await self.require(Kind.PASSPHRASES, who, room_id)
            async with by_room, self._counting_guess(who, room_id):
                yield

    @contextlib.asynccontextmanager
    async def _counting_guess(self, who: Who, room_id: str) -> AsyncIterator[None]:
        await self.require(Kind.PASSPHRASES, who, room_id)
        try:
            yield
        except PassphraseWrong:
            await self.charge(Kind.PASSPHRASES, who, room_id)
            raise

    def on_event(
        self,
        name: str,
        keys: Keys,
        place: Place,
        act: Callable[[], T | Awaitable[T]],
        is_known: Callable[[], Awaitable[bool]],
    ) -> T | Awaitable[T]:
        """What `act` gives, if this event of a client's may happen.

        `keys` name whom it is counted for, `place` is where the client is, seen from the room.
        `is_known` tells whether it may be there: then it guesses nothing, whoever else does.
        """
        kind = OF_EVENT.get(name)
        if kind is None and place is not Place.OUTSIDE:
            return act()
        if kind is None or place is not Place.MEMBER or self._shared is not None:
            return self._slowly(kind, Who(*keys[:2]), keys[2], place, act, is_known)
        # The way of nearly every message: no task, nothing awaited.
        wait_s = self._own.spend(kind, keys, self.clock())
        if wait_s:
            self._refuse_for(wait_s, kind, Who(*keys[:2]))
        return act()

    async def _slowly(
        self,
        kind: Kind | None,
        who: Who,
        room_id: str,
        place: Place,
        act: Callable[[], T | Awaitable[T]],
        is_known: Callable[[], Awaitable[bool]],
    ) -> T:
        if place is Place.MEMBER and kind is not None:
            await self.spend(kind, who, room_id)
            return await _outcome(act)
        if place is Place.OUTSIDE:
            await self.require_no_guesses(who, is_known)
        async with self.using(kind, who, room_id):
            try:
                return await _outcome(act)
            except ConversationNotFound:
                await self.charge(Kind.UNKNOWN_ROOMS, who)
                raise

    def _refuse_for(self, wait_s: float, kind: Kind, who: Who) -> None:
        if wait_s <= 0:
            return
        now = self.clock()
        if now >= self._says_again_at.get(kind, -math.inf):
            self._says_again_at[kind] = now + SAY_EVERY_S
            log.info("limit_reached", limit=kind.value, address=roughly(who.address))
        raise refusal(wait_s)


def refusal(wait_s: float) -> RateLimited:
    """What somebody is told who may try again after `wait_s` seconds."""
    retry_after = math.ceil(wait_s * 10) / 10
    return RateLimited(
        f"That was too much at once. Please wait {_in_words(retry_after)}.",
        retry_after=retry_after,
    )


def _in_words(wait_s: float) -> str:
    if wait_s > 90:
        return f"{math.ceil(wait_s / 60)} minutes"
    return "a second" if wait_s <= 1 else f"{math.ceil(wait_s)} seconds"


async def _outcome(act: Callable[[], T | Awaitable[T]]) -> T:
    outcome: Any = act()
    result: T = await outcome if isawaitable(outcome) else outcome
    return result


def _shared(url: str, rates: Mapping[str, Sequence[Rate]]) -> SharedWindows:
    try:
        from parley.shared_windows import SharedWindows
    except ImportError as error:
        raise RateLimitStorageUnusable(
            "Counting in Redis needs the extra redis: pip install 'parley[redis]'."
        ) from error
    return SharedWindows(url, rates)
