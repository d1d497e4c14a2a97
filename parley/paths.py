"""Which handler a path belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import unquote

from quart.routing import QuartMap, QuartRule
from werkzeug.routing import MapAdapter, RuleFactory
from werkzeug.routing import Rule as AnyRule

_LINKS = "/conversation/"
# What may stand after the "#" (RFC 3986, section 3.5), and no more of it than a link of ours has.
_FRAGMENT = re.compile(r"[a-z0-9._~!$&'()*+,;=:@/?-]{0,256}", re.ASCII | re.IGNORECASE)
_BEFORE = re.compile(r"/conversation/[a-z0-9_-]{1,64}(?:/[a-z]{1,16})?/?", re.ASCII | re.IGNORECASE)
_ENCODED = ("#", "%23")

_PART = re.compile(r"<(path:)?([a-z_]+)>\Z")


def meant(path: str) -> str | None:
    """The address that was meant by a link whose `#` came in its path, as some mail gateways and
    link checkers encode it, once or twice; None for any other path.

    What stands behind the `#` may be a key, so such a path goes no further than this.
    """
    if not path.startswith(_LINKS):
        return None
    for mark in _ENCODED:
        before, found, fragment = path.partition(mark)
        if found:
            fragment = unquote(fragment)
            if _BEFORE.fullmatch(before) and _FRAGMENT.fullmatch(fragment):
                return f"{before}#{fragment}"
    return None


class _Node:
    """What may follow a part of a path, and the rules of the paths that end here."""

    __slots__ = ("any", "parts", "rest", "rules")

    def __init__(self) -> None:
        self.parts: dict[str, _Node] = {}
        self.any: _Node | None = None
        """After a part that may be anything."""
        self.rest: _Node | None = None
        """After whatever else the path has."""
        self.rules: dict[str, tuple[AnyRule, tuple[str, ...]]] = {}
        """By method, and the names of what may be anything."""

    def after(self, part: str) -> _Node:
        """Where a part of a rule leads, which is made."""
        place = _PART.match(part)
        if place is None:
            return self.parts.setdefault(part, _Node())
        if place[1]:
            self.rest = self.rest or _Node()
            return self.rest
        self.any = self.any or _Node()
        return self.any


class _Adapter(MapAdapter):
    """Finds the rule of most paths; the others are left to Werkzeug, and what is wrong with them.

    Werkzeug's own way there (3.1) makes a function that refers to itself for each request. It
    stays until the garbage collector comes, for which everybody waits.
    """

    map: Paths

    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: bool = False,
        query_args: Mapping[str, Any] | str | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, Mapping[str, Any]]:
        if path_info is None and method is None and return_rule and not self.websocket:
            found = self.map.find(self.path_info, self.default_method)
            if found is not None:
                return found
        found = super().match(path_info, method, return_rule, query_args, websocket)  # type: ignore[call-overload]
        return cast("tuple[Any, Mapping[str, Any]]", found)


class Rule(QuartRule):
    """Compiles what builds its address only where one is built. Werkzeug's does so at the start,
    twice for each rule, which took a third of it; no address of ours is built that way.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled(append_unknown)(rule, **values)

        return build


class Paths(QuartMap):
    """The rules of all paths."""

    root = ""
    """What the addresses begin with that it leads on to; its rules don't have it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._root = _Node()
        super().__init__(*args, **kwargs)

    def add(self, rulefactory: RuleFactory) -> None:
        super().add(rulefactory)
        if isinstance(rulefactory, AnyRule) and not (rulefactory.websocket or rulefactory.defaults):
            self._plant(rulefactory)

    def bind_to_request(self, *args: Any, **kwargs: Any) -> MapAdapter:
        made = super().bind_to_request(*args, **kwargs)
        return _Adapter(
            self,
            made.server_name,
            self.root or made.script_name,
            made.subdomain,
            made.url_scheme,
            made.path_info,
            made.default_method,
            made.query_args,
        )

    def find(self, path: str, method: str) -> tuple[AnyRule, dict[str, str]] | None:
        """The rule, and what stands where it allows anything; None where Werkzeug has to look."""
        if "//" in path or "\n" in path:
            return None
        node, values = self._root, []
        parts = path.split("/")[1:]
        for at, part in enumerate(parts):
            if (after := node.parts.get(part)) is not None:
                node = after
            elif not part:
                return None
            elif node.any is not None:
                node = node.any
                values.append(part)
            elif node.rest is not None:
                node = node.rest
                values.append("/".join(parts[at:]))
                break
            else:
                return None
        found = node.rules.get(method)
        if found is None:
            return None
        rule, names = found
        return rule, dict(zip(names, values, strict=True))

    def _plant(self, rule: AnyRule) -> None:
        parts = rule.rule.split("/")[1:]
        node = self._root
        for part in parts:
            node = node.after(part)
        names = tuple(place[2] for part in parts if (place := _PART.match(part)))
        for method in rule.methods or ():
            node.rules.setdefault(method, (rule, names))
