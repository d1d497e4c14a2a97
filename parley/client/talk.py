"""Taking part in a conversation: `Client`."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from parley.client import types
from parley.client.coming import Coming
from parley.client.errors import ClientError, Over, Refused, Unreachable
from parley.client.feed import Feed, Happened, behind, messages
from parley.client.line import Line, decoder
from parley.client.links import Link
from parley.client.log import Log
from parley.client.outbox import Outbox, given
from parley.client.rest import Rest

if TYPE_CHECKING:
    from parley.client.encryption import Person

WAITS_S = (0.5, 30.0)
"""Before it tries to connect again: at first, and at most, twice as long each time."""
_DECODERS = {name.encode(): decoder(type) for name, type in types.EVENTS.items()}
_MESSAGES = frozenset({"new_message"})
_NUMBERED = ("messages_erased", "epoch_began", "conversation_ended")


class Client(Coming):
    """Somebody who takes part in a conversation, for as long as a block.

        async with Client("https://talk.example.org/conversation/…", name="Echo") as talk:
            async for message in talk:
                await talk.send(message.message)

    With a `token` it is who it was before; `talk.token` is what to keep for that. `since`: what
    changed after that seq is told first. In an encrypted conversation, whose link has its key
    behind a `#`, it has `keys` of its own: keep `talk.keys` beside the token.

    A lost connection is made again, and what was missed is told then. Raises `Unreachable` where
    there is no server at first, `Refused` where nobody is let in, and `Over` once it is over.
    """

    def __init__(
        self,
        link: str,
        *,
        name: str | None = None,
        token: str | None = None,
        user_id: str | None = None,
        passphrase: str | None = None,
        since: int | None = None,
        keys: Person | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.link = Link.parse(link)
        self._rest = Rest(self.link.server, context)
        self._rest.token = token
        self._context = context
        self._wishes = given(username=name, user_id=user_id, passphrase=passphrase)
        self._keys = keys
        self._is_watching = False
        self._sealed = None
        self._since = since
        self._feeds: list[Feed] = []
        self._outbox = Outbox()
        self._log = Log(self._tell, self._ask_missed)
        self._line: Line | None = None
        self._state: types.ConversationState | None = None
        self._task: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        """Of the line that there is, or was last."""
        self._asking: set[asyncio.Task[None]] = set()
        self._end: ClientError | None = None
        self._began: int | None = None
        self.me: types.JoinAck
        """Who it is: `user_id`, `username`, `role`; all empty for who only watches."""
        self.conversation: types.Conversation
        """As it was when it was joined last, with the newest messages."""

    @classmethod
    def watch(
        cls,
        link: str,
        *,
        token: str | None = None,
        passphrase: str | None = None,
        since: int | None = None,
        keys: Person | None = None,
        context: ssl.SSLContext | None = None,
    ) -> Client:
        """To read along under no name: nobody sees it come, and it can say nothing.

            async with Client.watch("https://talk.example.org/conversation/…") as talk:
                async for message in talk:
                    print(message.username, message.message)

        A `token` lets in where the link alone does not.
        """
        client = cls(
            link, token=token, passphrase=passphrase, since=since, keys=keys, context=context
        )
        client._is_watching = True
        return client

    # --- its time ---

    async def __aenter__(self) -> Client:
        await self._take_link()
        if self.link.fragment:
            await self._take_key()
        if self._is_watching:
            await self._enter()
        await self._come_in()
        if self._sealed is not None and self._sealed.is_new and not self._is_watching:
            await self._introduce()
        self._task = asyncio.create_task(self._stay())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Go. Others see it leave a little later; `leave` says so at once."""
        self._finish(Over("closed", "This client was closed."))
        for task in [self._task, *self._asking]:
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._running is not None:
            await asyncio.wait([self._running])  # it says goodbye

    @property
    def token(self) -> str | None:
        """What proves who it is, the next time."""
        return self._rest.token

    @property
    def seq(self) -> int:
        """All changes up to this one were told."""
        return self._log.seq

    @property
    def is_connected(self) -> bool:
        """`events("connected", "disconnected")` tells when it changes."""
        return self._outbox.is_open

    @property
    def unsent(self) -> int:
        """How many messages are to be sent that the server hasn't said it has."""
        return self._outbox.count("send_message")

    # --- what happens ---

    def __aiter__(self) -> AsyncIterator[types.Message]:
        """What others say, from when it joined."""
        return self.messages(own=False)

    async def messages(
        self, *, since: int | None = None, own: bool = True
    ) -> AsyncIterator[types.Message]:
        """All that is said after the seq `since`, each once; by default, from when it joined."""
        feed = self._new_feed(_MESSAGES)
        begin = (self._began or 0) if since is None else since
        try:
            async for message in messages(feed, self._after, begin, self.seq):
                if own or message.user_id != self.me.user_id:
                    yield message
        finally:
            self._feeds.remove(feed)

    async def events(self, *names: str) -> AsyncIterator[Happened]:
        """All that happens from now on, or only what has one of these names.

        Beside what the server tells: `disconnected` when the connection is lost, and `connected`
        when it is there again and what was missed was told.

        Raises `Over` (`behind`) where it is read so late that something had to be left out.
        """
        feed = self._new_feed(frozenset(names) or None)
        try:
            while (happened := await feed.next()) is not None:
                yield happened
            if feed.has_lost:
                raise behind()
        finally:
            self._feeds.remove(feed)

    def _new_feed(self, names: frozenset[str] | None) -> Feed:
        feed = Feed(names)
        if self._end is not None:
            feed.end(self._end)
        self._feeds.append(feed)
        return feed

    async def _after(self, seq: int) -> tuple[list[types.Message], int, bool]:
        page = await self._page(seq)
        reach = page.messages[-1].seq if page.messages else seq
        return self._read(page.messages), reach, page.has_more

    def _tell(self, happened: Happened) -> None:
        told = [happened] if self._sealed is None else self._sealed.tell(happened)
        for each in told:
            for feed in self._feeds:
                feed.take(each)
        if happened.name == "epoch_began" and self._sealed is not None:
            self._log.hold()  # what follows is under the new key
            self._begin(self._follow_on())
        if happened.name == "conversation_ended":
            self._finish(Over("ended", happened.data.message))

    # --- connecting again ---

    async def _stay(self) -> None:
        """Until it is over."""
        while self._running is not None:
            await asyncio.wait([self._running])
            self._outbox.lose()
            if self._end is None:
                self._tell(Happened("disconnected", None))
            await self._come_back()
            if self._end is not None:
                return

    async def _come_back(self) -> None:
        wait_s, most_s = WAITS_S
        while self._end is None:
            await asyncio.sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311  # no secret
            wait_s = min(2 * wait_s, most_s)
            try:
                await self._come_in()
            except Unreachable:
                continue
            except Refused as refused:
                if refused.is_passing:
                    wait_s = max(wait_s, refused.retry_after or 0)
                    continue
                self._finish(refused)
            if self._end is None:
                self._tell(Happened("connected", None))
            return

    def _ask_missed(self) -> None:
        """Something is missing between what was told and what came."""
        if self._line is not None:
            self._begin(self._fill(self._line))

    async def _follow_on(self) -> None:
        try:
            await self._follow()
        except ClientError:
            pass  # what is said under it can't be opened, which each message says
        finally:
            self._log.go_on()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _fill(self, line: Line) -> None:
        with contextlib.suppress(ClientError):  # of a line that is lost: the next one catches up
            await self._catch_up(line, has_more=True)

    def _finish(self, why: ClientError) -> None:
        if self._end is not None:
            return
        self._end = why
        self._outbox.fail(why)
        for feed in self._feeds:
            feed.end(why)
        if self._running is not None:
            self._running.cancel()

    # --- what the server tells ---

    def _hear(self, name: bytes, said: bytes) -> None:
        read = _DECODERS.get(name)
        if read is None:
            return  # a newer server's
        try:
            data = read.decode(said)[1]
        except msgspec.MsgspecError:
            return
        match data:
            case types.Message():
                self._log.take(Happened(name.decode(), data, data.changed_seq))
            case types.ConversationState():
                self.conversation = data.conversation
            case types.RoomPosition():
                self._log.is_at(data.seq)
            case types.Removed():
                self._tell(Happened("removed", data))
                self._finish(Over(data.reason, data.message))
            case types.ConversationDeleted():
                self._tell(Happened("conversation_deleted", data))
                self._finish(Over("deleted", data.message))
            case _:
                self._hear_other(name.decode(), data)

    def _hear_other(self, name: str, data: Any) -> None:
        if isinstance(data, types.LinkReplaced):
            link = self.link
            self.link = Link(link.server, data.new_room_id, fragment=link.fragment)
        seq = data.seq if name in _NUMBERED else None
        self._log.take(Happened(name, data, seq))

    def _tell_ended(self, seq: int) -> None:
        if self._end is not None:
            return
        ended = types.ConversationEnded(
            room_id=self.link.room_id, message="This conversation has ended.", seq=seq
        )
        self._tell(Happened("conversation_ended", ended, seq))
