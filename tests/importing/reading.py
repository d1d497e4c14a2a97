"""What the tests of all readers do: a file as an archive, and what is read of it."""

from __future__ import annotations

import copy
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from parley.importing.archive import Archive
from parley.importing.chats import Chat, Entry, ImportRefused, Problem

SAMPLES = Path(__file__).parent / "samples"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))

MEMORY_MAX_BYTES = 6 * 1024 * 1024
"""Of a few pieces as bytes, as text, and one message; and eight bytes for each id."""

Recognise = Callable[[Archive], Chat | None]


def recognised(recognise: Recognise, path: Path) -> Chat:
    chat = recognise(Archive(path))
    assert chat is not None
    return chat


def entries(chat: Chat) -> list[Entry]:
    return [each for each in chat.entries() if isinstance(each, Entry)]


def problems(chat: Chat) -> list[Problem]:
    return [each for each in chat.entries() if isinstance(each, Problem)]


def said(chat: Chat) -> list[Entry]:
    """By people."""
    return [each for each in entries(chat) if not each.is_service]


def in_utc(entry: Entry) -> str:
    return entry.sent_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a value of JSON."""
    yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*at, number))


def replaced(value: Any, at: tuple[Any, ...], by: Any) -> Any:
    """The value with another in one place."""
    if not at:
        return by
    made = copy.copy(value)
    made[at[0]] = replaced(value[at[0]], at[1:], by)
    return made


STRANGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", "\u202e", "2024-02-30T10:00:00Z", "1" * 30, "(File", "../../x"])
    | st.sampled_from([10**400, -1, 2**63, "🙂" * 500, "*_`[", "<@U01>", "<t:99999999999999:R>"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
"""Any value of JSON, and some that are worse than others."""


def survives(recognise: Recognise, path: Path) -> None:
    """Reads all that there is, and lets nothing but `ImportRefused` pass."""
    with suppress(ImportRefused), Archive(path) as archive:
        chat = recognise(archive)
        if chat is None:
            return
        for choice in chat.choices:
            with suppress(ImportRefused):
                chat.choose(choice)
                fits(chat)
        if len(chat.choices) < 2:
            fits(chat)


def fits(chat: Chat) -> None:
    """Everything can be stored: text in UTF-8, keys once, people who are known."""
    keys = set[str]()
    for entry in chat.entries():
        if isinstance(entry, Problem):
            assert entry.place
            assert entry.what
            continue
        assert entry.key not in keys
        keys.add(entry.key)
        assert entry.reply_to != entry.key
        assert (entry.sent_at.tzinfo is None) <= chat.needs_zone
        whole = [entry.key, entry.place, entry.text, entry.reply_to or "", chat.title]
        for reaction in entry.reactions:
            assert reaction.count >= len(reaction.people)
            assert set(reaction.people) <= set(chat.people)
            whole.append(reaction.emoji)
        for file in entry.attachments:
            assert (file.path is None) == (file.missing is not None)
            whole += [file.name, file.type or ""]
        if entry.person is None:
            assert entry.is_service or entry.is_deleted
        else:
            whole.append(chat.people[entry.person].name)
        assert "\x00" not in "".join(whole).encode().decode()
    assert all(key == person.key for key, person in chat.people.items())


def needs_little_memory(recognise: Recognise, path: Path, count: int) -> None:
    """Reads a file of so many entries, larger than what may be in memory of it."""
    assert path.stat().st_size > 2 * MEMORY_MAX_BYTES
    chat = recognised(recognise, path)
    next(iter(chat.entries()))
    tracemalloc.start()
    try:
        assert sum(1 for _ in chat.entries()) == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_MAX_BYTES
