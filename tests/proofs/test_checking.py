"""Whatever is done to an export is noticed, and told where."""

from __future__ import annotations

import base64
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.proofs import checking
from parley.proofs.notes import Key, bytes_of
from parley.proofs.reading import MEMBER, NoProof
from parley.proofs.sealing import redacted
from tests.effort import times
from tests.proofs.files import (
    OTHER_SIGNER,
    PICTURE,
    SIGNER,
    as_json,
    as_lines,
    as_zip,
    of_one,
    sealed,
    zipped,
)

COUNT = 9
LINES, PROOF = sealed(COUNT)
FORMS = {"jsonl": as_lines, "json": as_json}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
Form = Callable[[list[bytes], bytes], bytes]
many = settings(
    max_examples=times(40, full=400),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


pytestmark = pytest.mark.longer


def found(path: Path, content: bytes, pinned: Key | None = None) -> tuple[str, ...]:
    """What is told of a file with this content."""
    file = path / "export"
    file.write_bytes(content)
    return checking.check(file, pinned).problems


def is_noticed(path: Path, content: bytes) -> bool:
    try:
        return bool(found(path, content))
    except NoProof:
        return True


@each_form
@pytest.mark.parametrize("count", [0, 1, 2, 3, 8])
def test_what_was_not_changed_is_in_order(tmp_path: Path, form: Form, count: int) -> None:
    assert found(tmp_path, form(*sealed(count)), SIGNER.key) == ()


@each_form
@many
@given(data=st.data())
def test_no_byte_can_be_changed(tmp_path: Path, form: Form, data: st.DataObject) -> None:
    whole = form(LINES, PROOF)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    assert is_noticed(tmp_path, whole[:at] + bytes([other]) + whole[at + 1 :])


@each_form
@many
@given(data=st.data())
def test_no_byte_can_be_added_or_removed(tmp_path: Path, form: Form, data: st.DataObject) -> None:
    whole = form(LINES, PROOF)
    at = data.draw(st.integers(0, len(whole)))
    more = data.draw(st.sampled_from([b" ", b"\n", b"\r", b"0", b'"', b"\0", b""]))
    less = 0 if more else data.draw(st.integers(1, 5))
    changed = whole[:at] + more + whole[at + less :]
    assert is_noticed(tmp_path, changed) == (changed != whole)


@many
@given(order=st.permutations(range(COUNT + 1)))
def test_no_entries_can_change_places(tmp_path: Path, order: list[int]) -> None:
    lines = [LINES[at] for at in order]
    assert bool(found(tmp_path, as_lines(lines, PROOF))) == (lines != LINES)


@many
@given(kept=st.sets(st.integers(0, COUNT)))
def test_no_entries_can_be_left_out(tmp_path: Path, kept: set[int]) -> None:
    lines = [line for at, line in enumerate(LINES) if at in kept]
    assert is_noticed(tmp_path, as_lines(lines, PROOF)) == (lines != LINES)


def test_a_change_is_told_with_its_line_and_message(tmp_path: Path) -> None:
    changed = LINES[4].replace(b"Tea", b"Gin")
    [problem] = found(tmp_path, as_lines([*LINES[:4], changed, *LINES[5:]], PROOF))
    assert problem == (
        "Line 5 (message 4-abc by Ada, 2026-01-31T12:00:00.000+00:00): This entry was changed."
    )
    salt = LINES[4][-46:-2]
    changed = LINES[4].replace(salt, LINES[5][-46:-2])
    [problem] = found(tmp_path, as_lines([*LINES[:4], changed, *LINES[5:]], PROOF))
    assert problem.startswith("Line 5 ")
    assert problem.endswith("This entry was changed.")


def test_what_nobody_wrote_is_told_to_be_by_the_service(tmp_path: Path) -> None:
    lines, proof = of_one({"username": ""})
    changed = lines[1].replace(b"today", b"later")
    [problem] = found(tmp_path, as_lines([lines[0], changed], proof))
    assert problem == "Line 2 (message 1-abc by the service, later): This entry was changed."


def test_what_is_missing_is_told_with_the_line_before(tmp_path: Path) -> None:
    [problem] = found(tmp_path, as_lines([*LINES[:4], *LINES[6:]], PROOF))
    assert problem.startswith("Line 4 (message 3-abc ")
    assert problem.endswith("After this line 2 entries were removed.")


def test_what_was_added_is_told(tmp_path: Path) -> None:
    new, _ = sealed(1)
    [problem] = found(tmp_path, as_lines([*LINES[:4], new[1], *LINES[4:]], PROOF))
    assert (problem[:6], problem[-21:]) == ("Line 5", "This entry was added.")
    [problem] = found(tmp_path, as_lines([*LINES[:4], LINES[2], *LINES[4:]], PROOF))
    assert problem.endswith("This entry stands here a second time.")


def test_what_was_moved_is_told(tmp_path: Path) -> None:
    moved = [*LINES[:2], *LINES[3:8], LINES[2], *LINES[8:]]
    [problem] = found(tmp_path, as_lines(moved, PROOF))
    assert problem.startswith("Line 8 (message 2-abc ")
    assert problem.endswith("This entry was moved. It was number 3 of all.")


def test_many_differences_are_counted(tmp_path: Path) -> None:
    lines, proof = sealed(50)
    _, *problems = found(tmp_path, as_lines([lines[0], *sealed(50)[0][1:]], proof))
    assert len(problems) == checking.TOLD_MAX
    assert problems[-1] == "And 30 more."


@pytest.mark.parametrize("pinned", [None, SIGNER.key])
def test_a_key_under_another_name_is_noticed(tmp_path: Path, pinned: Key | None) -> None:
    renamed = Key("bank.example.org", SIGNER.key.public)
    proof = json.loads(PROOF)
    text, _, line = proof["head"].rpartition("\n\n")
    signature = bytes_of(line.split()[-1])[len(SIGNER.key.id) :]
    signed = base64.b64encode(renamed.id + signature).decode()
    proof["head"] = f"{text}\n\n\N{EM DASH} {renamed.name} {signed}\n"
    proof["key"] = str(renamed)
    written = json.dumps(proof, ensure_ascii=False, separators=(",", ":")).encode()
    [problem] = found(tmp_path, as_lines(LINES, written), pinned)
    assert problem.endswith("The key has another name than the server that signed this.")


@each_form
def test_the_proof_of_another_export_is_noticed(tmp_path: Path, form: Form) -> None:
    _, other = sealed(COUNT)
    problems = found(tmp_path, form(LINES, other))
    assert len(problems) == COUNT + 1
    assert all("changed" in problem for problem in problems)


def test_the_head_of_another_export_is_noticed(tmp_path: Path) -> None:
    _, other = sealed(COUNT)
    mixed = json.loads(PROOF) | {"head": json.loads(other)["head"]}
    proof = json.dumps(mixed, ensure_ascii=False, separators=(",", ":")).encode()
    [problem] = found(tmp_path, as_lines(LINES, proof))
    assert problem.endswith("The list of hashes in the proof is not the one that was signed.")


def test_a_file_that_is_cut_off_is_told_so(tmp_path: Path) -> None:
    [problem] = found(tmp_path, b"\n".join([*LINES[:5], b""]))
    assert problem == "Line 5: The proof after it is missing. The end was cut off."
    [problem] = found(tmp_path, as_lines(LINES, PROOF)[:900])
    assert problem.endswith("The file ends here, in the middle of a line: the rest is missing.")
    [problem] = found(tmp_path, as_json(LINES, PROOF)[:900])
    assert "is missing" in problem


def test_only_the_key_that_is_pinned_will_do(tmp_path: Path) -> None:
    whole = as_lines(LINES, PROOF)
    assert found(tmp_path, whole) == ()
    assert found(tmp_path, whole, SIGNER.key) == ()
    [problem] = found(tmp_path, whole, OTHER_SIGNER.key)
    assert "signed by another key than yours" in problem
    # The server may have got another name since.
    assert found(tmp_path, whole, Key("elsewhere.example", SIGNER.key.public)) == ()


# --- taking out ---


@each_form
def test_taking_a_message_out_breaks_no_proof_of_the_rest(tmp_path: Path, form: Form) -> None:
    file = tmp_path / "export"
    file.write_bytes(form(LINES, PROOF))
    without = b"".join(checking.redact(file, "4-abc"))
    assert b"4-abc" not in without
    assert b"mero 4" not in without
    assert LINES[4][-46:-2] not in without, "not even the salt, or it could be guessed"
    file.write_bytes(without)
    verdict = checking.check(file, SIGNER.key)
    assert (verdict.problems, verdict.redacted) == ((), 1)
    file.write_bytes(b"".join(checking.redact(file, "5")))
    assert checking.check(file).redacted == 2
    with pytest.raises(NoProof, match="no message 4-abc"):
        b"".join(checking.redact(file, "4-abc"))


@many
@given(data=st.data())
def test_what_stands_for_it_cannot_be_changed(tmp_path: Path, data: st.DataObject) -> None:
    whole = as_lines([*LINES[:4], redacted(LINES[4]), *LINES[5:]], PROOF)
    begin = whole.index(b'{"commitment"')
    at = begin + data.draw(st.integers(0, len(redacted(LINES[4])) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    assert is_noticed(tmp_path, whole[:at] + bytes([other]) + whole[at + 1 :])


# --- one message alone ---


@each_form
@pytest.mark.parametrize("at", range(1, COUNT + 1))
def test_one_message_is_shown_to_be_in_it(tmp_path: Path, form: Form, at: int) -> None:
    file, proof = tmp_path / "export", tmp_path / "proof"
    file.write_bytes(form(LINES, PROOF))
    proof.write_bytes(checking.prove(file, str(at)))
    assert checking.check(proof, SIGNER.key).problems == ()
    assert checking.message_of(proof)["id"] == f"{at}-abc"
    assert b"abc" in proof.read_bytes()
    assert f"{at % COUNT + 1}-abc".encode() not in proof.read_bytes(), "nothing of the others"
    assert "another key" in checking.check(proof, OTHER_SIGNER.key).problems[0]


@many
@given(data=st.data())
def test_no_proof_of_one_message_can_be_changed(tmp_path: Path, data: st.DataObject) -> None:
    file, proof = tmp_path / "export", tmp_path / "proof"
    file.write_bytes(as_lines(LINES, PROOF))
    made = json.loads(checking.prove(file, "4"))
    name = data.draw(st.sampled_from(["entry", "index", "path", "key", "head"]))
    changed: object
    if name == "index":
        changed = data.draw(st.integers(-3, 20).filter(lambda index: index != 4))
    elif name == "path":
        changed = data.draw(st.permutations(made["path"]).filter(lambda path: path != made["path"]))
    else:
        at = data.draw(st.integers(0, len(made[name]) - 1))
        changed = made[name][:at] + "\N{SNOWMAN}" + made[name][at + 1 :]
    proof.write_text(json.dumps(made | {name: changed}))
    assert checking.check(proof).problems != ()


@pytest.mark.parametrize("content", ["{}", "[]", "5", '{"entry": 5}', "{", '{"entry": "{}"}'])
def test_a_proof_that_is_none_is_told_so(tmp_path: Path, content: str) -> None:
    file = tmp_path / "proof"
    file.write_text(content)
    assert checking.check_inclusion(file).problems != ()


def test_a_changed_export_proves_no_message(tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_bytes(as_lines([*LINES[:4], *LINES[5:]], PROOF))
    with pytest.raises(NoProof, match="was changed"):
        checking.prove(file, "2")
    file.write_bytes(as_lines(LINES, PROOF))
    with pytest.raises(NoProof, match="no message 99"):
        checking.prove(file, "99")


# --- archives ---


def test_an_encrypted_archive_is_told(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = as_zip(tmp_path / "a.zip", 3, files)
    written = bytearray(path.read_bytes())
    for record, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        written[written.rindex(record) + flags] |= 1
    [problem] = found(tmp_path, bytes(written))
    assert "encrypted" in problem
    with pytest.raises(NoProof, match="encrypted"):
        checking.prove(tmp_path / "export", "1")


def test_an_archive_that_ends_before_it_begins_is_told(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    written = bytearray(as_zip(tmp_path / "a.zip", 3, files).read_bytes())
    end = written.rindex(b"PK\5\6")
    listed = written.index(b"PK\1\2")
    # Where the list of members begins, and where the first of them does.
    for at in (end + 16, listed + 42):
        changed = bytearray(written)
        changed[at : at + 4] = (0x7FFFFFFF).to_bytes(4, "little")
        assert is_noticed(tmp_path, bytes(changed))


def test_lines_that_no_salt_can_be_in_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, LINES[0] + b"\n" * 5_000_000 + PROOF + b"\n")
    tracemalloc.start()
    [problem] = checking.check(path).problems
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problem.endswith("There are more lines than an export can have.")
    assert most < 5_000_000


@pytest.fixture
def files() -> dict[str, bytes]:
    return {"conversation.html": b"<!doctype html>", PICTURE: b"\x89PNG" * 100}


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_whole_archive_is_in_order(tmp_path: Path, files: dict[str, bytes]) -> None:
    verdict = checking.check(as_zip(tmp_path / "a.zip", 3, files))
    assert (verdict.problems, verdict.files) == ((), 2)


@pytest.mark.parametrize("name", ["conversation.html", PICTURE])
def test_each_file_of_an_archive_is_compared(
    tmp_path: Path, files: dict[str, bytes], name: str
) -> None:
    inside = contents(as_zip(tmp_path / "a.zip", 3, files))
    changed = inside | {name: inside[name][:-1] + b"!"}
    assert checking.check(zipped(tmp_path / "b", changed)).problems == (f"{name} was changed.",)
    longer = inside | {name: inside[name] + b"!"}
    assert checking.check(zipped(tmp_path / "b", longer)).problems == (f"{name} was changed.",)
    without = {each: content for each, content in inside.items() if each != name}
    assert checking.check(zipped(tmp_path / "b", without)).problems == (f"{name} is missing.",)
    more = inside | {"virus.exe": b"MZ"}
    assert checking.check(zipped(tmp_path / "b", more)).problems == ("virus.exe was added.",)


def test_the_lines_in_an_archive_are_checked(tmp_path: Path, files: dict[str, bytes]) -> None:
    inside = contents(as_zip(tmp_path / "a.zip", 3, files))
    changed = inside | {MEMBER: inside[MEMBER].replace(b"Tea", b"Gin", 1)}
    [problem] = checking.check(zipped(tmp_path / "b", changed)).problems
    assert problem.endswith("This entry was changed.")
    del inside[MEMBER]
    with pytest.raises(NoProof, match=MEMBER):
        checking.check(zipped(tmp_path / "b", inside))


@many
@given(data=st.data())
def test_a_damaged_archive_is_never_taken_for_another(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "whole.zip"
    if not path.exists():
        as_zip(path, 3, {"conversation.html": b"<!doctype html>", PICTURE: b"\x89PNG" * 100})
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    damaged = path.with_name("damaged.zip")
    damaged.write_bytes(whole[:at] + bytes([other]) + whole[at + 1 :])
    try:
        is_right = not checking.check(damaged).problems
    except NoProof:
        is_right = False
    # A date or an attribute of a member can be another; what is in it can't.
    assert not is_right or contents(damaged) == contents(path)


@pytest.mark.parametrize(
    "content", [b"", b"# Tea\n", b"<!doctype html>\n", b"[]", b"{}", b"\0\xff", b'{"a": 1}\n']
)
def test_what_carries_no_proof_is_told_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NoProof):
        found(tmp_path, content)
