"""Which of the conversations in a file is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parley.importing.chats import ImportRefused

NAMED_MAX = 20
"""Of those there are, in the sentence that says so."""


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
    if not choices:
        raise ImportRefused("This file holds one conversation: there is nothing to choose from.")
    if name in choices:
        return choices.index(name)
    alike = [at for at, each in enumerate(choices) if each.casefold() == name.casefold()]
    if len(alike) != 1:
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
