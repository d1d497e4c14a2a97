"""What the server tells, as it reaches the screen; and what is loaded as you read on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from parley.client import ClientError, Happened, Over, types
from parley.talking.paging import page
from parley.talking.telling import KEY_CHANGED

if TYPE_CHECKING:
    from parley.chat.app import Chat

PAGE = 100
TYPING_S = 6.0


class Hearing:
    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._loading = asyncio.Lock()
        self._read_seq = chat.talk.me.read_seq
        self._to_read = 0
        self._is_reading = False

    # --- what happens ---

    async def run(self) -> None:
        """Until it is over."""
        talk = self._chat.talk
        happenings = talk.events()
        first = asyncio.ensure_future(anext(happenings, None))
        await asyncio.sleep(0)  # it listens from here on
        await self._take_missed()
        try:
            happened = await first
            while happened is not None:
                self._take(happened)
                happened = await anext(happenings, None)
            self._chat.end("This conversation has ended.")
        except Over as over:
            self._chat.end(str(over))
        except ClientError as error:
            self._chat.end(f"{error} What you see can still be read.")

    async def _take_missed(self) -> None:
        """What came between joining and listening."""
        window = self._chat.transcript.window
        if self._chat.talk.seq > self._chat.talk.me.seq:
            window.add_newer(await page(self._chat.talk, after=window.last, limit=PAGE))
            self._chat.transcript.redraw()

    def _take(self, happened: Happened) -> None:
        chat = self._chat
        if happened.name == "key_changed":
            name = chat.crowd.name_of(happened.data.user_id) or "Somebody"
            chat.tell(f"{name}: {KEY_CHANGED}")
        match happened.data:
            case types.Message() as message:
                self._take_message(message)
            case types.UserJoined() as joined:
                chat.crowd.joined(joined)
                chat.refresh_people()
            case types.UserLeft() as left:
                chat.crowd.left(left)
                chat.refresh_people()
            case types.UserTyping() as typing:
                until = chat.loop_time + TYPING_S if typing.is_typing else 0.0
                chat.typing[typing.username] = until
                chat.refresh_status()
            case types.RoleChanged() as changed:
                chat.crowd.has_role(changed)
                chat.refresh_people()
            case types.ConversationChanged() as changed:
                chat.talk.conversation.title = changed.title
                chat.refresh_title()
            case types.MessagesErased() as erased:
                if chat.transcript.window.erase_through(erased.through):
                    chat.transcript.redraw()
            case _:
                pass

    def _take_message(self, message: types.Message) -> None:
        chat = self._chat
        transcript = chat.transcript
        chat.typing.pop(message.username, None)
        is_seen = transcript.is_at_end
        if not transcript.window.take(message):
            if transcript.window.has_newer:
                chat.refresh_status()
            return
        self._begin_unread(message, is_seen=is_seen)
        transcript.redraw()
        if not transcript.is_at_end:
            chat.refresh_status()

    def _begin_unread(self, message: types.Message, *, is_seen: bool) -> None:
        transcript = self._chat.transcript
        is_own = message.user_id == self._chat.talk.me.user_id
        if is_own:
            transcript.unread_from = None
        elif transcript.unread_from is None and not is_seen and message.seq > self._read_seq:
            transcript.unread_from = message.seq

    # --- having read ---

    def mark_read(self) -> None:
        """All there is was seen."""
        messages = self._chat.transcript.window.messages
        if not messages or messages[-1].seq <= max(self._read_seq, self._to_read):
            return
        self._to_read = messages[-1].seq
        if not self._is_reading and self._chat.over is None:
            self._chat.do(self._tell_read())

    async def _tell_read(self) -> None:
        self._is_reading = True
        try:
            while self._to_read > self._read_seq:
                seq = self._to_read
                await self._chat.talk.read(seq)
                self._read_seq = seq
        finally:
            self._is_reading = False

    # --- reading on ---

    async def load_older(self) -> None:
        transcript = self._chat.transcript
        window = transcript.window
        if self._loading.locked() or not window.has_older:
            return
        async with self._loading:
            is_more_seen = False
            while not is_more_seen:  # what only changes others shows nothing
                older = await page(self._chat.talk, before=window.first, limit=PAGE)
                window.add_older(older)
                is_more_seen = bool(older.messages) or not older.has_more
            transcript.redraw()

    async def load_newer(self) -> None:
        transcript = self._chat.transcript
        window = transcript.window
        if self._loading.locked() or not window.has_newer or not window.messages:
            return
        async with self._loading:
            is_more_seen = False
            while not is_more_seen:
                newer = await page(self._chat.talk, after=window.last, limit=PAGE)
                window.add_newer(newer)
                is_more_seen = bool(newer.messages) or not newer.has_more
            transcript.redraw()

    async def load_newest(self) -> None:
        async with self._loading:
            self._chat.transcript.window.begin(await page(self._chat.talk, limit=PAGE))
            self._chat.transcript.redraw()
            self._chat.transcript.to_end()

    async def show(self, message: types.Message) -> None:
        """Load what is around a message, and choose it."""
        transcript = self._chat.transcript
        window = transcript.window
        if window.index_of(message.seq) is None:
            async with self._loading:
                talk = self._chat.talk
                window.begin(await page(talk, before=message.seq, limit=PAGE // 2))
                window.last = message.seq - 1
                window.add_newer(await page(talk, after=message.seq - 1, limit=PAGE))
                transcript.redraw(keep=message.seq)
        transcript.focus()
        transcript.show(message.seq)
