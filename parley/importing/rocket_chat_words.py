"""What Rocket.Chat's messages say, as Parley's Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from parley.importing.fields import name
from parley.importing.markdown import Piece, joined, literal
from parley.importing.short_names import replaced

MARKED_MAX_CHARS = 64 * 1024
"""Longer texts are taken as they stand: Rocket.Chat allows 5,000 unless told otherwise."""
_DEEPEST = 4
_MARKED = re.compile(
    r"""
    ```(?P<language>[A-Za-z0-9_+#.-]{1,30}\n)?(?P<pre>[^`]+(?:`{1,2}[^`]+)*)```
    | `(?P<code>[^`\n]+)`
    | \[(?P<words>[^\[\]\n]{1,1000})\]\((?P<address>[^\s()]{1,2000})\)
    | (?P<url>https?://[^\s<>]+)
    | (?<![\w*])(?P<bold>\*{1,2})(?=\S)(?P<strong>[^*\n]*[^*\s])(?P=bold)(?![\w*])
    | (?<![\w_])(?P<slant>_{1,2})(?=\S)(?P<em>[^_\n]*[^_\s])(?P=slant)(?![\w_])
    | (?<![\w~])(?P<line>~{1,2})(?=\S)(?P<s>[^~\n]*[^~\s])(?P=line)(?![\w~])
    | ^>[ ]?(?P<quote>[^\n]*)
    """,
    re.VERBOSE | re.MULTILINE,
)
_MAY_BE = re.compile(r"[`*_~\[>]")
_QUOTED = re.compile(r"\A(?:\[ ?\]\([^\s()]{1,2000}\)\s*)+")
_QUOTED_ID = re.compile(r"[?&]msg=([A-Za-z0-9_-]{1,100})")


def said(text: str) -> str:
    """Of a message's text."""
    if len(text) > MARKED_MAX_CHARS or not _MAY_BE.search(text):
        return literal(replaced(text))
    return joined(list(_pieces(text, ())))


def without_quotes(text: str) -> tuple[str, str]:
    """The text without what leads to the messages it quotes, and the id of the first of them."""
    found = _QUOTED.match(text)
    if found is None:
        return text, ""
    quoted = _QUOTED_ID.search(found[0])
    return text[found.end() :], quoted[1] if quoted else ""


def _pieces(text: str, marks: tuple[str, ...]) -> Iterator[Piece]:
    done = 0
    for match in _MARKED.finditer(text):
        if done < match.start():
            yield Piece(replaced(text[done : match.start()]), marks)
        done = match.end()
        yield from _piece(match, marks)
    if done < len(text):
        yield Piece(replaced(text[done:]), marks)


def _piece(match: re.Match[str], marks: tuple[str, ...]) -> Iterator[Piece]:
    for mark in ("strong", "em", "s"):
        if match[mark]:
            inner = (*marks, mark) if mark not in marks else marks
            if len(inner) >= _DEEPEST:
                yield Piece(match[mark], inner)
            else:
                yield from _pieces(match[mark], inner)
            return
    if match["pre"]:
        yield Piece(match["pre"].strip("\n"), ("pre",), "", (match["language"] or "").strip())
    elif match["code"]:
        yield Piece(match["code"], (*marks, "code"))
    elif match["words"]:
        yield Piece(replaced(match["words"]), marks, match["address"])
    elif match["quote"] is not None:
        yield Piece(replaced(match["quote"]), ("quote",))
    else:
        yield Piece(match[0], marks)


def happened(kind: str, who: str, text: str, *, is_told: bool) -> str | None:
    """What the service says; None for a kind that isn't known. With `is_told`, the export has put
    into words already what needs more than a name."""
    told = _HAPPENED.get(kind)
    if told is None:
        return None
    whom = name(text)
    words = told(whom)
    if whom and is_told and kind in _TOLD:
        return literal(whom)
    return literal(f"{who} {words}")


def _to(what: str) -> Callable[[str], str]:
    return lambda value: f"changed the {what} to “{value}”" if value else f"changed the {what}"


_HAPPENED: dict[str, Callable[[str], str]] = {
    "uj": lambda whom: "joined",
    "ujt": lambda whom: "joined",
    "ut": lambda whom: "joined",
    "ul": lambda whom: "left",
    "ult": lambda whom: "left",
    "au": lambda whom: f"added {whom or 'somebody'}",
    "added-user-to-team": lambda whom: f"added {whom or 'somebody'}",
    "ru": lambda whom: f"removed {whom or 'somebody'}",
    "removed-user-from-team": lambda whom: f"removed {whom or 'somebody'}",
    "r": _to("name"),
    "wm": lambda whom: "is here for the first time",
    "message_pinned": lambda whom: "pinned a message",
    "message_pinned_e2e": lambda whom: "pinned a message",
    "room_changed_topic": _to("topic"),
    "room_changed_announcement": _to("announcement"),
    "room_changed_description": _to("description"),
    "room_changed_privacy": _to("privacy"),
    "room_changed_avatar": lambda whom: "changed the picture",
    "room-archived": lambda whom: "archived the room",
    "room-unarchived": lambda whom: "unarchived the room",
    "room-set-read-only": lambda whom: "made the room read-only",
    "room-removed-read-only": lambda whom: "let everybody write again",
    "user-muted": lambda whom: f"muted {whom or 'somebody'}",
    "user-unmuted": lambda whom: f"unmuted {whom or 'somebody'}",
    "subscription-role-added": lambda whom: f"gave {whom or 'somebody'} another role",
    "subscription-role-removed": lambda whom: f"took a role from {whom or 'somebody'}",
    "discussion-created": lambda whom: f"started the discussion “{whom}”",
    "jitsi_call_started": lambda whom: "called",
    "videoconf": lambda whom: "called",
    "livechat-started": lambda whom: "started the chat",
    "livechat-close": lambda whom: "ended the chat",
    "room_e2e_enabled": lambda whom: "turned on encryption",
    "room_e2e_disabled": lambda whom: "turned off encryption",
}
_TOLD = frozenset({"au", "ru", "r", "added-user-to-team", "removed-user-from-team"})
