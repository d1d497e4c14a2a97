"""Who somebody is in each conversation, kept on their computer for the next time.

One JSON file in the folder for state (XDG_STATE_HOME), which only its owner can read: the tokens in
it are as good as a password. Keys of links are not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parley.client.links import Link

FOLDER, NAME, LOCK = "parley", "people.json", "people.lock"
VERSION = 1


class Unusable(Exception):
    """The file can't be read or written: a sentence for whoever runs the command."""


@dataclass(frozen=True)
class Known:
    """Who somebody was in a conversation."""

    name: str
    """Empty for who was let in, and only read."""
    token: str
    room_id: str
    keys: str | None = None
    """Their own private ones in an encrypted conversation, in hexadecimal."""


class People:
    """By conversation."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_folder(os.environ)
        self._path = self.folder / NAME
        self._is_alone = False

    def find(self, link: Link, name: str | None = None) -> Known | None:
        """Of several, the one of that name, or who was there last; else who was let in and has no
        name yet. Raises `Unusable`.
        """
        found = _all_known(self._read().get(_key(link)))
        named = (each for each in found if each.name and name in (None, each.name))
        return next(named, None) or next((each for each in found if not each.name), None)

    def keep(self, links: list[Link], known: Known) -> None:
        """The same person by all of these links. Raises `Unusable`."""
        with self.alone():
            people = self._read()
            before = json.dumps(people)
            for link in links:
                others = [
                    each
                    for each in _all_known(people.get(_key(link)))
                    if each.name != known.name and each.token != known.token
                ]
                people[_key(link)] = [asdict(each) for each in (known, *others)]
            if json.dumps(people) != before:
                self._write(people)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other process changes it meanwhile. Raises `Unusable`."""
        if self._is_alone:
            yield
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            _lock(lock)
            self._is_alone = True
            yield
        finally:
            self._is_alone = False
            os.close(lock)

    def _read(self) -> dict[str, Any]:
        try:
            said = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(error) from error
        except ValueError:
            said = None
        if not isinstance(said, dict) or said.get("version") != VERSION:
            raise Unusable(f"{self._path} is damaged, or a newer Parley's. Move it away.")
        people: dict[str, Any] = said["people"]
        return people

    def _write(self, people: Mapping[str, Any]) -> None:
        text = json.dumps({"version": VERSION, "people": people}, indent=1) + "\n"
        begun = self._path.with_suffix(f".{os.getpid()}")
        try:
            file = os.open(begun, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with open(file, "w", encoding="ascii") as written:
                written.write(text)
                written.flush()
                os.fsync(written.fileno())
            begun.replace(self._path)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> Unusable:
        where = error.filename or self._path
        return Unusable(f"{where}, which keeps who you are, can't be used: {error.strerror}.")


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where programs keep what is to be there the next time."""
    told = environ.get("XDG_STATE_HOME", "")
    if told.startswith("/"):
        return Path(told) / FOLDER
    if sys.platform == "win32" and (local := environ.get("LOCALAPPDATA")):
        return Path(local) / FOLDER
    return Path.home() / ".local" / "state" / FOLDER


def _key(link: Link) -> str:
    """A link that gives a role is a secret itself: only its hash is kept."""
    if link.code:
        return f"{link.server}/link/{hashlib.sha256(link.code.encode()).hexdigest()[:32]}"
    return f"{link.server}/conversation/{link.room_id}"


def _all_known(found: Any) -> list[Known]:
    return [
        Known(each["name"], each["token"], each["room_id"], each.get("keys"))
        for each in found or ()
    ]


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: two at once may forget one of both names
        return
    fcntl.flock(file, fcntl.LOCK_EX)
