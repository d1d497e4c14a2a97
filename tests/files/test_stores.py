"""What holds of every place for files: the folder, and each S3 store."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from parley.files import store as store_module
from parley.files.bucket import PART_BYTES, PIECE_BYTES, Bucket
from parley.files.store import UNFINISHED, Folder, Store
from tests.eventually import until
from tests.files.conftest import SEAWEEDFS, used
from tests.files.stores import BUCKET, MOTO_LISTS_AT_ONCE, S3

KEY, OTHER = "ab" * 16, "cd" * 16


@pytest.fixture(params=["folder", "moto", SEAWEEDFS])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Store:
    if request.param == "folder":
        made: Store = Folder(tmp_path / "files")
    else:
        made = Bucket(used(request.getfixturevalue(request.param), monkeypatch).url)
    await made.open()
    return made


def written(folder: Path, data: bytes, name: str = "upload") -> Path:
    path = folder / name
    path.unlink(missing_ok=True)  # another name of it may be kept
    path.write_bytes(data)
    return path


async def read(store: Store, key: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in store.read(key, start, end)])


async def all_of(store: Store) -> dict[str, int]:
    return {key: size async for key, size in store.all()}


async def test_what_was_put_is_read_whole_and_in_pieces(store: Store, tmp_path: Path) -> None:
    data = bytes(range(256)) * (3 * PIECE_BYTES // 256) + b"!"
    path = written(tmp_path, data)
    await store.put(KEY, path)
    assert path.read_bytes() == data, "it stays"
    path.unlink()
    size = len(data)
    assert await store.size(KEY) == size
    for start, end in (
        *((0, size), (0, 1), (size - 1, size), (7, 7)),
        *((PIECE_BYTES - 1, PIECE_BYTES + 1), (1, 2 * PIECE_BYTES + 1)),
    ):
        assert await read(store, KEY, start, end) == data[start:end], (start, end)


@pytest.mark.long("a large file")
async def test_what_goes_in_several_parts_comes_back_whole(store: Store, tmp_path: Path) -> None:
    data = b"".join(number.to_bytes(8) for number in range((2 * PART_BYTES + 8) // 8))
    await store.put(KEY, written(tmp_path, data))
    assert await store.size(KEY) == len(data)
    assert await read(store, KEY, 0, len(data)) == data


async def test_it_takes_the_place_of_what_was_there(store: Store, tmp_path: Path) -> None:
    await store.put(KEY, written(tmp_path, b"Before", "before"))
    assert await store.size(KEY) == 6
    await store.put(KEY, written(tmp_path, b"Now", "now"))
    assert await store.size(KEY) == 3
    assert await read(store, KEY, 0, 3) == b"Now"
    assert await all_of(store) == {KEY: 3}


async def test_the_same_may_be_put_twice_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As two stills of a film: the first waits on its way to the disk until the second is there."""
    folder, second_came = Folder(tmp_path / "files"), threading.Event()
    in_sync, real = threading.Event(), store_module.sync

    def slow(path: Path) -> None:
        if path.name.endswith(UNFINISHED) and not in_sync.is_set():
            in_sync.set()
            second_came.wait(1)  # in vain where the second waits for its turn, as it should
        elif path.name.endswith(UNFINISHED):
            second_came.set()
        real(path)

    monkeypatch.setattr(store_module, "sync", slow)
    sources = [written(tmp_path, data, data.decode()) for data in (b"first", b"second")]
    first = asyncio.create_task(folder.put(KEY, sources[0]))
    await until(in_sync.is_set)
    await asyncio.gather(first, folder.put(KEY, sources[1]))
    assert await read(folder, KEY, 0, 6) == b"second"
    assert [path.read_bytes() for path in sources] == [b"first", b"second"]
    assert await all_of(folder) == {KEY: 6}


async def test_an_empty_file_is_one(store: Store, tmp_path: Path) -> None:
    await store.put(KEY, written(tmp_path, b""))
    assert await store.size(KEY) == 0
    assert await read(store, KEY, 0, 0) == b""
    assert await all_of(store) == {KEY: 0}


