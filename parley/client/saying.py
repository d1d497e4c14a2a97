"""What somebody who takes part can do."""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from parley.client import types
from parley.client.errors import Refused
from parley.client.line import Line
from parley.client.links import Link
from parley.client.outbox import Outbox, given
from parley.client.rest import Rest, opened

if TYPE_CHECKING:
    from parley.client.sealed import Sealed

T = TypeVar("T")

PAGE = 200
TRIES = 5
"""To seal under the newest key, however often it is changed meanwhile."""

Said = types.Message | types.SendAck | str
"""A message, what came of sending it, or its id."""


class Saying:
    """Waits for the answer of the server, over lost connections too. Raises `Refused`, and `Over`
    once it is over.
    """

    link: Link
    me: types.JoinAck
    _rest: Rest
    _outbox: Outbox
    _line: Line | None
    _sealed: Sealed | None

    async def _follow(self) -> None:
        raise NotImplementedError

    async def send(
        self,
        text: str = "",
        *,
        reply_to: Said | None = None,
        mentions: Sequence[str] = (),
        files: Sequence[types.File | str] = (),
        buttons: Mapping[str, str] | None = None,
        type: str | None = None,
        client_id: str | None = None,
    ) -> types.SendAck:
        """Say it, once, however often the connection is lost. It is on disk when this returns.

        `buttons` are a bot's, by the ids that it is told when one is pressed: what stands on each.
        `mentions` are the user_ids of those it means where several have one name. `client_id` is
        for programs that may send the same again after they were started anew.
        """
        client_id = client_id or secrets.token_urlsafe(12)
        answers = None if reply_to is None else _id(reply_to)
        sealed = self._sealed
        if sealed is not None:
            return await self._send_sealed(
                lambda: sealed.said(
                    text, client_id, answers=answers, mentions=mentions, files=files
                )
            )
        said = given(
            room_id=self.link.room_id,
            message=text,
            client_id=client_id,
            reply_to=answers,
            mentions=list(mentions) or None,
            attachments=[each if isinstance(each, str) else each.id for each in files] or None,
            type=type,
            buttons=[{"id": id, "label": label} for id, label in (buttons or {}).items()] or None,
        )
        return await self._outbox.send("send_message", said, types.SendAck)

    async def edit(self, message: Said, text: str) -> None:
        sealed = self._sealed
        if sealed is None:
            await self._change("edit_message", message, {"message": text})
            return
        await self._under_newest(
            lambda: self._change("edit_message", message, sealed.edited(_id(message), text))
        )

    async def delete(self, message: Said) -> None:
        await self._change("delete_message", message, {})

    async def react(self, message: Said, emoji: str, *, on: bool = True) -> None:
        """Add a reaction, or take it back."""
        sealed, client_id = self._sealed, secrets.token_urlsafe(12)
        if sealed is None:
            await self._change("react", message, {"emoji": emoji, "on": on})
        else:
            await self._send_sealed(lambda: sealed.reacted(_id(message), emoji, client_id, on=on))

    async def pin(self, message: Said, *, on: bool = True) -> None:
        """For owners."""
        await self._change("pin_message", message, {"on": on})

    async def read(self, seq: int) -> None:
        """Say that all up to that seq was read."""
        marked = {"room_id": self.link.room_id, "seq": seq}
        await self._outbox.send("mark_read", marked, types.Nothing)

    def typing(self, *, on: bool = True) -> None:
        """Show the others; nobody misses it where there is no connection."""
        if self._line is not None and self._line.is_open:
            self._line.emit("typing", {"room_id": self.link.room_id, "is_typing": on})

    async def offer(self, commands: Mapping[str, str]) -> None:
        """As a bot, what people can write after a "/", and what each does, in place of what there
        was: they come as the event `asked`.
        """
        listed = [{"name": name, "description": does} for name, does in commands.items()]
        path = f"{self.link.path}/bots/me/commands"
        await self._rest.call(types.Nothing, "PUT", path, {"commands": listed})

    async def answer(self, asked: types.Asked, text: str | None = None) -> None:
        """As a bot, answer what somebody asked, whom alone it is shown. After three seconds they
        are told that it is late.
        """
        said = given(room_id=self.link.room_id, id=asked.ask.id, text=text)
        await self._outbox.send("answer_ask", said, types.Nothing)

    async def leave(self) -> None:
        """Leave on all devices. Coming again brings you back."""
        await self._rest.call(types.Nothing, "POST", f"{self.link.path}/leave")

    async def _change(self, event: str, message: Said, more: dict[str, Any]) -> None:
        asked = {"room_id": self.link.room_id, "id": _id(message)}
        await self._outbox.send(event, asked | more, types.ChangedAck)

    async def _send_sealed(self, seal: Callable[[], dict[str, Any]]) -> types.SendAck:
        room = {"room_id": self.link.room_id}

        async def send() -> types.SendAck:
            said = seal()
            ack = await self._outbox.send("send_message", room | said, types.SendAck)
            if self._sealed is not None:
                self._sealed.sent(self._own(ack, said))
            return ack

        return await self._under_newest(send)

    async def _under_newest(self, act: Callable[[], Awaitable[T]]) -> T:
        """Again where the key was changed meanwhile, sealed anew."""
        for _ in range(TRIES):
            try:
                return await act()
            except Refused as refused:
                if refused.code != "epoch_over":
                    raise
                await self._follow()
        return await act()

    def _own(self, ack: types.SendAck, said: dict[str, Any]) -> types.Message:
        return types.Message(
            id=ack.id,
            seq=ack.seq,
            changed_seq=ack.seq,
            user_id=self.me.user_id,
            username=self.me.username,
            timestamp=ack.timestamp,
            message=said["message"],
            type=said["type"],
            client_id=said["client_id"],
        )

    # --- files ---

    async def upload(
        self, file: bytes | str | Path | BinaryIO, *, name: str | None = None
    ) -> types.File:
        """Upload one: bytes, the path of a file, or an open file. Send it within an hour."""
        read, called, size = await asyncio.to_thread(opened, file)
        name = name or called
        try:
            if self._sealed is not None:
                return await self._upload_sealed(read, name, size)
            path = f"{self.link.path}/files"
            return (await self._rest.send_file(types.FileReply, path, read, name, size)).file
        finally:
            if read is not file:
                read.close()

    async def _upload_sealed(self, read: BinaryIO, name: str, size: int) -> types.File:
        from parley.client.sealed import SealedFile
        from parley.client.sealed_files import sealed

        going, key, length = await asyncio.to_thread(sealed, read, size)
        with going:
            path = f"{self.link.path}/files"
            told = await self._rest.send_file(types.FileReply, path, going, "file", length)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return SealedFile(
            id=told.file.id, name=name, type=kind, size=size, url=told.file.url, key=key
        )

    async def download(self, file: types.File, into: str | Path | BinaryIO) -> int:
        """Write what it holds into a file; how many bytes. Raises `encryption.Unreadable` for one
        that was changed on its way.
        """
        if isinstance(into, str | Path):
            written = await asyncio.to_thread(Path(into).open, "wb")
            with written:
                return await self.download(file, written)
        key: bytes | None = getattr(file, "key", None)
        if key is None:
            return await self._rest.fetch(file.url, into)
        from parley.client.sealed_files import opened

        with tempfile.TemporaryFile() as coming:
            await self._rest.fetch(file.url, coming)
            coming.seek(0)
            return await asyncio.to_thread(opened, coming, key, into)

    async def files(self, *, before: int | None = None) -> list[types.SentFile]:
        """The latest first; those before that seq. In an encrypted conversation they have no names:
        messages have.
        """
        path = f"{self.link.path}/files"
        return (await self._rest.call(types.FilesReply, "GET", path, before=before)).files

    # --- looking ---

    async def history(
        self, *, before: int | None = None, after: int | None = None, limit: int | None = None
    ) -> list[types.Message]:
        """A page of what was said, oldest first: the newest, or that before or after a seq."""
        path = f"{self.link.path}/messages"
        page = await self._rest.call(
            types.MessagesReply, "GET", path, before=before, after=after, limit=limit
        )
        return self._read(page.messages)

    async def search(
        self, query: str, *, by: str | None = None
    ) -> AsyncIterator[types.SearchResult]:
        """What was said about it, the newest first; `by="relevance"`, the best first.

        An encrypted conversation is read through here: what has all the words is found, the oldest
        first.
        """
        if self._sealed is not None:
            async for found in self._search_here(query):
                yield found
            return
        cursor: str | None = None
        while True:
            page = await self._rest.call(
                types.SearchReply, "GET", f"{self.link.path}/search", q=query, by=by, cursor=cursor
            )
            for found in page.results:
                yield found
            cursor = page.next_cursor
            if cursor is None:
                return

    async def people(self) -> AsyncIterator[types.Participant]:
        """Everybody who takes part, in the order of joining."""
        cursor: str | None = None
        while True:
            page = await self._rest.call(
                types.ParticipantsReply, "GET", f"{self.link.path}/participants", cursor=cursor
            )
            for person in page.participants:
                yield person
            cursor = page.next_cursor
            if cursor is None:
                return

    async def _search_here(self, query: str) -> AsyncIterator[types.SearchResult]:
        words, after, has_more = query.casefold().split(), 0, True
        while has_more:
            page = await self._page(after)
            after = page.messages[-1].seq if page.messages else after
            for message in self._read(page.messages):
                text = message.message.casefold()
                if not message.deleted and all(word in text for word in words):
                    part = types.SnippetPart(text=message.message, hit=False)
                    yield types.SearchResult(message=message, snippet=[part])
            has_more = page.has_more and bool(page.messages)

    async def _page(self, after: int) -> types.MessagesReply:
        """Of the history, as the server has it."""
        path = f"{self.link.path}/messages"
        return await self._rest.call(types.MessagesReply, "GET", path, after=after, limit=PAGE)

    def _read(self, messages: list[types.Message]) -> list[types.Message]:
        return messages if self._sealed is None else self._sealed.read_all(messages)


def _id(message: Said) -> str:
    return message if isinstance(message, str) else message.id
