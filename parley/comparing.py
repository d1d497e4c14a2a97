"""Whether a server's pages are those of this Parley, for whoever asks from another machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

from parley.client.pages import CannotCheck as CannotCheck
from parley.client.pages import NotPublished, Published, Report, check_page
from parley.client.pages.checking import has_passphrase as has_passphrase
from parley.pages.published import published


def hashes() -> str:
    """What the pages of this Parley are made of, as JSON."""
    return published()


def compare(url: str, hashes: Path | None, passphrase: str) -> tuple[Report, str]:
    """What was found, and the version of Parley it was compared with. `hashes`: what another
    Parley said of itself.

    Raises `CannotCheck`.
    """
    try:
        expected = Published.read(published() if hashes is None else hashes.read_bytes())
    except NotPublished as error:
        raise CannotCheck(str(error)) from error
    except OSError as error:
        raise CannotCheck(f"{error.filename} can't be read: {error.strerror}.") from error
    return asyncio.run(check_page(url, expected, passphrase=passphrase)), expected.version
