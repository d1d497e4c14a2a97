"""How much one person, one address and one room may do, and what happens to whoever wants more."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeGuard, TypeVar
from weakref import WeakValueDictionary

import structlog
from msgspec import Struct

from parley.addresses import roughly
from parley.config import MEMORY, Config
from parley.errors import (
    ConversationNotFound,
    PassphraseWrong,
    RateLimited,
    RateLimitStorageUnusable,
    ReadProofWrong,
    the_extra,
)
from parley.limits.rates import By, Rate
from parley.limits.windows import Key, Keys, Windows

if TYPE_CHECKING:
    from parley.limits.shared_windows import SharedWindows

log = structlog.get_logger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
SAY_EVERY_S = 60.0
"""How often the log tells that a limit is being reached, whoever reaches it."""


class Kind(StrEnum):
    """What is limited; each has the setting `limit_<kind>`."""

    MESSAGES = "messages"
    """Edits and reactions too: they reach as many."""
    HOOKS = "hooks"
    """What programs post by hooks."""
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
    READINGS = "readings"
    """How far somebody says they have read."""
    MAILS = "mails"
    """E-mail addresses that are given: each is sent a mail."""
    SIGN_INS = "sign_ins"
    """Passkeys and recovery codes that are asked for or shown."""
    INVITES = "invites"
    """Invitations by contact links, whatever becomes of them."""
    CALLS = "calls"
    """Joining a call, leaving it, and saying what is sent in it."""
    RINGS = "rings"
    """Calls that are begun: each rings at everybody."""
    SIGNALS = "signals"
    """What devices in a call tell each other to connect: each 8 KiB that are begun."""
    REPORTS = "reports"
    """Messages and people that are reported."""
    UPLOADS = "uploads"
    """Files that are begun to be uploaded."""
    DOWNLOADS = "downloads"
    """Files, and pieces of files, that are asked for: a page of pictures asks for many."""


class Who(NamedTuple):
    """Whom something is counted for."""

    session: Key
    """The session's id; that of the socket where there is no session; empty for neither."""
    address: str
    """As `addresses.place_of` has it; empty where the server tells none."""


NOBODY = Who("", "")


class Use(Struct, frozen=True):
    """What was counted, so that it can be given back."""

    kind: Kind
    keys: Keys
    at: float
    """When it was counted in memory."""
    shared: str = ""
    """The name it was counted under in Redis; empty where it was not."""

    @property
    def of_room(self) -> Keys:
        return ("", "", self.keys[2])


@dataclass(slots=True)
class Outcome:
    """What came of a use."""

    is_news: bool = True
    """Whether anything was done by it: else the room is not charged."""


class Place(Enum):
    """Where somebody is, seen from a room."""

    OUTSIDE = "outside"
    READING = "reading"
    MEMBER = "member"
    """Taking part: the room's limits are theirs to use up."""


SPOKEN = frozenset({Kind.MESSAGES, Kind.TYPING, Kind.CALLS, Kind.RINGS, Kind.SIGNALS})
"""What only those do who take part."""
Inside = Callable[[], Awaitable[Key]]
"""The conversation whose limits are somebody's to use up, who names it; empty for none."""


class Asked(Protocol[T_co]):
    """What a client asks for by an event."""

    def act(self) -> T_co | Awaitable[T_co]: ...

    async def is_known(self) -> bool:
        """Whether it may be there: then it guesses nothing, whoever else does."""

    async def inside(self, kind: Kind) -> Key:
        """As `Inside`."""

    def is_news(self, result: Any) -> bool:
        """Whether anything was done by it."""


