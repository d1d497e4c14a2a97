"""Any ranges, any headers of tus and any form: answered without a fault, and nothing is kept."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parley.app import Parley
from parley.errors import ParleyError
from parley.incoming import BrokenOff, FormFile, Incoming
from parley.ranges import NotSatisfiable, asked_for
from tests.fuzz.effort import examples
from tests.fuzz.test_rest import Home, Request, ask, at_home, bearer

NUMBERS = st.one_of(
    st.sampled_from(["", "0", "1", "9", "10", "-1", "+5", "1e3", "٣", "9" * 30, "9" * 5000, " 1"]),
    st.integers(0, 30).map(str),
)
RANGES = st.one_of(
    st.lists(st.tuples(NUMBERS, NUMBERS).map("-".join), max_size=20).map(
        lambda found: "bytes=" + ",".join(found)
    ),
    st.text(max_size=40),
)


@examples(500)
@given(header=RANGES, size=st.integers(0, 40))
def test_the_pieces_lie_in_the_file_and_are_never_more_than_it(header: str, size: int) -> None:
    try:
        pieces = asked_for(header, size)
    except NotSatisfiable:
        return
    for start, end in pieces or []:
        assert 0 <= start < end <= size
    assert pieces is None or 0 < sum(end - start for start, end in pieces) <= size


def body(*pieces: bytes, breaks_off: bool = False) -> Incoming:
    """A request's body, as a server hands it over."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    end = {"type": "http.request", "body": b"", "more_body": False}
    messages.append({"type": "http.disconnect"} if breaks_off else end)
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(left)

    return Incoming(receive)


def form(data: bytes, name: str = "a.txt") -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n--x--\r\n"


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


CUTS = st.lists(st.integers(0, 200), max_size=8)
PARTS = st.lists(st.sampled_from([b"\r\n", b"--x", b"--x--", b"-", b"\r", b"\n", b"a"]), max_size=9)


async def read(form_file: FormFile) -> bytes:
    await form_file.name()
    found: AsyncIterator[bytes] = form_file.data()
    return b"".join([piece async for piece in found])


@examples(300)
@example(parts=[], cuts=[76])
@example(parts=[b"a"], cuts=[76])
@example(parts=[b"a"], cuts=[77, 78, 79])
@given(parts=PARTS, cuts=CUTS)
async def test_a_file_in_a_form_is_what_it_was_however_it_comes(
    parts: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(parts)
    if re.search(rb"(^|[\r\n])--x", data):
        return  # that is the end of it
    given_ = FormFile(
        body(*pieces_of(form(data), cuts)), "multipart/form-data; boundary=x", field="file"
    )
    assert await read(given_) == data


@examples(300)
@given(
    junk=st.one_of(st.binary(max_size=80), PARTS.map(b"".join)),
    cut=st.integers(0, 120),
    cuts=CUTS,
    breaks_off=st.booleans(),
    content_type=st.sampled_from(
        [
            "multipart/form-data; boundary=x",
            'multipart/form-data; boundary="x"',
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=" + "y" * 300,
            "multipart/form-data; boundary=ü",
            "multipart/form-data",
        ]
    ),
)
async def test_any_other_form_is_refused_in_words(
    junk: bytes, cut: int, cuts: list[int], breaks_off: bool, content_type: str
) -> None:
    data = form(b"Hello")[:cut] + junk
    incoming = body(*pieces_of(data, cuts), breaks_off=breaks_off)
    with contextlib.suppress(ParleyError, BrokenOff):
        await read(FormFile(incoming, content_type, field="file"))


HEADER = st.one_of(
    st.sampled_from(
        [b"0", b"5", b"-5", b"5.0", b"1e3", b"9" * 15, b"9" * 16, b"", b" ", b"\xd9\xa3", b"0x5"]
    ),
    st.binary(max_size=12).filter(lambda value: not set(value) & set(b"\r\n\0")),
)
METADATA = st.one_of(
    st.sampled_from(
        [
            b"",
            b"filename",
            b"filename ",
            b"filename %%%",
            b"filename Li4vLi4vZXRj",
            b"filename AAAA",
            b",,,",
            b"filename Lg==,filename Li4=",
            b"filename 7aCA",
            b"filename " + b"QUFB" * 2000,
        ]
    ),
    st.binary(max_size=30).filter(lambda value: not set(value) & set(b"\r\n\0")),
)


@pytest.fixture
async def home(app: Parley) -> Home:
    home = await at_home(app)
    await ask(
        app,
        Request(
            "POST",
            f"/api/conversations/{home.room_id}/join",
            headers=(bearer(home.token),),
            body=b'{"username": "Ada"}',
        ),
    )
    return home


@pytest.mark.usefixtures("log")
@examples(150)
@given(
    method=st.sampled_from(["POST", "HEAD", "PATCH", "DELETE", "OPTIONS", "GET", "PUT"]),
    id=st.sampled_from(["", "/none", "/..", "/%00", "/" + "0" * 32, "/a/b", "/" + "x" * 500]),
    version=st.sampled_from([b"1.0.0", b"1.0.0", b"1.0.0", b"0.2.2", b""]),
    length=HEADER,
    offset=HEADER,
    metadata=METADATA,
    content_type=st.sampled_from([b"application/offset+octet-stream", b"text/plain", b""]),
    data=st.binary(max_size=10),
)
async def test_any_headers_of_tus_are_answered(
    app: Parley,
    home: Home,
    method: str,
    id: str,
    version: bytes,
    length: bytes,
    offset: bytes,
    metadata: bytes,
    content_type: bytes,
    data: bytes,
) -> None:
    headers = (
        bearer(home.token),
        (b"tus-resumable", version),
        (b"upload-length", length),
        (b"upload-offset", offset),
        (b"upload-metadata", metadata),
        (b"content-type", content_type),
    )
    path = f"/api/conversations/{home.room_id}/uploads{id}"
    answer = await ask(app, Request(method, path, headers=headers, body=data))
    assert answer.status < 500, answer
    if answer.status == 201:
        assert length.isdigit()
