"""Files in a bucket of an S3-compatible store, by obstore.

A key lies there as in the folder on this machine: `<prefix>/<its first two letters>/<key>`, so that
whatever copies one to the other moves all files. What obstore and some stores get wrong:

- A put that is cancelled leaves the parts it has sent in the bucket, where nobody sees them. One
  whose source fails takes them back: so that is how we call it off.
- An endpoint that is no address is a panic in Rust. We look at it first.
- A bucket that is gone is told like a file that is gone, even to a put.
- The bulk deletion that obstore prefers is not in every store, and is tried again and again there.
- Some stores, and proxies before them, answer a request for a range with the whole.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import obstore
import structlog
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from parley.errors import FilesUnusable, Unavailable
from parley.files.store import NOT_STORED, StoreFails
from parley.files.threads import in_thread

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

T = TypeVar("T")
log = structlog.get_logger(__name__)

PART_BYTES = 5 * 1024 * 1024
"""The least that Amazon takes as a part. What is no larger goes in one request."""
PARTS_MAX = 10_000
PARTS_AT_ONCE = 2
LARGE_AT_ONCE = 2
SMALL_AT_ONCE = 4
"""Files that go in one request: they don't wait for large ones. All three bound the memory that
uploads take, and how fast the line must be on which parts are in time."""
ERASED_AT_ONCE = 10
SIZES_MAX = 10_000
"""Remembered: a page of pictures asks for the size of each preview, whenever it is shown."""
PIECE_BYTES = 512 * 1024
"""Read with one request: so much waits in memory for a client that reads slowly, and no connection
to the store waits with it."""
SENT_AT_ONCE_BYTES = 1024 * 1024
CONNECT_WITHIN_S = 5.0
ANSWER_WITHIN_S = 15.0
PART_WITHIN_S = 120.0
"""For parts at 3 Mbit/s in all."""
WHOLE_WITHIN_S = 6 * 3600.0
"""For stores that know no ranges: all of a file, as fast as its reader takes it."""
TRIES_AGAIN = 2
CALLED_OFF_WITHIN_S = 2.0
"""How long a put that is called off may take to clear away its parts: a stop waits for it."""
SAY_EVERY_S = 60.0
"""How often the log tells that the store fails."""
PROBE, PROBED = ".parley", b"Parley can write here."

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
CA_BUNDLE = "AWS_CA_BUNDLE"
_AWAY = re.compile(r"error sending request|operation timed out|error trying to connect")
_OF_THIS_MACHINE = "/latest/api/token"
"""Where a machine of Amazon's has its credentials, if the environment has none."""
_REDIRECTED = "Received redirect without LOCATION"
_SEVERAL_REGIONS = {
    *("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
}


class Bucket:
    """The files below a prefix of a bucket."""

    def __init__(self, url: str) -> None:
        """`url` is `s3://bucket` or `s3://bucket/prefix`; the rest is in `AWS_*` variables of the
        environment, most of which are obstore's to read.

        Raises `FilesUnusable` where they make no sense. Nothing is asked of the store yet.
        """
        self.where = url
        self.caution = ""
        parts = urlsplit(url)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self._endpoint = self._checked_endpoint(os.environ)
        self._certificate = self._checked_certificate(os.environ)
        self._asked = self._client(ANSWER_WITHIN_S)
        self._given = self._client(PART_WITHIN_S)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._small = asyncio.Semaphore(SMALL_AT_ONCE)
        self._sizes: dict[str, int] = {}
        """Of those asked for last. Nobody else changes what is there."""
        self._knows_ranges = True
        self._is_open = False
        self._say_at_s = 0.0

    def _checked_endpoint(self, environ: Mapping[str, str]) -> str:
        """The address of a store that is not Amazon's; empty for Amazon's."""
        given = {name: environ[name] for name in ENDPOINTS if name in environ}
        for name, value in given.items():
            try:
                parts = urlsplit(value)
                is_address = (
                    parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
                )
            except ValueError:
                is_address = False
            if not is_address or "@" in value:
                shown = re.sub("//.*@", "//…@", value)
                raise FilesUnusable(
                    f"{name} is {shown!r}, but should be an address such as "
                    "https://s3.example.org or http://localhost:3900. Leave it out for Amazon's."
                )
        return next(iter(given.values()), "")

    def _checked_certificate(self, environ: Mapping[str, str]) -> bytes | None:
        path = environ.get(CA_BUNDLE)
        if not path:
            return None
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise FilesUnusable(
                f"{CA_BUNDLE} is {path}, which can't be read: {error.strerror}."
            ) from error

    def _client(self, within_s: float) -> S3Store:
        options: ClientConfig = {
            "allow_http": self._endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=CONNECT_WITHIN_S),
            "timeout": timedelta(seconds=within_s),
        }
        if self._certificate is not None:
            options["root_certificate"] = self._certificate
        retry: RetryConfig = {
            "max_retries": TRIES_AGAIN,
            "retry_timeout": timedelta(seconds=within_s),
            "backoff": {
                "init_backoff": timedelta(seconds=0.1),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        }
        config: S3Config = {"disable_bulk_delete": True}
        if self._endpoint:
            config["endpoint"] = self._endpoint
        try:
            return S3Store(
                self._bucket,
                prefix=self._prefix or None,
                config=config,
                client_options=options,
                retry_config=retry,
            )
        except (BaseError, ValueError) as error:
            raise FilesUnusable(
                f"The AWS_* variables cannot be used: {_first_line(error)}."
            ) from error

    # --- as a Store ---

    async def open(self) -> None:
        """Put something there, read it in part, and erase it."""
        if self._is_open:
            return
        try:
            put = await self._stored(obstore.put_async(self._asked, PROBE, PROBED))
            await self._read_probe()
            with suppress(FileNotFoundError, _WholeGiven):
                await self._tried(obstore.delete_async(self._asked, PROBE))
                # That it is gone is told to whoever may list; others are denied.
                await self._tried(obstore.get_range_async(self._asked, PROBE, start=0, end=1))
        except FileNotFoundError:
            raise self._unusable("what was put there is not there.") from None
        except StoreFails as error:
            raise self._unusable(error.reason) from error
        if put["version"] not in (None, "", "null"):
            self.caution = (
                f"What is deleted is NOT ERASED in {self.where}: the bucket keeps old versions. "
                "Have it forget them, or turn off its versioning."
            )
        self._is_open = True

    async def _read_probe(self) -> None:
        start, end = 7, len(PROBED)
        read = b"".join([piece async for piece in self.read_at(PROBE, start, end)])
        if read != PROBED[start:end]:
            raise self._unusable("it doesn't give back what was put there.")

    def _unusable(self, reason: str) -> FilesUnusable:
        return FilesUnusable(f"Files cannot be kept in {self.where}: {reason}")

    async def put(self, key: str, path: Path) -> None:
        self._sizes.pop(key, None)
        file = await self._of_this_machine(in_thread(path.open, "rb"))
        try:
            size = os.fstat(file.fileno()).st_size
            if size > PART_BYTES:
                async with self._large:
                    await self._put_in_parts(key, file, size)
            else:
                async with self._small:
                    data = await self._of_this_machine(in_thread(file.read))
                    await self._stored(obstore.put_async(self._given, _place(key), data))
        finally:
            file.close()

    async def _put_in_parts(self, key: str, file: IO[bytes], size: int) -> None:
        pieces = _Pieces(file)
        sending = obstore.put_async(
            self._given,
            _place(key),
            pieces,
            chunk_size=max(PART_BYTES, -(-size // PARTS_MAX)),
            max_concurrency=PARTS_AT_ONCE,
        )
        try:
            await self._of_this_machine(self._stored(asyncio.shield(sending)))
        except asyncio.CancelledError:
            pieces.are_called_off = True
            await asyncio.wait([asyncio.ensure_future(sending)], timeout=CALLED_OFF_WITHIN_S)
            raise

    async def size(self, key: str) -> int:
        if key not in self._sizes:
            size = await self._asked_size(key)
            while len(self._sizes) >= SIZES_MAX:
                del self._sizes[next(iter(self._sizes))]
            self._sizes[key] = size
        return self._sizes[key]

    async def _asked_size(self, key: str) -> int:
        try:
            found = await self._tried(obstore.head_async(self._asked, _place(key)))
        except FileNotFoundError:
            # An answer without a body does not tell whether the bucket is gone, too.
            await self._tried(obstore.get_range_async(self._asked, _place(key), start=0, end=1))
            raise
        return found["size"]

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        if start >= end:
            await self.size(key)
        async for piece in self.read_at(_place(key), start, end):
            yield piece

    async def read_at(self, place: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The same by where it lies in the bucket."""
        while start < end and self._knows_ranges:
            up_to = min(start + PIECE_BYTES, end)
            try:
                piece = await self._tried(
                    obstore.get_range_async(self._asked, place, start=start, end=up_to)
                )
            except _WholeGiven:
                log.warning("files_store_knows_no_ranges", store=self.where)
                self._knows_ranges = False
                break
            start += len(piece)
            yield bytes(piece)
        if start < end:
            async for some in self._read_through(place, start, end):
                yield some

    async def _read_through(self, place: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Of a store that knows no ranges: all that is before it comes, too."""
        answer = await self._tried(obstore.get_async(self._client(WHOLE_WITHIN_S), place))
        at = 0
        pieces = aiter(answer.stream(min_chunk_size=PIECE_BYTES))
        while at < end:
            try:
                piece = bytes(await self._tried(anext(pieces)))
            except StopAsyncIteration:
                raise EOFError("a file is shorter than it was") from None
            wanted = piece[max(0, start - at) : end - at]
            at += len(piece)
            if wanted:
                yield wanted

    async def erase(self, keys: Iterable[str]) -> None:
        waiting = tuple(keys)
        for start in range(0, len(waiting), ERASED_AT_ONCE):
            some = waiting[start : start + ERASED_AT_ONCE]
            failed = await asyncio.gather(*map(self._erase, some), return_exceptions=True)
            for error in filter(None, failed):
                raise error

    async def _erase(self, key: str) -> None:
        self._sizes.pop(key, None)
        with suppress(FileNotFoundError):  # as some stores tell it
            await self._tried(obstore.delete_async(self._asked, _place(key)))

    async def all(self) -> AsyncIterator[tuple[str, int]]:
        pages = aiter(obstore.list(self._asked, chunk_size=1000))
        while True:
            try:
                page = await self._tried(anext(pages))
            except StopAsyncIteration:
                return
            for each in page:
                folder, _, key = each["path"].partition("/")
                if key[:2] == folder and "/" not in key:  # the bucket may hold others' things, too
                    yield key, each["size"]

    # --- what goes wrong ---

    async def _tried(self, asked: Awaitable[T]) -> T:
        """What is answered. Raises `StoreFails`; `FileNotFoundError` where only that is gone;
        `EOFError` for a range behind its end; `_WholeGiven`.
        """
        try:
            return await asked
        except FileNotFoundError as error:
            if _code(error) != "NoSuchBucket":
                raise
            raise self._failure(error) from error
        except (StopAsyncIteration, OSError):  # the latter of the file on this machine
            raise
        except Exception as error:  # obstore has one of its own for panics, out of reach
            if "non-partial response" in str(error):
                raise _WholeGiven from error
            if _code(error) == "InvalidRange":
                raise EOFError("a file is shorter than it was") from error
            raise self._failure(error) from error

    async def _stored(self, asked: Awaitable[T]) -> T:
        try:
            return await self._tried(asked)
        except FileNotFoundError as error:  # there is nothing to be found when something is put
            raise self._failure(error) from error

    async def _of_this_machine(self, asked: Awaitable[T]) -> T:
        """What is done with the file to be put. Raises `Unavailable`, and `FileNotFoundError`."""
        try:
            return await asked
        except FileNotFoundError:
            raise
        except OSError as error:
            raise Unavailable(NOT_STORED, retry_after=60) from error

    def _failure(self, error: BaseException) -> StoreFails:
        reason = self._reason(error)
        if self._is_open and time.monotonic() >= self._say_at_s:
            self._say_at_s = time.monotonic() + SAY_EVERY_S
            log.warning("files_store_failed", store=self.where, reason=reason)
        return StoreFails(reason)

    def _reason(self, error: BaseException) -> str:
        """What happened and what to do, for whoever runs the server."""
        code, text = _code(error), _first_line(error)
        if code == "NoSuchBucket":
            return f"there is no bucket {self._bucket}. Make it, or correct --files-url."
        if code == "RequestTimeTooSkewed":
            return "its clock and this machine's differ. Set them right."
        if code in _SEVERAL_REGIONS or _REDIRECTED in text:
            return "the bucket is in another region. Set AWS_REGION to it."
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
            return (
                f"access is denied{f' ({code})' if code else ''}. Check AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, and that they may list, read, write and delete there."
            )
        if _OF_THIS_MACHINE in text:
            return "there are no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        if _AWAY.search(text):
            return self._why_away(str(error))
        if said := code or _status(text):
            return f"it answers {said}."
        return f"it does what no S3 store does: {_without_addresses(text)}. Check AWS_ENDPOINT_URL."

    def _why_away(self, said: str) -> str:
        where = self._endpoint or "Amazon S3"
        if "InvalidCertificate(" in said:
            return (
                f"{where} has a certificate that isn't trusted. Name its issuer's in {CA_BUNDLE}."
            )
        why = re.search(r'(?:message|error): "([^"]{1,200})"', said)
        reason = why[1] if why else "no answer in time" if "TimedOut" in said else ""
        return (
            f"{where} can't be reached{f' ({reason})' if reason else ''}. Check that it runs, and "
            "AWS_ENDPOINT_URL."
        )


class _WholeGiven(StoreFails):
    """The store was asked for a range, and answered with all there is."""

    def __init__(self) -> None:
        super().__init__("it knows no ranges.")


class _Pieces:
    """What obstore's threads send of a file, until it is called off."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.are_called_off = False

    def __iter__(self) -> _Pieces:
        return self

    def __next__(self) -> bytes:
        if self.are_called_off:
            raise InterruptedError
        if piece := self._file.read(SENT_AT_ONCE_BYTES):
            return piece
        raise StopIteration


def _place(key: str) -> str:
    return f"{key[:2]}/{key}"


def _code(error: BaseException) -> str:
    """The store's own word for it, of an answer in XML."""
    found = re.search(r"<Code>(\w{1,100})</Code>", str(error))
    return found[1] if found else ""


def _status(line: str) -> str:
    """Of an answer without such a word."""
    found = re.search(r"status code: (\d{3} [\w -]{1,100})", line)
    return found[1] if found else ""


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].rstrip(" .")


def _without_addresses(text: str) -> str:
    """They hold keys."""
    text = re.sub(r"\w+://\S+", "…", text)
    return text.removeprefix("Generic S3 error: ")[:200]
