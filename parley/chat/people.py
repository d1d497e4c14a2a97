"""Who is there: beside the transcript, where the screen is wide enough."""

from __future__ import annotations

from rich.text import Text
from textual.widgets.option_list import Option

from parley import harmless
from parley.chat import cells
from parley.chat.rows import Rows
from parley.client import types

WIDTH = 22
HERE, AWAY = "●", "○"


class Crowd:
    """Those who take part, as far as they were told of."""

    def __init__(self) -> None:
        self._people: dict[str, types.Participant] = {}
        self.online = 0
        self._others = 0
        """Who takes part and is not listed, as there are so many."""

    def begin(self, conversation: types.Conversation) -> None:
        self._people = {each.user_id: each for each in conversation.participants}
        self.online = conversation.online_count
        self._others = conversation.participant_count - len(self._people)

    def joined(self, told: types.UserJoined) -> None:
        self.online = told.participant_count
        known = self._people.get(told.user_id)
        self._people[told.user_id] = types.Participant(
            user_id=told.user_id,
            username=told.username,
            joined_at="" if known is None else known.joined_at,
            role=told.role or "participant",
            online=True,
            alike=told.alike,
            unproven=told.unproven,
        )

    def left(self, told: types.UserLeft) -> None:
        self.online = told.participant_count
        if (known := self._people.get(told.user_id)) is not None:
            known.online = False

    def has_role(self, told: types.RoleChanged) -> None:
        if (known := self._people.get(told.user_id)) is not None:
            known.role = told.role

    def name_of(self, user_id: str) -> str | None:
        known = self._people.get(user_id)
        return None if known is None else known.username

    def listed(self) -> list[types.Participant]:
        """Those who are here first."""
        return sorted(
            self._people.values(), key=lambda each: (not each.online, each.username.casefold())
        )

    @property
    def others(self) -> int:
        return max(self._others, self.online - len(self._people))


class People(Rows):
    def __init__(self) -> None:
        super().__init__(id="people", compact=True, markup=False)

    def show_crowd(self, crowd: Crowd) -> None:
        chosen = self.highlighted
        self.clear_options()
        for each in crowd.listed():
            self.add_option(Option(Text(_row(each), no_wrap=True)))
        if crowd.others > 0:
            self.add_option(Option(Text(f"and {crowd.others:,} more"), disabled=True))
        if chosen is not None and self.option_count:
            self.highlighted = min(chosen, self.option_count - 1)


def _row(each: types.Participant) -> str:
    note = {"owner": " (owner)", "bot": " (bot)"}.get(each.role, "")
    room = WIDTH - 4 - len(note)
    name = cells.fitted(harmless.line(each.username), room)
    return f"{HERE if each.online else AWAY} {name}{note}"
