"""What the log shows: an event a line, and nothing of what people say or hold.

What went wrong inside is told by the kind of the exception and where it was raised. Its
words can hold what somebody wrote, a token or a link, so they are shown at debug alone.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor, WrappedLogger

from parley import causes
from parley.config import LOG_LEVELS

Event = MutableMapping[str, Any]

FRAMES_MAX = 8
"""Of a traceback, the innermost: enough to find the place."""
_render = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])


def log_to(file: TextIO, level: str, *, worker: int | None = None) -> None:
    """From now on, write what is at least `level` to `file`, of several workers with the number."""
    structlog.configure(
        processors=processors(level, worker),
        wrapper_class=structlog.make_filtering_bound_logger((LOG_LEVELS.index(level) + 1) * 10),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _LogFile(file))),
    )


def log_unless_told(level: str) -> None:
    """The same to the terminal, for an app inside a program that configured no structlog: its
    own default would show everything, the paths of requests with their links too.
    """
    if not structlog.is_configured():
        log_to(sys.stderr, level)


def processors(level: str, worker: int | None = None) -> list[Processor]:
    """What an event goes through on its way to a line."""

    def with_number(_logger: WrappedLogger, _method: str, event: Event) -> Event:
        event["worker"] = worker
        return event

    return [
        *(() if worker is None else (with_number,)),
        structlog.processors.add_log_level,
        causes.add_id,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if level == "debug" else without_words,
        one_line,
    ]


def without_words(_logger: WrappedLogger, _method: str, event: Event) -> Event:
    """Tell of an exception without its message."""
    error = _exception(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = ", after ".join(_place(each) for each in _chain(error))
    return event


def one_line(logger: WrappedLogger, method: str, event: Event) -> str:
    """The event as `key=value` pairs, in which nothing breaks a line or hides what follows."""
    text = _render(logger, method, event)
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def without_code(path: str) -> str:
    """A path without what lets whoever knows it post: hooks are in the hands of programs, whose
    addresses nobody changes."""
    return "/hooks/…" if path.startswith("/hooks/") else path


def for_library(event: str) -> logging.Logger:
    """A logger for a library of ours to tell of failures: each becomes this event.

    Its own words hold paths, and so links.
    """
    logger = logging.Logger(event, logging.ERROR)
    logger.addHandler(_AsEvent())
    return logger


class _AsEvent(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(__name__).error(record.name, exc_info=record.exc_info)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        found: BaseException | None = exc_info[1]
        return found
    return sys.exc_info()[1] if exc_info else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, and those that led to it, as a traceback would show them."""
    seen: set[int] = set()
    next_one: BaseException | None = error
    while next_one is not None and id(next_one) not in seen:
        yield next_one
        seen.add(id(next_one))
        is_hidden = next_one.__suppress_context__
        next_one = next_one.__cause__ or (None if is_hidden else next_one.__context__)


def _place(error: BaseException) -> str:
    where = " < ".join(_frames(error.__traceback__))
    return f"{type(error).__name__} at {where}" if where else type(error).__name__


def _frames(trace: TracebackType | None) -> Iterator[str]:
    """The innermost first."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)]
    for code, line in frames[: -FRAMES_MAX - 1 : -1]:
        yield f"{'/'.join(PurePath(code.co_filename).parts[-2:])}:{line} {code.co_name}"


class _LogFile:
    """Loses what it cannot write: the disk that keeps us from storing is often the log's too.

    An error here would end whoever wanted to tell of the first one.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.flush()
