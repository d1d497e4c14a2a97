"""What every app has, made once in a process: what builds addresses, the static files, the compiled
templates are most of what an app costs.

A server makes one app, a run of the tests two thousand.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from jinja2 import Environment
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from parley import app as app_module
from parley.app import Parley
from parley.config import Config
from parley.paths import Paths
from parley.storage.sqlite import database as sqlite

STATEMENTS_MAX = 2_000
OF_RULES = ("_matcher", "_root", "_rules_by_endpoint", "_remap", "_remap_lock")
"""What a map of paths makes of its rules."""


def keep() -> None:
    """From now on, whatever app is made here takes what was made for another."""
    _compile_once()
    _share_paths()
    _make_once(Environment, "compile", lambda environment: environment.is_async)
    _make_once(app_module, "Assets")
    _make_once(app_module, "rest")
    _share_compiled_statements()


def make() -> None:
    """Make it now, so that processes forked from here have it, and every statement compiled."""
    with tempfile.TemporaryDirectory() as made:
        app = app_module.create_app(Config(data=Path(made)))
        asyncio.run(_open_once(app))
    next(app.url_map.iter_rules())  # so that there is what is made of them
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    structlog.reset_defaults()  # each says where its own log goes


async def _open_once(app: Parley) -> None:
    await app.open()
    await app.close()


def _compile_once() -> None:
    """A rule of the routing is what another of the same words was compiled to."""
    compile_rule, compiled = Rule.compile, {}

    def compile_or_take(rule: Rule) -> None:
        words = repr((rule.rule, rule.host, rule.subdomain, rule.merge_slashes, rule.defaults))
        if words not in compiled:
            compile_rule(rule)
            compiled[words] = rule
            return
        same = compiled[words]
        for name in ("_parts", "_trace", "_converters", "arguments"):
            setattr(rule, name, getattr(same, name))
        for name in ("_build", "_build_unknown"):
            setattr(rule, name, getattr(same, name).__func__.__get__(rule, None))

    Rule.compile = compile_or_take  # type: ignore[assignment,method-assign]


def _share_paths() -> None:
    """Maps of the same rules share what was made of them, once that is asked for."""
    begin, add, made = Paths.__init__, Paths.add, {}

    def begin_empty(paths: Paths, *args: Any, **kwargs: Any) -> None:
        begin(paths, *args, **kwargs)
        paths.rules = []  # type: ignore[attr-defined]
        paths.empty = {name: paths.__dict__.pop(name) for name in OF_RULES}  # type: ignore[attr-defined]

    def note(paths: Any, rule: Any) -> None:
        assert "_matcher" not in paths.__dict__, "others may have what is made of the rules"
        paths.rules.append(rule)

    def make(paths: Any, name: str) -> Any:
        """Called where there is nothing by that name yet."""
        if name not in OF_RULES:
            raise AttributeError(name)
        words = ("rule", "endpoint", "methods", "host", "subdomain", "websocket", "defaults")
        key = repr([[getattr(rule, word) for word in words] for rule in paths.rules])
        if key not in made:
            paths.__dict__ |= paths.empty
            for rule in paths.rules:
                add(paths, rule)
            made[key] = {name: paths.__dict__[name] for name in OF_RULES}
        paths.__dict__ |= made[key]
        return paths.__dict__[name]

    Paths.__init__, Paths.add = begin_empty, note  # type: ignore[assignment,method-assign]
    Paths.__getattr__ = make  # type: ignore[attr-defined]


def _share_compiled_statements() -> None:
    """A statement that was compiled for one database in SQLite is so for all: their dialects, by
    which each engine looks for it, are alike.
    """
    connect, compiled = sqlite.connected, LRUCache[Any, Any](STATEMENTS_MAX)
    SQLiteDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    SQLiteDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]

    def connected(*args: Any, **kwargs: Any) -> sa.Engine:
        engine = connect(*args, **kwargs)
        engine._compiled_cache = compiled
        return engine

    sqlite.connected = connected


def _make_once(owner: Any, name: str, what_counts: Callable[[Any], Any] | None = None) -> None:
    """Keep what it gave for the same arguments; of `self`, for the same of what counts."""
    make, made = getattr(owner, name), {}

    def kept(*args: Any, **kwargs: Any) -> Any:
        of = (what_counts(args[0]), args[1:]) if what_counts else args
        key = repr((of, sorted(kwargs.items())))
        if key not in made:
            made[key] = make(*args, **kwargs)
        return made[key]

    setattr(owner, name, kept)
