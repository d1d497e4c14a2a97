"""Our own way from a path to its handler leads where Werkzeug's does."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import MapAdapter

from parley.app import create_app
from parley.paths import Paths

PARTS = (
    *("", "api", "conversations", "create", "join", "messages", "conversation", "static"),
    *("manage", "link", "links", "health", "qr.svg", "tea room", "<", "<room_id>", "a\nb"),
)
METHODS = ("GET", "POST", "DELETE", "HEAD", "OPTIONS", "TRACE")


@pytest.fixture(scope="module")
def paths() -> Paths:
    found = create_app().url_map
    assert isinstance(found, Paths)
    return found


def all_paths() -> Iterator[str]:
    for length in range(5):
        for parts in itertools.product(PARTS, repeat=length):
            if length < 4 or parts[:2] in {("api", "conversations"), ("conversation", "<")}:
                yield "/" + "/".join(parts)


def told(paths: Paths, path: str, method: str) -> Any:
    adapter = paths.bind("parley.test", path_info=path, default_method=method)
    try:
        return MapAdapter.match(adapter, return_rule=True)
    except HTTPException as error:
        return type(error)


def test_every_path_leads_where_werkzeug_would_lead_it(paths: Paths) -> None:
    found = 0
    for path, method in itertools.product(all_paths(), METHODS):
        ours = paths.find(path, method)
        if ours is not None:
            found += 1
            assert (path, method, ours) == (path, method, told(paths, path, method))
    assert found > 1_000


def test_every_rule_with_a_path_of_its_own_is_found(paths: Paths) -> None:
    for rule in paths.iter_rules():
        path = rule.rule.replace("<path:", "<")
        for method in rule.methods or ():
            found = paths.find(path, method)
            assert found is not None, (path, method)
            assert found[0].rule == rule.rule


async def test_a_request_leaves_no_garbage_of_werkzeugs() -> None:
    app = create_app()
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            async with app.test_request_context("/api/conversations/tea/messages") as asked:
                assert asked.request.view_args == {"room_id": "tea"}
        assert _left_over() == 0
        with pytest.raises(NotFound):
            app.url_map.bind("parley.test").match("/tea", return_rule=True)
        assert _left_over() == 1  # or the name has changed, and this looks for nothing
    finally:
        gc.enable()


def _left_over() -> int:
    return sum(
        each.__qualname__.startswith("StateMachineMatcher.match.")
        for each in gc.get_objects()
        if type(each) is FunctionType
    )
