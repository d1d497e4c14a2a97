"""A message as HTML: from what its Markdown comes to, where it holds any.

`static/js/transcript/parts.js` makes the same in the browser; `tests/markdown_cases.json` holds
both to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec
from markupsafe import Markup, escape
from msgspec import UNSET, Raw

from parley import contract
from parley.pages import text

_Node = str | list[Any]
_OF_CALL = re.compile(r"^Call: ([^,]+), ")


def rich_message(message: contract.Message) -> Markup:
    """What it says, as HTML."""
    if message.type == "call":
        return escape(_OF_CALL.sub(r"Call · \1 · ", message.message))
    if message.parts is UNSET:
        return text.rich(message.message)
    # As it was stored: nobody else on the way has a use for what is in it.
    return rendered(msgspec.json.decode(cast(Raw, message.parts)))


def rendered(parts: Sequence[_Node]) -> Markup:
    return Markup(_inside(parts))  # noqa: S704  # every value in it is escaped


def _inside(nodes: Sequence[_Node]) -> str:
    return "".join([_text(node) if isinstance(node, str) else _element(node) for node in nodes])


def _element(node: list[Any]) -> str:
    kind, *values = node
    return _ELEMENTS[kind](*values)


def _text(value: str) -> str:
    return str(escape(value))


def _around(tag: str) -> Callable[[list[_Node]], str]:
    return lambda nodes: f"<{tag}>{_inside(nodes)}</{tag}>"


def _items(items: list[list[_Node]]) -> str:
    return "".join([f"<li>{_inside(item)}</li>" for item in items])


def _ordered(start: int, items: list[list[_Node]]) -> str:
    begin = f' start="{start}"' if start != 1 else ""
    return f"<ol{begin}>{_items(items)}</ol>"


def _code_block(language: str, code: str) -> str:
    named = f'<span class="code-language">{_text(language)}</span>' if language else ""
    return (
        f'<div class="code-block"><div class="code-head">{named}'
        '<button class="code-copy needs-js" type="button" data-action="copy-code"'
        ' aria-label="Copy code">Copy</button></div>'
        f'<pre tabindex="0"><code>{_text(code)}</code></pre></div>'
    )


def _named_link(address: str, words: list[_Node]) -> str:
    to = _text(address)
    return (
        f'<a class="named-link" href="{to}" title="{to}" rel="noopener noreferrer nofollow"'
        f' target="_blank">{_inside(words)}</a>'
    )


def _mention(user_id: str, words: str) -> str:
    return f'<span class="mention" data-user-id="{_text(user_id)}">{_text(words)}</span>'


_ELEMENTS: dict[str, Callable[..., str]] = {
    "p": _around("p"),
    "pre": _code_block,
    "quote": _around("blockquote"),
    "ul": lambda items: f"<ul>{_items(items)}</ul>",
    "ol": _ordered,
    "strong": _around("strong"),
    "em": _around("em"),
    "s": _around("s"),
    "code": lambda code: f"<code>{_text(code)}</code>",
    "link": lambda address: text.link(_text(address)),
    "a": _named_link,
    "mention": _mention,
}
