"""The bus of several processes: what happens in one is told to its own subscribers at once, and
hinted to the others.

Hints may be lost, and that is noticed: those of a process are numbered, each says something every
second, and each hears itself. While it does not, `is_away`; and when a hint was missed, or may have
been, `missed` is called. Nothing else rests on them.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable

import structlog

from parley.bus import Carrier, CarrierFailed, Subscriber, hints
from parley.bus.hints import Hint
from parley.bus.local import LocalBus
from parley.records import Event

log = structlog.get_logger(__name__)

BEAT_EVERY_S = 1.0
HEARD_WITHIN_S = 3.0
"""A hint of ours that has not come back by then is taken for lost."""
AGAIN_AFTER_S = 0.25
"""After a failure of what carries them."""
SAY_EVERY_S = 60.0
WAITING_MAX = 20_000
"""Hints that wait to be sent: the oldest are given up."""
AT_ONCE = 500
"""Hints in one sending."""
STARTS_WITHIN_S = 3.0
"""How long a start waits for what carries hints. Where that is away, it goes on without."""
OUT_MAX = 64
"""Texts of ours that may come back without being read again."""
FORGOTTEN_AFTER_S = 24 * 3600.0
"""Of a process that is silent for so long no number is remembered. Until then nobody can repeat
what it said."""

_ADVICE = (
    "Somebody else speaks where this server's processes tell each other what happened. They "
    "believe none of it, but give them a Redis of their own."
)


class _Peer:
    __slots__ = ("heard_s", "number")

    def __init__(self, number: int, heard_s: float) -> None:
        self.number, self.heard_s = number, heard_s


class SharedBus:
    """Begin with `run`, in a task that is cancelled at the end; then `close`."""

    def __init__(self, carrier: Carrier, process: str | None = None) -> None:
        self.process = process or secrets.token_hex(6)
        self._carrier = carrier
        self._local = LocalBus()
        self._elsewhere: list[Subscriber] = []
        self.wants: Callable[[int], bool] = lambda conversation_id: True
        """Whether anybody here is to know of what is said in a conversation."""
        self.missed: Callable[[], None] = lambda: None
        """Called when hints were lost, or may have been."""
        self.look: Callable[[int], None] = lambda conversation_id: None
        """Called for a hint that says only where something happened."""
        self.speaker = self.process
        """The process in which that happened which subscribers are told of now."""
        self.key = b""
        """What hints are sealed with; to be set before `run`, the same at all processes."""
        self._number = 0
        self._waiting: list[Hint] = []
        self._out: dict[str, tuple[str, int]] = {}
        """What was sent and has not come back, by its seal: the text, and how far that sending
        went.
        """
        self._more = asyncio.Event()
        self._peers: dict[str, _Peer] = {}
        self._is_ready = False
        self._back_s = 0.0
        """When a hint of ours last came back, in the event loop's time."""
        self._was_away = True
        self._says_again_s = self._says_unreadable_s = 0.0
        self._heard = asyncio.Event()
        """Set once a hint of ours has come back for the first time."""

    def publish(self, event: Event) -> None:
        self._local.publish(event)
        self._number += 1
        if len(self._waiting) >= WAITING_MAX:
            del self._waiting[: WAITING_MAX // 2]
        self._waiting.append(hints.of(self._number, event))
        self._more.set()

    def subscribe(self, subscriber: Subscriber) -> None:
        self._local.subscribe(subscriber)

    def subscribe_elsewhere(self, subscriber: Subscriber) -> None:
        """Call it for what happened in another process, before those who hear of everything."""
        self._elsewhere.append(subscriber)

    @property
    def is_away(self) -> bool:
        """Whether hints may not come."""
        now = asyncio.get_running_loop().time()
        return not self._is_ready or now > self._back_s + HEARD_WITHIN_S

    async def run(self) -> None:
        """Send and receive until cancelled, however often what carries them breaks."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send())
            tasks.create_task(self._receive())
            tasks.create_task(self._beat())

    async def wait_until_heard(self) -> None:
        """Until this process hears what happens in others, and they it; for a bounded time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STARTS_WITHIN_S):
                await self._heard.wait()

    async def close(self) -> None:
        """What waits is sent, if that is quick."""
        with contextlib.suppress(CarrierFailed, TimeoutError):
            async with asyncio.timeout(AGAIN_AFTER_S):
                await self._send_some()
        await self._carrier.close()

    # --- sending ---

    async def _send(self) -> None:
        while True:
            await self._more.wait()
            if self._carrier.gather_s:
                await asyncio.sleep(self._carrier.gather_s)
            try:
                await self._send_some()
            except CarrierFailed as error:
                self._failed(error)
                await asyncio.sleep(AGAIN_AFTER_S)
            except Exception:
                # Whatever it is, the next hints may go; what was lost is missed by its number.
                log.exception("hints_not_sent")
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _send_some(self) -> None:
        """What is lost here is missed by its number."""
        while self._waiting:
            some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            longest = self._carrier.longest
            texts = [*hints.texts(self.process, some, key=self.key, longest=longest)]
            self._expect(texts, some[-1].number)
            await self._carrier.send(texts)
        self._more.clear()

    def _expect(self, texts: list[str], last: int) -> None:
        """Know them when they come back: to read them again would cost as much as another's."""
        self._out.update((text[: hints.SEAL_CHARS], (text, last)) for text in texts)
        while len(self._out) > OUT_MAX:
            del self._out[next(iter(self._out))]

    async def _beat(self) -> None:
        """Say that nothing happened, and look whether we hear ourselves."""
        while True:
            self._beat_now()
            if self.is_away:
                self.missed()
                if not self._was_away:
                    self._failed(CarrierFailed("hints do not come back"))
                self._was_away = True
            self._forget_silent()
            await asyncio.sleep(BEAT_EVERY_S)

    def _forget_silent(self) -> None:
        old_s = asyncio.get_running_loop().time() - FORGOTTEN_AFTER_S
        self._peers = {who: peer for who, peer in self._peers.items() if peer.heard_s > old_s}

    def _beat_now(self) -> None:
        if not self._waiting:
            self._number += 1
            self._waiting.append(hints.beat(self._number))
            self._more.set()

    def _look_how_far(self, number: int) -> None:
        """All up to this hint of ours came back."""
        if number >= self._number - len(self._waiting) - AT_ONCE:
            self._came_back()

    def _came_back(self) -> None:
        """A hint of ours did."""
        self._back_s = asyncio.get_running_loop().time()
        self._heard.set()
        if self._was_away and self._is_ready:
            self._was_away = False
            if self._says_again_s:  # it was told that it is away
                log.info("bus_is_back")
            self._says_again_s = 0.0
            self.missed()

    def _failed(self, error: CarrierFailed) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._says_again_s:
            self._says_again_s = now + SAY_EVERY_S
            log.warning("bus_is_away", why=str(error))

    # --- receiving ---

    async def _receive(self) -> None:
        while True:
            try:
                await self._carrier.receive(self._ready, self._take)
            except CarrierFailed as error:
                self._failed(error)
            except Exception:
                log.exception("hints_not_received")
            finally:
                self._is_ready = False
            await asyncio.sleep(AGAIN_AFTER_S)

    def _ready(self) -> None:
        self._is_ready = True
        self.missed()
        self._beat_now()  # who waits for it to come back waits no longer than that takes

    def _take(self, text: str) -> None:
        own, last = self._out.pop(text[: hints.SEAL_CHARS], ("", 0))
        if own == text and (peer := self._peers.get(self.process)) is not None:
            peer.heard_s = asyncio.get_running_loop().time()
            self._look_how_far(last)
            return
        try:
            process, found = hints.read(text, key=self.key)
        except ValueError:
            self._note_unreadable()
            return
        now = asyncio.get_running_loop().time()
        peer = self._peers.get(process)
        if peer is None:
            peer = self._peers[process] = _Peer(found[0].number - 1, now)
            if peer.number:
                self.missed()  # what it said before, if anything, was not heard
            self._beat_now()  # it is to know of us before anybody comes to it
        peer.heard_s = now
        if process == self.process:
            self._look_how_far(found[-1].number)
            return
        for hint in found:
            if hint.number <= peer.number:
                continue  # it came twice
            if hint.number > peer.number + 1:
                self.missed()
            peer.number = hint.number
            self.speaker = process
            try:
                self._hear(hint)
            finally:
                self.speaker = self.process

    def _note_unreadable(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._says_unreadable_s:
            self._says_unreadable_s = now + SAY_EVERY_S
            log.warning("hint_unreadable", advice=_ADVICE)

    def _hear(self, hint: Hint) -> None:
        if hint.seq and not self.wants(hint.conversation):
            return
        try:
            event = hints.event_in(hint)
        except ValueError:
            # Another version of us says what we don't know: what it did stands in the database.
            log.warning("hint_unknown")
            event = None
        if event is None:
            if hint.conversation:
                self.look(hint.conversation)
            return
        for subscriber in self._elsewhere:
            try:
                subscriber(event)
            except Exception:
                log.exception("subscriber_failed", event_type=type(event).__name__)
        self._local.publish(event)
