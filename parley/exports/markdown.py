"""Markdown: to be read as it is, and anywhere that shows it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

from parley import contract, present
from parley.exports.taking import Taking

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~])")
_LINES = re.compile(r"\r\n|\r|\n")


async def markdown(taking: Taking) -> AsyncGenerator[bytes, None]:
    """A heading for the conversation and each day, then what was said, by whom and when."""
    head = taking.head
    names = {each.user_id: each.username for each in head.people}
    yield _beginning(head).encode()
    day = ""
    async for page in taking.pages():
        names.update({each.user_id: each.username for each in page})
        written: list[str] = []
        for message in page:
            if message.timestamp[:10] != day:
                day = message.timestamp[:10]
                written.append(f"## {day}\n\n")
            written.append(_message(message, names))
        yield "".join(written).encode()


def _beginning(head: contract.ExportHead) -> str:
    about = head.conversation
    lines = [f"# {_plain(about.title)}", ""]
    if about.description:
        lines += [about.description, ""]
    lines += [f"*Exported {_moment(head.exported_at)} from {head.server}. Times are UTC.*", ""]
    if head.people:
        lines += [
            f"- {_plain(each.username)}{'' if each.role == 'member' else f' ({each.role})'}"
            for each in head.people
        ]
        lines.append("")
    return "\n".join([*lines, ""])


def _message(message: contract.Message, names: dict[str, str]) -> str:
    if message.type == "system" and not message.user_id:
        return _of_service(message)
    more = [_clock(message.timestamp)]
    if message.role:
        more.append(message.role)
    if message.edited_at:
        more.append(f"edited {_moment(message.edited_at)}")
    if message.pinned:
        more.append("pinned")
    written = [f"**{_plain(message.username)}** ({', '.join(more)})  "]
    answered = message.reply_to
    if answered:
        gone = "Deleted message" if answered.deleted else _plain(answered.excerpt)
        whom = f"{_plain(answered.username)}: " if answered.username else ""
        written += [f"> {whom}{gone}", ""]
    files = present.attached_files(message)
    if message.deleted:
        written.append("*Deleted*")
    elif message.type == "call":
        written.append(_plain(message.message))  # names are no Markdown
    elif not files or message.message != ", ".join(file.name for file in files):
        # What people wrote is Markdown already; a heading or a rule it would not be in Parley.
        written += [_shielded(line) for line in _LINES.split(message.message)]
    written += [f"- File: {_plain(file.name)} ({file.type}, {file.size:,} bytes)" for file in files]
    if message.reactions:
        written += ["", _reactions(message, names)]
    return "\n".join([*written, "", ""])


def _of_service(message: contract.Message) -> str:
    """What another chat's service wrote: a quiet line, by nobody."""
    said = "Deleted" if message.deleted else _plain(message.message)
    return f"*{said}* ({_clock(message.timestamp)})\n\n"


def _reactions(message: contract.Message, names: dict[str, str]) -> str:
    told = []
    for each in present.reactions_of(message):
        who = ", ".join(_plain(names[id]) for id in each.user_ids if id in names)
        told.append(f"{each.emoji} {each.count}{f' ({who})' if who else ''}")
    return " · ".join(told)


def _shielded(line: str) -> str:
    """A line of a message, where it would make more than Parley does: a heading, or HTML."""
    begins = line.lstrip(" ")
    if begins.startswith("#") or (len(begins) > 2 and not begins.strip("=- ")):
        line = line[: len(line) - len(begins)] + "\\" + begins
    return line.replace("<", "&lt;")


def _plain(text: str) -> str:
    """Words that are no Markdown, on one line."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def _moment(timestamp: str) -> str:
    return f"{timestamp[:10]} {timestamp[11:16]}"


def _clock(timestamp: str) -> str:
    return timestamp[11:16]
