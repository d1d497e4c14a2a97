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
from parley.pages import documentation
from parley.storage.sqlite import database as sqlite

STATEMENTS_MAX = 2_000


def keep() -> None:
    """From now on, whatever app is made here takes what was made for another."""
    _compile_once()
    _route_once()
    _make_once(Environment, "compile", lambda environment: environment.is_async)
    _make_once(app_module, "Assets")
    _make_once(app_module, "rest")
    _make_once(app_module, "worker_pages")
    _make_once(app_module, "documentation_pages", beside=lambda: documentation.FOLDER)
    _share_compiled_statements()


def make() -> None:
    """Make it now, so that processes forked from here have it, and every statement compiled."""
    with tempfile.TemporaryDirectory() as made:
        app = app_module.create_app(Config(data=Path(made)))
        asyncio.run(_open_once(app))
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


def _route_once() -> None:
    """What finds the view of a path is what another app of the same rules has: of a thousand apps,
    nearly all have the same four hundred. One that is given another rule later gets its own.
    """
    serve, routed = app_module._serve, dict[str, dict[str, Any]]()

    def serve_or_take(app: Parley, config: Config) -> None:
        rules: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

        def note(
            rule: str,
            endpoint: str | None = None,
            view_func: Any = None,
            *more: Any,
            **options: Any,
        ) -> None:
            name = endpoint or view_func.__name__
            assert app.view_functions.setdefault(name, view_func) == view_func, name
            rules.append(((rule, name, view_func, *more), options))

        def build() -> None:
            for arguments, options in rules:
                type(app).add_url_rule(app, *arguments, **options)

        def add_to_ones_own(*arguments: Any, **options: Any) -> None:
            del app.add_url_rule
            app.url_map = type(app.url_map)(host_matching=app.url_map.host_matching)
            app.url_map.root = config.root  # type: ignore[attr-defined]
            build()
            app.add_url_rule(*arguments, **options)

        app.add_url_rule = note  # type: ignore[method-assign]
        serve(app, config)
        key = repr([(rule, name, *more, options) for (rule, name, _, *more), options in rules])
        if key not in routed:
            build()
            routed[key] = {**vars(app.url_map)}
            del routed[key]["root"]
        vars(app.url_map).update(routed[key])
        app.add_url_rule = add_to_ones_own  # type: ignore[method-assign]

    app_module._serve = serve_or_take


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


def _make_once(
    owner: Any,
    name: str,
    what_counts: Callable[[Any], Any] | None = None,
    beside: Callable[[], Any] | None = None,
) -> None:
    """Keep what it gave for the same arguments; of `self`, for the same of what counts; and while
    what it depends on beside them is the same.
    """
    make, made = getattr(owner, name), {}

    def kept(*args: Any, **kwargs: Any) -> Any:
        of = (what_counts(args[0]), args[1:]) if what_counts else args
        key = repr((of, sorted(kwargs.items()), beside and beside()))
        if key not in made:
            made[key] = make(*args, **kwargs)
        return made[key]

    setattr(owner, name, kept)
