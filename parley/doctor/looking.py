"""What a check is, and how all of them are run: together, each within its time."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from parley.config import Config
from parley.doctor.findings import Finding, Veil, fail

WITHIN_S = 20.0


class Look(Struct, frozen=True):
    """What there is to look at."""

    config: Config
    environ: Mapping[str, str]
    url: str
    """Where people reach the server; empty where nobody said."""
    is_offline: bool = False
    """Whether to leave alone what others run on the internet."""


class Check(Struct, frozen=True):
    """One part of an installation. What `look` gives may come by and by, and what came in time
    counts; where it is no coroutine it has a thread of its own.
    """

    name: str
    look: Callable[[Look], Iterator[Finding]] | Callable[[Look], AsyncIterator[Finding]]
    within_s: float = WITHIN_S


async def run(checks: Sequence[Check], look: Look) -> list[Finding]:
    """What all of them find, in their order."""
    veil = Veil(look.config, look.environ)
    found = await asyncio.gather(*(_run(check, look) for check in checks))
    return [veil.over(each) for some in found for each in some]


async def _run(check: Check, look: Look) -> list[Finding]:
    found: list[Finding] = []
    try:
        async with asyncio.timeout(check.within_s):
            if inspect.isasyncgenfunction(check.look):
                async for each in check.look(look):
                    found.append(each)
            else:
                await _in_thread(lambda: found.extend(check.look(look)))  # type: ignore[arg-type]
    except TimeoutError:
        found.append(
            fail(
                check.name,
                f"This could not be looked at within {check.within_s:.0f} seconds.",
                "Something that it needs doesn't answer: the lines above may say what.",
            )
        )
    except Exception as error:
        # One check that goes wrong must not hide what the others found.
        found.append(
            fail(
                check.name,
                f"The check itself failed: {type(error).__name__}: {error}.",
                "Please report this.",
            )
        )
    return found


async def _in_thread(work: Callable[[], None]) -> None:
    """In a thread that nobody waits for in the end, whatever it hangs at."""
    loop, done = asyncio.get_running_loop(), asyncio.Future[None]()

    def settle(error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error: Exception | None = None
        try:
            work()
        except Exception as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # it took too long, and the loop has ended
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, daemon=True).start()
    await done
