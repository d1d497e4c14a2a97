"""A client that reconciles, as the protocol page tells clients to.

It applies `have + 1`, drops what is older, asks `sync` on a gap, comes back
with `since`, and repeats what was not acknowledged under the same client_id.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.lines import Line, LineCut, open_line
from tests.faults.record import Act, Json, Record, Said
from tests.faults.verify import Line as Message
from tests.faults.verify import as_told

PATIENCE_S = 20.0
RECENT = 20
"""Messages that a client still changes, or answers."""
REFUSED = {"not_found", "conversation_ended"}
"""What is answered to whoever comes too late: it is not asked again."""
LINES_MAX = 500
"""Connections one client makes at the most: a server that cuts all of them fails the test."""


@dataclass
class Place:
    """Where the server is, and whether it is there: what a client's retries would find out."""

    url: str
    is_up: asyncio.Event = field(default_factory=asyncio.Event)


class Client:
    """One tab: one person (their `token`) in one room."""

    def __init__(
        self,
        record: Record,
        place: Place,
        name: str,
        room_id: str,
        *,
        user_id: str,
        token: str,
        transport: str = "websocket",
        is_deaf: Callable[[], bool] = lambda: False,
        is_owner: bool = False,
        emoji: str = "👍",
    ) -> None:
        self.name, self.room_id, self.user_id, self.token = name, room_id, user_id, token
        self.transport = transport
        self.is_owner, self.emoji = is_owner, emoji
        self.first, self.have = 1, 0
        self.held: dict[int, Message] = {}
        """The messages by their seq."""
        self.is_over = False
        self.is_in = False
        self.patience_s = PATIENCE_S
        """How long it waits for whatever it waits for."""
        self.again_after_s: float | None = None
        """After how long it asks again, where nothing could be stored; else once it is back."""
        self.unacked: dict[str, Said] = {}
        self.chance = random.Random(name)
        self.undone: list[Act] = []
        """What was asked and is not answered yet."""
        self.pinned: str | None = None
        """The id of the message that it pinned last and did not unpin."""
        self.turn = self.chance.randrange(10)
        """Counts what it did beside speaking."""
        self._record, self._place, self._is_deaf = record, place, is_deaf
        self._line: Line | None = None
        self._asked: dict[int, Callable[[Json], None]] = {}
        self._next_id = 0
        self._is_syncing = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._serving: asyncio.Task[None] | None = None

    # --- what a test does with it ---

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.name)
        self._task.add_done_callback(lambda _: self._changed())

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()

    def cut(self) -> None:
        """Break the line, without a word to the server; the client comes back by itself."""
        if self._serving is not None:
            self._serving.cancel()

    def say(self, text: str, reply_to: str | None = None) -> Said:
        said = self._record.thinks(self.room_id, self.name, self.user_id, text, reply_to)
        self.unacked[said.client_id] = said
        if self.is_in:
            self._send(said)
        return said

    def act(self, kind: str, **asked: object) -> Act:
        """Ask for a change; for another of the same only once this is answered."""
        act = self._record.wants(self.room_id, self.user_id, kind, asked)
        self.undone.append(act)
        if self.is_in:
            self._do(act)
        return act

    def repeat(self) -> None:
        """Send again what was not acknowledged."""
        for said in list(self.unacked.values()):
            self._send(said)
        for act in list(self.undone):
            self._do(act)

    @property
    def lines(self) -> list[Message]:
        return [self.held[seq] for seq in sorted(self.held)]

    def recent(self, *, own: bool = False) -> list[Message]:
        """Of the newest messages those that are not deleted; or those that this very tab said."""
        newest = itertools.islice(reversed(self.held.values()), RECENT)
        return [
            each
            for each in newest
            if not each.is_deleted
            and (not own or (each.client_id or "").startswith(f"{self.name}-"))
        ]

    async def until(self, holds: Callable[[], bool], within_s: float | None = None) -> None:
        async with asyncio.timeout(within_s or self.patience_s):
            while not holds():
                assert self._task is not None
                if self._task.done():
                    self._task.result()
                await self._news.wait()

    async def has_answers(self) -> None:
        await self.until(lambda: not self.unacked and not self.undone)

    async def gets_in(self) -> None:
        await self.until(lambda: self.is_in)

    async def gets_out(self) -> None:
        """Until the line is gone, by whosever doing."""
        await self.until(lambda: not self.is_in)

    async def reaches(self, seq: int) -> None:
        await self.until(lambda: self.have >= seq)

    # --- connecting ---

    async def _run(self) -> None:
        for _ in range(LINES_MAX):
            await self._place.is_up.wait()
            self._serving = asyncio.create_task(self._serve())
            try:
                await asyncio.wait({self._serving})
            finally:
                self._serving.cancel()
                await asyncio.wait({self._serving})
                self._line, self.is_in, self._is_syncing = None, False, False
                self._asked.clear()
                self._changed()
            if not self._serving.cancelled() and not isinstance(
                self._serving.exception(), LineCut | TimeoutError
            ):
                self._serving.result()
        raise AssertionError(f"{self.name} was cut off {LINES_MAX} times")

    async def _serve(self) -> None:
        place = self._place.url
        async with open_line(place, self.transport, self.token, self._reads) as line:
            self._record.count("lines")
            self._line = line
            self._come_in()
            try:
                while True:
                    self._take(await line.receive())
            except LineCut as cut:
                self._record.count("goodbyes", int(cut.come_back))
                raise

    def _reads(self, count: int) -> None:
        self._record.count("bytes", count)

    def _come_in(self) -> None:
        """Nobody joins what has ended; its log is read along to the end."""
        name = "watch_room" if self.is_over else "join_room"
        self._ask(name, {"since": self.have}, self._came_in)

    def _came_in(self, ack: Json) -> None:
        if ack["ok"]:
            self.is_in = True
            self.repeat()
        elif ack["code"] == "conversation_ended":
            self._ask("watch_room", {"since": self.have}, self._came_in)
        elif ack["code"] != "unavailable":
            raise AssertionError(ack)

    # --- asking ---

    def _send(self, said: Said) -> None:
        self._record.sends()
        data = {"message": said.text, "client_id": said.client_id}
        if said.reply_to is not None:
            data["reply_to"] = said.reply_to
        self._ask("send_message", data, lambda ack: self._answered(said, ack))

    def _answered(self, said: Said, ack: Json) -> None:
        self._record.is_answered(said, ack)
        if ack["ok"] and said.client_id in self.unacked and self._is_deaf():
            self._record.count("unheard")
            self._send(said)
        elif ack["ok"] or ack["code"] in REFUSED:
            self.unacked.pop(said.client_id, None)
        else:
            self._later(lambda: said.client_id in self.unacked, lambda: self._send(said))

    def _do(self, act: Act) -> None:
        self._ask(act.kind, act.asked, lambda ack: self._did(act, ack))

    def _did(self, act: Act, ack: Json) -> None:
        if ack["ok"]:
            self._record.is_done(act, ack)
        if ack["ok"] and act in self.undone and self._is_deaf():
            self._do(act)
        elif ack["ok"] or ack["code"] in REFUSED:
            if act in self.undone:
                self.undone.remove(act)
        elif ack["code"] != "unavailable":
            raise AssertionError(f"{self.name} asked for {act}: {ack}")
        else:
            self._record.count("undone")
            self._later(lambda: act in self.undone, lambda: self._do(act))

    def _later(self, is_due: Callable[[], bool], ask: Callable[[], None]) -> None:
        def again() -> None:
            if self.is_in and is_due():
                ask()

        if self.again_after_s is not None:
            asyncio.get_running_loop().call_later(self.again_after_s, again)

    def _sync(self) -> None:
        if not self._is_syncing:
            self._is_syncing = True
            self._ask("sync", {"since": self.have}, self._synced)

    def _synced(self, ack: Json) -> None:
        self._is_syncing = False
        if not ack["ok"]:
            return
        self._put_all(ack["messages"])
        if ack["seq"] > self.have:
            self.have = ack["seq"]
            self.is_over = not ack["is_active"] and not ack["more"]
        if ack["more"]:
            self._sync()

    def _ask(self, event: str, data: Json, answered: Callable[[Json], None]) -> None:
        if self._line is not None:
            self._next_id += 1
            self._asked[self._next_id] = answered
            packet = json.dumps([event, {"room_id": self.room_id, **data}])
            self._line.send(f"42{self._next_id}{packet}")

    # --- what comes ---

    def _take(self, packet: str) -> None:
        if packet == "2":
            assert self._line is not None
            self._line.send("3")
        elif packet.startswith("43"):
            id, bracket, rest = packet[2:].partition("[")
            self._asked.pop(int(id))(json.loads(bracket + rest)[0])
        elif packet.startswith("42"):
            self._hear(*json.loads(packet[2:]))
        elif packet == "1":
            raise AssertionError(f"{self.name} was told to stay away")
        self._changed()

    def _hear(self, event: str, data: Json) -> None:
        match event:
            case "new_message" | "message_changed":
                self._apply(data)
            case "conversation_ended" if data["seq"] == self.have + 1:
                self.have, self.is_over = data["seq"], True
                self._record.hears_the_ending(self.name, self.room_id, data["seq"])
            case "conversation_ended" | "room_position" if data["seq"] > self.have:
                self._sync()
            case "conversation_state":
                self._load(data["conversation"])
            case "error":
                raise AssertionError(data)

    def _load(self, conversation: Json) -> None:
        if conversation["seq"] < self.have:
            raise AssertionError(f"{self.name} was told {self.have}, which is forgotten")
        if not conversation.get("delta"):
            self.held.clear()
            found = conversation["messages"]
            self.first = found[0]["seq"] if found else conversation["seq"] + 1
            self.have = 0
        self._put_all(conversation["messages"])
        self.have = max(self.have, conversation["seq"])
        self.is_over = not conversation["is_active"]

    def _apply(self, message: Json) -> None:
        if message["changed_seq"] == self.have + 1:
            self.have += 1
            self._put(message)
        elif message["changed_seq"] > self.have:
            self._record.count("gaps")
            self._sync()

    def _put_all(self, messages: list[Json]) -> None:
        """Of an answer that holds all that changed, once each, as it is now."""
        for message in messages:
            if message["changed_seq"] > self.have:
                self._put(message)

    def _put(self, message: Json) -> None:
        line = as_told(message)
        self._record.hears(self.name, self.room_id, line.changed_seq, line)
        if line.seq >= self.first:
            self.held[line.seq] = line

    def _changed(self) -> None:
        self._news.set()
        self._news.clear()
