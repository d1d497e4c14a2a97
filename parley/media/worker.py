"""The process in which pictures are opened: `python -m parley.media.worker MEMORY_BYTES WITHIN_S`.

Writes a line once it is ready. Then reads one request a line from its input, as JSON, and answers
each with a line. Ends with its input.
It bounds its own memory, files and time before it opens anything; whoever started it kills it when
an answer takes too long.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

if sys.platform != "win32":  # It has no such limits; whoever started it still bounds its time.
    import resource

MAX_FILE_BYTES = 256 * 1024 * 1024
"""What one file that it makes may come to."""
MAX_FILES_OPEN = 64
NICENESS = 5
"""Pictures wait for messages, never the other way around."""


def main(memory_bytes: int, within_s: float) -> None:
    """Answer until the input ends."""
    confine(memory_bytes)
    answers = _answers_only_for_us()
    from parley.media.pictures import look, still

    answers(b"ready\n")
    for line in sys.stdin.buffer:
        _allow_time(within_s)
        asked = json.loads(line)
        into, stem = Path(asked["into"]), asked["stem"]
        work = still if "max_px" in asked else look
        answer = json.dumps(_answer(work, asked)).encode() + b"\n"
        try:
            answers(answer)
        except OSError:  # Who asked was killed.
            for made in into.glob(f"{stem}*"):
                made.unlink(missing_ok=True)
            return


def confine(memory_bytes: int) -> None:
    """Let this process have no more than it needs, for good."""
    if sys.platform == "win32":
        return
    os.nice(NICENESS)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, MAX_FILES_OPEN)
    _limit(resource.RLIMIT_CORE, 0)  # Nobody's picture is left behind on the disk.


def _limit(which: int, to: int) -> None:
    if sys.platform == "win32":
        return
    _soft, hard = resource.getrlimit(which)
    to = to if hard == resource.RLIM_INFINITY else min(to, hard)
    resource.setrlimit(which, (to, to))


def _allow_time(within_s: float) -> None:
    """Have the system end this process should it compute past that, whoever still watches it."""
    if sys.platform == "win32":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + within_s) + 2
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _answers_only_for_us() -> Callable[[bytes], int]:
    """What writes answers. Whatever else a library would print goes nowhere."""
    ours = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return ours.write


def _answer(work: Callable[..., dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    path, into = Path(asked.pop("path")), Path(asked.pop("into"))
    try:
        return work(path, asked.pop("type"), into, **asked)
    except Exception as error:
        # Whatever a broken picture makes a decoder say, and a limit that it ran into.
        return {"bad": getattr(error, "bad", None) or _because(error), "error": repr(error)[:300]}


def _because(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "too_large"
    if isinstance(error, OSError) and error.errno is not None:
        return "failed"  # The disk, not the picture: Pillow's own have no number.
    return "broken"


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
