"""Coming into a conversation: as somebody who takes part, or only to read."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any

from parley.client import types
from parley.client.keyed import Keyed
from parley.client.line import Line
from parley.client.links import Link
from parley.client.log import Log
from parley.client.outbox import given


class Coming(Keyed):
    """On each connection anew."""

    me: types.JoinAck
    _context: ssl.SSLContext | None
    _is_watching: bool
    _since: int | None
    _began: int | None
    _log: Log
    _running: asyncio.Task[None] | None

    def _hear(self, name: bytes, said: bytes) -> None:
        raise NotImplementedError

    def _tell_ended(self, seq: int) -> None:
        raise NotImplementedError

    async def _take_link(self) -> None:
        """A link that gives a role is exchanged for what it gives."""
        if self.link.code:
            path = f"/api/links/{self.link.code}"
            given_by_it = await self._rest.call(types.EnteredReply, "POST", path)
            self._rest.token = given_by_it.token or self._rest.token
            self.link = Link(self.link.server, given_by_it.room_id, fragment=self.link.fragment)

    async def _enter(self) -> None:
        """Whoever only reads shows what lets them in first: in a join it goes along."""
        names = ("passphrase", "read_proof")
        shown = {name: self._wishes.pop(name) for name in names if name in self._wishes}
        if shown:
            path = f"{self.link.path}/enter"
            entered = await self._rest.call(types.EnteredReply, "POST", path, shown)
            self._rest.token = entered.token or self._rest.token

    async def _come_in(self) -> None:
        """Raises `Unreachable` and `Refused`."""
        self._log.hold()
        line = await Line.open(
            self.link.socket,
            token=self._rest.token,
            on_event=self._hear,
            context=self._context,
        )
        self._line = line
        running = asyncio.create_task(line.run())
        self._running = running
        try:
            await self._take_seat(line)
        except BaseException:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            raise

    async def _take_seat(self, line: Line) -> None:
        since = self._since if self._began is None else self._log.seq
        take = self._watch if self._is_watching else self._join
        now = await take(line, given(room_id=self.link.room_id, since=since))
        if self._began is None:
            self._began = now if since is None else since
            self._log.begin(self._began)
        if self._sealed is not None:
            await self._begin_sealed()
        await self._catch_up(line, has_more=self._log.seq < self.me.seq)
        self._outbox.begin(line)
        if not self.conversation.is_active:  # whoever reads is let in all the same
            self._tell_ended(self.me.seq)

    async def _watch(self, line: Line, asked: dict[str, Any]) -> int:
        seen = await line.ask("watch_room", asked, types.WatchAck)
        self.me = types.JoinAck(
            user_id="", username="", role="", seq=seen.seq, joined_seq=seen.seq, read_seq=0
        )
        return seen.seq

    async def _join(self, line: Line, asked: dict[str, Any]) -> int:
        wishes = self._wishes | given(token=self._rest.token)
        self.me = await line.ask("join_room", asked | wishes, types.JoinAck)
        now = self.me.joined_seq  # others may have spoken to it before it was answered
        is_new = self._rest.token is None
        self._rest.token = self.me.token or self._rest.token
        if is_new and self._rest.token is not None:
            # Using it proves who this is.
            proof = {"room_id": self.link.room_id, "token": self._rest.token}
            self.me = await line.ask("join_room", proof, types.JoinAck)
        for once in ("passphrase", "read_proof"):
            self._wishes.pop(once, None)
        return now

    async def _catch_up(self, line: Line, *, has_more: bool) -> None:
        """Tell what was missed, and then what came meanwhile."""
        while has_more:
            asked = {"room_id": self.link.room_id, "since": self._log.seq}
            page = await line.ask("sync", asked, types.SyncAck)
            self._log.missed(page.messages, page.seq, page.erased_through)
            has_more = page.more
            if not page.is_active and not has_more:
                self._tell_ended(page.seq)
        self._log.go_on()
