"""The screen: its parts, and what happens in each."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import OptionList, Static

from parley import harmless
from parley.chat import acting, cells
from parley.chat.composer import Composer
from parley.chat.dialogs import Help
from parley.chat.drawing import Waiting
from parley.chat.hearing import Hearing
from parley.chat.people import Crowd, People
from parley.chat.transcript import Transcript
from parley.client import Client, ClientError, Unreachable, types
from parley.talking.paging import Page

WIDE_ENOUGH = 64
"""Columns from which on people are shown beside the messages."""
LOOK_EVERY_S = 0.5
SENT_WITHIN_S = 10.0
"""After leaving."""
SHOWN_S = 8.0
"""How long a sentence stays in the status line."""
HINTS = "F1 help  Tab messages  Ctrl+R reply  Ctrl+O file  Ctrl+F search  Ctrl+Q quit"
HINTS_THERE = "F1 help  Tab write  r reply  + react  e edit  d delete  s save  End newest"


class Chat(App[None]):
    CSS_PATH = Path(__file__).with_name("screen.tcss")
    ENABLE_COMMAND_PALETTE = False
    TITLE = "Parley"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q,ctrl+c", "leave", "Quit", priority=False),
        Binding("f1", "help", "Help"),
        Binding("f2", "people", "People"),
        Binding("ctrl+f,f3", "search", "Search"),
        Binding("f4", "files", "Files"),
        Binding("ctrl+o", "send_file", "Send a file"),
        Binding("ctrl+r", "reply", "Reply"),
        Binding("ctrl+t", "react", "React"),
        Binding("ctrl+end", "newest", "Newest"),
        Binding("escape", "put_back", "Back"),
    ]

    def __init__(self, talk: Client) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.talk = talk
        self.crowd = Crowd()
        self.transcript = Transcript(talk.me.user_id)
        self.composer = Composer(self.send)
        self.people = People()
        self.heading = Static(id="title", markup=False)
        self.banner = Static(id="banner", markup=False)
        self.status = Static(id="status", markup=False)
        self.hearing = Hearing(self)
        self.replying: types.Message | None = None
        self.editing: types.Message | None = None
        self.typing: dict[str, float] = {}
        self.over: str | None = None
        self._told: str = ""
        self._told_until = 0.0
        self._wants_to_leave = False
        self._doing: set[asyncio.Task[None]] = set()
        self.sending: set[asyncio.Task[None]] = set()

    # --- its parts ---

    def compose(self) -> ComposeResult:
        yield self.heading
        with Horizontal(id="middle"):
            yield self.transcript
            yield self.people
        yield self.banner
        yield self.composer
        yield self.status

    def on_mount(self) -> None:
        conversation = self.talk.conversation
        self.crowd.begin(conversation)
        self._begin(conversation)
        self._show_people(self.size.width >= WIDE_ENOUGH)
        self.composer.focus()
        self.refresh_title()
        self.refresh_banner()
        self.do(self.hearing.run())
        self.set_interval(LOOK_EVERY_S, self.refresh_status)

    def _begin(self, conversation: types.Conversation) -> None:
        window = self.transcript.window
        said = [] if conversation.delta else conversation.messages
        seqs = [each.seq for each in conversation.messages] or [0]
        window.begin(Page(said, conversation.has_more, seqs[0], conversation.seq))
        read = self.talk.me.read_seq
        unread = [m for m in said if m.seq > read and m.user_id != self.talk.me.user_id]
        if read and unread:
            self.transcript.unread_from = unread[0].seq
        if not conversation.is_active:
            self.end("This conversation has ended.")

    def on_resize(self, event: events.Resize) -> None:
        self._show_people(event.size.width >= WIDE_ENOUGH)
        self.refresh_title()
        self.refresh_banner()
        self.refresh_status()

    def _show_people(self, is_shown: bool) -> None:
        self.people.set_class(not is_shown, "-hidden")
        if is_shown:
            self.people.show_crowd(self.crowd)

    # --- what stands around ---

    def refresh_title(self) -> None:
        title = harmless.line(self.talk.conversation.title) or "Conversation"
        count = f" {self.crowd.online:,} online"
        room = max(self.size.width - 2 - len(count), 0)
        self.heading.update(cells.filled(title, room) + count)

    def refresh_people(self) -> None:
        if not self.people.has_class("-hidden"):
            self.people.show_crowd(self.crowd)
        self.refresh_title()

    def refresh_banner(self) -> None:
        width = self.size.width
        if self.over is not None:
            told = self.over
        elif self.editing is not None:
            told = "Editing your message (Esc cancels)"
        elif self.replying is not None:
            said = harmless.line(self.replying.message)
            told = f"Reply to {harmless.line(self.replying.username)} (Esc cancels): {said}"
        else:
            told = f"Message as {harmless.line(self.talk.me.username)}"
        self.banner.set_class(self.editing is not None or self.replying is not None, "-doing")
        shown = f"── {cells.fitted(told, max(width - 6, 0))} "
        self.banner.update(shown + "─" * max(width - cells.width(shown), 0))

    def refresh_status(self) -> None:
        self.status.update(cells.fitted(self._status(), self.size.width - 2))

    def _status(self) -> str:
        now = self.loop_time
        if self._told and now < self._told_until:
            return self._told
        if self.over is None and not self.talk.is_connected:
            return "The connection was lost. Connecting again…"
        if self.transcript.window.has_newer or not self.transcript.is_at_end:
            return "You are reading older messages. Ctrl+End shows the newest."
        typing = [harmless.line(name) for name, until in self.typing.items() if until > now]
        if len(typing) == 1:
            return f"{typing[0]} is typing…"
        if typing:
            return f"{len(typing)} people are typing…"
        return HINTS_THERE if self.focused is self.transcript else HINTS

    @property
    def loop_time(self) -> float:
        return asyncio.get_running_loop().time()

    def tell(self, sentence: str) -> None:
        """Show it for a while."""
        if not self.is_running:
            return
        self._told = harmless.line(sentence)
        self._told_until = self.loop_time + SHOWN_S
        self.refresh_status()

    def end(self, why: str) -> None:
        """Nothing more can be said."""
        self.over = harmless.line(why)
        self.composer.disabled = True
        self.replying = self.editing = None
        if self.is_running:
            self.refresh_banner()
            self.transcript.focus()

    def do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Beside everything else; what the server refuses is told."""

        async def done() -> None:
            try:
                await work
            except ClientError as error:
                self.tell(str(error))

        task = asyncio.create_task(done())
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)
        task.add_done_callback(self._failed)
        return task

    def _failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._handle_exception(error if isinstance(error, Exception) else Exception(error))

    async def on_unmount(self) -> None:
        for task in self._doing - self.sending:
            task.cancel()

    # --- writing ---

    def send(self, text: str) -> None:
        editing, replying = self.editing, self.replying
        self.leave_composer()
        if editing is not None:
            task = self.do(acting.edit(self, editing, text))
        else:
            task = self.do(acting.send(self, text, replying))
        self.sending.add(task)
        task.add_done_callback(self.sending.discard)

    @on(Composer.Typing)
    def tell_typing(self) -> None:
        if self.editing is None:
            self.talk.typing()

    @on(Composer.WantsLast)
    def edit_last(self) -> None:
        own = [
            each
            for each in self.transcript.window.messages
            if each.user_id == self.talk.me.user_id and not each.deleted
        ]
        if own:
            self.edit(own[-1])

    def edit(self, message: types.Message) -> None:
        if message.user_id != self.talk.me.user_id or message.deleted:
            self.tell("You can only edit what you said.")
            return
        self.editing, self.replying = message, None
        self.composer.write(message.message)
        self.composer.focus()
        self.refresh_banner()

    def reply(self, message: types.Message) -> None:
        if self.over is None and not message.deleted:
            self.replying, self.editing = message, None
            self.composer.focus()
            self.refresh_banner()

    def leave_composer(self) -> None:
        """Neither reply nor edit any more."""
        if self.editing is not None:
            self.composer.clear()
        self.replying = self.editing = None
        self.refresh_banner()

    def waiting(self, waiting: Waiting, *, is_over: bool = False) -> None:
        if is_over:
            self.transcript.waiting.remove(waiting)
        else:
            self.transcript.waiting.append(waiting)
        if self.is_running:
            self.transcript.redraw()

    @property
    def chosen(self) -> types.Message | None:
        """The message that keys are about: the newest, unless one was chosen."""
        chosen = self.transcript.chosen_message if self.focused is self.transcript else None
        if chosen is not None:
            return chosen
        alive = [each for each in self.transcript.window.messages if not each.deleted]
        return alive[-1] if alive else None

    # --- reading ---

    @on(Transcript.WantsOlder)
    def load_older(self) -> None:
        self.do(self.hearing.load_older())

    @on(Transcript.WantsNewer)
    def load_newer(self) -> None:
        self.do(self.hearing.load_newer())

    @on(Transcript.WantsNewest)
    def load_newest(self) -> None:
        self.do(self.hearing.load_newest())

    @on(Transcript.AtEnd)
    def mark_read(self) -> None:
        self.hearing.mark_read()

    # --- keys ---

    def on_key(self, event: events.Key) -> None:
        self._wants_to_leave = False
        act = acting.KEYS.get(event.key if event.character is None else event.character)
        act = act or acting.KEYS.get(event.key)
        if act is not None and self.focused is self.transcript and len(self.screen_stack) == 1:
            message = self.chosen
            if message is not None:
                event.stop()
                act(self, message)

    @property
    def _is_asking(self) -> bool:
        return len(self.screen_stack) > 1

    def action_leave(self) -> None:
        if self.composer.text.strip() and self.editing is None and not self._wants_to_leave:
            self._wants_to_leave = True
            self.tell("You wrote something and did not send it. Press the same again to quit.")
            return
        self.exit()

    def action_help(self) -> None:
        if not self._is_asking:
            self.push_screen(Help())

    def action_put_back(self) -> None:
        if self.replying is not None or self.editing is not None:
            self.leave_composer()
        elif self.over is None:
            self.composer.focus()

    def action_page(self, way: int) -> None:
        self.transcript.action_page(way)

    def action_newest(self) -> None:
        self.transcript.action_newest()

    def action_people(self) -> None:
        people = self.people
        self._show_people(people.has_class("-hidden"))
        if not people.has_class("-hidden"):
            people.focus()
        elif self.focused is people:
            self.composer.focus()

    def action_reply(self) -> None:
        if not self._is_asking and (message := self.chosen) is not None:
            self.reply(message)

    def action_react(self) -> None:
        if not self._is_asking and (message := self.chosen) is not None:
            acting.react(self, message)

    def action_search(self) -> None:
        if not self._is_asking:
            acting.search(self)

    def action_files(self) -> None:
        if not self._is_asking:
            self.do(acting.list_files(self))

    def action_send_file(self) -> None:
        if not self._is_asking:
            acting.send_file(self)

    @on(OptionList.OptionSelected, "#people")
    def mention(self, event: OptionList.OptionSelected) -> None:
        listed = self.crowd.listed()
        if self.over is None and event.option_index < len(listed):
            name = harmless.line(listed[event.option_index].username)
            self.composer.insert(f"@{name} ")
            self.composer.focus()


async def run(talk: Client) -> None:
    """Until whoever looks at it leaves. Raises `Unreachable` where what they said last does not
    get there.
    """
    chat = Chat(talk)
    await chat.run_async()
    if chat.sending:
        _, unsent = await asyncio.wait(chat.sending, timeout=SENT_WITHIN_S)
        for task in unsent:
            task.cancel()
        if unsent:
            raise Unreachable(f"{len(unsent)} of your messages could not be sent.")
