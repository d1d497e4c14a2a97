"""The messages that are loaded: a window on the log, however long that is."""

from __future__ import annotations

from bisect import bisect_left

from parley.client.types import Answered, Message
from parley.talking.paging import Page
from parley.talking.telling import text_of

LOADED_MAX = 600
"""More than that are let go again, at the end that is farther away."""
EXCERPT_MAX = 160


class Window:
    """In the order of the log, without holes."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.has_older = False
        self.has_newer = False
        self.first = self.last = 0
        """The seqs that what is loaded reaches to: nothing that is seen need be there."""

    def __len__(self) -> int:
        return len(self.messages)

    def begin(self, page: Page, *, has_newer: bool = False) -> None:
        """Show these, and nothing of what was."""
        self.messages = list(page.messages)
        self.first, self.last = page.first, page.last
        self.has_older, self.has_newer = page.has_more, has_newer

    def add_older(self, page: Page) -> None:
        self.messages[:0] = [each for each in page.messages if each.seq < self.first]
        self.first = page.first or self.first
        self.has_older = page.has_more
        if len(self.messages) > LOADED_MAX:
            del self.messages[LOADED_MAX:]
            self.last = self.messages[-1].seq
            self.has_newer = True

    def add_newer(self, page: Page) -> None:
        self.messages += [each for each in page.messages if each.seq > self.last]
        self.last = max(page.last, self.last)
        self.has_newer = page.has_more
        self._let_older_go()

    def take(self, message: Message) -> bool:
        """A message that was said or changed; whether anything of it is seen here."""
        at = self._at(message.seq)
        if at < len(self.messages) and self.messages[at].seq == message.seq:
            if self.messages[at].changed_seq >= message.changed_seq:
                return False
            self.messages[at] = message
        elif at < len(self.messages) or self.has_newer:
            return False
        else:
            self.messages.append(message)
            self.last = max(self.last, message.seq)
            self._let_older_go()
        self._tell_answers(message)
        return True

    def erase_through(self, seq: int) -> bool:
        """Whether anything goes."""
        count = self._at(seq + 1)
        del self.messages[:count]
        if self.has_older and count:
            self.has_older = False
        return count > 0

    def index_of(self, seq: int) -> int | None:
        at = self._at(seq)
        is_there = at < len(self.messages) and self.messages[at].seq == seq
        return at if is_there else None

    def _at(self, seq: int) -> int:
        return bisect_left(self.messages, seq, key=lambda each: each.seq)

    def _let_older_go(self) -> None:
        too_many = len(self.messages) - LOADED_MAX
        if too_many > 0:
            del self.messages[:too_many]
            self.first = self.messages[0].seq
            self.has_older = True

    def _tell_answers(self, message: Message) -> None:
        """Its change is told, and not theirs again who answer it."""
        for each in self.messages:
            if each.reply_to is not None and each.reply_to.id == message.id:
                each.reply_to = answered(message)


def answered(message: Message) -> Answered:
    excerpt = " ".join(text_of(message).split())[:EXCERPT_MAX]
    return Answered(
        id=message.id,
        seq=message.seq,
        user_id=message.user_id,
        username=message.username,
        excerpt=excerpt,
        deleted=message.deleted,
    )