async def test_what_is_not_there_is_told_before_the_first_byte(
    store: Store, tmp_path: Path
) -> None:
    for start, end in ((0, 5), (0, 0), (2, 3)):
        with pytest.raises(FileNotFoundError):
            await anext(store.read(KEY, start, end))
    with pytest.raises(FileNotFoundError):
        await store.size(KEY)
    with pytest.raises(FileNotFoundError):
        await store.put(KEY, tmp_path / "nothing")
    assert await all_of(store) == {}


async def test_a_file_that_is_shorter_than_it_was_is_not_read_as_if_it_were_whole(
    store: Store, tmp_path: Path
) -> None:
    await store.put(KEY, written(tmp_path, b"Short"))
    for start in (0, 5, 7):
        with pytest.raises(EOFError):
            await read(store, KEY, start, 9)


async def test_some_are_erased_whether_or_not_all_are_there(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path, b"Hello")
    kept = [f"{number:02x}" * 16 for number in range(15)]
    for key in (*kept, KEY, f"{KEY}.preview"):
        await store.put(key, path)
    assert await store.size(KEY) == 5
    await store.erase([*kept, KEY, f"{KEY}.preview", OTHER, f"{OTHER}.preview"])
    assert await all_of(store) == {}
    with pytest.raises(FileNotFoundError):
        await read(store, KEY, 0, 5)
    with pytest.raises(FileNotFoundError):
        await store.size(KEY)
    await store.erase([])


async def test_all_are_listed_however_many_pages_that_takes(store: Store, tmp_path: Path) -> None:
    expected = {f"{number:02x}" * 16: number for number in range(2 * MOTO_LISTS_AT_ONCE + 1)}
    for key, size in expected.items():
        await store.put(key, written(tmp_path, bytes(size)))
    assert await all_of(store) == expected


async def test_whoever_reads_may_stop_anywhere(store: Store, tmp_path: Path) -> None:
    data = bytes(2 * PIECE_BYTES)
    await store.put(KEY, written(tmp_path, data))
    pieces = store.read(KEY, 0, len(data))
    assert isinstance(pieces, AsyncIterator)
    assert await anext(pieces)
    async with contextlib.aclosing(pieces):  # type: ignore[type-var]  # they are generators
        pass
    assert await read(store, KEY, 0, len(data)) == data


# --- moving from one to the other ---


async def test_files_are_moved_by_any_program_that_copies_them(s3: S3, tmp_path: Path) -> None:
    folder, bucket = Folder(tmp_path / "files"), Bucket(s3.url)
    for key in (KEY, f"{KEY}.preview", OTHER):
        await folder.put(key, written(tmp_path, key.encode()))
    for path in (tmp_path / "files").glob("*/*"):
        name = path.relative_to(tmp_path / "files").as_posix()
        s3.client.upload_file(str(path), BUCKET, f"{s3.prefix}/{name}")
    assert await all_of(bucket) == await all_of(folder)
    assert await read(bucket, KEY, 0, len(KEY)) == KEY.encode()
    # And back.
    for name in s3.lying():
        path = tmp_path / "again" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.client.download_file(BUCKET, f"{s3.prefix}/{name}", str(path))
    again = Folder(tmp_path / "again")
    assert await all_of(again) == await all_of(folder)
    assert await read(again, OTHER, 0, len(OTHER)) == OTHER.encode()


async def test_what_others_keep_in_the_bucket_is_theirs(one_s3: S3, tmp_path: Path) -> None:
    bucket = Bucket(one_s3.url)
    await bucket.put(KEY, written(tmp_path, b"Hello"))
    theirs = ("readme.txt", "ab/", f"cd/{KEY}", f"ab/ab/{KEY}", f"{KEY}")
    for name in theirs:
        one_s3.client.put_object(Bucket=BUCKET, Key=f"{one_s3.prefix}/{name}", Body=b"?")
    one_s3.client.put_object(Bucket=BUCKET, Key=f"{one_s3.prefix}2/ab/{KEY}", Body=b"?")
    assert await all_of(bucket) == {KEY: 5}
