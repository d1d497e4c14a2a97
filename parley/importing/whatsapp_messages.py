"""What a message of WhatsApp's says: words, a file, or one of its own marks in place of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from msgspec import Struct

from parley.importing import lines, whatsapp_markdown, whatsapp_words
from parley.importing.chats import Attachment

LEFT_OUT = "It was left out when the chat was exported."
VIEW_ONCE = "It could be viewed only once, so it isn't in the export."
NOT_THERE = "Only its name is in the export."
VIEW_ONCE_NAME = "view once message"
_MARK = "\u200e"
_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_ATTACHED = re.compile(r"<[^<>:：\n]{1,40}[:：] ?([^<>\n]{1,255})>")  # noqa: RUF001  # full-width
_FILE_FIRST = re.compile(r"(.{1,255}\.\w{1,8}) \(([^()\n]{2,60})\)")
_OWN_NAME = re.compile(r"[A-Z]{3}-\d{8}-WA\d{4,}\.\w+|\d{8}-[A-Z]+-[\d-]+\.\w+")
"""How the phones call files."""
_FILE_NAME = re.compile(r"[^\n/]{1,240}\.\w{1,8}")
_IN_ANGLES = re.compile(r"<([^<>\n]{3,80})>")
_EDITED = re.compile(r"\s?(\u200e?)<([^<>:：\n]{3,60})>\s*")  # noqa: RUF001  # full-width
_POLL = re.compile(r"([^\W\d_][\w .-]{1,30})\s?[:：]")  # noqa: RUF001  # full-width
_OPTION = re.compile(
    r"([^\W\d_][\w .-]{1,30})\s?[:：] ?(.*?)\s?"  # noqa: RUF001  # full-width
    r"([(（]\u200f?\d+[^\d()（）]*[)）])"  # noqa: RUF001  # full-width
)
_CALL = re.compile(r"[^\u200e\n]{3,60}[,،、，] ?\u200e[^\n]{1,60}")  # noqa: RUF001  # full-width
_PLACE = re.compile(r"[^:：\n]{2,40}[:：] ?https?://\S+")  # noqa: RUF001  # full-width
_MENTION = re.compile(r"@\u2068(?:~\s*)?")
_NUMBER_MENTIONED = re.compile(r"(?<!\w)@(\d{6,15})(?!\d)")
_PAGES = " • "


class Message(Struct):
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    is_deleted: bool = False
    is_edited: bool = False
    is_service: bool = False


class Messages:
    """Reads those of one file.

    `files` are the paths of what else the archive holds, by name; `numbers` the names of people
    who are called by their number, by its digits.
    """

    def __init__(
        self, is_iphone: bool, files: Mapping[str, str], numbers: Mapping[str, str]
    ) -> None:
        self._is_iphone = is_iphone
        self._files = files
        self._numbers = numbers

    def read(self, text: str, is_marked: bool) -> Message:
        """`is_marked` is whether a mark stood before the header, as it does where there is a
        file."""
        text, is_edited = _without_edited(text)
        message = self._whole(text) or self._file(text, is_marked) or self._words(text)
        message.is_edited |= is_edited
        return message

    def _words(self, text: str) -> Message:
        if self._is_iphone and text.startswith(_MARK) and not _is_said(text):
            return Message(shown(text), is_service=True)
        return Message(self._converted(text))

    def _whole(self, text: str) -> Message | None:
        """What stands in place of the whole message."""
        if len(text) > 4000:
            return None
        if _is_deleted(text):
            return Message(is_deleted=True)
        if not self._is_iphone and text in ("null", ""):
            return Message(attachments=(Attachment(VIEW_ONCE_NAME, missing=VIEW_ONCE),))
        if "\n" in text and (poll := self._poll(text)):
            return Message(poll)
        return None

    def _poll(self, text: str) -> str | None:
        head, *rest = shown(text).rstrip("\n").split("\n")
        named = _POLL.fullmatch(head)
        is_sure = text.startswith(_MARK) or head == head.upper()
        if not named or not is_sure or len(rest) < 2:
            return None
        options = list(_options(rest))
        question = "\n".join(rest[: len(rest) - len(options)]).strip()
        if len(options) < 2 or not question:
            return None
        listed = "\n".join(f"- {option}" for option in options)
        return f"{whatsapp_markdown.converted(question)}\n\n{listed}"

    def _file(self, text: str, is_marked: bool) -> Message | None:
        """A message with a file, or with what stands in place of one that was left out."""
        first, _, rest = text.partition("\n")
        if self._is_iphone and (message := self._file_at_end(text, is_marked)):
            return message
        if first.endswith(")") and (found := _FILE_FIRST.fullmatch(first.lstrip(_MARK))):
            name = found[1]
            is_file = (
                first.startswith(_MARK)
                or name in self._files
                or _OWN_NAME.fullmatch(name)
                or whatsapp_words.ATTACHED.search(found[2].casefold())
            )
            if is_file:
                return self._with(self._attachment(name), "" if rest.strip() == name else rest)
        in_angles = _IN_ANGLES.fullmatch(shown(first))
        if in_angles and whatsapp_words.LEFT_OUT.search(in_angles[1].casefold()):
            return self._with(*_left_out(in_angles[1], rest))
        return None

    def _file_at_end(self, text: str, is_marked: bool) -> Message | None:
        for found in _ATTACHED.finditer(text):
            name = shown(found[1]).strip()
            is_sure = text.endswith(_MARK, 0, found.start()) or name in self._files
            if is_sure or _OWN_NAME.fullmatch(name):
                said = text[: found.start()] + text[found.end() :]
                return self._with(self._attachment(name), _without_pages(said, name))
        said, mark, words = text.rpartition(_MARK)
        is_left_out = mark and "\n" not in words and len(words) < 80
        if not is_left_out or _EDITED.fullmatch(words):
            return None
        if whatsapp_words.LEFT_OUT.search(words.casefold()) or (is_marked and not said):
            return self._with(*_left_out(words, said))
        return None

    def _with(self, attachment: Attachment, caption: str) -> Message:
        caption, is_edited = _without_edited(caption)
        text = self._converted(caption).strip()
        return Message(text, (attachment,), is_edited=is_edited)

    def _converted(self, text: str) -> str:
        """As Parley writes it. Who is mentioned stands as they are called."""
        if "@" in text:
            text = _MENTION.sub("@", text)
            text = _NUMBER_MENTIONED.sub(self._named, text)
        return whatsapp_markdown.converted(shown(text))

    def _named(self, number: re.Match[str]) -> str:
        return f"@{self._numbers.get(number[1], number[1])}"

    def _attachment(self, name: str) -> Attachment:
        path = self._files.get(unicodedata.normalize("NFC", name))
        return Attachment(name, path, missing=None if path else NOT_THERE)


def shown(text: str) -> str:
    """Without what can't be seen."""
    if text.isprintable():
        return text
    return lines.without_controls(_UNSEEN.sub("", text))


