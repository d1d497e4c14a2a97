"""What a host does beside the server, whether or not it runs: save the database, let somebody
own a conversation again, and tell the key of exports.

The server itself is not asked: both use its database, as its own connections do.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from parley.app import create_app, web_site
from parley.config import Config
from parley.domain import role_links
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.importing import storing, wording
from parley.domain.importing.imports import Told
from parley.domain.importing.reading import Reading
from parley.domain.importing.scratch import Staged
from parley.domain.importing.times import NO_ZONE
from parley.errors import (
    ConversationUnknown,
    DatabaseUnusable,
    DataFolderInUse,
    FilesUnusable,
    ImportImpossible,
    OldLink,
    ParleyError,
    the_extra,
)
from parley.exports.taking import signer_of
from parley.files.choice import store_of
from parley.files.store import PREVIEW, Store, StoreFails
from parley.operating import base, room_id_of
from parley.storage import beside, file_sums, restoring, secret_file
from parley.storage import files as stored
from parley.storage.backup import Backup, back_up
from parley.storage.folder import require_database
from parley.storage.restoring import Restored

T = TypeVar("T")


def backup(config: Config, target: Path) -> Backup:
    """Copy the database to a new file, and the files in the data folder. Raises `BackupFailed`.

    What is in a bucket stays there, and is only counted.
    """
    if config.database_url:
        made: Backup = _postgresql_backup().back_up(
            config.database_url, config.data, target, with_files=not config.files_url
        )
        return made
    return back_up(config.data, target, with_files=not config.files_url)


def restore(
    config: Config, backup: Path, *, secret: Path | None = None, is_incomplete_ok: bool = False
) -> Restored:
    """Put a backup into a data folder with nothing in it. Raises `StartupError`s."""
    if config.database_url:
        put: Restored = _postgresql_backup().restore(
            config.database_url,
            backup,
            config.data,
            secret=secret,
            with_files=not config.files_url,
            is_incomplete_ok=is_incomplete_ok,
        )
        return put
    return restoring.restore(
        backup,
        config.data,
        secret=secret,
        with_files=not config.files_url,
        is_incomplete_ok=is_incomplete_ok,
    )


def _postgresql_backup() -> Any:
    try:
        from parley.storage.postgresql import backup
    except ImportError as error:
        raise DatabaseUnusable(f"PostgreSQL needs {the_extra('postgres')}") from error
    return backup


@dataclass(frozen=True, slots=True)
class FilesUsage:
    """How much there is; uploads count with what they will have."""

    count: int
    size: int
    uploads: int
    uploads_size: int


@dataclass(frozen=True, slots=True)
class FilesCheck:
    """What the store has and the database says, where they differ."""

    count: int
    """Files that are there and as they should be."""
    missing: tuple[str, ...]
    """Ids of files that are not in the store."""
    resized: tuple[str, ...]
    """Ids of files that have another size there."""
    changed: tuple[str, ...]
    """Ids of files that have other contents there, where these were read."""
    strays: tuple[str, ...]
    """What lies in the store and belongs to no file."""


def files_usage(config: Config) -> FilesUsage:
    """Raises `DatabaseUnusable`."""

    def query(connection: sa.Connection) -> FilesUsage:
        (size, count), (uploads, uploads_size) = (
            file_sums.total(connection),
            stored.waiting(connection),
        )
        return FilesUsage(count - uploads, size - uploads_size, uploads, uploads_size)

    return beside.read(config, query)


def check_files(config: Config, *, contents: bool = False) -> FilesCheck:
    """Compare the database with the store, both ways: what there is and how large it is, with
    `contents` also the SHA-256 of each file, which reads them all.

    Raises `DatabaseUnusable`, `FilesUnusable`.

    What comes and goes meanwhile is no difference: whatever seems to be one is looked at again.
    """
    store = store_of(config)
    try:
        return asyncio.run(_check(config, store, contents=contents))
    except StoreFails as error:
        raise FilesUnusable(f"The files in {store.where} cannot be read: {error.reason}") from error


async def _check(config: Config, store: Store, *, contents: bool) -> FilesCheck:
    lying = {key: size async for key, size in store.all()}
    kept = beside.read(config, stored.all_kept)
    missing, resized, changed = [], [], []
    for file in kept:
        keys = [file.id, file.id + PREVIEW] if file.has_preview else [file.id]
        sizes = [lying[key] if key in lying else await _size(store, key) for key in keys]
        if None in sizes:
            if _is_known(config, file.id):
                missing.append(file.id)
        elif sizes[0] != file.size:
            resized.append(file.id)
        elif contents and not await _is_whole(store, file) and _is_known(config, file.id):
            changed.append(file.id)
    ids = {file.id for file in kept}
    strays = [
        key
        for key in lying
        if (id := key.partition(".")[0]) not in ids
        and not _is_known(config, id)
        and await _size(store, key) is not None
    ]
    in_order = len(kept) - len(missing) - len(resized) - len(changed)
    return FilesCheck(in_order, *map(tuple, (missing, resized, changed, strays)))


async def _is_whole(store: Store, file: stored.Kept) -> bool:
    found = hashlib.sha256()
    try:
        async for piece in store.read(file.id, 0, file.size):
            found.update(piece)
    except (FileNotFoundError, EOFError):
        return False
    return found.digest() == file.sha256


async def _size(store: Store, key: str) -> int | None:
    try:
        return await store.size(key)
    except FileNotFoundError:
        return None


def _is_known(config: Config, id: str) -> bool:
    return beside.read(config, lambda connection: stored.is_known(connection, id))


@dataclass(frozen=True, slots=True)
class Imported:
    staged: Staged
    room_id: str
    link: str
    owner_link: str
    files_refused: tuple[str, ...]


def dry_run(config: Config, file: Path, told: Told) -> Staged:
    """What a file that another chat exported would become. Needs no database.

    Raises `ImportImpossible`.
    """

    async def read() -> Staged:
        with tempfile.TemporaryDirectory() as folder:
            async with Reading(Path(folder)) as reading:
                return await _staged(config, reading, file, told)

    return _in_words(read)


def import_file(
    config: Config,
    file: Path,
    told: Told,
    tell: Callable[[Staged], None],
    progress: Callable[[int], None] = lambda count: None,
) -> Imported:
    """Make a conversation of it. `tell` is called with what it will become before anything is
    stored, `progress` with how many messages are.

    Raises `ImportImpossible`, and `DataFolderInUse` while a server runs.
    """

    async def bring() -> Imported:
        app = create_app(config)
        try:
            await app.open()
        except DataFolderInUse as error:
            raise DataFolderInUse(
                f"A Parley server is using the data folder {config.data}. Import the file on its "
                "page /import, or stop it meanwhile."
            ) from error
        try:
            context = web_site(app).context
            async with Reading(config.data) as reading:
                staged = await _staged(config, reading, file, told)
                tell(staged)
                if missing := unsaid(staged):
                    raise ImportImpossible(missing)
                made = await storing.store(
                    context, reading, staged, None, title=told.title, tell=progress
                )
            room_id = made.conversation.room_id
            link = await context.database.write(
                lambda connection: role_links.make_link_of_host(
                    connection, room_id, by=AT_COMMAND_LINE
                )
            )
        finally:
            await app.close()
        where = base(config)
        return Imported(
            staged,
            room_id,
            f"{where}/conversation/{room_id}",
            f"{where}/link/{link.code}",
            made.files_refused,
        )

    return _in_words(bring)


def becomes(staged: Staged) -> list[str]:
    """What a file becomes, in lines."""
    lines = [f"An export from {staged.system}"]
    if staged.choices:
        lines.append("It holds several conversations:")
        return lines + [f"  {each}" for each in staged.choices]
    lines += [f"{label}: {value}" for label, value in wording.rows(staged)]
    lines += [f"  {each.place}: {each.what}" for each in staged.problems]
    if (more := staged.problems_count - len(staged.problems)) > 0:
        lines.append(f"  … and {more:,} more")
    return lines


def unsaid(staged: Staged) -> str:
    """What has to be said before it can be stored, and how; empty where nothing has."""
    if staged.choices:
        return "Say which of these conversations is meant, with --choose."
    if staged.needs_zone:
        return f"{NO_ZONE} For example: --zone Europe/Berlin."
    return ""


async def _staged(config: Config, reading: Reading, file: Path, told: Told) -> Staged:
    return await reading.stage(
        file, max_file=config.max_file, zone=told.zone, choose=told.choose, order=told.order
    )


def _in_words(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    try:
        return asyncio.run(work())
    except ParleyError as error:
        raise ImportImpossible(error.text) from error


def owner_link(config: Config, room: str, *, is_founding: bool = False) -> str:
    """A link that makes whoever opens it an owner, or the founder, once and for ten minutes.

    `room` is a conversation's id or its link. Raises `StartupError`s.
    """
    room_id = room_id_of(room)
    try:
        made = beside.write(
            config,
            lambda connection: role_links.make_link_of_host(
                connection, room_id, by=AT_COMMAND_LINE, is_founding=is_founding
            ),
        )
    except OldLink as error:
        raise ConversationUnknown(
            f"The link with {room_id} was replaced by another. Give the one it has now."
        ) from error
    except (ParleyError, UnicodeEncodeError) as error:  # the latter for what is no text at all
        raise ConversationUnknown(
            f"There is no conversation {room_id!r} in {beside.where(config)}. Give the last part "
            "of its link, or all of it."
        ) from error
    return f"{base(config)}/link/{made.code}"


def export_key(config: Config) -> str:
    """The public key of this server's exports, as one line. Raises `StartupError`s."""
    if not config.database_url:
        require_database(config.data)
    return str(signer_of(secret_file.load(config.data, config.secret_file), base(config)).key)
