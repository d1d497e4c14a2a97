"""Cases that leave each other alone, as one test: what a small one takes is its server's start, and
else what pytest does for each.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., Any]
SAID_MAX_CHARS = 60


def together(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, but all cases share the fixtures of one test.

    Each is told of as a subtest, and none keeps the others from being tried. Only for what holds
    in whatever order they come: what was refused, or only read.
    """
    named = (names,) if isinstance(names, str) else names
    each = [
        dict(zip(named, (case,) if isinstance(names, str) else tuple(case), strict=True))
        for case in cases
    ]
    assert each

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        async def awaits_all(*, subtests: pytest.Subtests, **fixtures: Any) -> None:
            for case in each:
                with subtests.test(_said(case)):
                    await test(**fixtures, **case)

        @functools.wraps(test)
        def tries_all(*, subtests: pytest.Subtests, **fixtures: Any) -> None:
            for case in each:
                with subtests.test(_said(case)):
                    test(**fixtures, **case)

        asked = inspect.signature(test).parameters.values()
        fixtures = [one.replace(kind=one.KEYWORD_ONLY) for one in asked if one.name not in named]
        subtests = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
        made: Any = awaits_all if inspect.iscoroutinefunction(test) else tries_all
        made.__signature__ = inspect.Signature([*fixtures, subtests])
        return made  # type: ignore[no-any-return]

    return decorate


def _said(case: dict[str, Any]) -> str:
    """As it can be told: half a character may be among what is tried."""
    said = ", ".join(str(value)[:SAID_MAX_CHARS] for value in case.values())
    return said.encode("utf-8", "backslashreplace").decode()
