"""Cases on one server: all are tried, and those that fail are told of, each by its name."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator

import pytest

from tests.cases import together


class Told:
    """What pytest's own `subtests` would tell of."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []

    @contextlib.contextmanager
    def test(self, name: str) -> Iterator[None]:
        try:
            yield
        except AssertionError:
            self.failed.append(name)
        else:
            self.passed.append(name)


async def test_one_that_fails_keeps_no_other_from_being_tried() -> None:
    @together(("number", "name"), [(1, "one"), (2, "wrong"), (3, "three")])
    async def is_named(names: dict[int, str], number: int, name: str) -> None:
        assert names[number] == name

    told = Told()
    await is_named(subtests=told, names={1: "one", 2: "two", 3: "three"})
    assert (told.passed, told.failed) == (["1, one", "3, three"], ["2, wrong"])


def test_it_asks_for_the_fixtures_of_the_test_alone() -> None:
    @pytest.mark.parametrize("path", ["/"])
    @together("host", ["x"])
    async def answers(server: object, path: str, host: str) -> None:
        """Never called."""

    assert list(inspect.signature(answers).parameters) == ["server", "path", "subtests"]
    assert answers.pytestmark[0].name == "parametrize"  # type: ignore[attr-defined]


def test_no_case_is_no_test() -> None:
    with pytest.raises(AssertionError):
        together("host", [])
