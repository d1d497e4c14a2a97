"""JSON in pieces of any size is what it is as a whole, and what isn't is told with its line."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.importing import json_stream
from parley.importing.chats import ImportRefused
from parley.importing.json_stream import JsonStream

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class Slow(io.BytesIO):
    """Hands out three bytes at most."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(3, size) if size and size > 0 else 3)


def stream(written: str | bytes, **options: Any) -> JsonStream:
    content = written if isinstance(written, bytes) else written.encode()
    return JsonStream(io.BytesIO(content), "result.json", **options)


def taken_apart(source: JsonStream) -> Any:
    """All of it, by the smallest steps."""
    match source.kind():
        case "{":
            return {key: taken_apart(source) for key in source.members()}
        case "[":
            return [taken_apart(source) for _ in source.elements()]
        case _:
            return source.value()


@given(JSON, st.sampled_from([None, 1]), st.integers(1, 9))
def test_it_is_read_as_it_was_written(value: Any, indent: int | None, piece: int) -> None:
    written = json.dumps(value, indent=indent, ensure_ascii=piece % 2 == 0)
    content = written.encode("utf-8", "replace")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_stream, "PIECE_BYTES", piece)
        assert taken_apart(JsonStream(Slow(content), "a.json")) == json.loads(content)
        assert JsonStream(Slow(content), "a.json").value() == json.loads(content)


@given(st.text() | st.binary())
def test_what_is_no_json_is_refused(written: str | bytes) -> None:
    content = written if isinstance(written, bytes) else written.encode("utf-8", "replace")
    with suppress(ImportRefused):  # nothing else
        taken_apart(stream(content))
        stream(content).skip()


def test_what_nobody_asks_for_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "PIECE_BYTES", 16)
    monkeypatch.setattr(json_stream, "SKIPPED_WHOLE", 100)
    monkeypatch.setattr(json_stream, "VALUE_MAX", 1000)
    long: list[Any] = [{"a": ["x" * 300, 1.5, None, {"b": {}}]} for _ in range(100)]
    source = stream(json.dumps({"long": long, "short": 1, "list": [1, long, 2]}))
    found: dict[str, Any] = {}
    for key in source.members():
        if key == "short":
            found[key] = source.value()
        if key == "list":
            found[key] = [source.value() if number != 2 else 0 for number in source.elements()]
    assert found == {"short": 1, "list": [1, 0, 2]}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "is cut off: it ends in line 1"),
        ('{\n"a": [1,\n', "is cut off: it ends in line 3"),
        ('{\n"a": "never', "is cut off: it ends in line 2"),
        ('{\n"a": 1,\n b: 2}', "isn't JSON from line 3 on"),
        ('{"a": 1, b: 2}', "isn't JSON from line 1, character 10 on"),
        ('["' + "\n" * 1000 + '",\n1 2]', "isn't JSON from line 1002 on"),
        ("[1 2]", "isn't JSON from line 1, character 4 on"),
        ("[1,\n2,\nyes]", "isn't JSON from line 3 on"),
        (b'[\n"\xff"]', "isn't text in UTF-8"),
        ("[" * 100_000, "lists within lists"),
        ('{"a":' * 100_000, "lists within lists"),
        ("[" + "1" * 10_000 + "]", "a number too long"),
    ],
)
@pytest.mark.parametrize("piece", [5, 256 * 1024])
def test_mistakes_are_told_with_their_line(
    monkeypatch: pytest.MonkeyPatch, written: str | bytes, said: str, piece: int
) -> None:
    monkeypatch.setattr(json_stream, "PIECE_BYTES", piece)
    with pytest.raises(ImportRefused, match=said):
        list(stream(written).values()) if written[:1] == "[" else stream(written).value()
    with pytest.raises(ImportRefused, match=said):
        stream(written).skip()


def test_a_value_too_long_to_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "VALUE_MAX", 1_000_000)
    with pytest.raises(ImportRefused, match="more in one piece"):
        list(stream('["' + "x" * 5_000_000 + '"]').values())


def test_escapes_that_json_lacks_are_read_wherever_a_piece_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = r'["a\x0Cb", "c:\\x41\\\x41", "\x", "\q\n"]'
    for piece in range(1, len(written)):
        monkeypatch.setattr(json_stream, "PIECE_BYTES", piece)
        assert stream(written).value() == ["a\x0cb", "c:\\x41\\A", "\\x", "\\q\n"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_the_encoding_are_understood(encoding: str) -> None:
    assert stream('["é👍"]'.encode(encoding)).value() == ["é👍"]
