"""What a host does beside a server whose files are in a bucket: back up, restore, look, move."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import forking
from tests.databases import environ_of
from tests.files.stores import BUCKET, S3
from tests.people import Json, Person
from tests.servers import START_WITHIN_S, Process, free_port, process
from tests.test_cli import assert_says_why
from tests.test_hosting import parley, with_files


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def server(data: Path, one_s3: S3) -> AsyncIterator[Process]:
    with process(data, "--port", "0", "--files-url", one_s3.url) as started:
        yield started


async def beside(*arguments: str, data: Path, url: str) -> subprocess.CompletedProcess[str]:
    given = (*arguments, "--data", str(data), "--files-url", url)
    return await asyncio.to_thread(parley, *given, environ=environ_of(data))


async def read(server: Process, files: list[Json]) -> list[bytes]:
    cleo = Person("Cleo", server.url)
    texts = [(await cleo.send("GET", file["url"])).body for file in files]
    await cleo.goes_home()
    return texts


@pytest.mark.long("tests/test_hosting.py makes backups every time")
@pytest.mark.sqlite("It goes on with a copy of its file.")
async def test_a_backup_says_that_the_files_stay_where_they_are_and_goes_on_with_them(
    server: Process, data: Path, one_s3: S3, tmp_path: Path
) -> None:
    _, sent = await with_files(server)
    copy, restored = tmp_path / "copy.db", tmp_path / "restored"
    ended = await beside("backup", str(copy), data=data, url=one_s3.url)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[1:] == [
        f"Their 2 files (10 bytes) are in {one_s3.url}, and not in this backup."
    ]
    assert not (tmp_path / "copy.db.files").exists()
    server.stop()
    restored.mkdir(mode=0o700)
    copy.rename(restored / "parley.db")
    with process(restored, "--port", "0", "--files-url", one_s3.url) as again:
        assert await read(again, sent) == [b"Hello", b"World"]
        found = await beside("files", "check", data=restored, url=one_s3.url)
    assert (found.returncode, found.stdout) == (0, "3 files, all in order.\n")


@pytest.mark.sqlite("It copies its file.")
async def test_a_backup_that_is_not_told_of_the_bucket_says_what_it_did_not_find(
    server: Process, data: Path, tmp_path: Path
) -> None:
    await with_files(server)
    given = ("backup", str(tmp_path / "copy.db"), "--data", str(data))
    ended = await asyncio.to_thread(parley, *given)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[1].startswith("2 files not found in the data folder.")
    assert "--files-url" in ended.stdout


async def test_a_server_says_where_files_are(data: Path, one_s3: S3) -> None:
    with process(data, "--port", "0", "--files-url", one_s3.url):
        usage = await beside("files", data=data, url=one_s3.url)
    assert usage.stdout.splitlines()[-1] == f"Kept in {one_s3.url}"


async def test_what_is_missing_damaged_or_nobodys_in_the_bucket_is_named(
    server: Process, data: Path, one_s3: S3
) -> None:
    _, (one, two) = await with_files(server)

    def key(id: str) -> dict[str, str]:
        return {"Bucket": BUCKET, "Key": f"{one_s3.prefix}/{id[:2]}/{id}"}

    stray = "ab" * 16
    one_s3.client.delete_object(**key(one["id"]))
    one_s3.client.put_object(**key(two["id"]), Body=b"Shor")
    one_s3.client.put_object(**key(stray), Body=b"?")
    found = await beside("files", "check", data=data, url=one_s3.url)
    assert found.returncode == 1
    assert set(found.stdout.splitlines()) == {
        f"{one['id']}: missing",
        f"{two['id']}: of another size than it had",
        f"{stray}: kept, but in no conversation",
        "1 file in order, 1 missing, 1 damaged, 1 in no conversation.",
    }


async def test_a_check_of_a_store_that_is_away_is_one_sentence(
    server: Process, data: Path, one_s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_files(server)
    elsewhere = await beside("files", "check", data=data, url="s3://elsewhere")
    assert_says_why(elsewhere, "The files in s3://elsewhere cannot be read", "--files-url")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    away = await beside("files", "check", data=data, url=one_s3.url)
    assert_says_why(away, f"The files in {one_s3.url} cannot be read", "can't be reached")


def test_a_bucket_that_is_not_there_keeps_a_server_from_starting(data: Path, one_s3: S3) -> None:
    ended = parley("serve", "--port", "0", "--data", str(data), "--files-url", "s3://elsewhere")
    assert_says_why(ended, "Files cannot be kept in s3://elsewhere", "Make it")


def test_a_database_is_upgraded_whether_or_not_the_store_is_there(
    data: Path, one_s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    environ = {**os.environ, "PARLEY_FILES_URL": one_s3.url}
    migrate = ("migrate", "--data", str(data))
    ended = forking.run(*migrate, env=environ, timeout=START_WITHIN_S)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert_says_why(
        forking.run("serve", *migrate[1:], env=environ, timeout=START_WITHIN_S), "reached"
    )


async def test_files_go_from_the_folder_to_a_bucket_and_back(
    data: Path, one_s3: S3, tmp_path: Path
) -> None:
    """As docs/backups.md says."""
    with process(data) as server:
        _, sent = await with_files(server)
        server.stop()
    for path in (data / "files").glob("*/*"):
        name = path.relative_to(data / "files").as_posix()
        one_s3.client.upload_file(str(path), BUCKET, f"{one_s3.prefix}/{name}")
    with process(data, "--port", "0", "--files-url", one_s3.url) as server:
        found = await beside("files", "check", data=data, url=one_s3.url)
        assert (found.returncode, found.stdout) == (0, "3 files, all in order.\n")
        assert await read(server, sent) == [b"Hello", b"World"]
        server.stop()
    (data / "files").rename(tmp_path / "files.old")
    for name in one_s3.lying():
        path = data / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        one_s3.client.download_file(BUCKET, f"{one_s3.prefix}/{name}", str(path))
    with process(data) as server:
        check = ("files", "check", "--data", str(data))
        found = await asyncio.to_thread(parley, *check, environ=environ_of(data))
        assert (found.returncode, found.stdout) == (0, "3 files, all in order.\n")
        assert await read(server, sent) == [b"Hello", b"World"]
