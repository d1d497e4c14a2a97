"""What is done with messages and files, and what is asked for that."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rich.style import Style
from rich.text import Text

from parley import harmless
from parley.chat import cells
from parley.chat.dialogs import Ask, Choose, Confirm
from parley.chat.drawing import Waiting
from parley.client import ClientError, types
from parley.talking.telling import moment, size_in_words

if TYPE_CHECKING:
    from parley.chat.app import Chat

EMOJI = ("👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀")
FOUND_MAX = 50
NAME_MAX = 100
ROW = 70
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


async def send(chat: Chat, text: str, reply_to: types.Message | None) -> None:
    """Say it. Where that fails, it is in the composer again."""
    waiting = Waiting(secrets.token_urlsafe(12), text)
    chat.waiting(waiting)
    try:
        await chat.talk.send(text, reply_to=reply_to, client_id=waiting.client_id)
    except ClientError:
        if not chat.composer.text:
            chat.composer.write(text)
        raise
    finally:
        chat.waiting(waiting, is_over=True)


async def edit(chat: Chat, message: types.Message, text: str) -> None:
    await chat.talk.edit(message, text)


def delete(chat: Chat, message: types.Message) -> None:
    excerpt = cells.fitted(harmless.line(message.message), 40)

    def answered(is_meant: bool | None) -> None:
        if is_meant:
            chat.do(chat.talk.delete(message))

    chat.push_screen(Confirm(f"Delete “{excerpt}” for everyone?"), answered)


def react(chat: Chat, message: types.Message) -> None:
    rows = [Text(each) for each in (*EMOJI, "Another…")]

    def chosen(number: int | None) -> None:
        if number is None:
            return
        if number < len(EMOJI):
            chat.do(_react(chat, message, EMOJI[number]))
            return
        chat.push_screen(Ask("React with which emoji?"), asked)

    def asked(emoji: str | None) -> None:
        if emoji:
            chat.do(_react(chat, message, emoji))

    chat.push_screen(Choose("React", rows), chosen)


async def _react(chat: Chat, message: types.Message, emoji: str) -> None:
    """Again takes it back."""
    me = chat.talk.me.user_id
    own = any(
        each.emoji == emoji and (each.own or me in each.user_ids)
        for each in message.reactions or ()
    )
    await chat.talk.react(message, emoji, on=not own)


def pin(chat: Chat, message: types.Message) -> None:
    chat.do(chat.talk.pin(message, on=not message.pinned))


# --- files ---


def send_file(chat: Chat) -> None:
    def asked(name: str | None) -> None:
        if name:
            chat.do(_send_file(chat, Path(name).expanduser()))

    chat.push_screen(Ask("Send which file?"), asked)


async def _send_file(chat: Chat, path: Path) -> None:
    reply_to = chat.replying
    try:
        chat.tell(f"Sending {path.name}…")
        file = await chat.talk.upload(path)
    except OSError as error:
        chat.tell(f"Can't read {path.name}: {error.strerror}.")
        return
    await chat.talk.send(files=[file], reply_to=reply_to)
    chat.leave_composer()
    chat.tell(f"Sent {path.name}.")


def save_files(chat: Chat, message: types.Message) -> None:
    for file in message.attachments or ():
        _ask_where(chat, file)
    if not message.attachments:
        chat.tell("This message has no files.")


async def list_files(chat: Chat) -> None:
    is_encrypted = chat.talk.keys is not None
    sent = _files_loaded(chat) if is_encrypted else await chat.talk.files()
    if not sent:
        chat.tell("No files have been sent here.")
        return

    def chosen(number: int | None) -> None:
        if number is not None:
            _ask_where(chat, sent[number].file)

    chat.push_screen(Choose("Files: Enter saves one", [_file_row(each) for each in sent]), chosen)


def _files_loaded(chat: Chat) -> list[types.SentFile]:
    """Those of the messages that are loaded: where it is encrypted they alone have the names."""
    return [
        types.SentFile(
            file=file,
            message_id=message.id,
            seq=message.seq,
            user_id=message.user_id,
            username=message.username,
            timestamp=message.timestamp,
        )
        for message in reversed(chat.transcript.window.messages)
        for file in message.attachments or ()
    ]


def _file_row(sent: types.SentFile) -> Text:
    size = size_in_words(sent.file.size)
    when = f"{moment(sent.timestamp):%Y-%m-%d %H:%M}"
    row = Text(no_wrap=True)
    row.append(cells.fitted(harmless.line(sent.file.name), ROW // 2))
    row.append(f"  {size}, {cells.fitted(harmless.line(sent.username), 16)}, {when}", "dim")
    return row


def _ask_where(chat: Chat, file: types.File) -> None:
    def asked(name: str | None) -> None:
        if name:
            chat.do(_save(chat, file, Path(name).expanduser()))

    shown = cells.fitted(harmless.line(file.name), 30)
    chat.push_screen(Ask(f"Save {shown} as", safe_name(file.name)), asked)


async def _save(chat: Chat, file: types.File, path: Path) -> None:
    """Never over another file."""
    try:
        taken, path = await asyncio.to_thread(_new_file, path)
    except OSError as error:
        chat.tell(f"Can't write {path.name}: {error.strerror}.")
        return
    try:
        with taken:
            await chat.talk.download(file, taken)
    except (OSError, ClientError) as error:
        path.unlink(missing_ok=True)
        chat.tell(f"{path.name} was not saved: {error}")
        return
    chat.tell(f"Saved {path.name}")


def _new_file(path: Path) -> tuple[BinaryIO, Path]:
    """With a number behind its name where there is one of that name."""
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    tried = path
    for number in range(1, 1000):
        try:
            return tried.open("xb"), tried
        except FileExistsError:
            tried = path.with_name(f"{path.stem} ({number}){path.suffix}")
    raise FileExistsError(17, "there are a thousand of that name")


def safe_name(name: str) -> str:
    """What a file of somebody else's naming may be called here: no path, and not hidden."""
    shown = _UNSAFE.sub("_", harmless.line(name)).replace(harmless.STRANGE, "_")
    return shown.strip(". ")[-NAME_MAX:] or "file"