OF_EVENT = {
    "join_room": Kind.JOINS,
    "watch_room": Kind.JOINS,
    "knock": Kind.JOINS,
    "react": Kind.MESSAGES,
    "send_message": Kind.MESSAGES,
    "typing": Kind.TYPING,
    "edit_message": Kind.MESSAGES,
    "use_command": Kind.MESSAGES,
    "press_button": Kind.MESSAGES,
    "answer_ask": Kind.MESSAGES,
    "delete_message": Kind.ACTS,
    "call_join": Kind.CALLS,
    "call_leave": Kind.CALLS,
    "call_signal": Kind.SIGNALS,
    "call_moderate": Kind.ACTS,
    "pin_message": Kind.ACTS,
    "answer_knock": Kind.ACTS,
    "change_conversation": Kind.ACTS,
    "remove_participant": Kind.ACTS,
    "let_back": Kind.ACTS,
    "replace_link": Kind.ACTS,
    "end_conversation": Kind.ACTS,
    "delete_conversation": Kind.ACTS,
    "sync": Kind.READS,
    "follow_mine": Kind.READS,
    "mark_read": Kind.READINGS,
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
        self._of_rooms = {
            kind for kind, each in rates.items() if any(rate.by is By.ROOM for rate in each)
        }
        self._shared: SharedWindows | None = None
        self._needs_shared = config.rate_limit_storage != MEMORY
        """Whether nothing begins without it. What carries hints may be away at a start, too."""
        storage = config.rate_limit_storage if self._needs_shared else config.redis_url
        if config.rate_limits and storage:
            self._shared = _shared(storage, rates)
        self._guesses: WeakValueDictionary[tuple[str, Key], asyncio.Lock] = WeakValueDictionary()
        """By address, and by room: held while a passphrase is looked at."""
        self._says_again_at: dict[Kind, float] = {}
        self.refused: Counter[Kind] = Counter()
        """How often each limit refused somebody."""

    async def open(self) -> None:
        """Raises `RateLimitStorageUnusable` where Redis is wanted and does not answer."""
        if self._shared is not None and self._needs_shared:
            await self._shared.open()

    def belong_to(self, installation: str) -> None:
        """Whose servers count together, where they count in Redis."""
        if self._shared is not None:
            self._shared.belong_to(installation)

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.close()

    async def spend(self, kind: Kind, who: Who, room: Key = "") -> Use:
        """Count one use, unless it is too much."""
        keys = (*who, room)
        if self._shared is not None:
            name = self._shared.use()
            wait_s = await self._shared.spend(kind, keys, name)
            if wait_s is not None:
                self._refuse_for(wait_s, kind, who)
                return Use(kind, keys, 0.0, name)
        at = self.clock()
        self._refuse_for(self._own.spend(kind, keys, at), kind, who)
        return Use(kind, keys, at)

    async def give_back(self, use: Use) -> None:
        """Nothing came of it: what the room shares is as it was before, exactly."""
        if use.shared and self._shared is not None:
            await self._shared.give_back(use.kind, use.of_room, use.shared)
        elif not use.shared:
            self.give_back_at_once(use)

    def give_back_at_once(self, use: Use) -> None:
        """The same for what `on_event` counted, which is in memory."""
        self._own.give_back(use.kind, use.of_room, use.at)

    async def uncount(self, use: Use) -> None:
        """It never was one: everybody's share is as it was before."""
        if use.shared and self._shared is not None:
            await self._shared.give_back(use.kind, use.keys, use.shared)
        else:
            self._own.give_back(use.kind, use.keys, use.at)

    async def require(self, kind: Kind, who: Who, room: Key = "") -> None:
        """Refuse what would be too much, and count nothing."""
        keys = (*who, room)
        wait_s = None if self._shared is None else await self._shared.wait_s(kind, keys)
        if wait_s is None:
            wait_s = self._own.wait_s(kind, keys, self.clock())
        self._refuse_for(wait_s, kind, who)

    async def charge(self, kind: Kind, who: Who, room: Key = "") -> None:
        """Count one use that has happened. Refuses nothing."""
        keys = (*who, room)
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
    async def using(self, kind: Kind | None, who: Who, inside: Inside) -> AsyncIterator[Outcome]:
        """Around what somebody does who may be a stranger to the room.

        The room's share is taken before, so that no two take the last one, and by those alone
        who are inside: nobody uses up what others share by knocking at a door that stays closed.
        Where nothing came of it, it is given back.
        """
        outcome = Outcome()
        if kind is None:
            yield outcome
            return
        own = await self.spend(kind, who)
        room = await inside() if kind in self._of_rooms else ""
        try:
            use = await self.spend(kind, NOBODY, room) if room else None
        except RateLimited:
            await self.uncount(own)  # what is refused is counted for nobody
            raise
        try:
            yield outcome
        except Exception:
            outcome.is_news = False
            raise
        finally:
            if use is not None and not outcome.is_news:
                await self.give_back(use)
        if use is None and kind in self._of_rooms and (room := await inside()):
            await self.charge(kind, NOBODY, room)  # they came in by it

    @contextlib.asynccontextmanager
    async def guessing(self, who: Who, room: Key) -> AsyncIterator[None]:
        """Around a try at a passphrase.

        One at a time from each address and for each room: nobody is refused for a try that turns
        out to be right. The room's turn is waited for last, or two could wait for each other.
        """
        by_address = self._guesses.setdefault(("address", who.address), asyncio.Lock())
        by_room = self._guesses.setdefault(("room", room), asyncio.Lock())
        async with by_address:
            await self.require(Kind.PASSPHRASES, who, room)
            async with by_room, self._counting_guess(who, room):
                yield

    @contextlib.asynccontextmanager
    async def _counting_guess(self, who: Who, room: Key) -> AsyncIterator[None]:
        """It counts before it is looked at, or who hangs up meanwhile would guess for nothing."""
        use = await self.spend(Kind.PASSPHRASES, who, room)
        try:
            yield
        except (PassphraseWrong, ReadProofWrong, asyncio.CancelledError):
            raise
        except BaseException:
            await self.uncount(use)
            raise
        await self.uncount(use)

    def on_event(
        self, name: str, keys: Keys, place: Place, asked: Asked[T]
    ) -> tuple[T | Awaitable[T], Use | None]:
        """What it gives, if this event of a client's may happen, and what was counted for it:
        whoever waits for it gives that back where nothing came of it.

        `keys` name whom it is counted for, `place` is where the client is, seen from the room.
        """
        kind = OF_EVENT.get(name)
        if kind is None and place is not Place.OUTSIDE:
            return asked.act(), None
        if kind is not None and place is not Place.MEMBER and self._shared is None:
            # Whoever asks too often is refused for next to nothing.
            wait_s = self._own.wait_s(kind, (keys[0], keys[1], ""), self.clock())
            if wait_s:
                self._refuse_for(wait_s, kind, Who(*keys[:2]))
        if kind is None or place is not Place.MEMBER or self._shared is not None:
            if place is Place.OUTSIDE and self._is_own(kind):
                return self._from_outside(kind, keys, asked), None
            return self._slowly(kind, keys, place, asked), None
        # The way of nearly every message: no task, nothing awaited.
        now = self.clock()
        wait_s = self._own.spend(kind, keys, now)
        if wait_s:
            self._refuse_for(wait_s, kind, Who(*keys[:2]))
        use = Use(kind, keys, now)
        try:
            return asked.act(), use
        except Exception:
            self.give_back_at_once(use)
            raise

    def _is_own(self, kind: Kind | None) -> TypeGuard[Kind]:
        """Whether it is counted in memory, and no room shares it."""
        return kind is not None and self._shared is None and kind not in self._of_rooms

    async def _from_outside(self, kind: Kind, keys: Keys, asked: Asked[T]) -> T:
        """The same as `_slowly` for what `_is_own`, at a third of its cost: nearly every join."""
        who = Who(*keys[:2])
        if self._own.wait_s(Kind.UNKNOWN_ROOMS, (*who, ""), self.clock()):
            await self.require_no_guesses(who, asked.is_known)
        self._refuse_for(self._own.spend(kind, (*who, ""), self.clock()), kind, who)
        try:
            outcome: Any = asked.act()
            result: T = await outcome if isawaitable(outcome) else outcome
        except ConversationNotFound:
            await self.charge(Kind.UNKNOWN_ROOMS, who)
            raise
        return result

    async def _slowly(self, kind: Kind | None, keys: Keys, place: Place, asked: Asked[T]) -> T:
        who = Who(*keys[:2])
        if place is Place.MEMBER and kind is not None:
            return await self._inside(kind, keys, asked)
        if place is Place.OUTSIDE:
            await self.require_no_guesses(who, asked.is_known)

        async def inside() -> Key:
            return "" if kind is None else await asked.inside(kind)

        async with self.using(kind, who, inside) as outcome:
            try:
                result = await _outcome(asked.act)
            except ConversationNotFound:
                await self.charge(Kind.UNKNOWN_ROOMS, who)
                raise
            outcome.is_news = asked.is_news(result)
            return result

    async def _inside(self, kind: Kind, keys: Keys, asked: Asked[T]) -> T:
        """The same as for nearly every message, where uses are counted in Redis."""
        use = await self.spend(kind, Who(*keys[:2]), keys[2])
        try:
            result = await _outcome(asked.act)
        except Exception:
            await self.give_back(use)
            raise
        if not asked.is_news(result):
            await self.give_back(use)
        return result

    def _refuse_for(self, wait_s: float, kind: Kind, who: Who) -> None:
        if wait_s <= 0:
            return
        self.refused[kind] += 1
        now = self.clock()
        if now >= self._says_again_at.get(kind, -math.inf):
            self._says_again_at[kind] = now + SAY_EVERY_S
            log.info("limit_reached", limit=kind.value, address=roughly(who.address))
        raise refusal(wait_s)


def refusal(wait_s: float) -> RateLimited:
    """What somebody is told who may try again after `wait_s` seconds."""
    retry_after = math.ceil(wait_s * 10) / 10
    return RateLimited(
        f"Too many requests. Please wait {_in_words(retry_after)}.",
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
        from parley.limits.shared_windows import SharedWindows
    except ImportError as error:
        raise RateLimitStorageUnusable(f"Counting in Redis needs {the_extra('redis')}") from error
    return SharedWindows(url, rates)
