"""What the events of a Matrix room say, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from parley.importing import fields, rich_text
from parley.importing.fields import listing, mapping, mappings, text
from parley.importing.markdown import Piece, joined, literal

POLL_STARTS = ("m.poll.start", "org.matrix.msc3381.poll.start")
POLL_RESPONSES = ("m.poll.response", "org.matrix.msc3381.poll.response")
SAID = frozenset({"m.room.message", "m.sticker", *POLL_STARTS})
"""What people say; the rest is the service's."""
UNSAID = frozenset(
    {
        *("m.reaction", "m.room.redaction", *POLL_RESPONSES),
        *("m.poll.end", "org.matrix.msc3381.poll.end"),
    }
)
"""What is about other events."""
ANSWERS_MAX = 100
_FALLBACK = re.compile(r"\A> (?:\* )?<@[^\n]*(?:\n>[^\n]*)*\n*")
_FILES = ("m.image", "m.file", "m.video", "m.audio")


def said(
    event: dict[str, Any],
    content: dict[str, Any],
    first: dict[str, Any],
    votes: list[list[str]],
) -> str:
    """All that a message says by now, files aside. `first` is what it said before it was edited."""
    kind = event.get("type")
    if kind in POLL_STARTS:
        return _poll(content, votes)
    msgtype = content.get("msgtype")
    if kind == "m.sticker":
        return ""
    if msgtype in _FILES and (
        not text(content.get("filename")) or content.get("filename") == content.get("body")
    ):
        return ""
    if msgtype == "m.location":
        return _location(content)
    words = text(content.get("body"))
    if "m.in_reply_to" in mapping(first.get("m.relates_to")):
        words = _FALLBACK.sub("", words)
    if msgtype == "m.emote":
        return joined([Piece(words, ("em",))])
    written = content.get("formatted_body")
    if content.get("format") == "org.matrix.custom.html" and isinstance(written, str):
        return rich_text.markdown(written)
    return literal(words)


def _location(content: dict[str, Any]) -> str:
    at = fields.name(content.get("geo_uri")).removeprefix("geo:").partition(";")[0]
    return literal(f"Location: {', '.join(filter(None, (_described(content), at)))}")


def _described(content: dict[str, Any]) -> str:
    """Element's own words for a location only say again where it is."""
    words = fields.name(content.get("body"))
    return "" if "geo:" in words or words == "Location" else words


def _poll(content: dict[str, Any], votes: list[list[str]]) -> str:
    poll: dict[str, Any] = {}
    for field in ("m.poll", *POLL_STARTS):
        poll = poll or mapping(content.get(field))
    lines = [f"Poll: {_worded(mapping(poll.get('question')))}"]
    for answer in mappings(poll.get("answers"))[:ANSWERS_MAX]:
        own = fields.key(answer.get("id")) or fields.key(answer.get("m.id"))
        count = sum(own in vote for vote in votes)
        lines.append(f"• {_worded(answer)} ({count} {'vote' if count == 1 else 'votes'})")
    return literal("\n".join(lines))


def _worded(value: dict[str, Any]) -> str:
    for field in ("body", "m.text", "org.matrix.msc1767.text"):
        written = value.get(field)
        if isinstance(written, list):
            written = next((each.get("body") for each in mappings(written)), "")
        if name := fields.name(written):
            return name
    return ""


def chosen(content: dict[str, Any]) -> list[str]:
    """The answers that somebody chose in a poll."""
    found: list[Any] = []
    for field in POLL_RESPONSES:
        found = found or listing(mapping(content.get(field)).get("answers"))
    found = found or listing(content.get("m.selections"))
    return [fields.key(each) for each in found[:ANSWERS_MAX]]


def happened(event: dict[str, Any], kind: str, who: str, name: Callable[[str], str]) -> str | None:
    """What the service says; empty for what nobody needs to know, None for what isn't known."""
    content = mapping(event.get("content"))
    if kind == "m.room.member":
        return literal(_membership(event, content, who, name))
    if kind in _SILENT:
        return ""
    told = _HAPPENED.get(kind)
    if told is None:
        return None
    return literal(f"{who} {told(content)}")


def _membership(
    event: dict[str, Any], content: dict[str, Any], who: str, name: Callable[[str], str]
) -> str:
    unsigned = mapping(event.get("unsigned"))
    before = mapping(unsigned.get("prev_content")) or mapping(event.get("prev_content"))
    whom = fields.key(event.get("state_key"))
    is_own = whom == fields.key(event.get("sender"))
    target = name(whom)
    match content.get("membership"), before.get("membership"):
        case "join", "join":
            return _changed(content, before, who)
        case "join", _:
            return f"{who} joined"
        case "invite", _:
            return f"{who} invited {target}"
        case "leave", "invite":
            return f"{who} declined to join" if is_own else f"{who} took back {target}'s invitation"
        case "leave", "ban":
            return f"{who} unbanned {target}"
        case "leave", _:
            return f"{who} left" if is_own else f"{who} removed {target}"
        case "ban", _:
            return f"{who} banned {target}"
        case "knock", _:
            return f"{who} asked to join"
    return ""


def _changed(content: dict[str, Any], before: dict[str, Any], who: str) -> str:
    now, once = (fields.name(each.get("displayname")) for each in (content, before))
    if now != once:
        return f"{once or who} is now called {now}" if now else f"{once} removed their name"
    return f"{who} changed their picture" if before.get("avatar_url") else ""


def _named(content: dict[str, Any]) -> str:
    name = fields.name(content.get("name"))
    return f"named the room “{name}”" if name else "removed the room's name"


def _topic(content: dict[str, Any]) -> str:
    topic = " ".join(text(content.get("topic")).split())
    return f"changed the topic to “{topic}”" if topic else "removed the topic"


def _rule(content: dict[str, Any]) -> str:
    rule = content.get("join_rule")
    if rule == "public":
        return "let anyone join"
    return "made the room by invitation only" if rule == "invite" else "changed who can join"


_HAPPENED: dict[str, Callable[[dict[str, Any]], str]] = {
    "m.room.create": lambda content: "created the room",
    "m.room.name": _named,
    "m.room.topic": _topic,
    "m.room.avatar": lambda content: "changed the room's picture",
    "m.room.encryption": lambda content: "turned on encryption",
    "m.room.pinned_events": lambda content: "changed what is pinned",
    "m.room.power_levels": lambda content: "changed who may do what",
    "m.room.join_rules": _rule,
    "m.room.history_visibility": lambda content: "changed who can read the history",
    "m.room.guest_access": lambda content: "changed whether guests can join",
    "m.room.third_party_invite": lambda content: "invited somebody by e-mail",
    "m.room.tombstone": lambda content: "moved the conversation to another room",
    "m.call.invite": lambda content: "called",
    "m.call.hangup": lambda content: "ended the call",
    "m.call.reject": lambda content: "declined the call",
    "m.beacon_info": lambda content: "shared their location",
    "org.matrix.msc3672.beacon_info": lambda content: "shared their location",
}
_SILENT = frozenset(
    {
        *("m.room.canonical_alias", "m.room.aliases", "m.room.server_acl", "m.room.related_groups"),
        *("m.call.candidates", "m.call.answer", "m.call.select_answer", "m.call.negotiate"),
        *("m.space.parent", "m.space.child", "org.matrix.room.preview_urls"),
    }
)
