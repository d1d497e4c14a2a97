"""What messages of Skype and Teams say: HTML with elements of their own, as Parley's Markdown."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

from parley.importing import fields, rich_text
from parley.importing.fields import listing, mapping, mappings
from parley.importing.markdown import literal

WHOLE_MAX_CHARS = 128 * 1024
"""Of longer messages only the words are taken."""
_ATTRIBUTE = re.compile(r"""([A-Za-z_:-]{1,40})\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
_EDITED = re.compile(r"<e_m\b([^<>]*)>")
_EDITED_BEFORE = "Edited previous message: "
_QUOTE = re.compile(r"<quote\b([^<>]*)>")
_REPLY = re.compile(r"<blockquote\b([^<>]*schema\.skype\.com/Reply[^<>]*)>")
_LEGACY = re.compile(r"<legacyquote>[^<>]*</legacyquote>")
_CLOCK_MAX_S = 10_000_000
REACTIONS = {
    "like": "👍",
    "heart": "❤️",
    "laugh": "😆",
    "surprised": "😮",
    "sad": "😢",
    "angry": "😠",
    "yes": "👍",
    "no": "👎",
}
_BY_CODE = re.compile(r"([0-9a-f]{4,6}(?:-[0-9a-f]{4,6}){0,9})_[a-z0-9_-]+")


def properties(message: dict[str, Any]) -> dict[str, Any]:
    """An object, or one written as a text."""
    return mapping(_written(message.get("properties")))


