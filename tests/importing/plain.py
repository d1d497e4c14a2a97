"""A reader of the plainest format there could be, for tests of what comes after reading: a line of
JSON with the title, then one for each entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from parley.importing.archive import Archive
from parley.importing.chats import Attachment, Entry, ImportRefused, Person, Problem, Reaction

OPENER = "tests.importing.plain:open_chat"
NAME = "chat.jsonl"


class PlainChat:
    system = "Plain"
    needs_zone = False

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        names = [*archive.names()]
        self._name = NAME if NAME in names else names[0]
        self.people: dict[str, Person] = {}
        with archive.open(self._name) as file:
            head = json.loads(file.readline())
        self.title: str = head["title"]
        self.description: str = head.get("about", "")
        self.choices: tuple[str, ...] = tuple(head.get("choices", ()))
        self._chosen = ""
        for key, name in head.get("people", {}).items():
            self.people[key] = Person(key, name)

    def choose(self, name: str) -> None:
        if name not in self.choices:
            raise ImportRefused("There is no such conversation in this file.")
        self.title = self._chosen = name

    def entries(self) -> Iterator[Entry | Problem]:
        with self._archive.open(self._name) as file:
            file.readline()
            for number, line in enumerate(file, 2):
                if line.startswith(b"!"):
                    command(line[1:].strip().decode())
                    continue
                try:
                    said = json.loads(line)
                    if said.get("in", "") == self._chosen:
                        yield _entry(said, number)
                except ValueError:
                    yield Problem(f"line {number}", "This is no JSON.")


def command(what: str) -> None:
    """What hostile files make readers do."""
    if what == "hang":
        while True:
            pass
    if what == "eat":
        eaten = []
        while True:
            eaten.append("x" * 50_000_000)
    if what == "refuse":
        raise ImportRefused("From here on nothing can be read.")


def _entry(said: dict[str, Any], number: int) -> Entry:
    edited = said.get("edited")
    return Entry(
        key=said.get("key", f"{number}"),
        place=f"line {number}",
        sent_at=datetime.fromisoformat(said["at"]),
        person=said.get("who"),
        text=said.get("text", ""),
        is_service=said.get("service", False),
        is_deleted=said.get("deleted", False),
        edited_at=None if edited is None else datetime.fromisoformat(edited),
        reply_to=said.get("reply_to"),
        attachments=tuple(Attachment(**each) for each in said.get("files", ())),
        reactions=tuple(
            Reaction(each["emoji"], tuple(each.get("people", ())), each.get("count", 0))
            for each in said.get("reactions", ())
        ),
        is_pinned=said.get("pinned", False),
    )


def open_chat(archive: Archive, choose: str | None, **_wishes: str | None) -> PlainChat:
    chat = PlainChat(archive)
    if choose:
        chat.choose(choose)
    return chat


def write(
    path: Path, *said: dict[str, Any] | str, title: str = "Tea", about: str = "", **people: str
) -> Path:
    """A file of that format; a text is a line as it is."""
    lines = [json.dumps({"title": title, "about": about, "people": people})]
    lines += [each if isinstance(each, str) else json.dumps(each) for each in said]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
