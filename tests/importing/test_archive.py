"""Archives that lie: nothing is read outside them, and no more than they announce."""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import archive
from parley.importing.archive import Archive
from parley.importing.chats import ImportRefused


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_members_are_read_by_name(tmp_path: Path) -> None:
    with Archive(zipped(tmp_path / "a.zip", **{"at 10:30/é.txt": b"Milk"})) as opened:
        assert list(opened.names()) == ["at 10:30/é.txt"]
        with opened.open("at 10:30/é.txt") as file:
            assert file.read() == b"Milk"


@pytest.mark.parametrize(
    "name", ["../out.txt", "/etc/out", "a/../../out", "..\\out", "C:/out", "C:out"]
)
def test_nothing_outside_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportRefused, match="outside itself"):
        Archive(zipped(tmp_path / "a.zip", **{name: b"x"}))


def test_what_unfolds_too_far_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="more than an export"):
        Archive(zipped(tmp_path / "a.zip", big=bytes(archive.RATIO_FROM_BYTES + 1)))


def test_too_many_members_are_refused_before_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MEMBERS_MAX", 3)
    path = zipped(tmp_path / "a.zip", **{str(number): b"" for number in range(4)})
    monkeypatch.setattr("parley.importing.archive.zipfile.ZipFile", None)
    with pytest.raises(ImportRefused, match="more than 3 files"):
        Archive(path)


def test_a_cut_off_archive_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a=b"Milk" * 100)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ImportRefused, match="cut off"):
        Archive(path)


def test_damaged_bytes_are_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a=bytes(range(256)) * 40)
    whole = bytearray(path.read_bytes())
    whole[60:70] = bytes(10)
    path.write_bytes(whole)
    with (
        Archive(path) as opened,
        pytest.raises(ImportRefused, match="damaged"),
        opened.open("a") as file,
    ):
        file.read()


def test_a_folder_and_a_file_are_archives_too(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(b"Milk")
    (tmp_path / "in" / "away").symlink_to("/etc/hostname")
    assert list(Archive(tmp_path / "in").names()) == ["a.txt"]
    assert list(Archive(tmp_path / "in" / "a.txt").names()) == ["a.txt"]


def test_more_members_than_are_announced_are_refused_before_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MEMBERS_MAX", 3)
    path = zipped(tmp_path / "a.zip", **{str(number): b"" for number in range(40)})
    whole = bytearray(path.read_bytes())
    whole[-14:-10] = bytes([2, 0, 2, 0])
    path.write_bytes(whole)
    monkeypatch.setattr("parley.importing.archive.zipfile.ZipFile", None)
    with pytest.raises(ImportRefused, match="more than 3 files"):
        Archive(path)


def test_names_that_no_text_can_hold_are_made_fit(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))).write_bytes(b"Milk")
    with Archive(tmp_path) as opened:
        [name] = opened.names()
        name.encode()
        with opened.open(name) as file:
            assert file.read() == b"Milk"


def test_a_name_cannot_write_over_the_sentence_it_is_in(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **{"../a\x1b[2J\nb\u202e": b""})
    with pytest.raises(ImportRefused) as refused:
        Archive(path)
    assert str(refused.value).isprintable()


WHOLE = (Path(__file__).parent / "samples" / "slack-export.zip").read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.binary(max_size=6)), max_size=4))
def test_any_bytes_in_any_place_do_no_harm(
    tmp_path: Path, changes: list[tuple[int, bytes]]
) -> None:
    content = WHOLE
    for at, strange in changes:
        content = content[:at] + strange + content[at + len(strange) :]
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with suppress(ImportRefused), Archive(path) as opened:
        for name in opened.names():
            with suppress(ImportRefused), opened.open(name) as file:
                assert len(file.read()) <= opened.size(name)