def _is_deleted(text: str) -> bool:
    if len(text) > 200:
        return False
    small = whatsapp_words.plain(text)
    return small in whatsapp_words.DELETED or (
        whatsapp_words.DELETED_BY_ADMIN.match(small) is not None
    )


def _is_said(text: str) -> bool:
    """Whether a text that begins with a mark is somebody's: a call, a place, an event. The
    service itself writes single lines."""
    bare = text.lstrip(_MARK)
    return (
        "\n" in bare
        or _CALL.fullmatch(bare) is not None
        or whatsapp_words.plain(bare) in whatsapp_words.CALLS
        or _PLACE.fullmatch(shown(bare)) is not None
    )


def _without_edited(text: str) -> tuple[str, bool]:
    """The text without the mark at its end that it was edited, and whether there was one."""
    if ">" not in text[-8:]:
        return text, False
    start = text.rfind("<")
    if start > 0 and text[start - 1] == _MARK:
        start -= 1
    found = _EDITED.fullmatch(text, start) if start >= 0 else None
    is_edited = found and (found[1] or whatsapp_words.plain(found[2]) in whatsapp_words.EDITED)
    return (text[:start].rstrip(" \u00a0"), True) if is_edited else (text, False)


def _options(text: list[str]) -> Iterator[str]:
    """Those at the end of a poll, each with its votes."""
    found = [_OPTION.fullmatch(line.strip()) for line in text]
    label = found[-1] and found[-1][1]
    first = len(found)
    while label and first and (each := found[first - 1]) and each[1] == label:
        first -= 1
    for each in found[first:]:
        if each:
            votes = each[3].replace("\u00a0", " ")
            yield f"{whatsapp_markdown.converted(each[2])} {votes}"


def _left_out(words: str, said: str) -> tuple[Attachment, str]:
    """What was left out, and what was said with it. A document's name stands beside it."""
    said = shown(said).strip()
    if whatsapp_words.VIEWED_ONCE.search(words.casefold()):
        return Attachment(VIEW_ONCE_NAME, missing=VIEW_ONCE), said
    name, _, _ = said.partition(_PAGES)
    if _FILE_NAME.fullmatch(name):
        return Attachment(name, missing=LEFT_OUT), ""
    return Attachment(whatsapp_words.kind_of(words), missing=LEFT_OUT), said


def _without_pages(said: str, name: str) -> str:
    """A document comes with its name and how many pages it has, which are nobody's words."""
    title, _, _ = shown(said).strip().partition(_PAGES)
    return "" if title and name.endswith(title) else said
