"""What is said of an export, or of a proof that one message is in it. It needs no server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parley.proofs import checking
from parley.proofs.checking import Verdict
from parley.proofs.notes import BadNote, Key
from parley.proofs.reading import NoProof


class CannotCheck(Exception):
    """Why it can't be said, as a sentence."""


def verdict(file: Path, key: str | None) -> Iterator[tuple[str, bool]]:
    """Sentences, and whether each tells of something that is not as it was.

    Raises `CannotCheck`.
    """
    pinned = _pinned(key)
    try:
        is_one = checking.is_inclusion(file)
        found = checking.check(file, pinned)
    except (NoProof, OSError) as error:
        raise _told(error) from error
    for problem in found.problems:
        yield problem, True
    if found.problems:
        return
    yield (_of_one(file) if is_one else _of_all(found)), False
    if found.redacted:
        was = "message was" if found.redacted == 1 else "messages were"
        yield (
            f"{found.redacted:,} {was} taken out since. The rest is proven all the same.",
            False,
        )
    yield _of_key(found, pinned), False


def prove(file: Path, id: str, key: str | None) -> bytes:
    """What shows one message to be in the export. Raises `CannotCheck`."""
    pinned = _pinned(key)
    try:
        return checking.prove(file, id, pinned)
    except (NoProof, OSError) as error:
        raise _told(error) from error


def redact(file: Path, id: str) -> Iterator[bytes]:
    """The export without it. Raises `CannotCheck`."""
    try:
        yield from checking.redact(file, id)
    except (NoProof, OSError) as error:
        raise _told(error) from error


def _pinned(key: str | None) -> Key | None:
    try:
        return None if key is None else Key.read(key)
    except BadNote as error:
        raise CannotCheck(str(error)) from error


def _told(error: NoProof | OSError) -> CannotCheck:
    if isinstance(error, OSError):
        return CannotCheck(f"{error.filename} can't be read: {error.strerror}.")
    return CannotCheck(str(error))


def _of_all(found: Verdict) -> str:
    assert found.checkpoint is not None  # noqa: S101  # there are no problems
    entries = found.checkpoint.size
    words = f"Nothing was changed: {entries:,} {'entry' if entries == 1 else 'entries'}"
    if found.files:
        words += f" and {found.files:,} file{'' if found.files == 1 else 's'}"
    return f"{words} of {found.checkpoint.origin}."


def _of_one(file: Path) -> str:
    message = checking.message_of(file)
    author, at = (_on_one_line(message.get(name, "")) for name in ("username", "timestamp"))
    return (
        f"This message is in the export, as {author or 'the service'} wrote it, {at}: "
        f"{_said(message)}"
    )


def _said(message: dict[str, Any]) -> str:
    if message.get("deleted"):
        return "(deleted)"
    files = message.get("attachments")
    names = [
        f"[{_on_one_line(each['name'])}]"
        for each in (files if isinstance(files, list) else ())
        if isinstance(each, dict) and "name" in each  # anyone can have signed this
    ]
    return " ".join(filter(None, (_on_one_line(message.get("message", "")), *names)))


def _on_one_line(value: object) -> str:
    """For a terminal: without what would steer it."""
    return "".join(each if each.isprintable() else " " for each in str(value))


def _of_key(found: Verdict, pinned: Key | None) -> str:
    if pinned is not None:
        return "It is signed by the key you gave."
    return (
        f"It is signed by {found.key}. Anyone can make a key of that name: ask whoever runs the "
        "server for theirs, and give it with --key."
    )
