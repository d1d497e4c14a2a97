"""The server's own secret, in a file of the data folder that only its user can read."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import sys
import time
from pathlib import Path

import structlog

from parley.errors import SecretUnusable
from parley.secret import Secret
from parley.storage.folder import sync_names

log = structlog.get_logger(__name__)

NAME = "parley.secret"
KEY_BYTES = 32
MODE = 0o600
MADE_WITHIN_S = 60.0
"""What is older than this is what a crash left half made."""
_WRITTEN = re.compile(rb"([0-9a-f]{64})\n?")
_READ_MAX_BYTES = 1_024


def load(folder: Path, given: Path | None = None) -> Secret:
    """The secret in the folder; where there is none, a new one, on the disk when this returns.
    Or the one in the file that was given, which is somebody else's to make and to close.

    Raises `SecretUnusable` where the file cannot be read, holds something else, or is open to
    others and stays so.
    """
    return _read(folder / NAME) if given is None else _read_given(given)


def _read_given(path: Path) -> Secret:
    try:
        content = path.read_bytes()[:_READ_MAX_BYTES]
    except OSError as error:
        raise SecretUnusable(
            f"The server's secret {path} cannot be read ({error.strerror}). Copy the file "
            f"{NAME} of another server there, or make one: openssl rand -hex 32 > {path}"
        ) from error
    written = _WRITTEN.fullmatch(content)
    if written is None:
        raise SecretUnusable(
            f"{path} is no secret for Parley: it should hold 64 hexadecimal digits, as "
            "`openssl rand -hex 32` gives them."
        )
    return Secret(bytes.fromhex(written[1].decode("ascii")))


def _read(path: Path) -> Secret:
    try:
        if not os.path.lexists(path):
            _make(path)
        file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            content = os.read(file, _READ_MAX_BYTES)
            _close_to_others(path, file)
        finally:
            os.close(file)
    except OSError as error:
        raise SecretUnusable(
            f"The server's secret {path} cannot be read or made ({error.strerror}). "
            "Change its permissions, or give another folder with --data."
        ) from error
    written = _WRITTEN.fullmatch(content)
    if written is None:
        raise SecretUnusable(
            f"{path} is not a secret that Parley made. "
            "Remove it, and a new one is made at the next start."
        )
    return Secret(bytes.fromhex(written[1].decode("ascii")))


def _make(path: Path) -> None:
    """Whole or not at all: a power cut must not leave half a secret behind.

    Of several servers that start at once on one folder, all have the first one's.
    """
    for half in path.parent.glob(f"{NAME}*.new"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - half.stat().st_mtime > MADE_WITHIN_S:
                half.unlink()
    new = path.with_name(f"{NAME}.{secrets.token_hex(8)}.new")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), MODE)
    try:
        os.write(file, secrets.token_hex(KEY_BYTES).encode("ascii") + b"\n")
        os.fsync(file)
    finally:
        os.close(file)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    except OSError:
        os.replace(new, path)  # there are no second names on this file system
    else:
        new.unlink()
    sync_names(path.parent)


def _close_to_others(path: Path, file: int) -> None:
    """Narrow what a copy or a restored backup has left wide, and say so.

    A server that stays down after a restore is worse than what a reader of this machine
    could have learned: the secret opens no conversation. Where it cannot be narrowed it
    would stay open for good, and the server does not start.
    """
    if sys.platform == "win32" or _mode(file) & ~MODE == 0:
        return
    with contextlib.suppress(OSError):
        os.fchmod(file, MODE)
    if _mode(file) & ~MODE:
        raise SecretUnusable(
            f"The server's secret {path} is open to others on this machine, and its permissions "
            "cannot be changed. Make it yours with mode 0600, "
            "or give a folder that keeps permissions with --data."
        )
    log.warning(
        "secret_was_open",
        file=NAME,
        advice="Others could read it until now. Remove it and start again to have a new one.",
    )


def _mode(file: int) -> int:
    return stat.S_IMODE(os.fstat(file).st_mode)
