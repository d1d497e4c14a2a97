"""The process in which exports are read: `python -m parley.domain.importing.worker MEMORY_BYTES
SECONDS`.

Exports come from anybody, and reading one takes as long as a hundred thousand messages. It reads
one request a line from its input, as JSON, and answers each with a line, before which others may
tell how far it is. Ends with its input. It bounds its own memory, files and time before it opens
anything.
"""

from __future__ import annotations

import importlib
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.importing import staging
from parley.domain.importing.scratch import Scratch, Staged
from parley.domain.importing.times import no_such_zone
from parley.domain.time_zones import zone_called
from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused

if sys.platform != "win32":  # It has no such limits; whoever started it still bounds its time.
    import resource

FILE_MAX_BYTES = 16 * 1024**3
"""What one file that it writes may come to."""
FILES_OPEN_MAX = 64
NICENESS = 10
"""Nobody waits for it who talks."""
PIECE_BYTES = 256 * 1024


class Stage(Struct, frozen=True, tag=True):
    """Read a file into a scratch file."""

    path: str
    scratch: str
    opener: str
    zone: str
    choose: str
    order: str
    max_file: int


class Extract(Struct, frozen=True, tag=True):
    """Write a member of it to a file that is there."""

    member: str
    to: str


Asked = Stage | Extract


class Progress(Struct, frozen=True, tag=True):
    read: int


class Done(Struct, frozen=True, tag=True):
    staged: Staged | None = None


class Refused(Struct, frozen=True, tag=True):
    """Why, as a sentence for people."""

    why: str


class Failed(Struct, frozen=True, tag=True):
    """Something of ours, or of the disk."""

    error: str
    is_disk: bool = False


Answer = Progress | Done | Refused | Failed


def main(memory_bytes: int, seconds: int) -> None:
    """Answer until the input ends."""
    _confine(memory_bytes, seconds)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    reading = _Reading(lambda answer: _say(answers.write, answer))
    for line in sys.stdin.buffer:
        asked = msgspec.json.decode(line, type=Asked)
        try:
            _say(answers.write, reading.answer(asked))
        except OSError:  # who asked was killed
            return


def _say(write: Callable[[bytes], int | None], answer: Answer) -> None:
    write(msgspec.json.encode(answer) + b"\n")


class _Reading:
    def __init__(self, tell: Callable[[Answer], None]) -> None:
        self._tell = tell
        self._archive: Archive | None = None

    def answer(self, asked: Asked) -> Answer:
        try:
            if isinstance(asked, Stage):
                return Done(self._stage(asked))
            self._extract(asked)
        except ImportRefused as error:
            return Refused(str(error))
        except MemoryError:
            return Refused("This file takes more memory to read than an export would.")
        except BrokenPipeError:
            raise
        except (OSError, sqlite3.OperationalError) as error:
            return Failed(f"{type(error).__name__}: {error}", is_disk=True)
        except Exception as error:
            return Failed(f"{type(error).__name__}: {error}"[:300])
        return Done()

    def _stage(self, asked: Stage) -> Staged:
        zone = zone_called(asked.zone) if asked.zone else None
        if asked.zone and zone is None:
            raise ImportRefused(no_such_zone(asked.zone))
        self._archive = Archive(Path(asked.path))
        chat = _opened(asked, self._archive)
        scratch = Scratch(Path(asked.scratch), is_new=True)
        try:
            return staging.stage(
                chat,
                self._archive,
                scratch,
                zone=zone,
                max_file=asked.max_file,
                is_chosen=bool(asked.choose),
                tell=lambda count: self._tell(Progress(count)),
            )
        finally:
            scratch.close()

    def _extract(self, asked: Extract) -> None:
        if self._archive is None:
            raise ImportRefused("Nothing was opened.")
        with self._archive.open(asked.member) as member, open(asked.to, "r+b") as file:
            file.truncate()
            while piece := member.read(PIECE_BYTES):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())


def _opened(asked: Stage, archive: Archive) -> Chat:
    module, _, name = asked.opener.partition(":")
    opener: Callable[..., Any] = getattr(importlib.import_module(module), name)
    chat: Chat = opener(archive, choose=asked.choose or None, order=asked.order or None)
    return chat


def _confine(memory_bytes: int, seconds: int) -> None:
    if sys.platform == "win32":
        return
    os.nice(NICENESS)
    for which, to in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, FILE_MAX_BYTES),
        (resource.RLIMIT_NOFILE, FILES_OPEN_MAX),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(which)
        most = to if hard == resource.RLIM_INFINITY else min(to, hard)
        resource.setrlimit(which, (most, most))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
