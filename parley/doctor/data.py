"""The data folder: whose it is, who else can read it, what it lies on, how much room is left."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from parley.config import Config, in_words
from parley.doctor.findings import Finding, fail, ok, warn
from parley.doctor.looking import Look
from parley.errors import SecretUnusable
from parley.secret import Secret
from parley.storage import secret_file
from parley.storage.folder import MODE, NAME

CHECK = "data folder"
FREE_LEAST, FREE_FEW = 200 * 10**6, 2 * 10**9
"""Bytes: with less, nothing can be stored soon, or before long."""
FREE_FEW_SHARE = 0.05
_REMOTE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "vboxsf", "ceph", "glusterfs")
)
"""Kinds of file systems whose locks and shared memory SQLite can't rely on."""
_MOUNTS = Path("/proc/self/mountinfo")


def look(look: Look) -> Iterator[Finding]:
    config, folder = look.config, look.config.data
    if not folder.is_dir():
        yield fail(
            CHECK,
            f"There is no folder {folder.resolve()}.",
            "Give the server's data folder with --data. The first start makes one.",
        )
        return
    found = [
        *_rights(folder),
        *_writable(folder),
        *_secret(config),
        *_lies_on(folder, config),
        *_room(folder),
        *_left(folder),
    ]
    yield from found
    if not found:
        free = in_words(shutil.disk_usage(folder).free)
        yield ok(CHECK, f"{folder.resolve()} is yours, can be written to, and has {free} free.")


def secret_of(config: Config) -> Secret | None:
    """The server's own, where there is one that can be read. It is left as it is."""
    try:
        return secret_file.load(config.data, _secret_path(config))
    except SecretUnusable:
        return None


def _secret_path(config: Config) -> Path:
    return config.secret_file or config.data / secret_file.NAME


def _rights(folder: Path) -> Iterator[Finding]:
    if sys.platform == "win32":
        return
    found = folder.stat()
    if os.geteuid() not in (0, found.st_uid):
        yield warn(
            CHECK,
            f"{folder} belongs to another user (number {found.st_uid}).",
            "Run this command, and the server, as that user.",
        )
    if stat.S_IMODE(found.st_mode) & 0o022:
        yield fail(
            CHECK, f"Others on this machine can write to {folder}.", f"Run: chmod 700 {folder}"
        )
    for name in (NAME, f"{NAME}-wal", f"{NAME}-shm", secret_file.NAME):
        path = folder / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & ~MODE:
            yield fail(CHECK, f"Others on this machine can read {path}.", f"Run: chmod 600 {path}")


def _writable(folder: Path) -> Iterator[Finding]:
    try:
        with tempfile.TemporaryFile(prefix=".doctor-", dir=folder) as file:
            file.write(b"?" * 4096)
            file.flush()
    except OSError as error:
        yield fail(
            CHECK,
            f"{folder} can't be written to ({error.strerror}).",
            "Make the server's user its owner, and its file system writable.",
        )


def _secret(config: Config) -> Iterator[Finding]:
    path = _secret_path(config)
    if config.secret_file is None and not os.path.lexists(path):
        return  # the first start makes it
    try:
        secret_file.load(config.data, path)
    except SecretUnusable as error:
        yield fail(CHECK, str(error), "Without it the server doesn't start.")
        return
    if config.secret_file is not None and sys.platform != "win32":
        if stat.S_IMODE(path.stat().st_mode) & 0o007:
            yield fail(CHECK, f"Everyone on this machine can use {path}.", f"Run: chmod o= {path}")


def _lies_on(folder: Path, config: Config) -> Iterator[Finding]:
    kind = _file_system(folder.resolve())
    if kind in _REMOTE and not config.database_url:
        yield fail(
            CHECK,
            f"{folder} lies on a file system of another machine ({kind}), where SQLite can lose "
            "and damage data.",
            "Give a folder on a disk of this machine with --data, or a PostgreSQL with "
            "--database-url.",
        )
    elif kind in ("tmpfs", "ramfs"):
        yield warn(
            CHECK,
            f"{folder} lies in memory ({kind}): a restart of the machine loses all of it.",
            "Give a folder on a disk with --data.",
        )
    elif kind == "overlay":
        yield warn(
            CHECK,
            f"{folder} lies in the container itself: all of it goes with the container.",
            "Mount a volume there.",
        )


def _file_system(folder: Path) -> str:
    """Its kind, as the system calls it; empty where that isn't told."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        place, _, rest = line.partition(" - ")
        mounted = Path(place.split()[4].replace("\\040", " "))
        if folder.is_relative_to(mounted) and len(mounted.parts) >= best:
            best, kind = len(mounted.parts), rest.split()[0]
    return kind


def _room(folder: Path) -> Iterator[Finding]:
    usage = shutil.disk_usage(folder)
    free = in_words(usage.free)
    if usage.free < FREE_LEAST:
        yield fail(
            CHECK,
            f"Only {free} is left on the disk of {folder}.",
            "Make room now: soon nothing can be stored.",
        )
    elif usage.free < FREE_FEW or usage.free < usage.total * FREE_FEW_SHARE:
        yield warn(
            CHECK,
            f"{free} is left on the disk of {folder}.",
            "Make room before it is full: then nothing can be stored.",
        )


def _left(folder: Path) -> Iterator[Finding]:
    for path in folder.glob(".restoring.*"):
        yield warn(CHECK, f"{path} was left by a restore that was killed.", f"Run: rm -r {path}")