def _written(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= WHOLE_MAX_CHARS:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def element(content: str, name: str) -> dict[str, str] | None:
    """The attributes of the first element of that name; None where there is none."""
    found = re.search(rf"<{name}\b([^<>]*)>", content[:WHOLE_MAX_CHARS], re.IGNORECASE)
    return None if found is None else attributes(found[1])


def attributes(written: str) -> dict[str, str]:
    return {
        match[1].casefold(): rich_text.unescaped(match[2] or match[3] or "")
        for match in _ATTRIBUTE.finditer(written)
    }


def inner(content: str, name: str) -> list[str]:
    """What the elements of that name hold, where it is text alone."""
    found = re.findall(rf"<{name}>([^<>]*)</{name}>", content[:WHOLE_MAX_CHARS], re.IGNORECASE)
    return [rich_text.unescaped(each) for each in found[:100]]


def edited(content: str) -> dict[str, str] | None:
    """The attributes of the mark of an edit."""
    found = _EDITED.search(content)
    return None if found is None else attributes(found[1])


def answered(content: str, conversation: str) -> tuple[str, str]:
    """The content without what it repeats of the message it answers, and that message's id; of
    another conversation it stays, as a quotation."""
    if len(content) > WHOLE_MAX_CHARS:
        return content, ""
    if found := _REPLY.search(content):
        own = fields.key(attributes(found[1]).get("itemid"))
        return _without(content, found, "</blockquote>"), own
    found = _QUOTE.search(content)
    if found is None:
        return content, ""
    told = attributes(found[1])
    own = fields.key(told.get("messageid"))
    if own and told.get("conversation", conversation) in ("", conversation):
        return _without(content, found, "</quote>"), own
    author = html.escape(fields.name(told.get("authorname")) or fields.name(told.get("author")))
    start = f"<blockquote>{author}: " if author else "<blockquote>"
    quoted = content[: found.start()] + start + content[found.end() :]
    return _LEGACY.sub("", quoted).replace("</quote>", "</blockquote>", 1), ""


def _without(content: str, found: re.Match[str], closing: str) -> str:
    end = content.find(closing, found.end())
    after = "" if end < 0 else content[end + len(closing) :]
    return content[: found.start()] + after


def said(kind: str, content: str) -> str:
    """Of a message by a person, files aside."""
    content = content.removeprefix(_EDITED_BEFORE) if "<e_m" in content else content
    match kind:
        case "Text":
            return literal(content)
        case "RichText/Location":
            return literal(_location(content))
        case "RichText/Contacts":
            return literal("\n".join(f"Contact: {name}" for name in _contacts(content)))
        case "RichText/Media_Card":
            title = fields.name(next(iter(inner(content, "title")), ""))
            return literal(f"Card: {title}" if title else "Card")
        case "Poll":
            return literal(f"Poll: {rich_text.words(content)}")
    return rich_text.markdown(content, keeps_breaks=kind != "RichText/Html", unsaid=("uriobject",))


def _location(content: str) -> str:
    told = element(content, "location") or {}
    at = [fields.whole(told.get(axis)) for axis in ("latitude", "longitude")]
    numbers = [f"{each / 1e6:.6f}" for each in at if each is not None and abs(each) <= 180_000_000]
    return "Location: " + ", ".join(filter(None, [fields.name(told.get("address")), *numbers]))


def _contacts(content: str) -> list[str]:
    found = re.findall(r"<c\b([^<>]*)>", content[:WHOLE_MAX_CHARS])[:100]
    told = [attributes(each) for each in found]
    return [fields.name(each.get("f")) or fields.name(each.get("s"), "Somebody") for each in told]


def reaction(key: str) -> str:
    """`like`, or `1f44d_thumbsup`, as an emoji."""
    if known := REACTIONS.get(key):
        return known
    if coded := _BY_CODE.fullmatch(key):
        signs = [int(each, 16) for each in coded[1].split("-")]
        if all(0xA9 <= sign < 0xD800 or 0xE000 <= sign <= 0x10FFFF for sign in signs):
            return "".join(map(chr, signs))
    return f":{key}:"


def reactions(told: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Emoji, and by whom."""
    found: list[tuple[str, list[str]]] = []
    for each in mappings(_written(told.get("emotions"))):
        users = [fields.key(user.get("mri")) for user in mappings(_written(each.get("users")))]
        if (key := fields.name(each.get("key"))) and any(users):
            found.append((reaction(key), list(filter(None, users))))
    return found


def files(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that Teams keeps elsewhere."""
    return mappings(_written(told.get("files")))


def references(message: dict[str, Any]) -> list[str]:
    return [fields.key(each) for each in listing(_written(message.get("amsreferences")))[:100]]


def happened(kind: str, content: str, who: str, name: Callable[[str], str]) -> str | None:
    """What the service says; empty for what nobody needs to know, None for an unknown kind."""
    initiator = next(iter(inner(content, "initiator")), "")
    actor = name(initiator) if initiator else who
    targets = inner(content, "target")
    whom = ", ".join(map(name, targets)) or "somebody"
    value = fields.name(next(iter(inner(content, "value")), ""))
    is_own = targets == [initiator]
    match kind.partition("/")[2] if kind.startswith("ThreadActivity/") else kind:
        case "AddMember":
            said = f"{actor} joined" if is_own else f"{actor} added {whom}"
        case "DeleteMember":
            said = f"{actor} left" if is_own else f"{actor} removed {whom}"
        case "MemberJoined":
            said = f"{who} joined"
        case "MemberLeft":
            said = f"{who} left"
        case "TopicUpdate":
            said = f"{actor} renamed the conversation to “{value}”"
        case "PictureUpdate":
            said = f"{actor} changed the picture"
        case "Event/Call":
            said = _call(content, who)
        case "RoleUpdate" | "HistoryDisclosedUpdate" | "JoiningEnabledUpdate":
            said = ""
        case _:
            return None
    return literal(said)


def _call(content: str, who: str) -> str:
    kind = (element(content, "partlist") or {}).get("type", "")
    lengths = [_seconds(each) for each in inner(content, "duration")]
    if kind == "missed":
        return f"{who} called (missed)"
    if kind == "started" or not any(lengths):
        return f"{who} called"
    minutes, seconds = divmod(max(lengths), 60)
    return f"{who} called: {minutes}:{seconds:02}"


def _seconds(written: str) -> int:
    whole = fields.whole(written.partition(".")[0]) or 0
    return whole if 0 <= whole < _CLOCK_MAX_S else 0
