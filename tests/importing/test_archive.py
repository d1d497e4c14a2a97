"""Archives that lie: nothing is read outside them, and no more than they announce."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from parley.importing import archive
from parley.importing.archive import Archive
from parley.importing.chats import ImportRefused


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_members_are_read_by_name(tmp_path: Path) -> None:
    with Archive(zipped(tmp_path / "a.zip", **{"a/é.txt": b"Milk"})) as opened:
        assert list(opened.names()) == ["a/é.txt"]
        with opened.open("a/é.txt") as file:
            assert file.read() == b"Milk"


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out", "a/../../out", "..\\out", "C:/out"])
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
