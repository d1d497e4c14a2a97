"""What people write, made fit to keep: names, titles, messages, ids."""

from __future__ import annotations

import re
import unicodedata

from parley.contract import (
    DESCRIPTION_MAX_CHARS,
    FILE_NAME_MAX_CHARS,
    LABEL_MAX_CHARS,
    MESSAGE_MAX_CHARS,
    TITLE_MAX_CHARS,
    TYPE_PATTERN,
    USERNAME_MAX_CHARS,
    default_title,
)
from parley.errors import BadRequest, TooLarge

# Direction overrides and isolates can make a name read as another (Unicode UAX #9, section 2).
_BIDI_CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_NOT_IN_A_NAME = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI_CONTROLS}]")
_NOT_IN_A_PARAGRAPH = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI_CONTROLS}]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TYPE = re.compile(TYPE_PATTERN)
ENDING_MAX_CHARS = 16
"""Of a file's name, behind its last dot."""


def username(text: str | None, *, user_id: str) -> str:
    """The name, or the one made from the user_id where none was given."""
    return _name(text, "username", USERNAME_MAX_CHARS) or f"User_{user_id[:6]}"


def claimed_name(text: str | None) -> str:
    """A name as a client repeats it, to be compared with the one kept; empty for none."""
    return _name(text, "username", USERNAME_MAX_CHARS)


def title(text: str | None, *, room_id: str) -> str:
    return _name(text, "title", TITLE_MAX_CHARS) or default_title(room_id)


def cut_title(text: str) -> str:
    """What a title elsewhere comes to here, where it is long."""
    return one_line(text)[:TITLE_MAX_CHARS].rstrip()


def label(text: str | None) -> str:
    return _name(text, "label", LABEL_MAX_CHARS)


def description(text: str | None) -> str:
    """Lines may break; other control characters go."""
    _check(text or "", "description")
    return _within(_in_paragraphs(text or ""), "description", DESCRIPTION_MAX_CHARS)


def cut_description(text: str) -> str:
    """What a description elsewhere comes to here, where it is long."""
    return _in_paragraphs(text)[:DESCRIPTION_MAX_CHARS].rstrip()


def _in_paragraphs(text: str) -> str:
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return _NOT_IN_A_PARAGRAPH.sub("", unicodedata.normalize("NFC", clean)).strip()


def user_id(text: str | None) -> str | None:
    """The id as the client chose it, to the letter; None where it chose none."""
    if text is None or not text.strip():
        return None
    _check(text, "user_id")
    if _NOT_IN_A_NAME.search(text):
        raise BadRequest("user_id must not contain control characters.")
    return text


def file_name(text: str) -> str:
    """A name to show and to save it under: no path, one line, with its ending where it is long."""
    name = _name(
        text.replace("\\", "/").rpartition("/")[2][-4 * FILE_NAME_MAX_CHARS :], "name", 10_000
    )
    name = name.strip(" .") or "file"
    if len(name) > FILE_NAME_MAX_CHARS:
        stem, dot, ending = name.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) <= ENDING_MAX_CHARS else ""
        name = name[: FILE_NAME_MAX_CHARS - len(ending)].rstrip() + ending
    return name


def report(text: str | None, what: str, max_chars: int) -> str:
    """What somebody says of what they report, or of what it says; empty for nothing."""
    _check(text or "", what)
    return _within(_in_paragraphs(text or ""), what, max_chars)


def short(text: str, what: str, max_chars: int, *, may_be_empty: bool = False) -> str:
    """One line of a few words, such as a button has."""
    clean = _name(text, what, max_chars)
    if not (clean or may_be_empty):
        raise BadRequest(f"{what} must not be empty.")
    return clean


def announcement(text: str, max_chars: int) -> str:
    """One line; empty for none."""
    return _name(text, "The announcement", max_chars)


def message(text: str, max_chars: int = MESSAGE_MAX_CHARS) -> str:
    """The message as it was written, to the letter; something must be in it."""
    if len(text) > max_chars:
        raise TooLarge(f"message is too long: at most {max_chars:,} characters.")
    _check(text, "message")
    if not text.strip():
        raise BadRequest("The message is empty. Write something first.")
    return text


def draft(text: str, max_chars: int) -> str:
    """What may become a message, to the letter; empty where nothing is written."""
    _check(text, "text")
    return _within(text, "text", max_chars) if text.strip() else ""


def message_type(text: str | None) -> str:
    if text is None:
        return "text"
    if not _TYPE.fullmatch(text):
        raise BadRequest("type must be a short word such as text.")
    return text


def client_id(text: str | None) -> str | None:
    if not text:
        return None
    _check(text, "client_id")
    return text


def query(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\0", "")).strip()


def one_line(text: str) -> str:
    """NFC, trimmed, without control and direction-override characters, however long."""
    clean = _NOT_IN_A_NAME.sub(" ", unicodedata.normalize("NFC", text))
    return " ".join(clean.split())


def _name(text: str | None, what: str, max_chars: int) -> str:
    if text is None:
        return ""
    _check(text, what)
    return _within(one_line(text), what, max_chars)


def _check(text: str, what: str) -> None:
    # The first tells most texts apart ten times as fast.
    if not text.isprintable() and _UNSTORABLE.search(text):
        raise BadRequest(f"{what} must not contain NUL or unpaired surrogates.")


def _within(text: str, what: str, max_chars: int) -> str:
    # Again after cleaning: normalizing can lengthen a text.
    if len(text) > max_chars:
        raise TooLarge(f"{what} is too long: at most {max_chars} characters.")
    return text
