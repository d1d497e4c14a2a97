"""What somebody who takes part can do."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

from parley.client import types
from parley.client.line import Line
from parley.client.links import Link
from parley.client.outbox import Outbox, given
from parley.client.rest import Rest, opened

Said = types.Message | types.SendAck | str
"""A message, what came of sending it, or its id."""


class Saying:
    """Waits for the answer of the server, over lost connections too. Raises `Refused`, and `Over`
    once it is over.
    """

    link: Link
    _rest: Rest
    _outbox: Outbox
    _line: Line | None

    async def send(
        self,
        text: str = "",
        *,
        reply_to: Said | None = None,
        mentions: Sequence[str] = (),
        files: Sequence[types.File | str] = (),
        type: str | None = None,
        client_id: str | None = None,
    ) -> types.SendAck:
        """Say it, once, however often the connection is lost. It is on disk when this returns.

        `mentions` are the user_ids of those it means where several have one name. `client_id` is
        for programs that may send the same again after they were started anew.
        """
        said = {
            "room_id": self.link.room_id,
            "message": text,
            "client_id": client_id or secrets.token_urlsafe(12),
        }
        more = given(
            reply_to=None if reply_to is None else _id(reply_to),
            mentions=list(mentions) or None,
            attachments=[each if isinstance(each, str) else each.id for each in files] or None,
            type=type,
        )
        return await self._outbox.send("send_message", said | more, types.SendAck)

    async def edit(self, message: Said, text: str) -> None:
        await self._change("edit_message", message, {"message": text})

    async def delete(self, message: Said) -> None:
        await self._change("delete_message", message, {})

    async def react(self, message: Said, emoji: str, *, on: bool = True) -> None:
        """Add a reaction, or take it back."""
        await self._change("react", message, {"emoji": emoji, "on": on})

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

    async def leave(self) -> None:
        """Leave on all devices. Coming again brings you back."""
        await self._rest.call(types.Nothing, "POST", f"{self.link.path}/leave")

    async def _change(self, event: str, message: Said, more: dict[str, object]) -> None:
        asked = {"room_id": self.link.room_id, "id": _id(message)}
        await self._outbox.send(event, asked | more, types.ChangedAck)

    # --- files ---

    async def upload(
        self, file: bytes | str | Path | BinaryIO, *, name: str | None = None
    ) -> types.File:
        """Upload one: bytes, the path of a file, or an open file. Send it within an hour."""
        read, called, size = opened(file)
        try:
            path = f"{self.link.path}/files"
            told = await self._rest.send_file(types.FileReply, path, read, name or called, size)
        finally:
            if read is not file:
                read.close()
        return told.file

    async def download(self, file: types.File, into: str | Path | BinaryIO) -> int:
        """Write what it holds into a file; how many bytes."""
        if isinstance(into, str | Path):
            written = await asyncio.to_thread(Path(into).open, "wb")
            with written:
                return await self._rest.fetch(file.url, written)
        return await self._rest.fetch(file.url, into)

    async def files(self, *, before: int | None = None) -> list[types.SentFile]:
        """The latest first; those before that seq."""
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
        return page.messages

    async def search(
        self, query: str, *, by: str | None = None
    ) -> AsyncIterator[types.SearchResult]:
        """What was said about it, the newest first; `by="relevance"`, the best first."""
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


def _id(message: Said) -> str:
    return message if isinstance(message, str) else message.id
