"""What is sent to Slack's incoming webhooks, or Mattermost's, which take the same.

https://api.slack.com/messaging/webhooks, https://developers.mattermost.com/integrate/webhooks/incoming
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parley.hooks import values
from parley.importing import slack_text
from parley.importing.markdown import Piece

BLOCKS_MAX = 50
"""What Slack takes at most."""
_OWN_MARKS = re.compile(r"<(?:https?://|mailto:|tel:|[@#!])[^<>\n]+>|&(?:lt|gt|amp);")
"""Nothing that is sent to Mattermost has these: there it is Markdown as here."""


def words(payload: dict[str, Any]) -> str:
    """All that it says, as Parley writes it; empty where it says nothing."""
    said = values.text(payload, "text")
    blocks = list(_blocks(payload))
    # With blocks, the text is what notifications say.
    parts = blocks or ([written(said)] if said else [])
    for attachment in values.objects(payload, "attachments")[:BLOCKS_MAX]:
        parts += _attachment(attachment)
    if not parts and said:
        parts = [written(said)]
    return "\n".join(part for part in parts if part)


def written(text: str) -> str:
    """Slack's marks as Markdown; what has none of them is Markdown already."""
    return _marked(text) if _OWN_MARKS.search(text) else text


def _marked(text: str) -> str:
    return slack_text.markdown(text, lambda _id: "", lambda _id: "")


def _blocks(payload: Any) -> Iterator[str]:
    for block in values.objects(payload, "blocks")[:BLOCKS_MAX]:
        match values.text(block, "type"):
            case "header":
                yield values.written([values.strong(values.line(block, "text", "text"))])
            case "section":
                yield _of_text(block.get("text"))
                for field in values.objects(block, "fields"):
                    yield _of_text(field)
            case "context":
                told = [_of_text(each) for each in values.objects(block, "elements")]
                yield " ".join(each for each in told if each)
            case "actions":
                yield from _buttons(block)
            case "image":
                yield _link(values.line(block, "alt_text"), values.address(block, "image_url"))
            case "rich_text":
                yield _rich(block)
            case "markdown":
                yield values.text(block, "text")
            case "divider":
                yield ""


def _of_text(found: Any) -> str:
    said = values.text(found, "text")
    return (
        _marked(said) if values.text(found, "type") == "mrkdwn" else values.written([Piece(said)])
    )


def _buttons(block: Any) -> Iterator[str]:
    for each in values.objects(block, "elements"):
        if leads := values.address(each, "url"):
            yield _link(values.line(each, "text", "text"), leads)


def _rich(block: Any, *, depth: int = 0) -> str:
    """The words of it, in the order in which they stand."""
    if depth > 5:
        return ""
    found = []
    for each in values.objects(block, "elements"):
        leads = values.address(each, "url")
        said = values.text(each, "text")
        inner = _rich(each, depth=depth + 1)
        if leads:
            found.append(_link(said or leads, leads))
        else:
            # Spaces between words are a piece's own.
            own = each.get("text")
            found.append(own if isinstance(own, str) else inner)
    is_list = values.text(block, "type") == "rich_text_list"
    return "\n".join(f"- {each}" for each in found) if is_list else "".join(found)


def _attachment(attachment: dict[str, Any]) -> list[str]:
    parts = [written(values.text(attachment, "pretext"))]
    title = values.line(attachment, "title") or values.line(attachment, "author_name")
    if title:
        leads = values.address(attachment, "title_link")
        parts.append(_link(title, leads) if leads else values.written([values.strong(title)]))
    parts += [*_blocks(attachment), written(values.text(attachment, "text"))]
    for field in values.objects(attachment, "fields")[:BLOCKS_MAX]:
        name, value = values.line(field, "title"), values.text(field, "value")
        if name or value:
            told = written(value)
            parts.append(f"{values.written([values.strong(name)])}: {told}" if name else told)
    found = [part for part in parts if part]
    return found or [written(values.text(attachment, "fallback"))]


def _link(words: str, address: str) -> str:
    return (
        values.written([values.linked(words or address, address)])
        if address
        else values.written([Piece(words)])
    )
