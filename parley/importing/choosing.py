"""Which of the conversations in a file is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from parley.importing.chats import ONE_ALONE, Chat, ImportRefused
from parley.importing.people import People

NAMED_MAX = 20
"""Of those there are, in the sentence that says so."""


class Titled(Protocol):
    @property
    def title(self) -> str: ...


Listed = TypeVar("Listed", bound=Titled)


class OneOf(Chat, Generic[Listed]):
    """The one that was chosen of the conversations in a file, or the only one."""

    def __init__(self) -> None:
        self.people: People = People()
        self._listed: list[Listed] | None = None
        self._chosen: Listed | None = None

    @property
    def title(self) -> str:  # type: ignore[override]
        return self._taken().title if self._is_clear() else ""

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        names = self._names()
        return names if len(names) > 1 else ()

    def choose(self, name: str) -> None:
        self._chosen = self._all()[position(name, self._names())]
        self.people = People()

    def _list(self) -> Iterable[Listed]:
        """Those in the file, which may have to be read for it. Asked for once."""
        raise NotImplementedError

    def _all(self) -> list[Listed]:
        if self._listed is None:
            self._listed = list(self._list())
        return self._listed

    def _names(self) -> tuple[str, ...]:
        return distinct(listed.title for listed in self._all())

    def _is_clear(self) -> bool:
        return self._chosen is not None or len(self._all()) == 1

    def _taken(self) -> Listed:
        """Raises `ImportRefused` where it isn't clear which one is meant."""
        if self._chosen is None:
            if len(self._all()) != 1:
                raise none_chosen(self._names())
            [self._chosen] = self._all()
        return self._chosen


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Each once: the second of a name gets a number."""
    made: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for name in names:
        candidate = name
        while candidate in made:
            numbers[name] = numbers.get(name, 1) + 1
            candidate = f"{name} ({numbers[name]})"
        made[candidate] = None
    return tuple(made)


def position(name: str, choices: Sequence[str]) -> int:
    """Where it stands among them, in capitals or not where only one is called so. Raises
    `ImportRefused` where it doesn't.
    """
    if name in choices:
        return choices.index(name)
    alike = [at for at, each in enumerate(choices) if each.casefold() == name.casefold()]
    if len(alike) != 1:
        if len(choices) == 1:
            raise ImportRefused(ONE_ALONE)
        raise ImportRefused(f"There is no conversation called {name} in this file. {said(choices)}")
    return alike[0]


def said(choices: Sequence[str]) -> str:
    """Which there are, as a sentence."""
    if not choices:
        return "There is none at all."
    more = f" and {len(choices) - NAMED_MAX:,} more" if len(choices) > NAMED_MAX else ""
    return f"It has {', '.join(choices[:NAMED_MAX])}{more}."


def none_chosen(choices: Sequence[str]) -> ImportRefused:
    return ImportRefused(f"Say which conversation of this file you want. {said(choices)}")
