"""What a database does to its disk, written down while it does it: writes, syncs, names.

An SQLite VFS passes everything on to the real one. SQLite is then apsw's own,
since the one inside Python takes no VFS from Python code; how Parley uses it
is the same. The wal-index (`-shm`) is never synced and never seen here: after
a power cut there is none.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from parley.records import Message, Reading

if TYPE_CHECKING:
    from typing_extensions import Buffer


@dataclass(frozen=True, slots=True)
class Wrote:
    file: int
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    file: int
    flags: int


@dataclass(frozen=True, slots=True)
class Named:
    """A name in the folder now means this file; None after a removal."""

    name: str
    file: int | None


@dataclass(frozen=True, slots=True)
class FolderSynced:
    pass


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Whoever asked, or anybody, was told that this message is stored, or changed so."""

    message: Message


@dataclass(frozen=True, slots=True)
class AcknowledgedReading:
    """The same of how far somebody has read."""

    conversation_id: int
    reading: Reading


Event = Wrote | Truncated | Synced | Named | FolderSynced | Acknowledged | AcknowledgedReading


@dataclass
class Recording:
    events: list[Event] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    """What each file was called when it was made."""
    _files: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, event: Event) -> None:
        self.events.append(event)

    def opened(self, path: Path, *, is_new: bool) -> int:
        """The number of the file, another for each that is made anew under an old name."""
        with self._lock:
            if path.name not in self._files:
                assert is_new, f"{path.name} was there before the recording began"
                number = self._files[path.name] = len(self.names)
                self.names[number] = path.name
                self.note(Named(path.name, number))
            return self._files[path.name]

    def removed(self, name: str) -> None:
        with self._lock:
            del self._files[name]
            self.note(Named(name, None))


class RecordingFile(apsw.VFSFile):
    def __init__(
        self, name: str | apsw.URIFilename | None, flags: list[int], recording: Recording
    ) -> None:
        assert name is not None, "a temporary file: nothing of ours should need one"
        path = Path(name if isinstance(name, str) else name.filename())
        is_new = not path.exists()
        super().__init__("", name, flags)
        self._recording = recording
        self._number = recording.opened(path, is_new=is_new)

    def xWrite(self, data: Buffer, offset: int) -> None:  # noqa: N802
        self._recording.note(Wrote(self._number, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._recording.note(Truncated(self._number, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        # Only now: what is being synced may still be lost.
        self._recording.note(Synced(self._number, flags))


class RecordingVFS(apsw.VFS):
    def __init__(self, name: str, recording: Recording) -> None:
        super().__init__(name, "")
        self._recording = recording

    def xOpen(  # noqa: N802
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return RecordingFile(name, flags, self._recording)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._recording.removed(Path(filename).name)


# int openDirectory(const char *path, int *out): see the table of system calls in os_unix.c.
_OPEN_DIRECTORY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int))


@contextmanager
def recording_vfs(name: str) -> Iterator[Recording]:
    """A recording of all that happens in databases opened with `vfs=name` meanwhile.

    SQLite syncs a folder deep inside the sync of a new log or journal, and
    only for that it opens a folder at all: so the opening is what is noted.
    """
    recording = Recording()
    vfs = RecordingVFS(name, recording)
    address = vfs.xGetSystemCall("openDirectory")
    assert address is not None
    real = _OPEN_DIRECTORY(address)

    @_OPEN_DIRECTORY
    def open_directory(path: bytes, out: ctypes._Pointer[ctypes.c_int]) -> int:
        result = real(path, out)
        recording.note(FolderSynced())
        return int(result)

    pointer = ctypes.cast(open_directory, ctypes.c_void_p).value
    assert pointer is not None
    vfs.xSetSystemCall("openDirectory", pointer)
    try:
        yield recording
    finally:
        vfs.xSetSystemCall("openDirectory", 0)
        vfs.unregister()
