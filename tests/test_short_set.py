"""What is in the short set of the pages' tests is there, and each browser has its own."""

from __future__ import annotations

import ast

from tests.browser import short_set
from tests.browser.short_set import SHORT, TESTS, WHOLE
from tests.cases import together


@together("file", SHORT)
def test_what_it_names_is_there(file: str) -> None:
    there = {
        node.name
        for node in ast.parse((TESTS / file).read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert {name.partition("[")[0] for name in SHORT[file]} <= there


def test_a_test_is_in_it_by_its_name_and_with_its_parameters() -> None:
    file, (name, *_) = next(iter(SHORT.items()))
    assert short_set.has(TESTS / file, name)
    assert short_set.has(TESTS / file, f"{name}[True]")
    assert not short_set.has(TESTS / file, f"{name}_not")
    assert not short_set.has(TESTS / "browser/test_none.py", name)
    assert all(short_set.has(TESTS / each, "test_any") for each in WHOLE)
