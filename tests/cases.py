"""Cases that leave each other alone, on one server: its start is most that a small test takes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., Awaitable[None]]
SAID_MAX_CHARS = 60


def together(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, but all cases share the fixtures of one test.

    Each is told of as a subtest, and none keeps the others from being tried. Only for what holds
    in whatever order they come: what was refused, or only read.
    """
    named = (names,) if isinstance(names, str) else names
    each = [(case,) if isinstance(names, str) else tuple(case) for case in cases]
    assert each

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        async def tries_all(*, subtests: pytest.Subtests, **fixtures: Any) -> None:
            for case in each:
                said = ", ".join(str(value)[:SAID_MAX_CHARS] for value in case)
                with subtests.test(said):
                    await test(**fixtures, **dict(zip(named, case, strict=True)))

        asked = inspect.signature(test).parameters.values()
        fixtures = [one.replace(kind=one.KEYWORD_ONLY) for one in asked if one.name not in named]
        subtests = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
        tries_all.__signature__ = inspect.Signature([*fixtures, subtests])  # type: ignore[attr-defined]
        return tries_all

    return decorate
