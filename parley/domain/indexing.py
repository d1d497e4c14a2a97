"""Keeping the index of what is said, beside those who talk.

A message costs nothing more when it is said: what was said last is looked through as it is. Once
some hundred messages of a conversation are in no segment, one is made of them, and of four small
ones a larger one. Segments and how far they go are stored in one transaction, so a kill leaves
nothing half done: a start goes on.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TypeVar

import msgspec
import sqlalchemy as sa
import structlog

from parley.domain.context import Context
from parley.errors import Unavailable
from parley.grammar.web_links import LINK
from parley.records import ConversationImported, Event, MessageSent
from parley.search import indexed, segments
from parley.search.segments import Segment
from parley.storage import conversations as stored_conversations
from parley.storage import search as stored
from parley.storage.search import Said

T = TypeVar("T")

log = structlog.get_logger(__name__)

BATCH = 256
"""Messages that make a segment."""
MERGED = 4
"""So many of them side by side become one."""
LOOSE_MAX = 64
"""Once so many messages were edited, their segments are made anew."""
READ_AT_ONCE = 64
"""Messages cut into terms without a rest: about a millisecond."""
LOOKED_AT_ONCE = 500
TALKED_WITHIN_S = 1.0
REST_TALKING, REST_ELSE = 9, 1
"""How many times as long as it worked it rests, while anybody talks and else."""
TELL_EVERY_S = 10.0
RETRY_S = 30.0
_LINK = re.compile(LINK)


class _Attachment(msgspec.Struct):
    type: str = ""


_ATTACHMENTS = msgspec.json.Decoder(list[_Attachment])


def contents(text: str, attachments: str | None) -> set[str]:
    """What of `queries.HAS` is in a message for good."""
    found: set[str] = set()
    if "://" in text and _LINK.search(text):
        found.add("link")
    if attachments:
        found.add("file")
        if any(each.type.startswith("image/") for each in _ATTACHMENTS.decode(attachments)):
            found.add("image")
    return found


class Indexing:
    """One for a server. `hear` is told what happens; `run` does the work until it is cancelled."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[int, int] = {}
        """How many messages of a conversation were said since it was last looked at, at least."""
        self._due: dict[int, None] = {}
        self._wake = asyncio.Event()
        self._is_new = True

    def hear(self, event: Event) -> None:
        if isinstance(event, MessageSent):
            id = event.message.conversation_id
            count = self._waiting.get(id, 0) + 1
            if count >= BATCH or count == 1:
                # At the first since a start, nobody knows how many wait.
                self._due[id] = None
                self._wake.set()
            self._waiting[id] = count
        elif isinstance(event, ConversationImported):
            self._due[event.conversation_id] = None
            self._wake.set()

    @property
    def backlog(self) -> int:
        """Conversations that wait to be looked at."""
        return len(self._due)

    @property
    def waiting(self) -> int:
        """Messages said since their conversation was last looked at."""
        return sum(self._waiting.values())

    def begin_anew(self) -> None:
        """Another database lies in the folder."""
        self._waiting.clear()
        self._due.clear()
        self._is_new = True
        self._wake.set()

    async def run(self) -> None:
        """First what an earlier version or a stop left, then what comes."""
        while True:
            if self._is_new:
                self._is_new = False
                await self._keep_on(self.catch_up)
            await self._wake.wait()
            self._wake.clear()
            while self._due:
                id = next(iter(self._due))
                del self._due[id]
                await self._keep_on(partial(self.index, id))

    async def _keep_on(self, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await work()
                return
            except Unavailable:
                await asyncio.sleep(RETRY_S)
            except Exception:
                log.exception("indexing_failed")
                return

    async def catch_up(self) -> None:
        """Index whatever is large and isn't, conversation by conversation."""
        after, done, began = 0, 0, time.monotonic()
        told = began
        while True:
            found = await self._rested(
                stored.large, after=after, at_least=BATCH, limit=LOOKED_AT_ONCE
            )
            for id in found:
                done += await self.index(id)
                if done and time.monotonic() >= told + TELL_EVERY_S:
                    told = time.monotonic()
                    log.info("indexing", messages=done, seconds=round(told - began))
            if len(found) < LOOKED_AT_ONCE:
                break
            after = found[-1]
        if done >= 10 * BATCH:
            log.info("indexed", messages=done, seconds=round(time.monotonic() - began))

    async def index(self, conversation_id: int) -> int:
        """Bring its index up to date, but for what makes no whole segment; how many messages are
        new in it."""
        self._waiting[conversation_id] = 1
        done = 0
        found = await self._rested(stored_conversations.by_id, conversation_id)
        if found is None or found.is_encrypted:
            return 0
        while (new := await self._append(conversation_id)) is not None:
            done += new
            await self._merge(conversation_id)
        await self._tighten(conversation_id)
        return done

    async def _append(self, conversation_id: int) -> int | None:
        """Make a segment of the next messages; how many are in it now that weren't, which may be
        none where something changed meanwhile. None where there are too few.
        """
        state = await self._rested(stored.state, conversation_id)
        after = 0 if state is None else state.through
        found = await self._rested(stored.said, conversation_id, after=after, limit=BATCH)
        self._waiting[conversation_id] = len(found) + 1
        if len(found) < BATCH:
            return None
        if state is None:
            # From now on a change is seen, so what was read before is read again.
            await self._context.database.write(
                lambda connection: stored.begin(connection, conversation_id),
                conversation=conversation_id,
            )
            # It may be deleted by now.
            return 0 if await self._rested(stored.state, conversation_id) else None
        made = await self._made(found)
        through = found[-1].seq

        def work(connection: sa.Connection) -> bool:
            return stored.put(
                connection, conversation_id, made, version=state.version, through=through
            )

        database = self._context.database
        is_put = await database.write(work, conversation=conversation_id)
        return len(found) if is_put else 0

    async def _merge(self, conversation_id: int) -> None:
        """Make one of the last four where they are of about one size, and small."""
        state = await self._rested(stored.state, conversation_id)
        sizes = await self._rested(stored.sizes, conversation_id)
        last = sizes[-MERGED:]
        most = max((docs for _, docs in last), default=0)
        if state is None or len(last) < MERGED or most > BATCH * MERGED:
            return
        if most > BATCH and any(docs <= BATCH for _, docs in last):
            return
        parts = await self._rested(stored.whole, conversation_id, [first for first, _ in last])
        if len(parts) < MERGED:
            return
        one = await self._thought(partial(segments.merged, parts))
        docs = sum(docs for _, docs in last)

        def work(connection: sa.Connection) -> bool:
            return stored.put(
                connection, conversation_id, [(one, docs)], version=state.version, through=0
            )

        await self._context.database.write(work, conversation=conversation_id)
        if most <= BATCH:
            await self._merge(conversation_id)

    async def _tighten(self, conversation_id: int) -> None:
        """Make segments anew whose messages were edited, once these are many."""
        state = await self._rested(stored.state, conversation_id)
        if state is None:
            return
        loose = await self._rested(stored.loose, conversation_id)
        if len(loose) < LOOSE_MAX:
            return
        heads = await self._rested(_ends, conversation_id)
        for first, last in heads:
            if not any(first <= seq <= last for seq in loose):
                continue
            state = await self._rested(stored.state, conversation_id)
            if state is None:
                return
            found = await self._rested(
                stored.said,
                conversation_id,
                after=first - 1,
                through=last,
                limit=segments.DOCS_MAX,
            )
            made, version = await self._made(found), state.version

            def work(
                connection: sa.Connection,
                made: list[tuple[Segment, int]] = made,
                version: int = version,
            ) -> bool:
                return stored.put(connection, conversation_id, made, version=version, through=0)

            await self._context.database.write(work, conversation=conversation_id)

    async def _made(self, found: list[Said]) -> list[tuple[Segment, int]]:
        """A segment, of all that is not deleted."""
        docs: list[tuple[int, set[str]]] = []
        for at in range(0, len(found), READ_AT_ONCE):
            some = found[at : at + READ_AT_ONCE]
            docs.extend(await self._thought(partial(_terms, some)))
        if not docs:
            return []
        return [(await self._thought(partial(segments.build, docs)), len(docs))]

    async def _rested(self, query: Callable[..., T], *args: object, **kwargs: object) -> T:
        began = time.perf_counter()
        result = await self._context.database.search(query, *args, **kwargs)
        await self._rest(time.perf_counter() - began)
        return result

    async def _thought(self, work: Callable[[], T]) -> T:
        """What takes no reading, in the same thread: here everybody would wait for it."""
        return await self._rested(lambda _: work())

    async def _rest(self, worked_s: float) -> None:
        talks = (
            asyncio.get_running_loop().time() < self._context.database.talked_s + TALKED_WITHIN_S
        )
        await asyncio.sleep(worked_s * (REST_TALKING if talks else REST_ELSE))


def _terms(found: Iterable[Said]) -> list[tuple[int, set[str]]]:
    return [
        (
            each.seq,
            indexed.terms(
                each.text,
                username=each.username,
                user_id=each.user_id,
                sent_at=each.sent_at,
                has=contents(each.text, each.attachments),
            ),
        )
        for each in found
        if not each.is_deleted
    ]


def _ends(connection: sa.Connection, conversation_id: int) -> list[tuple[int, int]]:
    found = stored.heads(connection, conversation_id, before=stored.EVER)
    return [(head.first, head.last) for head in found]
