"""Templates run async: some filters then give what can only be looped over, or made a list of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jinja2 import Environment, nodes

from parley.app import create_app
from parley.config import Config

LAZY = {"map", "select", "selectattr", "reject", "rejectattr"}
"""Filters that give an async generator: `in`, `|length` and an index raise TypeError on one."""


@pytest.fixture
def templates(config: Config) -> Environment:
    environment: Environment = create_app(config).jinja_env
    assert environment.is_async
    return environment


def takes_lazy(environment: Environment, parent: nodes.Node, child: nodes.Node) -> bool:
    """Whether it awaits the items itself."""
    if isinstance(parent, nodes.For):
        return parent.iter is child
    if not isinstance(parent, nodes.Filter) or parent.node is not child:
        return False
    return hasattr(environment.filters[parent.name], "jinja_async_variant")


def misused(environment: Environment, parent: nodes.Node) -> Iterator[nodes.Node]:
    for child in parent.iter_child_nodes():
        is_lazy = isinstance(child, nodes.Filter) and child.name in LAZY
        if is_lazy and not takes_lazy(environment, parent, child):
            yield child
        yield from misused(environment, child)


def faults(environment: Environment, source: str) -> list[str]:
    found = misused(environment, environment.parse(source))
    return [f"line {each.lineno}: {each}" for each in found]


@pytest.mark.parametrize(
    "expression",
    [
        "{% if 'a' not in x|map('lower') %}{% endif %}",
        "{{ x|select|length }}",
        "{{ (x|map('lower'))[0] }}",
        "{% if x|rejectattr('a') %}{% endif %}",
        "{% set y = x|selectattr('a') %}",
        "{{ x|map('lower')|sort }}",
    ],
)
def test_a_misused_filter_is_found(templates: Environment, expression: str) -> None:
    assert len(faults(templates, expression)) == 1


@pytest.mark.parametrize(
    "expression",
    [
        "{% if 'a' not in x|map('lower')|list %}{% endif %}",
        "{{ x|select|join(', ') }}",
        "{{ x|map('lower')|select|first }}",
        "{% for y in x|selectattr('a') %}{{ y }}{% endfor %}",
    ],
)
def test_a_filter_in_its_place_is_not(templates: Environment, expression: str) -> None:
    assert faults(templates, expression) == []


def test_no_template_takes_what_an_async_filter_gives_for_a_list(templates: Environment) -> None:
    assert templates.loader is not None
    names = templates.list_templates(extensions=["html", "svg", "txt", "xml"])
    assert "parts/side_panel.html" in names
    sources = {name: templates.loader.get_source(templates, name)[0] for name in names}
    assert {name: found for name in names if (found := faults(templates, sources[name]))} == {}
