"""A bucket that is away, not ours, slow or strange: told in words, and nothing is half done."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from parley.errors import FilesUnusable, Unavailable
from parley.files import bucket as bucket_module
from parley.files.bucket import ENDPOINTS, PART_BYTES, PIECE_BYTES, Bucket
from parley.files.store import RETRY_AFTER_S, StoreFails
from tests.eventually import until
from tests.files.stores import BUCKET, S3
from tests.files.test_stores import KEY, OTHER, all_of, read, written
from tests.files.wires import Wire, wire_to
from tests.security.browser.tls import certificate
from tests.servers import free_port

LARGE = 4 * PART_BYTES + 1


@pytest.fixture
async def wire(one_s3: S3, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    async with wire_to(one_s3.endpoint) as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
        yield made


@pytest.fixture
async def bucket(one_s3: S3, wire: Wire) -> Bucket:
    """Behind the wire."""
    made = Bucket(one_s3.url)
    await made.open()
    return made


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "ANSWER_WITHIN_S", 0.3)
    monkeypatch.setattr(bucket_module, "PART_WITHIN_S", 0.3)


# --- at a start ---


async def told(url: str) -> str:
    with pytest.raises(FilesUnusable) as refused:
        await Bucket(url).open()
    said = str(refused.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


async def test_a_store_that_does_all_is_opened_and_left_as_it_was(s3: S3) -> None:
    bucket = Bucket(s3.url)
    await bucket.open()
    await bucket.open()
    assert bucket.caution == ""
    assert s3.lying() == []


async def test_a_bucket_that_is_not_there_is_told(one_s3: S3) -> None:
    said = await told("s3://elsewhere/a")
    assert said.startswith(
        "Files cannot be kept in s3://elsewhere/a: there is no bucket elsewhere."
    )
    assert "--files-url" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "nobody")],
)
async def test_wrong_credentials_are_told_and_not_shown(
    seaweedfs: S3, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for each, right in seaweedfs.environ.items():
        monkeypatch.setenv(each, right)
    monkeypatch.setenv(name, value)
    said = await told(f"s3://{BUCKET}")
    assert "access is denied (" in said
    assert name in said
    assert value not in said


async def test_a_store_that_is_not_there_is_told(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert f"{endpoint} can't be reached (Connection refused)." in await told(one_s3.url)


async def test_a_store_that_never_answers_is_told_in_time(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch, wire: Wire
) -> None:
    impatient(monkeypatch)
    wire.hold()
    async with asyncio.timeout(30):
        assert "can't be reached (no answer in time)." in await told(one_s3.url)


SKEWED = b"<Error><Code>RequestTimeTooSkewed</Code><Message>Late</Message></Error>"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        ("301 Moved Permanently", b"", "the bucket is in another region. Set AWS_REGION to it."),
        ("403 Forbidden", SKEWED, "its clock and this machine's differ. Set them right."),
        ("403 Forbidden", b"", "access is denied. Check AWS_ACCESS_KEY_ID"),
        ("401 Unauthorized", b"", "access is denied. Check AWS_ACCESS_KEY_ID"),
        (
            "400 Bad Request",
            b"<Error><Code>EntityTooLarge</Code></Error>",
            "it answers EntityTooLarge.",
        ),
        ("501 Not Implemented", b"", "it answers 501 Not Implemented."),
        ("404 Not Found", b"No such page", "it answers 404 Not Found."),
        ("200 OK", b"<html>Welcome</html>", "it does what no S3 store does: "),
    ],
)
async def test_what_else_may_answer_there_is_told(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch, status: str, body: bytes, words: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        assert words in await told(one_s3.url)


async def test_half_of_the_credentials_are_told(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    said = await told(one_s3.url)
    assert said == "The AWS_* variables cannot be used: Generic S3 error: Missing SecretAccessKey."


async def test_no_credentials_are_told(one_s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    # Amazon's machines are asked there; nobody else is.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    assert "there are no credentials. Set AWS_ACCESS_KEY_ID" in await told(one_s3.url)


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("value", ["localhost:9000", "", "s3.example.org", "ftp://a", "http://a:b"])
async def test_an_endpoint_that_is_no_address_is_told(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert f"{name} is {value!r}, but should be an address" in await told(one_s3.url)


async def test_no_password_of_an_endpoint_is_shown(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://ada:hidden@s3.example.org")
    said = await told(one_s3.url)
    assert "'https://…@s3.example.org', but should be" in said
    assert "hidden" not in said


async def test_certificates_that_are_not_there_are_told(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    assert f"AWS_CA_BUNDLE is {tmp_path / 'ca.pem'}, which can't be read" in await told(one_s3.url)


async def test_a_store_with_a_certificate_of_its_own_is_trusted_once_it_is_named(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chain, key = certificate(tmp_path, "localhost", "basicConstraints=critical,CA:FALSE")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    async with wire_to(one_s3.endpoint, tls=context) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
        assert f"{wire.url} has a certificate that isn't trusted" in await told(one_s3.url)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(chain))
        await Bucket(one_s3.url).open()


async def test_a_bucket_that_keeps_what_is_deleted_is_cautioned_of(one_s3: S3) -> None:
    one_s3.client.create_bucket(Bucket="versioned")
    one_s3.client.put_bucket_versioning(
        Bucket="versioned", VersioningConfiguration={"Status": "Enabled"}
    )
    bucket = Bucket("s3://versioned")
    await bucket.open()
    assert "NOT ERASED in s3://versioned: the bucket keeps old versions" in bucket.caution


@pytest.mark.long("each extra says it in the same way")
def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['obstore'] = None\n"
        "from parley.cli import main; main(prog_name='parley')"
    )
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            script,
            "serve",
            "--data",
            str(tmp_path),
            "--files-url",
            "s3://talk",
        ],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "parley: Keeping files in a bucket needs the extra s3. In the folder of Parley's source, "
        f"run: {sys.executable} -m pip install '.[s3]'.\n"
    )


# --- while it runs ---


@pytest.mark.long("it waits until it is asked again")
async def test_a_store_that_is_away_is_told_in_words_and_comes_back(
    bucket: Bucket, one_s3: S3, wire: Wire, tmp_path: Path
) -> None:
    await bucket.put(KEY, written(tmp_path, b"Hello"))
    small, large = written(tmp_path, b"?", "small"), written(tmp_path, bytes(LARGE), "large")
    wire.cut()
    for asked in (
        bucket.put(OTHER, small),
        bucket.put(OTHER, large),
        bucket.size(KEY),
        read(bucket, KEY, 0, 5),
        bucket.erase([KEY]),
        all_of(bucket),
    ):
        with pytest.raises(Unavailable) as refused:
            await asked
        assert refused.value.retry_after == RETRY_AFTER_S
        assert isinstance(refused.value, StoreFails)
        assert wire.url in refused.value.reason
        assert wire.url not in refused.value.text
    wire.mend()
    assert await read(bucket, KEY, 0, 5) == b"Hello"
    await bucket.put(OTHER, large)
    assert await all_of(bucket) == {KEY: 5, OTHER: LARGE}
    assert one_s3.unfinished() == []


async def test_a_bucket_that_is_gone_is_not_taken_for_a_file_that_is_gone(
    one_s3: S3, tmp_path: Path
) -> None:
    one_s3.client.create_bucket(Bucket="gone-soon")
    bucket = Bucket("s3://gone-soon")
    await bucket.open()
    one_s3.client.delete_bucket(Bucket="gone-soon")
    small, large = written(tmp_path, b"?", "small"), written(tmp_path, bytes(LARGE), "large")
    for asked in (
        bucket.put(OTHER, small),
        bucket.put(OTHER, large),
        bucket.size(KEY),
        read(bucket, KEY, 0, 5),
        read(bucket, KEY, 0, 0),
        bucket.erase([KEY]),
        all_of(bucket),
    ):
        with pytest.raises(StoreFails) as refused:
            await asked
        assert "there is no bucket gone-soon" in refused.value.reason


async def test_a_put_that_is_called_off_leaves_nothing(
    s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with wire_to(s3.endpoint) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
        bucket = Bucket(s3.url)
        wire.hold_after = PART_BYTES // 2
        putting = asyncio.create_task(bucket.put(KEY, written(tmp_path, bytes(LARGE))))
        await until(lambda: wire.is_held)
        assert await asyncio.to_thread(s3.unfinished) == [f"{s3.prefix}/{KEY[:2]}/{KEY}"]
        putting.cancel()
        await asyncio.sleep(0)
        wire.let_pass()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert await asyncio.to_thread(s3.unfinished) == []
        assert await asyncio.to_thread(s3.lying) == []


async def test_a_put_into_a_store_that_hangs_is_called_off_in_time(
    bucket: Bucket, wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bucket_module, "CALLED_OFF_WITHIN_S", 0.1)
    wire.hold_after = PART_BYTES // 2
    putting = asyncio.create_task(bucket.put(KEY, written(tmp_path, bytes(LARGE))))
    await until(lambda: wire.is_held)
    putting.cancel()
    async with asyncio.timeout(30):
        await asyncio.wait([putting])
    assert putting.cancelled()


async def test_a_reading_that_is_cancelled_ends_at_once(
    bucket: Bucket, wire: Wire, tmp_path: Path
) -> None:
    await bucket.put(KEY, written(tmp_path, b"Hello"))
    wire.hold()
    reading = asyncio.create_task(read(bucket, KEY, 0, 5))
    await asyncio.sleep(0)
    reading.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(asyncio.CancelledError):
            await reading
    wire.let_pass()
    assert await read(bucket, KEY, 0, 5) == b"Hello"


async def test_a_file_that_cannot_be_read_is_not_kept(
    bucket: Bucket, one_s3: S3, tmp_path: Path
) -> None:
    for unreadable in (tmp_path, Path("/proc/self/mem")):
        with pytest.raises(Unavailable) as refused:
            await bucket.put(KEY, unreadable)
        assert not isinstance(refused.value, StoreFails)
    assert one_s3.lying() == []


async def test_a_size_is_asked_for_once_and_of_so_many_only(
    bucket: Bucket, wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bucket_module, "SIZES_MAX", 1)
    for key in (KEY, OTHER):
        await bucket.put(key, written(tmp_path, b"Hello"))
        assert await bucket.size(key) == 5
    wire.cut()
    assert await bucket.size(OTHER) == 5
    with pytest.raises(StoreFails):
        await bucket.size(KEY)


@pytest.mark.long("much is put and read")
async def test_the_event_loop_turns_while_much_is_put_and_read(
    bucket: Bucket, tmp_path: Path
) -> None:
    turns, is_over = 0, False

    async def count() -> None:
        nonlocal turns
        while not is_over:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await bucket.put(KEY, written(tmp_path, bytes(LARGE)))
    assert turns > 100
    turns = 0
    assert len(await read(bucket, KEY, 0, LARGE)) == LARGE
    assert turns > 100
    is_over = True
    await counting


# --- a store that knows no ranges ---


async def test_of_a_store_that_knows_no_ranges_the_right_bytes_are_read(
    bucket: Bucket, one_s3: S3, wire: Wire, tmp_path: Path
) -> None:
    data = bytes(range(256)) * (3 * PIECE_BYTES // 256) + b"!"
    await bucket.put(KEY, written(tmp_path, data))
    size = len(data)
    wire.loses_ranges = True
    for made in (bucket, Bucket(one_s3.url)):
        await made.open()
        for start, end in ((0, size), (1, 3), (size - 1, size), (PIECE_BYTES - 1, PIECE_BYTES + 1)):
            assert await read(made, KEY, start, end) == data[start:end], (start, end)
        with pytest.raises(EOFError):
            await read(made, KEY, 5, size + 1)
        with pytest.raises(FileNotFoundError):
            await anext(made.read(OTHER, 1, 3))