# --- searching ---


def search(chat: Chat) -> None:
    def asked(query: str | None) -> None:
        if query:
            chat.do(_search(chat, query))

    chat.push_screen(Ask("Search for"), asked)


async def _search(chat: Chat, query: str) -> None:
    found: list[types.SearchResult] = []
    async for each in chat.talk.search(query):
        found.append(each)
        if len(found) == FOUND_MAX:
            break
    if not found:
        chat.tell(f"Nothing was found for {query}.")
        return

    def chosen(number: int | None) -> None:
        if number is not None:
            chat.do(chat.hearing.show(found[number].message))

    title = f"{len(found)}{'+' if len(found) == FOUND_MAX else ''} found: Enter shows one"
    chat.push_screen(Choose(title, [_found_row(each) for each in found]), chosen)


def _found_row(found: types.SearchResult) -> Text:
    row = Text(no_wrap=True)
    message = found.message
    row.append(f"{moment(message.timestamp):%Y-%m-%d} ", "dim")
    row.append(f"{cells.fitted(harmless.line(message.username), 16)} ", "bold")
    room = ROW - cells.width(row.plain)
    for part in found.snippet:
        text = cells.fitted(harmless.line(part.text), room)
        row.append(text, Style(bold=True, underline=True) if part.hit else None)
        room -= cells.width(text)
        if room <= 0:
            break
    return row


KEYS: dict[str, Callable[[Chat, types.Message], None]] = {
    "r": lambda chat, message: chat.reply(message),
    "+": react,
    "e": lambda chat, message: chat.edit(message),
    "d": delete,
    "delete": delete,
    "s": save_files,
    "p": pin,
}
"""Of the transcript, with what they do to the message that was chosen."""
