"""Words that are to be found nowhere, and all the places where they could be."""

from __future__ import annotations

import base64
import re
import secrets
import string
from collections.abc import Iterable, Iterator
from pathlib import Path


class Canaries:
    """Words of one conversation: each begins alike, as no other, and then names where it stood."""

    def __init__(self) -> None:
        self.run = "zq" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(14))
        self._begin = self.run.encode()
        self._word = re.compile(self._begin + rb"-([a-z]+)0")
        self._spelled = [self._begin.upper(), *spelled(self._begin)]

    def __call__(self, place: str) -> str:
        """The word for a place, such as `title`."""
        return f"{self.run}-{place}0"

    def found_in(self, octets: bytes) -> set[str]:
        """The places whose words are there; `spelled` for one in some other way than as it is."""
        # By plain search before anything else: there are hundreds of megabytes to look through.
        found = (
            {each.decode() for each in self._word.findall(octets)}
            if self._begin in octets
            else set()
        )
        return found | ({"spelled"} if any(each in octets for each in self._spelled) else set())


def spelled(word: bytes) -> Iterator[bytes]:
    """Other ways to write the same: a search for the word itself would miss them."""
    text = word.decode("latin-1")
    yield from (text.encode("utf-16-le"), text.encode("utf-16-be"))
    yield from (word.hex().encode(), word.hex().upper().encode())
    yield word[::-1]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            bits = 8 * before, 8 * (before + len(word))
            # Only what the word alone decides: not what its neighbours share with it.
            yield encode(b"\0" * before + word)[-(-bits[0] // 6) : bits[1] // 6]


def memory_of(pids: Iterable[int]) -> Iterator[bytes]:
    """All that these processes can write to, piece by piece. Raises `PermissionError`."""
    for pid in pids:
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for line in lines:
                place, rights = line.split()[:2]
                if not rights.startswith("rw") or line.endswith(("[vvar]", "[vsyscall]")):
                    continue
                first, _, end = place.partition("-")
                try:
                    memory.seek(int(first, 16))
                    yield memory.read(int(end, 16) - int(first, 16))
                except OSError:  # given back meanwhile
                    continue


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for each in found:  # grows as it goes
        for task in Path(f"/proc/{each}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def files_below(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
            yield path.name.encode()
